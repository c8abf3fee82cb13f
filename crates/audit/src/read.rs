//! Reading a log: from the start, from the end, by id, and as it grows.
//!
//! No lock and no daemon is needed; a copy of the folder, or one segment's file,
//! is as good. Not here: whether the log is as it was written (`verify`).

mod backwards;
mod by_id;
mod follow;
mod located;
mod state;

pub use backwards::Records as Backwards;
pub(crate) use backwards::SegmentBackwards;
pub use by_id::{children, find, unended};
pub use follow::Follow;
pub(crate) use located::{At, Reading, after, each_brief, folder};
pub(crate) use state::held;
pub use state::state;

use std::path::{Path, PathBuf};

use crate::Record;
use crate::line::MAX_LINE;
use crate::segment::{self, Ending, Lines, Segment};

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A line is no record.
    #[error("`{}` holds no record at byte {at}: {what}", segment.display())]
    NoRecord {
        /// The segment's file.
        segment: PathBuf,
        /// Where the line begins.
        at: u64,
        /// What is wrong.
        what: String,
    },
}

impl Error {
    pub(crate) fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Unreadable { path: path.clone(), source }
    }
}

/// All records, the oldest first, one line in memory at a time. A line that is no
/// record is an error, and the next call goes on behind it. A last line that is
/// not finished is left out: it is being written.
pub fn records(folder_or_file: &Path) -> Result<Records, Error> {
    let segments = segment::of(folder_or_file).map_err(Error::unreadable(folder_or_file))?;
    Ok(Records { segments: segments.into_iter(), current: None, line: Vec::new() })
}

/// All records, the newest first.
pub fn backwards(folder_or_file: &Path) -> Result<Backwards, Error> {
    Backwards::of(folder_or_file)
}

/// The last `count` records, the oldest of them first.
pub fn tail(folder_or_file: &Path, count: usize) -> Result<Vec<Record>, Error> {
    let mut records = backwards(folder_or_file)?.take(count).collect::<Result<Vec<_>, _>>()?;
    records.reverse();
    Ok(records)
}

/// See [`records`].
#[derive(Debug)]
pub struct Records {
    segments: std::vec::IntoIter<Segment>,
    current: Option<(Segment, Lines)>,
    line: Vec<u8>,
}

/// Where a line begins.
#[derive(Debug)]
struct Here {
    segment: PathBuf,
    at: u64,
}

impl Here {
    fn record(&self, line: &[u8]) -> Result<Record, Error> {
        Record::of(line).map_err(|what| self.no_record(what))
    }

    fn no_record(&self, what: String) -> Error {
        Error::NoRecord { segment: self.segment.clone(), at: self.at, what }
    }
}

impl Records {
    /// Reads the next line into `self.line`.
    fn step(&mut self) -> Option<Result<Here, Error>> {
        loop {
            let (segment, lines) = match &mut self.current {
                Some(current) => current,
                None => match open(self.segments.next()?) {
                    Ok(opened) => self.current.insert(opened),
                    Err(error) => return Some(Err(error)),
                },
            };
            let here = Here { segment: segment.path.clone(), at: lines.offset };
            match lines.next(&mut self.line).map_err(Error::unreadable(&segment.path)) {
                Ok(Ending::Line) => return Some(Ok(here)),
                Ok(Ending::File | Ending::Unfinished(_)) => self.current = None,
                Ok(Ending::TooLong) => {
                    self.current = None;
                    return Some(Err(here.no_record(format!("the line is longer than {MAX_LINE} bytes"))));
                }
                Err(error) => {
                    self.current = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

fn open(segment: Segment) -> Result<(Segment, Lines), Error> {
    let lines = Lines::open(&segment.path).map_err(Error::unreadable(&segment.path))?;
    Ok((segment, lines))
}

impl Iterator for Records {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let here = self.step()?;
        Some(here.and_then(|here| here.record(&self.line)))
    }
}

#[cfg(test)]
mod tests;
