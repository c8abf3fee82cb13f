//! `tollgate audit export`: records for other programs.
//!
//! CSV goes to standard output or a file; OpenTelemetry goes to a collector, in
//! batches, each noted in a cursor once the collector has it. The daemon sends
//! nothing: this program does.

mod csv;
mod cursor;
mod otlp;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use tollgate_audit::{Record, query};

use super::Log;
use super::filters::Filters;
use super::progress::Progress;
use crate::error::Error;
use crate::{output, places};
use cursor::Cursor;

/// Between two looks of `--follow`.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    to: To,
}

#[derive(Debug, Subcommand)]
enum To {
    /// Write a table with a line for each record
    Csv(Csv),
    /// Send log records to an OpenTelemetry collector: OTLP over HTTP, as JSON
    Otlp(Otlp),
}

#[derive(Debug, Args)]
struct Csv {
    #[command(flatten)]
    log: Log,
    /// The file to write; it must not be there yet. By default standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
}

#[derive(Debug, Args)]
struct Otlp {
    #[command(flatten)]
    log: Log,
    /// The collector: `http://localhost:4318`, or the whole address of its logs
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// A header to send along: `authorization=Bearer ...`; `@FILE` after the `=` reads it
    /// from there
    #[arg(long = "header", value_name = "NAME=VALUE")]
    headers: Vec<String>,
    /// A PEM file with the authorities that may have signed the collector's
    /// certificate; by default the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Where it is noted how far sending has come; by default beside the log
    #[arg(long, value_name = "FILE")]
    cursor: Option<PathBuf>,
    /// Most records of one request
    #[arg(long, value_name = "NUMBER", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Stay, and send each record when it is written
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    filters: Filters,
}

/// Writes or sends.
pub(crate) fn export(arguments: &Arguments) -> Result<ExitCode, Error> {
    match &arguments.to {
        To::Csv(arguments) => csv(arguments),
        To::Otlp(arguments) => otlp(arguments),
    }
}

fn csv(arguments: &Csv) -> Result<ExitCode, Error> {
    let Some(log) = arguments.log.existing()? else { return Ok(ExitCode::SUCCESS) };
    let mut to = csv::Table::to(arguments.output.as_deref())?;
    let mut progress = Progress::new("written");
    let mut written = 0;
    each(&log, arguments.filters.filter(), 0, |record| {
        written += 1;
        progress.show(written, None);
        to.add(&record)
    })?;
    to.end()?;
    Ok(ExitCode::SUCCESS)
}

/// Calls `take` for every record that fits, until one fails.
fn each(
    log: &Path,
    filter: query::Filter,
    after: u64,
    mut take: impl FnMut(Record) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut failed = Ok(());
    query::each(log, &filter, after, |record| {
        failed = take(record);
        if failed.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    failed
}

fn otlp(arguments: &Otlp) -> Result<ExitCode, Error> {
    let Some(log) = arguments.log.existing()? else { return Ok(ExitCode::SUCCESS) };
    let collector = otlp::Collector::new(&arguments.endpoint, &arguments.headers, arguments.ca.as_deref())?;
    let path = match &arguments.cursor {
        Some(path) => path.clone(),
        None => cursor::default(arguments.log.state()?.as_deref(), collector.address())?,
    };
    let mut cursor = Cursor::open(&path, &log)?;
    let mut sent = 0;
    loop {
        sent += send(arguments, &log, &collector, &mut cursor)?;
        if !arguments.follow {
            break;
        }
        std::thread::sleep(LOOK);
    }
    output::say(format_args!("{sent} records sent to {}, up to record {}", collector.address(), cursor.seq()));
    Ok(ExitCode::SUCCESS)
}

/// Sends all that the cursor has not; how many.
fn send(arguments: &Otlp, log: &Path, collector: &otlp::Collector, cursor: &mut Cursor) -> Result<u64, Error> {
    let mut progress = Progress::new("sent");
    let mut batch = otlp::Batch::default();
    let mut sent = 0;
    let most = arguments.batch as usize;
    each(log, arguments.filters.filter(), cursor.seq(), |record| {
        batch.add(record);
        if batch.is_full(most) {
            sent += flush(collector, &mut batch, cursor)?;
            progress.show(sent, None);
        }
        Ok(())
    })?;
    sent += flush(collector, &mut batch, cursor)?;
    Ok(sent)
}

/// The cursor moves only after the collector has said that it has the records.
fn flush(collector: &otlp::Collector, batch: &mut otlp::Batch, cursor: &mut Cursor) -> Result<u64, Error> {
    let Some((seq, hash)) = batch.last() else { return Ok(0) };
    let sent = batch.len() as u64;
    collector.send(batch)?;
    cursor.advance(seq, &hash)?;
    *batch = otlp::Batch::default();
    Ok(sent)
}

impl Log {
    /// The daemon's state folder, where the log is the daemon's.
    fn state(&self) -> Result<Option<PathBuf>, Error> {
        match &self.log {
            Some(_) => Ok(None),
            None => Ok(Some(places::of(self.root.root.as_deref())?.state)),
        }
    }
}
