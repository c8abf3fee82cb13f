//! The person's command.
//!
//! `tollgate run` puts an agent behind the gate, `explain` judges without
//! running, `approve` and `deny` answer, `audit` reads the record. One module a
//! command; what they share is small: where things are (`places`), what the
//! daemon is asked (`door`), what went wrong (`error`).
//!
//! Not here: judging a command (the daemon does, and `explain` by the same
//! code), and running one on the gate's behalf.

mod agent;
mod answer;
mod approvals;
mod approver;
mod arguments;
mod audit;
mod colour;
mod complete;
mod demo;
mod doctor;
mod door;
mod error;
mod exec;
mod explain;
mod grant;
mod ids;
mod inside;
mod install;
mod installed;
mod keeper;
mod man;
mod notify;
mod output;
mod passphrase;
mod places;
mod policy;
mod programs;
mod run;
mod service;
mod shellenv;
mod shims;
mod status;
mod sys;
mod tiers;
mod tools;
mod waiting;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Command, Line};
use crate::error::Error;

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(code) = complete::answered() {
        return code;
    }
    let line = Line::parse();
    match perform(line.command) {
        Ok(code) => code,
        Err(error) => output::failure(&error),
    }
}

fn perform(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Keeper(arguments) => Ok(keeper::keep(arguments)),
        Command::Exec(arguments) => exec::exec(&arguments),
        Command::Explain(arguments) => explain::explain(arguments),
        Command::Audit(command) => audit::audit(*command),
        Command::Approver(command) => approver::approver(command),
        Command::Grant(arguments) => grant::grant(arguments),
        Command::Agent(command) => agent::agent(command),
        Command::Policy(command) => policy::policy(command),
        Command::Demo => demo::demo(),
        Command::Status(arguments) => status::status(&arguments),
        Command::Approvals(arguments) => approvals::approvals(&arguments),
        Command::Notify(arguments) => notify::notify(&arguments),
        Command::Approve(arguments) => answer::approve(&arguments),
        Command::Deny(arguments) => answer::deny(&arguments),
        Command::Install(arguments) => install::install(&arguments),
        Command::Uninstall(arguments) => install::uninstall(&arguments),
        Command::Shims(command) => shims::shims(&command),
        Command::Shellenv(arguments) => shellenv::shellenv(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Service(command) => service::service(&command),
        Command::Completions(arguments) => complete::completions(&arguments),
        Command::Tiers(arguments) => tiers::tiers(&arguments),
        Command::Man(arguments) => man::man(&arguments),
    }
}
