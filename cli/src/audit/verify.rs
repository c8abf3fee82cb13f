//! `tollgate audit verify`: whether the record is as it was written.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use tollgate_audit::verify::{self, Broken, Check, Report};
use tollgate_audit::{Checkpoint, PublicKey};

use super::nothing_yet;
use super::progress::Progress;
use crate::arguments::Root;
use crate::error::Error;
use crate::{output, places};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    root: Root,
    /// The key that must have signed it: what `tollgate audit key` printed, or a
    /// file that holds that
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
    /// A file with a checkpoint that was kept elsewhere: what `tollgate audit
    /// checkpoint` printed
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// A log's folder or one segment's file; by default the daemon's log
    #[arg(value_name = "FOLDER|FILE")]
    path: Option<PathBuf>,
}

/// Checks, and says what was found.
pub(crate) fn verify(arguments: &Arguments) -> Result<ExitCode, Error> {
    let check = check(arguments)?;
    let path = match &arguments.path {
        Some(path) => path.clone(),
        None => places::of(arguments.root.root.as_deref())?.audit(),
    };
    if arguments.path.is_none() && !path.exists() {
        nothing_yet(&path);
        return Ok(ExitCode::FAILURE);
    }
    let mut progress = Progress::new("verified");
    let found = verify::verify_with(&path, &check, |now| progress.show(now.done, Some(now.of)));
    drop(progress);
    match found {
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

fn check(arguments: &Arguments) -> Result<Check, Error> {
    let key = arguments.key.as_deref().map(key).transpose()?;
    let against = arguments.checkpoint.as_deref().map(checkpoint).transpose()?;
    Ok(Check { key, against })
}

/// A key given as its text, or as a file that holds it.
fn key(given: &str) -> Result<PublicKey, Error> {
    if let Ok(key) = PublicKey::parse(given) {
        return Ok(key);
    }
    let text = read(Path::new(given))?;
    Ok(PublicKey::parse(&text)?)
}

fn checkpoint(path: &Path) -> Result<Checkpoint, Error> {
    Checkpoint::parse(&read(path)?).ok_or_else(|| Error::NoCheckpoint(path.to_owned()))
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// What `verify --json` prints.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Found<'a> {
    Whole {
        whole: bool,
        segments: u64,
        records: u64,
        bytes: u64,
        first: Option<u64>,
        last: Option<u64>,
        hash: &'a str,
        unfinished: u64,
        checkpoints: u64,
        signed: Option<u64>,
    },
    Broken {
        whole: bool,
        segment: &'a Path,
        line: u64,
        what: &'a str,
    },
}

fn whole(report: &Report) -> Found<'_> {
    let Report { segments, records, bytes, first, last, ref hash, unfinished, checkpoints, signed } = *report;
    Found::Whole { whole: true, segments, records, bytes, first, last, hash, unfinished, checkpoints, signed }
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
    text.push_str(&signatures(report));
    if let Some(first) = report.first.filter(|first| *first > 1) {
        text.push_str(&format!("\nrecords before {first} are not there: they were removed, or stand in another file"));
    }
    if report.unfinished > 0 {
        text.push_str(&format!("\nat its end {} bytes of a record that is not finished", report.unfinished));
    }
    text
}

fn signatures(report: &Report) -> String {
    let checkpoints = report.checkpoints;
    match (report.signed, report.last) {
        (Some(signed), Some(last)) if signed < last => {
            format!("\nsigned: up to record {signed}; the {} after it are in the chain alone", last - signed)
        }
        (Some(signed), _) => format!("\nsigned: up to record {signed}, the last"),
        (None, _) if checkpoints > 0 => {
            format!("\n{checkpoints} checkpoints fit; `--key` tells whether they are signed by the right key")
        }
        (None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_log_is_said_in_a_few_lines() {
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
        let plain = "whole: 40 records in 2 segments, numbers 1 to 40\nlast hash: 9c1f";
        assert_eq!(text(&report), plain);
        let torn = text(&Report { unfinished: 7, ..report.clone() });
        assert!(torn.ends_with("\nat its end 7 bytes of a record that is not finished"), "{torn}");
        let signed = text(&Report { signed: Some(40), checkpoints: 3, ..report.clone() });
        assert_eq!(signed, format!("{plain}\nsigned: up to record 40, the last"));
        let behind = text(&Report { signed: Some(38), checkpoints: 3, ..report });
        assert_eq!(behind, format!("{plain}\nsigned: up to record 38; the 2 after it are in the chain alone"));
    }
}
