//! Asking a log: which records, the newest or all, and how many of what.
//!
//! A filter is first put to the index, whose texts are few; what it lets through is
//! read and put to the filter again. So a missing or lying index costs time, and
//! may hide a record, but never shows a wrong one. Not here: what records look like
//! (`show`).

mod filter;
mod stats;

pub use filter::{Filter, Pattern, WrongPattern};
pub use stats::{Stats, stats};

use std::ops::ControlFlow;
use std::path::Path;

use crate::index::Index;
use crate::read::{Error, Reading};
use crate::segment::{self, Segment};
use crate::{Record, read};
use filter::Judged;

/// Whether indexes may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Help {
    /// They may.
    #[default]
    Index,
    /// Every line is read.
    None,
}

/// The newest `most` records that fit, the oldest of them first.
pub fn newest(folder_or_file: &Path, filter: &Filter, most: usize, help: Help) -> Result<Vec<Record>, Error> {
    let segments = segment::of(folder_or_file).map_err(Error::unreadable(folder_or_file))?;
    let mut found = Vec::new();
    for segment in segments.iter().rev() {
        if found.len() >= most {
            break;
        }
        let places = places(segment, filter, help)?;
        let mut reading = Reading::of(segment)?;
        for offset in places.into_iter().rev() {
            if found.len() >= most {
                break;
            }
            found.extend(fitting(&mut reading, offset, filter)?);
        }
    }
    found.reverse();
    Ok(found)
}

/// Every record that fits after the one with this number, the oldest first, until
/// `each` has enough.
pub fn each(
    folder_or_file: &Path,
    filter: &Filter,
    after: u64,
    mut each: impl FnMut(Record) -> ControlFlow<()>,
) -> Result<(), Error> {
    let segments = segment::of(folder_or_file).map_err(Error::unreadable(folder_or_file))?;
    let begin = segments.iter().rposition(|segment| segment.first <= after.saturating_add(1)).unwrap_or(0);
    for segment in segments.iter().skip(begin) {
        let places = places(segment, filter, Help::Index)?;
        let mut reading = Reading::of(segment)?;
        for offset in places {
            let Some(record) = fitting(&mut reading, offset, filter)?.filter(|record| record.seq > after) else {
                continue;
            };
            if each(record).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn fitting(reading: &mut Reading, offset: u64, filter: &Filter) -> Result<Option<Record>, Error> {
    let Some(line) = reading.line_at(offset)? else { return Ok(None) };
    if !filter.text_fits(line) {
        return Ok(None);
    }
    Ok(Some(reading.record(offset)?).filter(|record| filter.fits(record)))
}

/// Where in a segment records may be that fit.
fn places(segment: &Segment, filter: &Filter, help: Help) -> Result<Vec<u64>, Error> {
    let mut places = Vec::new();
    let index = match help {
        Help::Index => Index::read(read::folder(segment), segment.first).unwrap_or_default(),
        Help::None => Index::default(),
    };
    let judged = Judged::of(filter, &index);
    places.extend(index.rows.iter().filter(|row| judged.may_fit(row)).map(|row| row.offset));
    read::after(segment, &index, |offset, _| {
        places.push(offset);
        ControlFlow::Continue(())
    })?;
    Ok(places)
}

#[cfg(test)]
mod tests;
