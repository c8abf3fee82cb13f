//! `tollgate audit`: reading and checking the record, without a daemon.
//!
//! Not here: writing it, and how it is read (`tollgate-audit`).

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use tollgate_audit::read::{self, Follow};
use tollgate_audit::verify::{self, Broken, Report};
use tollgate_audit::{Record, show};

use crate::arguments::Root;
use crate::error::Error;
use crate::{output, places};

/// Between two looks of `--follow`.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check that the record is as it was written
    Verify(Verify),
    /// Print the last records
    Tail(Tail),
    /// Print everything that is recorded of one command
    Show(Show),
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    root: Root,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// A log's folder or one segment's file; by default the daemon's log
    #[arg(value_name = "FOLDER|FILE")]
    path: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    #[command(flatten)]
    root: Root,
    /// How many
    #[arg(short = 'n', long = "lines", value_name = "NUMBER", default_value_t = 10)]
    count: usize,
    /// Stay, and print each record when it is written
    #[arg(short, long)]
    follow: bool,
    /// Print the records as they stand in the log
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    root: Root,
    /// The command's id, or enough of its start
    id: String,
    /// Print the records as they stand in the log
    #[arg(long)]
    json: bool,
}

/// Does what the subcommand says.
pub(crate) fn audit(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Verify(arguments) => verify(&arguments),
        Command::Tail(arguments) => tail(&arguments),
        Command::Show(arguments) => show(&arguments),
    }
}

fn folder(root: &Root) -> Result<PathBuf, Error> {
    Ok(places::of(root.root.as_deref())?.audit())
}

/// What `verify --json` prints.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Found<'a> {
    Whole { whole: bool, segments: u64, records: u64, bytes: u64, last: Option<u64>, hash: &'a str, unfinished: u64 },
    Broken { whole: bool, segment: &'a Path, line: u64, what: &'a str },
}

fn verify(arguments: &Verify) -> Result<ExitCode, Error> {
    let path = match &arguments.path {
        Some(path) => path.clone(),
        None => folder(&arguments.root)?,
    };
    match verify::verify(&path, |_| {}) {
        Ok(report) if arguments.json => output::json(&whole(&report))?,
        Ok(report) => output::line(text(&report))?,
        Err(verify::Error::Broken(broken)) if arguments.json => {
            output::json(&self::broken(&broken))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn whole(report: &Report) -> Found<'_> {
    let Report { segments, records, bytes, last, ref hash, unfinished, .. } = *report;
    Found::Whole { whole: true, segments, records, bytes, last, hash, unfinished }
}

fn broken(broken: &Broken) -> Found<'_> {
    Found::Broken { whole: false, segment: &broken.segment, line: broken.line, what: &broken.what }
}

fn text(report: &Report) -> String {
    let numbers = match (report.first, report.last) {
        (Some(first), Some(last)) => format!(", numbers {first} to {last}"),
        _ => String::new(),
    };
    let segments = if report.segments == 1 { "segment" } else { "segments" };
    let mut text = format!(
        "whole: {} records in {} {segments}{numbers}\nlast hash: {}",
        report.records, report.segments, report.hash
    );
    if report.unfinished > 0 {
        text.push_str(&format!("\nat its end {} bytes of a record that is not finished", report.unfinished));
    }
    text
}

fn tail(arguments: &Tail) -> Result<ExitCode, Error> {
    let folder = folder(&arguments.root)?;
    let print = |record: &Record| {
        if arguments.json { output::line(&record.text) } else { output::line(show::line(record)) }
    };
    let records = read::tail(&folder, arguments.count)?;
    records.iter().try_for_each(print)?;
    if !arguments.follow {
        return Ok(ExitCode::SUCCESS);
    }
    let mut follow = match records.last() {
        Some(last) => Follow::after(&folder, last.seq),
        None => Follow::from_now(&folder)?,
    };
    loop {
        match follow.poll()? {
            Some(record) => print(&record)?,
            None => std::thread::sleep(LOOK),
        }
    }
}

fn show(arguments: &Show) -> Result<ExitCode, Error> {
    let records = read::find(&folder(&arguments.root)?, &arguments.id)?;
    if records.is_empty() {
        return Err(Error::NoRecord(arguments.id.clone()));
    }
    if arguments.json {
        records.iter().try_for_each(|record| output::line(&record.text))?;
        return Ok(ExitCode::SUCCESS);
    }
    for run in show::runs(records) {
        output::line(show::run(&run))?;
        run.records.iter().try_for_each(|record| output::line(show::full(record)))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_log_is_said_in_two_lines() {
        let report = Report {
            segments: 2,
            records: 40,
            bytes: 9000,
            first: Some(1),
            last: Some(40),
            hash: "9c1f".into(),
            unfinished: 0,
            checkpoints: 0,
            signed: None,
        };
        assert_eq!(text(&report), "whole: 40 records in 2 segments, numbers 1 to 40\nlast hash: 9c1f");
        let torn = text(&Report { unfinished: 7, ..report });
        assert!(torn.ends_with("\nat its end 7 bytes of a record that is not finished"), "{torn}");
    }
}
