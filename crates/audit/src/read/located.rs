//! Records by their place: found through the index where there is one, and by
//! walking the lines where there is none, or it has not come so far.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::{Error, Here, open};
use crate::Record;
use crate::index::{Index, Key, Text, key};
use crate::line::Sealed;
use crate::segment::{Ending, Lines, Segment};

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    /// The number of its segment among those that are read.
    pub(crate) segment: usize,
    /// Where its line begins.
    pub(crate) offset: u64,
}

/// What can be told of a record without taking it apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brief<'a> {
    pub(crate) offset: u64,
    pub(crate) id: Key,
    pub(crate) kind: &'a str,
    /// Whether it used something up.
    pub(crate) taking: bool,
}

/// No text of a caller can hold this: JSON escapes its quotes.
const TAKING: &str = r#","taken":[{"#;

/// The folder that a segment's index lies in.
pub(crate) fn folder(segment: &Segment) -> &Path {
    segment.path.parent().unwrap_or(Path::new(""))
}

/// Calls `each` for every record of a segment, the oldest first.
pub(crate) fn each_brief(segment: &Segment, mut each: impl FnMut(Brief<'_>)) -> Result<(), Error> {
    let index = Index::read(folder(segment), segment.first).unwrap_or_default();
    for row in &index.rows {
        let kind = index.text(row.text(Text::Kind));
        each(Brief { offset: row.offset, id: row.id, kind, taking: row.taking });
    }
    after(segment, &index, |offset, line| {
        let Some((kind, id)) = Sealed::of(line).and_then(|sealed| sealed.kind_and_id()) else {
            return ControlFlow::Continue(());
        };
        let (Ok(kind), Ok(id)) = (str::from_utf8(kind), str::from_utf8(id)) else { return ControlFlow::Continue(()) };
        let taking = str::from_utf8(line).is_ok_and(|line| line.contains(TAKING));
        each(Brief { offset, id: key(id), kind, taking });
        ControlFlow::Continue(())
    })
}

/// Calls `each` with the place and the line of every record that the index of its
/// segment has no row of.
pub(crate) fn after(
    segment: &Segment,
    index: &Index,
    mut each: impl FnMut(u64, &[u8]) -> ControlFlow<()>,
) -> Result<(), Error> {
    let unreadable = Error::unreadable(&segment.path);
    let from = index.rows.last().map(|row| row.offset);
    let mut lines = match Lines::open_at(&segment.path, from.unwrap_or(0)) {
        Ok(lines) => lines,
        // It was removed since the folder was read.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut line = Vec::new();
    let mut known = from;
    loop {
        let offset = lines.offset;
        match lines.next(&mut line).map_err(&unreadable)? {
            Ending::Line if known.take().is_some_and(|known| known == offset) => {}
            Ending::Line => {
                if each(offset, &line).is_break() {
                    return Ok(());
                }
            }
            _ => return Ok(()),
        }
    }
}

/// Reads records at places of one segment.
pub(crate) struct Reading {
    path: PathBuf,
    lines: Lines,
    line: Vec<u8>,
}

impl Reading {
    pub(crate) fn of(segment: &Segment) -> Result<Self, Error> {
        let (segment, lines) = open(segment.clone())?;
        Ok(Self { path: segment.path, lines, line: Vec::new() })
    }

    /// The record whose line begins here; none where no line does.
    pub(crate) fn at(&mut self, offset: u64) -> Result<Option<Record>, Error> {
        let line = self.line_at(offset)?;
        Ok(line.and_then(|line| Record::of(line).ok()))
    }

    /// Its line.
    pub(crate) fn line_at(&mut self, offset: u64) -> Result<Option<&[u8]>, Error> {
        let unreadable = Error::unreadable(&self.path);
        if self.lines.offset != offset {
            self.lines.seek(offset).map_err(&unreadable)?;
        }
        Ok(match self.lines.next(&mut self.line).map_err(&unreadable)? {
            Ending::Line => Some(&self.line),
            _ => None,
        })
    }

    /// The record here, which must be there.
    pub(crate) fn record(&mut self, offset: u64) -> Result<Record, Error> {
        let here = Here { segment: self.path.clone(), at: offset };
        match self.line_at(offset)? {
            Some(line) => here.record(line),
            None => Err(here.no_record("its index says that a record begins here: remove the index".into())),
        }
    }
}
