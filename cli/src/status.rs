//! `tollgate status`: how the gate does, on one screen.
//!
//! The daemon tells of itself, its agents and its questions; what was refused last is
//! read from the record, which is there without a daemon too.
//!
//! Not here: whether the machine is set up well; `doctor` looks at that.

mod page;

use std::process::ExitCode;

use serde::Serialize;
use tollgate_admin::{Ask, Question, Reply, Status};
use tollgate_audit::Record;
use tollgate_audit::query::{self, Filter, Help, Pattern};
use tollgate_places::Places;
use tollgate_policies::policy::PROBE;

use crate::arguments;
use crate::colour::Colours;
use crate::door::Door;
use crate::error::Error;
use crate::{approvals, output, places};

/// How many questions and refusals there is room for.
const MOST: usize = 5;

/// More probes than one `doctor` sends.
const PROBES: usize = 64;

/// All that is shown.
#[derive(Debug, Serialize)]
struct Seen {
    v: u32,
    #[serde(flatten)]
    status: Option<Status>,
    /// Open questions, the oldest first.
    open: Vec<Question>,
    /// The last refusals, the oldest first, as they stand in the record.
    refused: Vec<serde_json::Value>,
}

/// Asks, reads and prints. Without a daemon what the record says is shown all the same.
pub(crate) fn status(arguments: &arguments::Ask) -> Result<ExitCode, Error> {
    let places = places::of(arguments.root.root.as_deref())?;
    let status = asked(&places);
    let refused = refused(&places);
    if arguments.json {
        let seen = Seen {
            v: 1,
            status: Some(status?),
            open: approvals::open(&places)?,
            refused: refused.iter().filter_map(|record| serde_json::from_str(&record.text).ok()).collect(),
        };
        output::json(&seen)?;
        return Ok(ExitCode::SUCCESS);
    }
    let colours = Colours::of_output();
    match status {
        Ok(status) => output::line(page::text(&status, &approvals::open(&places)?, &refused, colours))?,
        Err(error) => {
            let past = page::refusals(&refused, colours);
            if !past.is_empty() {
                output::line(past.join("\n"))?;
            }
            return Err(error);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn asked(places: &Places) -> Result<Status, Error> {
    match Door::ask(&places.admin(), &Ask::Status {})?.granted()? {
        Reply::Status(status) => Ok(*status),
        _ => Err(Error::Reply),
    }
}

/// The last refusals; none where the record cannot be read: `audit` says why.
fn refused(places: &Places) -> Vec<Record> {
    let folder = places.audit();
    let kind = ["refused", "refused_*"].iter().filter_map(|pattern| pattern.parse::<Pattern>().ok()).collect();
    let filter = Filter { kind, ..Filter::default() };
    if !folder.exists() {
        return Vec::new();
    }
    // The probes of `doctor` are no news: among so many there are others.
    let mut refused = query::newest(&folder, &filter, MOST + PROBES, Help::Index).unwrap_or_default();
    refused.retain(|record| record.entry.tool.as_deref() != Some(PROBE));
    refused.drain(..refused.len().saturating_sub(MOST));
    refused
}

/// `2d 3h`, `3h 5m`, `5m 7s`, `7s`.
pub(crate) fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_two_units() {
        assert_eq!([7, 67, 3600, 90_000].map(duration), ["7s", "1m 7s", "1h 0m", "1d 1h"]);
    }
}
