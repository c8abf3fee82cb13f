//! `tollgate audit show`: everything of one command, and of those that it called.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use clap_complete::ArgValueCandidates;
use tollgate_audit::show::Run;
use tollgate_audit::{Record, read, show};

use super::Log;
use crate::complete::candidates;
use crate::error::Error;
use crate::output;

/// How deep calls inside calls are followed.
const DEEPEST: usize = 16;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: Log,
    /// The command's id, or enough of its start
    #[arg(add = ArgValueCandidates::new(candidates::runs))]
    id: String,
    /// Print the records as they stand in the log
    #[arg(long)]
    json: bool,
    /// Print only what happened when, not each record in full
    #[arg(long)]
    short: bool,
}

/// Prints one or more runs, each with those that came from it.
pub(crate) fn show(arguments: &Arguments) -> Result<ExitCode, Error> {
    let log = arguments.log.path()?;
    let records = if log.exists() { read::find(&log, &arguments.id)? } else { Vec::new() };
    if records.is_empty() {
        return Err(Error::NoRecord(arguments.id.clone()));
    }
    let runs = show::runs(records);
    if runs.len() > 1 && !runs.iter().any(|run| run.id == arguments.id) {
        return Err(Error::SeveralRecords { start: arguments.id.clone(), ids: runs.len() });
    }
    let mut seen = BTreeSet::new();
    for run in runs {
        Tree { log: &log, arguments, seen: &mut seen }.print(&run, 0)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A run and what came from it.
struct Tree<'a> {
    log: &'a Path,
    arguments: &'a Arguments,
    /// Runs that were printed: a forged log may hold a circle.
    seen: &'a mut BTreeSet<String>,
}

impl Tree<'_> {
    fn print(&mut self, run: &Run, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST || !self.seen.insert(run.id.clone()) {
            return Ok(());
        }
        if self.arguments.json {
            run.records.iter().try_for_each(|record| output::line(&record.text))?;
        } else {
            self.page(run, depth)?;
        }
        let children: Vec<Record> = read::children(self.log, &run.id)?;
        show::runs(children).iter().try_for_each(|child| self.print(child, depth + 1))
    }

    fn page(&self, run: &Run, depth: usize) -> Result<(), Error> {
        let mut text = show::run(run);
        if depth == 0 && !self.arguments.short {
            text.extend(run.records.iter().map(|record| format!("\n{}", show::full(record))));
        }
        let margin = "    ".repeat(depth);
        let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{margin}{line}") });
        output::line(lines.collect::<Vec<_>>().join("\n"))
    }
}
