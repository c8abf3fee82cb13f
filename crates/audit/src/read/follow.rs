//! A log as it grows.
//!
//! Polled: who waits, how long, and on what else is the caller's business.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Error, Here};
use crate::Record;
use crate::segment::{self, Ending, Lines, Segment};

/// What comes after a record, segment after segment.
#[derive(Debug)]
pub struct Follow {
    folder: PathBuf,
    /// The number of the last record that was given.
    last: u64,
    /// Its time, once there is one.
    time: Option<Timestamp>,
    current: Option<(Segment, Lines)>,
    line: Vec<u8>,
    /// Whether the log's end was cut under us, and we look for our place again.
    lost: bool,
}

impl Follow {
    /// What comes after the record with this number; 0 for all.
    #[must_use]
    pub fn after(folder: &Path, last: u64) -> Self {
        Self { folder: folder.to_owned(), last, time: None, current: None, line: Vec::new(), lost: false }
    }

    /// What comes after the last record that is there now.
    pub fn from_now(folder: &Path) -> Result<Self, Error> {
        let last = super::backwards(folder)?.next().transpose()?;
        Ok(Self::after(folder, last.map_or(0, |record| record.seq)))
    }

    /// The next record, if it is there already; ask again later if not.
    pub fn poll(&mut self) -> Result<Option<Record>, Error> {
        loop {
            if !self.is_open()? {
                return Ok(None);
            }
            match self.step() {
                Ok(Step::New(record)) => return Ok(Some(*record)),
                Ok(Step::Known) => {}
                Ok(Step::End) if self.next_segment()? => {}
                Ok(Step::End) => return Ok(None),
                Err(Error::NoRecord { .. }) if !self.lost => {
                    self.lost = true;
                    self.current = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens the segment that the record after the last is in.
    fn is_open(&mut self) -> Result<bool, Error> {
        if self.current.is_none() {
            let segments = segment::list(&self.folder).map_err(Error::unreadable(&self.folder))?;
            let before = |segment: &Segment| segment.first <= self.last.saturating_add(1);
            let found = segments.iter().rev().find(|segment| before(segment)).or(segments.first());
            self.current = found.cloned().map(super::open).transpose()?;
        }
        Ok(self.current.is_some())
    }

    fn next_segment(&mut self) -> Result<bool, Error> {
        let path = self.folder.join(segment::name(self.last.saturating_add(1)));
        let Some((current, _)) = &self.current else { return Ok(false) };
        let is_there = path.exists() || self.folder.join(segment::packed_name(self.last + 1)).exists();
        if current.first == self.last.saturating_add(1) || !is_there {
            return Ok(false);
        }
        self.current = Some(super::open(Segment { first: self.last + 1, path })?);
        Ok(true)
    }

    fn step(&mut self) -> Result<Step, Error> {
        let Some((segment, lines)) = &mut self.current else { return Ok(Step::End) };
        let unreadable = Error::unreadable(&segment.path);
        let here = Here { segment: segment.path.clone(), at: lines.offset };
        match lines.next(&mut self.line).map_err(&unreadable)? {
            Ending::Line => self.judge(&here),
            Ending::TooLong => Err(here.no_record("the line is longer than any record".into())),
            Ending::File | Ending::Unfinished(_) => {
                // What was read of an unfinished line is read again.
                *lines = Lines::open_at(&segment.path, lines.offset).map_err(unreadable)?;
                if lines.offset < here.at {
                    self.lost = true;
                    return Ok(Step::Known);
                }
                Ok(Step::End)
            }
        }
    }

    fn judge(&mut self, here: &Here) -> Result<Step, Error> {
        let record = here.record(&self.line)?;
        let known =
            if self.lost { self.time.is_some_and(|time| record.timestamp <= time) } else { record.seq <= self.last };
        if known {
            return Ok(Step::Known);
        }
        self.lost = false;
        self.last = record.seq;
        self.time = Some(record.timestamp);
        Ok(Step::New(Box::new(record)))
    }
}

enum Step {
    New(Box<Record>),
    Known,
    End,
}
