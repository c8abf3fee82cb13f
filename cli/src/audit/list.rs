//! `tollgate audit list`: the records that fit.

use std::process::ExitCode;

use clap::Args;
use tollgate_audit::query::{self, Help};

use super::filters::Filters;
use super::tail::print;
use super::{Log, fold};
use crate::error::Error;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: Log,
    /// At most so many, the newest; 0 for all
    #[arg(short = 'n', long = "limit", value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    /// Print the records as they stand in the log
    #[arg(long)]
    json: bool,
    /// Read every line, and believe no index
    #[arg(long)]
    no_index: bool,
    /// Show each call by which a shell completed a line
    #[arg(long)]
    unfold: bool,
    #[command(flatten)]
    filters: Filters,
}

/// Prints what fits, the oldest first.
pub(crate) fn list(arguments: &Arguments) -> Result<ExitCode, Error> {
    let Some(log) = arguments.log.existing()? else { return Ok(ExitCode::SUCCESS) };
    let help = if arguments.no_index { Help::None } else { Help::Index };
    let most = if arguments.limit == 0 { usize::MAX } else { arguments.limit };
    let records = query::newest(&log, &arguments.filters.filter(), most, help)?;
    if arguments.json || arguments.unfold {
        records.iter().try_for_each(|record| print(record, arguments.json))?;
    } else {
        fold::print(&records)?;
    }
    if records.is_empty() {
        output::say("no record fits");
    }
    if records.len() == most {
        output::say(format_args!("the newest {most}; `--limit 0` prints all"));
    }
    Ok(ExitCode::SUCCESS)
}
