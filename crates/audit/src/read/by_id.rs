//! Records by their id, and what follows from ids: which runs have no end.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::located::{after, folder};
use super::{At, Error, Reading, each_brief};
use crate::Record;
use crate::index::{Index, Key, Place};
use crate::line::Sealed;
use crate::segment::{self, Segment};

/// All records whose id begins with `start`, the oldest first.
pub fn find(folder_or_file: &Path, start: &str) -> Result<Vec<Record>, Error> {
    let mut found = related(folder_or_file, start)?;
    found.retain(|record| record.entry.id.starts_with(start));
    Ok(found)
}

/// All records of calls that came from the run with this id, the oldest first.
pub fn children(folder_or_file: &Path, id: &str) -> Result<Vec<Record>, Error> {
    let mut found = related(folder_or_file, id)?;
    found.retain(|record| record.entry.parent.as_deref() == Some(id));
    Ok(found)
}

/// The records whose id, or whose parent's, begins so.
fn related(folder_or_file: &Path, start: &str) -> Result<Vec<Record>, Error> {
    let mut found = Vec::new();
    for segment in segment::of(folder_or_file).map_err(Error::unreadable(folder_or_file))? {
        let wanted = start.as_bytes().get(..start.len().min(size_of::<Key>())).unwrap_or_default();
        match Index::places(folder(&segment), segment.first, wanted) {
            Some(Ok(places)) => found.extend(read(&segment, places.iter().map(|Place { offset }| *offset))?),
            _ => found.extend(in_open_segment(&segment, wanted, start)?),
        }
    }
    Ok(found)
}

/// In a segment whose index is not in order yet, or that has none.
fn in_open_segment(segment: &Segment, wanted: &[u8], start: &str) -> Result<Vec<Record>, Error> {
    let index = Index::read(folder(segment), segment.first).unwrap_or_default();
    let fits = |key: &Key| key.starts_with(wanted);
    let rows = index.rows.iter().filter(|row| fits(&row.id) || row.parent.as_ref().is_some_and(fits));
    let mut found = read(segment, rows.map(|row| row.offset))?;
    let parent = format!(r#","parent":"{start}"#);
    after(segment, &index, |_, line| {
        let id = Sealed::of(line).and_then(|sealed| sealed.kind_and_id()).map(|(_, id)| id);
        let is_child = || str::from_utf8(line).is_ok_and(|line| line.contains(&parent));
        if id.is_some_and(|id| id.starts_with(start.as_bytes())) || is_child() {
            found.extend(Record::of(line));
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// The records at these places. One that is no record is left out: the index was
/// there before the last crash, the line is not.
fn read(segment: &Segment, places: impl Iterator<Item = u64>) -> Result<Vec<Record>, Error> {
    let mut places = places.peekable();
    if places.peek().is_none() {
        return Ok(Vec::new());
    }
    let mut reading = Reading::of(segment)?;
    let records = places.map(|offset| reading.at(offset));
    records.filter_map(Result::transpose).collect()
}

/// The intents that nothing ended (an outcome, an interruption, or a refusal after
/// the intent), the oldest first.
pub fn unended(folder_or_file: &Path) -> Result<Vec<Record>, Error> {
    let segments = segment::of(folder_or_file).map_err(Error::unreadable(folder_or_file))?;
    let mut open: HashMap<Key, At> = HashMap::new();
    for (number, segment) in segments.iter().enumerate() {
        each_brief(segment, |brief| match brief.kind {
            "intent" => drop(open.insert(brief.id, At { segment: number, offset: brief.offset })),
            "outcome" | "interrupted" | "refused" => drop(open.remove(&brief.id)),
            _ => {}
        })?;
    }
    at(&segments, open.into_values().collect())
}

/// The records at these places, in their order.
pub(super) fn at(segments: &[Segment], mut places: Vec<At>) -> Result<Vec<Record>, Error> {
    places.sort();
    let mut found = Vec::with_capacity(places.len());
    for (number, segment) in segments.iter().enumerate() {
        let here = places.iter().filter(|place| place.segment == number);
        found.extend(read(segment, here.map(|place| place.offset))?);
    }
    Ok(found)
}
