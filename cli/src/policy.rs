//! `tollgate policy`: what a person does with policies.
//!
//! Not here: what a policy means (`tollgate-policies`), and which one holds; the
//! daemon knows that.

mod accept;
mod check;
mod diff;
mod import;
mod schema;
mod show;
mod test;

use std::process::ExitCode;

use clap::Subcommand;

use crate::error::Error;

/// Every command of `tollgate policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read policy files, and say what is wrong with them or surely not meant
    Check(check::Arguments),
    /// Show the rules of the policy files, or the text of a ready policy
    Show(show::Arguments),
    /// Judge the commands of a table, and compare with what it expects
    Test(test::Arguments),
    /// Show which past commands two policies would answer differently
    Diff(Box<diff::Arguments>),
    /// Print the configuration of another gate as a policy
    Import(import::Arguments),
    /// Print the JSON Schema of policy files, for editors
    Schema,
    /// Take the changed policy: what it loosens holds from now on
    Accept(accept::Arguments),
}

/// Does what the command says.
pub(crate) fn policy(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Check(arguments) => check::check(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Diff(arguments) => diff::diff(&arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Schema => schema::schema(),
        Command::Accept(arguments) => accept::accept(&arguments),
    }
}
