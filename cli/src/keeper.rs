//! The session's keeper: a process of its own between front and command.
//!
//! ```text
//! shell -- tollgate run (front) -- tollgate keeper -- CMD -- ...
//!               |                       |
//!               +-- tollgated           +== the admin door, as long as the session
//! ```
//! It is the command's parent, and a subreaper: whatever the command starts
//! stays below it, so the daemon knows by ancestry who belongs to the session.
//! It stays until the last descendant is gone, then closes the session and
//! removes its folder.
//!
//! Not here: the terminal and the shell, which know the front alone; and the
//! daemon's start.

mod command;
mod folder;
mod link;
mod watch;

use std::ffi::OsString;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use nix::sys::prctl;
use tollgate_admin::write_frame;
use tollgate_installer::{PROBE, Tool};

use crate::error::Error;
use crate::run::channel::Report;
use crate::sys::{self, Entry, Inherited, Signals};
use folder::Folder;
use link::Link;
use watch::Keeper;

/// The hidden subcommand.
pub(crate) const NAME: &str = "keeper";

/// What the front gives its keeper; see [`crate::run`].
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    front: i32,
    #[arg(long)]
    admin: PathBuf,
    #[arg(long)]
    agent: String,
    #[arg(long)]
    shim: PathBuf,
    #[arg(long)]
    policy: Option<String>,
    #[arg(long)]
    tool: Vec<OsString>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Keeps a session from its opening to its last process.
pub(crate) fn keep(arguments: Arguments) -> ExitCode {
    let inherited = Inherited::take().without(arguments.front);
    let Some(mut front) = sys::adopt(arguments.front).map(UnixStream::from) else {
        return crate::output::failure(&Error::NoFront);
    };
    match open(&arguments) {
        Ok(opened) => run(opened, front, inherited),
        Err(error) => fail(&mut front, &error),
    }
}

/// A session that is open, and its command running.
#[derive(Debug)]
struct Opened {
    signals: Signals,
    link: Link,
    folder: Folder,
    command: u32,
}

fn open(arguments: &Arguments) -> Result<Opened, Error> {
    let entry = Entry::take().map_err(Error::kernel("read the signal mask"))?;
    entry.hear_children().map_err(Error::kernel("hear of children"))?;
    sys::keep_out()?;
    prctl::set_child_subreaper(true).map_err(Error::kernel("become a subreaper"))?;
    let signals = Signals::hear().map_err(Error::kernel("hear signals"))?;
    let names = arguments.tool.iter().map(OsString::as_os_str).chain([PROBE.as_ref()]);
    let tools = names.map(Tool::new).collect::<Result<_, _>>()?;
    let (link, opened) = Link::open(&arguments.admin, &arguments.agent, arguments.policy.as_deref())?;
    let folder = Folder::make(&opened, &arguments.shim, tools)?;
    let command = command::start(&arguments.command, &folder, link.id(), entry)?;
    Ok(Opened { signals, link, folder, command })
}

fn run(opened: Opened, mut front: UnixStream, inherited: Inherited) -> ExitCode {
    inherited.let_go_of_all();
    drop(write_frame(&mut front, &Report::Started {}));
    let link = Keeper::new(opened.signals, front, opened.link, opened.command).watch();
    drop(opened.folder);
    // The session closes with its link.
    drop(link);
    ExitCode::SUCCESS
}

fn fail(front: &mut UnixStream, error: &Error) -> ExitCode {
    let report = Report::Failed { code: error.code(), message: error.sentence() };
    drop(write_frame(front, &report));
    ExitCode::from(error.code())
}
