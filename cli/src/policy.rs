//! `tollgate policy`: what a person does with policies.
//!
//! Not here: what a policy means (`tollgate-policies`), and which one holds; the
//! daemon knows that.

mod accept;

use std::process::ExitCode;

use clap::Subcommand;

use crate::error::Error;

/// Every command of `tollgate policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take the changed policy: what it loosens holds from now on
    Accept(accept::Arguments),
}

/// Does what the command says.
pub(crate) fn policy(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Accept(arguments) => accept::accept(&arguments),
    }
}
