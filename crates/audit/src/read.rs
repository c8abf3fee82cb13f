//! Reading a log: from the start, from the end, by id, and as it grows.
//!
//! No lock and no daemon is needed; a copy of the folder, or one segment's file,
//! is as good. Not here: whether the log is as it was written (`verify`).

mod backwards;
mod follow;

pub use backwards::Records as Backwards;
pub(crate) use backwards::SegmentBackwards;
pub use follow::Follow;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::line::{MAX_LINE, Sealed};
use crate::segment::{self, Ending, Lines, Segment};
use crate::{Kind, Record};

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
    fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
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

/// All records whose id begins with `start`, the oldest first. It reads the whole
/// log, but takes apart only the lines that it is after.
pub fn find(folder_or_file: &Path, start: &str) -> Result<Vec<Record>, Error> {
    let mut records = records(folder_or_file)?;
    let mut found = Vec::new();
    while let Some(here) = records.step() {
        let here = here?;
        let id = Sealed::of(&records.line).and_then(|sealed| sealed.kind_and_id());
        if id.is_some_and(|(_, id)| id.starts_with(start.as_bytes())) {
            found.push(here.record(&records.line)?);
        }
    }
    Ok(found)
}

/// The intents that nothing ended (an outcome, an interruption, or a refusal after
/// the intent), the oldest first. It reads the whole log, by position.
pub fn unended(folder_or_file: &Path) -> Result<Vec<Record>, Error> {
    let mut records = records(folder_or_file)?;
    let mut open = BTreeMap::new();
    while let Some(here) = records.step() {
        let here = here?;
        match Sealed::of(&records.line).and_then(|sealed| sealed.kind_and_id()) {
            Some((b"intent", id)) => drop(open.insert(id.to_vec(), here.record(&records.line)?)),
            Some((b"outcome" | b"interrupted" | b"refused", id)) => drop(open.remove(id)),
            _ => {}
        }
    }
    let mut open: Vec<Record> = open.into_values().collect();
    open.sort_by_key(|record| record.seq);
    Ok(open)
}

/// The records that the daemon's own state is made of, the oldest first: those of
/// these kinds, and every intent that used something up. Reads the whole log by
/// position; a line of another kind is not taken apart. A record whose hash is not
/// its own is left out: it is nobody's word.
pub fn state(folder_or_file: &Path, kinds: &[Kind]) -> Result<Vec<Record>, Error> {
    /// No text of a caller can hold this: JSON escapes its quotes.
    const TAKEN: &str = r#","taken":[{"#;
    let mut records = records(folder_or_file)?;
    let mut found = Vec::new();
    while let Some(here) = records.step() {
        let here = here?;
        let line = &records.line;
        let Some(sealed) = Sealed::of(line) else { continue };
        let Some((kind, _)) = sealed.kind_and_id() else { continue };
        let takes = || kind == b"intent" && str::from_utf8(line).is_ok_and(|line| line.contains(TAKEN));
        if (kinds.iter().any(|wanted| wanted.name().as_bytes() == kind) || takes()) && sealed.is_whole() {
            found.push(here.record(line)?);
        }
    }
    Ok(found)
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
    let file = File::open(&segment.path).map_err(Error::unreadable(&segment.path))?;
    Ok((segment, Lines::of(file, 0)))
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
