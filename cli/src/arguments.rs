//! The command line: every command and option, as clap reads them.
//!
//! Not here: what they do, and the arguments that one command alone knows
//! (`keeper`, `explain`).

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::ArgValueCandidates;

use crate::complete::candidates;
use crate::{
    agent, approver, audit, complete, doctor, explain, grant, install, keeper, man, notify, policy, service, shellenv,
    shims, tiers,
};

/// A gate for the commands that agents type.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, disable_help_subcommand = true)]
pub(crate) struct Line {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run an agent behind the gate: every tool that it calls is judged first
    Run(Run),
    #[command(name = keeper::NAME, hide = true)]
    Keeper(keeper::Arguments),
    /// Put one command through the gate, without a shim on PATH
    Exec(Exec),
    /// Say what a command would do and what the policy would say, without running it
    Explain(explain::Arguments),
    /// Read and check the record of what was asked, decided and run
    #[command(subcommand)]
    Audit(Box<audit::Command>),
    /// Watch it work: real tools in a fresh folder, one command allowed, one
    /// approved, one refused
    Demo,
    /// Work with policies
    #[command(subcommand)]
    Policy(policy::Command),
    /// Answer in advance: for an agent, operations and targets, for a while
    Grant(grant::Arguments),
    /// Give agents tokens, and take them back
    #[command(subcommand)]
    Agent(agent::Command),
    /// Show how the daemon does
    Status(Ask),
    /// Look at the questions that wait for a person, and answer them
    Approvals(Approvals),
    /// Tell people elsewhere of questions: a webhook, a desktop
    Notify(notify::Arguments),
    /// Answer one question with yes: the command runs, once
    Approve(Approve),
    /// Answer one question with no
    Deny(Deny),
    /// Say who answers with a passphrase
    #[command(subcommand)]
    Approver(approver::Command),
    /// Put the gate in front of this user's tools for good: shims, shells, service, policy
    Install(install::Install),
    /// Remove exactly what `install` made
    Uninstall(install::Uninstall),
    /// Choose which tools are wrapped for good
    #[command(subcommand)]
    Shims(shims::Command),
    /// Print what a shell evaluates to have the shims first on PATH
    Shellenv(shellenv::Arguments),
    /// Enter every kind of shell and see whether the gate stands there, and on what
    Doctor(doctor::Arguments),
    /// Start, stop and watch the user's daemon
    #[command(subcommand)]
    Service(service::Command),
    /// Say what each command of a tool is taken for
    Tiers(tiers::Arguments),
    /// Print what a shell reads to complete `tollgate` as it is typed
    Completions(complete::Arguments),
    /// Write the manual pages into a folder
    Man(man::Arguments),
}

/// Which daemon is meant.
#[derive(Debug, Args)]
pub(crate) struct Root {
    /// Keep config, state and sockets under DIR, apart from the user's own
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The agent's name, which rules match; by default that of the session around,
    /// or told from CMD (`claude` is `claude-code`), else `unknown`
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(candidates::agents))]
    pub(crate) agent: Option<String>,
    /// A policy file that applies as well; it can only tighten. With --root,
    /// where no daemon runs yet, it is the whole policy
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) root: Root,
    /// The tools to wrap; by default those for infrastructure that are on PATH:
    /// aws, gcloud, helm, kubectl, terraform, tofu. `+NAME` adds to them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', add = ArgValueCandidates::new(candidates::tools))]
    pub(crate) tools: Vec<OsString>,
    /// The agent's command
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    pub(crate) root: Root,
    /// The tool and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    pub(crate) root: Root,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Approvals {
    #[command(flatten)]
    pub(crate) ask: Ask,
    /// Stay, and print each question when it comes
    #[arg(long)]
    pub(crate) watch: bool,
    /// Print the list on a terminal, too, where a screen would be shown
    #[arg(long)]
    pub(crate) plain: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    pub(crate) root: Root,
    /// The question's id, or enough of its start
    #[arg(add = ArgValueCandidates::new(candidates::questions))]
    pub(crate) id: String,
    /// Whose passphrase is typed, where one is asked for
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Narrow the command: add this flag, its value after `=` (`--dry-run=server`);
    /// what it becomes is judged again, and must not be or reach more
    #[arg(long, value_name = "FLAG", allow_hyphen_values = true)]
    pub(crate) add: Vec<String>,
    /// Why: the record keeps it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Deny {
    #[command(flatten)]
    pub(crate) root: Root,
    /// The question's id, or enough of its start
    #[arg(add = ArgValueCandidates::new(candidates::questions))]
    pub(crate) id: String,
    /// Why: the agent reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Line::command().debug_assert();
    }

    /// Commands that show something. What others print is a form of its own (a script, a
    /// policy, a checkpoint), or their code says all.
    const SHOWING: [&str; 27] = [
        "status",
        "approvals",
        "approve",
        "deny",
        "approver list",
        "explain",
        "doctor",
        "tiers",
        "install",
        "uninstall",
        "shims add",
        "shims remove",
        "shims list",
        "service status",
        "grant",
        "grant list",
        "agent token",
        "agent tokens",
        "policy check",
        "policy show",
        "policy test",
        "policy diff",
        "audit list",
        "audit show",
        "audit tail",
        "audit stats",
        "audit verify",
    ];

    #[test]
    fn every_command_that_shows_something_takes_json() {
        let line = Line::command();
        for name in SHOWING {
            let below = |command: &clap::Command, word: &str| command.find_subcommand(word).unwrap().clone();
            let command = name.split(' ').fold(line.clone(), |command, word| below(&command, word));
            assert!(command.get_arguments().any(|argument| argument.get_long() == Some("json")), "{name}");
        }
    }

    #[test]
    fn what_follows_the_two_dashes_is_the_commands_own() {
        let line = Line::try_parse_from(["tollgate", "run", "--tools", "a,b", "--", "sh", "-c", "x", "--", "--root"]);
        let Command::Run(run) = line.unwrap().command else { panic!("not run") };
        assert_eq!(run.command, ["sh", "-c", "x", "--", "--root"]);
        assert_eq!(run.tools, ["a", "b"]);
    }
}
