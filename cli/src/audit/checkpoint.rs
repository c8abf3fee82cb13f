//! `tollgate audit checkpoint` and `key`: the signed head, and whose it is.
//!
//! A running daemon signs its head now; without one, the last checkpoint is printed.

use std::process::ExitCode;

use clap::Args;
use tollgate_admin::{Ask, Reply};
use tollgate_audit::checkpoint;

use crate::arguments::Root;
use crate::door::Door;
use crate::error::Error;
use crate::{output, places};

#[derive(Debug, Args)]
pub(crate) struct Head {
    #[command(flatten)]
    root: Root,
}

#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(flatten)]
    root: Root,
}

/// Prints the head, as it is to be kept elsewhere.
pub(crate) fn head(arguments: &Head) -> Result<ExitCode, Error> {
    let places = places::of(arguments.root.root.as_deref())?;
    let note = match asked(&arguments.root) {
        Ok((note, _)) => note,
        Err(Error::Door(tollgate_admin::Error::NoDaemon(_))) if !places.audit().exists() => None,
        Err(Error::Door(tollgate_admin::Error::NoDaemon(_))) => {
            let last = checkpoint::last(&places.audit());
            last.map_err(|source| Error::File { path: places.audit(), source })?.map(|last| last.note)
        }
        Err(error) => return Err(error),
    };
    match note {
        Some(note) => output::line(note.trim_end_matches('\n'))?,
        None => return Err(Error::NoHead),
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the public key.
pub(crate) fn key(arguments: &Key) -> Result<ExitCode, Error> {
    let key = match asked(&arguments.root) {
        Ok((_, key)) => key,
        Err(Error::Door(tollgate_admin::Error::NoDaemon(_))) => {
            let path = places::of(arguments.root.root.as_deref())?.keys().join("audit.pub");
            std::fs::read_to_string(&path).map_err(|source| Error::File { path, source })?
        }
        Err(error) => return Err(error),
    };
    output::line(key.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// The head and the key, in the daemon's word.
fn asked(root: &Root) -> Result<(Option<String>, String), Error> {
    let places = places::of(root.root.as_deref())?;
    match Door::ask(&places.admin(), &Ask::Checkpoint {})?.granted()? {
        Reply::Checkpoint { note, key } => Ok((note, key)),
        _ => Err(Error::Reply),
    }
}
