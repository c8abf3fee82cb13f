//! `tollgate run`: an agent behind the gate.
//!
//! Two processes. This one is the *front*: what the shell started, waits for
//! and stops. It makes sure that a daemon answers, starts the *keeper* as its
//! child, keeps the daemon up, and ends as the command ends. The keeper
//! ([`crate::keeper`]) holds the session and is the command's parent.
//!
//! The front is no subreaper, so a daemon that it starts never becomes a
//! descendant of the session.
//!
//! Not here: shims, the session's folder, the command itself.

mod agent;
pub(crate) mod channel;
mod daemon;
mod front;

use std::process::ExitCode;

use tollgate_admin::TriedOption;
use tollgate_wire::message::End;

use crate::arguments::Run;
use crate::error::Error;
use crate::sys::{Entry, Inherited};
use crate::{inside, places, programs, sys, tools};

pub(crate) use daemon::Daemon;
use daemon::{Came, Start};
use front::Front;

/// Runs the command in a session; ends as it ended.
pub(crate) fn run(arguments: Run) -> Result<ExitCode, Error> {
    let inherited = Inherited::take();
    let entry = Entry::take().map_err(Error::kernel("read the signal mask"))?;
    sys::keep_out()?;
    let start = start(&arguments)?;
    let around = inside::around();
    let mut places = places::of(arguments.root.root.as_deref())?;
    if let Some(around) = &around {
        // The daemon of the session around, whichever that is.
        places.sockets.clone_from(&around.sockets);
    }
    let policy = arguments.policy.as_deref().map(policy_path).transpose()?;
    let mut session = front::Session {
        admin: places.admin(),
        agent: agent::name(arguments.agent, around.as_ref(), &arguments.command)?,
        policy,
        shim: programs::shim()?,
        tools: tools::chosen(&arguments.tools, tools::for_infrastructure)?,
        command: arguments.command,
    };
    entry.hear_children().map_err(Error::kernel("hear of children"))?;
    let base = if arguments.root.root.is_some() { session.policy.clone() } else { None };
    let mut daemon = Daemon::new(programs::daemon()?, places, arguments.root.root, base, start)?;
    if daemon.bring_up()? == Came::WithItsPolicy {
        session.policy = None;
    }
    let end = Front::open(&session, entry, daemon)?.wait(inherited)?;
    Ok(end_as(end))
}

/// May a daemon be started, and are the options such as may be given here?
fn start(arguments: &Run) -> Result<Start, Error> {
    if !inside::a_session() {
        return Ok(Start::Allowed);
    }
    if arguments.root.root.is_some() {
        return Err(inside::refused(TriedOption::Root));
    }
    if arguments.policy.is_some() {
        return Err(inside::refused(TriedOption::Policy));
    }
    Ok(Start::Forbidden)
}

/// The file's absolute path, if it can be read and named in JSON.
fn policy_path(file: &std::path::Path) -> Result<String, Error> {
    let path = places::absolute(file)?;
    std::fs::File::open(&path).map_err(|source| Error::File { path: path.clone(), source })?;
    path.into_os_string().into_string().map_err(|path| Error::PolicyPath(path.into()))
}

fn end_as(end: End) -> ExitCode {
    match end {
        End::Exited(code) => ExitCode::from(code),
        End::Killed(signal) => {
            sys::die_of(signal.into());
            ExitCode::from(signal.saturating_add(128))
        }
    }
}
