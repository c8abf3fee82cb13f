//! `tollgate shims`: which tools are wrapped for good.
//!
//! Not here: the shims of a session; those are its own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use serde::Serialize;
use tollgate_installer::{Plan, Tool};

use crate::complete::candidates;
use crate::error::Error;
use crate::install::{Trial, carry_out, outside};
use crate::installed::{Installed, Place, real_path};
use crate::{output, tools};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Wrap more tools
    Add(Change),
    /// Wrap fewer
    Remove(Change),
    /// Show what is wrapped, and what could be
    List(List),
}

#[derive(Debug, Args)]
pub(crate) struct Change {
    /// Their names, as they are typed
    #[arg(required = true, value_name = "NAME", add = ArgValueCandidates::new(candidates::tools))]
    names: Vec<OsString>,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One tool, as it is listed.
#[derive(Debug, Serialize)]
struct Listed {
    tool: String,
    /// `wrapped`, `broken` (its shim leads nowhere) or `not wrapped`.
    shim: &'static str,
    /// Whether what it does is understood.
    understood: bool,
    /// The real program, if there is one on PATH.
    real: Option<String>,
}

/// Does what it says.
pub(crate) fn shims(command: &Command) -> Result<ExitCode, Error> {
    match command {
        Command::Add(change) => apply(change, |tools, named| {
            tools.extend(named);
            tools.sort();
            tools.dedup();
        }),
        Command::Remove(change) => apply(change, |tools, named| tools.retain(|tool| !named.contains(tool))),
        Command::List(arguments) => list(arguments),
    }
}

fn apply(change: &Change, alter: impl FnOnce(&mut Vec<Tool>, Vec<Tool>)) -> Result<ExitCode, Error> {
    outside("shims")?;
    let installed = Installed::find(&change.place)?;
    if installed.manifest.is_none() {
        return Err(Error::NotInstalled);
    }
    let named = change.names.iter().map(|name| Tool::new(name)).collect::<Result<Vec<_>, _>>()?;
    let mut tools = installed.tools().iter().map(|name| Tool::new(name.as_ref())).collect::<Result<Vec<_>, _>>()?;
    alter(&mut tools, named);
    let plan = Plan::install(&installed.manifest_file(), &installed.wanted(&tools, None)?)?;
    carry_out(&plan, change.trial.doing(), "nothing to do")?;
    Ok(ExitCode::SUCCESS)
}

fn list(arguments: &List) -> Result<ExitCode, Error> {
    let installed = Installed::find(&arguments.place)?;
    let path = real_path();
    let wrapped = installed.tools().iter().map(|name| {
        let shim = installed.places.shims.join(name);
        listed(name, if fs::metadata(shim).is_ok() { "wrapped" } else { "broken" }, &path)
    });
    let known = installed.tools().iter().map(|name| Tool::new(name.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let new = tools::understood_but_not(&known);
    let all: Vec<_> = wrapped.chain(new.iter().map(|name| listed(name, "not wrapped", &path))).collect();
    if arguments.json {
        output::json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    if all.is_empty() {
        output::line("nothing is wrapped: `tollgate install` wraps what is on PATH")?;
    }
    for tool in &all {
        let real = tool.real.as_deref().unwrap_or("not on PATH");
        let understood = if tool.understood { "" } else { ", not understood: every call is unknown" };
        output::line(format_args!("{:<12} {:<12} {real}{understood}", tool.tool, tool.shim))?;
    }
    if !new.is_empty() {
        output::line(format_args!("to wrap more: `tollgate shims add {}`", new.join(" ")))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(name: &str, shim: &'static str, path: &OsStr) -> Listed {
    let real = tools::find(path, name.as_ref()).map(|file| file.display().to_string());
    Listed { tool: name.to_owned(), shim, understood: tools::is_understood(name), real }
}
