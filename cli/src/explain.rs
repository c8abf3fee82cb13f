//! `tollgate explain`: what a command would do and what the policy would say to
//! it, without running anything and without a daemon.
//!
//! It judges by the same code as the daemon. Not counted are grants and rate
//! limits, and the answers say so.

mod batch;
pub(crate) mod judge;
mod line;
mod page;

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use tollgate_audit::Bytes;
use tollgate_policies::policy;

use crate::arguments::Root;
use crate::complete::candidates;
use crate::error::Error;
use crate::{output, places};
use judge::{By, Explained, Judge, Question};
use line::Lines;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The agent that would call
    #[arg(long, value_name = "NAME", default_value = policy::Subject::UNKNOWN, add = ArgValueCandidates::new(candidates::agents))]
    agent: String,
    /// Its clearance, 0 to 4; by default what the policy says of the agent
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=4))]
    clearance: Option<u8>,
    /// Where the command would come in
    #[arg(long, value_enum, default_value_t = Door::Shim)]
    door: Door,
    /// Judge by this policy file alone; by default by those in `policy.d`, or the
    /// profile `careful` where there are none
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    root: Root,
    /// Judge as if called in this folder
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Read `{"argv":[...],"env":{...},"cwd":"..."}`, a line each, and print a
    /// line of JSON for each; without `env` it is empty, without `cwd` no file is read
    #[arg(long, conflicts_with_all = ["argv", "cwd"])]
    batch: bool,
    /// The command
    #[arg(last = true, required_unless_present = "batch", value_name = "ARGV")]
    argv: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Door {
    Shim,
    Exec,
    Http,
    Mcp,
}

impl From<Door> for policy::Door {
    fn from(door: Door) -> Self {
        match door {
            Door::Shim => Self::Shim,
            Door::Exec => Self::Exec,
            Door::Http => Self::Http,
            Door::Mcp => Self::Mcp,
        }
    }
}

/// Explains one command, or a line of standard input each.
pub(crate) fn explain(arguments: Arguments) -> Result<ExitCode, Error> {
    let policy = judge::policy(arguments.root.root.as_deref(), arguments.policy.as_deref())?;
    let grammars = judge::grammars(arguments.root.root.as_deref())?;
    let judge = Judge::new(grammars, policy, arguments.agent.clone(), arguments.clearance, arguments.door.into())
        .with_home(places::of(arguments.root.root.as_deref())?.home());
    if arguments.batch {
        return batch::explain(&judge);
    }
    let question = question(arguments.argv, arguments.cwd)?;
    let explained = judge.explain(&question, tollgate_facts::now());
    if arguments.json {
        output::line(json(&explained, judge.by()).map_err(io::Error::from)?)?;
    } else {
        output::line(page::text(&explained, judge.by()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn json(explained: &Explained<'_>, by: &By) -> serde_json::Result<String> {
    let mut text = Vec::new();
    Lines::of(by)?.write(explained, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The command as it would be called from here.
fn question(argv: Vec<OsString>, cwd: Option<PathBuf>) -> Result<Question, Error> {
    let cwd = match cwd {
        Some(folder) => std::path::absolute(&folder).map_err(|source| Error::File { path: folder, source })?,
        None => std::env::current_dir().map_err(|source| Error::File { path: ".".into(), source })?,
    };
    let argv = argv.into_iter().map(Bytes::from).collect();
    Ok(Question { argv, env: environment(), cwd: Some(cwd.into_os_string().into_vec().into()) })
}

/// This process's environment exactly as it was started with: order, repeats
/// and entries without `=` included.
fn environment() -> Vec<Vec<u8>> {
    if let Ok(block) = std::fs::read("/proc/self/environ") {
        let entries = block.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        return entries.map(<[u8]>::to_vec).collect();
    }
    let entry = |(name, value): (OsString, OsString)| [name.as_bytes(), b"=", value.as_bytes()].concat();
    std::env::vars_os().map(entry).collect()
}
