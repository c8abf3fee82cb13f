//! `tollgate tiers`: what each command of a tool is taken for.
//!
//! The pages of the book under `docs/tiers` are written by it when the book is made, so
//! that they say what the grammars say. Not here: what one command line means; `explain` tells that.

mod pages;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde::Serialize;
use tollgate_policies::classify::{Grammars, Listed};

use crate::complete::candidates;
use crate::error::Error;
use crate::{output, tools};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The tool; without one every tool is named
    #[arg(add = ArgValueCandidates::new(candidates::tools))]
    tool: Option<String>,
    /// Print JSON, a line for each command or tool
    #[arg(long)]
    json: bool,
    /// Write pages of Markdown about every tool into a folder, as the book has them
    #[arg(long, value_name = "DIR", conflicts_with_all = ["tool", "json"])]
    write: Option<PathBuf>,
}

/// One command, for programs.
#[derive(Debug, Serialize)]
struct Told {
    operation: &'static str,
    tier: u8,
    why: &'static str,
    otherwise: Vec<Otherwise>,
}

#[derive(Debug, Serialize)]
struct Named<'a> {
    tool: &'a str,
}

#[derive(Debug, Serialize)]
struct Otherwise {
    tier: u8,
    why: &'static str,
}

/// Prints what is known of one tool, or which tools are known.
pub(crate) fn tiers(arguments: &Arguments) -> Result<ExitCode, Error> {
    if let Some(folder) = &arguments.write {
        let pages = pages::write(folder)?;
        output::line(format_args!("{pages} pages are in `{}`", folder.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(tool) = &arguments.tool else {
        let mut names = tools::understood();
        names.sort();
        let named = |tool: &String| if arguments.json { output::json(&Named { tool }) } else { output::line(tool) };
        names.iter().try_for_each(named)?;
        return Ok(ExitCode::SUCCESS);
    };
    let grammars = Grammars::built_in();
    let Some(name) = grammars.canonical(tool) else { return Err(Error::NoGrammar(tool.clone())) };
    for command in grammars.listed(name) {
        if arguments.json { output::json(&told(&command))? } else { output::line(text(&command))? }
    }
    if grammars.operations_by_table(name) {
        output::say(format_args!("{name} has more operations: what they do is told by its vendor's list"));
    }
    Ok(ExitCode::SUCCESS)
}

fn told(command: &Listed) -> Told {
    let otherwise = command.otherwise.iter().map(|(tier, why)| Otherwise { tier: tier.number(), why });
    Told { operation: command.operation, tier: command.tier.number(), why: command.why, otherwise: otherwise.collect() }
}

/// `T1  terraform.fmt: rewrites ... (T0: only checks the style)`
fn text(command: &Listed) -> String {
    let otherwise = command.otherwise.iter().map(|(tier, why)| format!("T{}: {why}", tier.number()));
    let otherwise: Vec<_> = otherwise.collect();
    let beside = if otherwise.is_empty() { String::new() } else { format!(" ({})", otherwise.join("; ")) };
    format!("T{}  {}: {}{beside}", command.tier.number(), command.operation, command.why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_policies::Tier;

    #[test]
    fn a_command_is_told_with_what_its_arguments_change() {
        let command = Listed {
            operation: "terraform.fmt",
            tier: Tier::Operate,
            why: "rewrites files",
            otherwise: vec![(Tier::Observe, "only checks")],
        };
        assert_eq!(text(&command), "T1  terraform.fmt: rewrites files (T0: only checks)");
        assert_eq!(text(&Listed { otherwise: Vec::new(), ..command }), "T1  terraform.fmt: rewrites files");
    }
}
