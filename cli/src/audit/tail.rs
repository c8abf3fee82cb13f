//! `tollgate audit tail`: the last records, and those that come.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tollgate_audit::query::{self, Help};
use tollgate_audit::read::{self, Follow};
use tollgate_audit::{Record, show};

use super::Log;
use super::filters::Filters;
use crate::error::Error;
use crate::output;

/// Between two looks of `--follow`.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: Log,
    /// How many
    #[arg(short = 'n', long = "lines", value_name = "NUMBER", default_value_t = 10)]
    count: usize,
    /// Stay, and print each record when it is written
    #[arg(short, long)]
    follow: bool,
    /// Print the records as they stand in the log
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filters: Filters,
}

/// Prints, and stays where that is asked for.
pub(crate) fn tail(arguments: &Arguments) -> Result<ExitCode, Error> {
    let folder = arguments.log.path()?;
    let filter = arguments.filters.filter();
    if folder.exists() || !arguments.follow {
        let Some(folder) = arguments.log.existing()? else { return Ok(ExitCode::SUCCESS) };
        let last = last(&folder)?;
        let records = query::newest(&folder, &filter, arguments.count, Help::Index)?;
        records.iter().try_for_each(|record| print(record, arguments.json))?;
        if !arguments.follow {
            return Ok(ExitCode::SUCCESS);
        }
        return follow(&folder, last, arguments);
    }
    arguments.log.existing()?;
    while !folder.exists() {
        std::thread::sleep(LOOK);
    }
    follow(&folder, 0, arguments)
}

/// The number of the last record; 0 where there is none.
fn last(folder: &Path) -> Result<u64, Error> {
    let newest = read::backwards(folder)?.next().transpose()?;
    Ok(newest.map_or(0, |record| record.seq))
}

fn follow(folder: &Path, last: u64, arguments: &Arguments) -> Result<ExitCode, Error> {
    let filter = arguments.filters.filter();
    let mut follow = Follow::after(folder, last);
    loop {
        match follow.poll()? {
            Some(record) if filter.fits(&record) => print(&record, arguments.json)?,
            Some(_) => {}
            None => std::thread::sleep(LOOK),
        }
    }
}

/// Prints one record: as it stands, or as a line for people.
pub(super) fn print(record: &Record, json: bool) -> Result<(), Error> {
    if json { output::line(&record.text) } else { output::line(show::line(record)) }
}
