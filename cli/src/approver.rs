//! `tollgate approver`: who answers with a passphrase.
//!
//! Not here: what it is asked for (rules say `confirm = "passphrase"`), and checking
//! it; the daemon does both.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;
use tollgate_admin::{Ask, Proof, Reply};

use crate::arguments::{self, Root};
use crate::door::{Door, PATIENCE};
use crate::error::Error;
use crate::{output, passphrase, places, sys};

/// Every command of `tollgate approver`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Give somebody a passphrase to answer with, typed here twice
    #[command(alias = "set")]
    Add(One),
    /// Take somebody's passphrase away
    Remove(One),
    /// List those who have one
    List(arguments::Ask),
}

#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    root: Root,
    /// Their name: the key under `[approvers]` in the settings, where they stand there
    name: String,
}

/// Does what the command says.
pub(crate) fn approver(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Add(One { root, name }) => {
            let approver = passphrase::new(&name)?;
            let ask = |by| Ask::SetPassphrase { approver: approver.clone(), by };
            vouched(root.root.as_deref(), ask)?;
            output::line(format_args!("answers with a passphrase: {name}"))?;
        }
        Command::Remove(One { root, name }) => {
            vouched(root.root.as_deref(), |by| Ask::RemovePassphrase { name: name.clone(), by })?;
            output::line(format_args!("answers no more: {name}"))?;
        }
        Command::List(arguments) => list(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks, and once more with the passphrase of somebody who has one.
fn vouched(root: Option<&Path>, ask: impl Fn(Option<Proof>) -> Ask) -> Result<(), Error> {
    sys::keep_out()?;
    let admin = places::of(root)?.admin();
    let mut reply = Door::ask(&admin, &ask(None))?.granted()?;
    if let Reply::Passphrase { names } = &reply {
        output::say("somebody who has a passphrase must vouch");
        let by = passphrase::proof(names, None)?;
        reply = Door::ask(&admin, &ask(Some(by)))?.granted()?;
    }
    if matches!(reply, Reply::Done {}) { Ok(()) } else { Err(Error::Reply) }
}

fn list(arguments: &arguments::Ask) -> Result<(), Error> {
    let places = places::of(arguments.root.root.as_deref())?;
    let one = |reply| if let Reply::Approver { name } = reply { Some(Listed { name }) } else { None };
    let approvers = Door::list(&places.admin(), &Ask::Approvers {}, PATIENCE, one)?;
    if arguments.json {
        return approvers.iter().try_for_each(output::json);
    }
    if approvers.is_empty() {
        output::line("nobody has a passphrase")?;
    }
    approvers.iter().try_for_each(|one| output::line(&one.name))
}

/// One who answers, for programs.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
}
