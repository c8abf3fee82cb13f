//! `tollgate audit`: reading, checking, sending and adding to the record.
//!
//! All but `ingest` and a fresh `checkpoint` work without a daemon, on a copy too.
//! Not here: writing it, and how it is read (`tollgate-audit`).

mod checkpoint;
mod export;
mod filters;
mod fold;
mod ingest;
mod list;
mod progress;
mod show;
mod stats;
mod tail;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::arguments::Root;
use crate::error::Error;
use crate::{output, places};
pub(crate) use filters::Filters;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check that the record is as it was written
    Verify(verify::Arguments),
    /// Print the last records, and those that come
    Tail(tail::Arguments),
    /// Print the records that fit
    List(list::Arguments),
    /// Print everything that is recorded of one command, and of those it called
    Show(show::Arguments),
    /// Count the records that fit, by what they were
    Stats(stats::Arguments),
    /// Write records as CSV, or send them to an OpenTelemetry collector
    Export(export::Arguments),
    /// Add the JSON lines of another recorder, from standard input
    Ingest(ingest::Arguments),
    /// Print the signed head of the record, for a witness outside
    Checkpoint(checkpoint::Head),
    /// Print the public key that signs checkpoints
    Key(checkpoint::Key),
}

/// Which log is meant.
#[derive(Debug, Args)]
pub(crate) struct Log {
    #[command(flatten)]
    root: Root,
    /// Another log's folder, or one segment's file
    #[arg(long, value_name = "FOLDER|FILE", conflicts_with = "root")]
    log: Option<PathBuf>,
}

/// Does what the subcommand says.
pub(crate) fn audit(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Verify(arguments) => verify::verify(&arguments),
        Command::Tail(arguments) => tail::tail(&arguments),
        Command::List(arguments) => list::list(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Stats(arguments) => stats::stats(&arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Ingest(arguments) => ingest::ingest(&arguments),
        Command::Checkpoint(arguments) => checkpoint::head(&arguments),
        Command::Key(arguments) => checkpoint::key(&arguments),
    }
}

impl Log {
    /// Its folder or file.
    fn path(&self) -> Result<PathBuf, Error> {
        match &self.log {
            Some(log) => Ok(log.clone()),
            None => Ok(places::of(self.root.root.as_deref())?.audit()),
        }
    }

    /// The same; none, and a plain word, where no daemon has written one yet.
    fn existing(&self) -> Result<Option<PathBuf>, Error> {
        let path = self.path()?;
        if self.log.is_none() && !path.exists() {
            nothing_yet(&path);
            return Ok(None);
        }
        Ok(Some(path))
    }
}

/// Says that there is no record yet.
fn nothing_yet(path: &Path) {
    output::say(format_args!(
        "nothing is recorded yet: `{}` comes with the first `tollgate run` or `tollgated`",
        path.display()
    ));
}
