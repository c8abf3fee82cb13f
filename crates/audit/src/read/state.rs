//! The records that the daemon's own state is made of.
//!
//! Where the oldest segments were removed, what still mattered in them is carried:
//! it comes back as the records that stood there. Not here: what is still needed of
//! it (`carried`), and what the state is (the daemon).

use std::path::Path;

use super::by_id::at;
use super::{At, Error, each_brief};
use crate::line::Sealed;
use crate::{Kind, Record, carried, segment};

/// A record of the state, and where it can be read.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) record: Record,
    /// The number of the newest record that says it: its own, or a carried one's.
    pub(crate) by: u64,
}

/// The records that the daemon's own state is made of, the oldest first: those of
/// these kinds, and every intent that used something up. A record whose hash is not
/// its own is left out: it is nobody's word.
pub fn state(folder_or_file: &Path, kinds: &[Kind]) -> Result<Vec<Record>, Error> {
    Ok(held(folder_or_file, kinds)?.into_iter().map(|held| held.record).collect())
}

/// The same, with where each is held.
pub(crate) fn held(folder_or_file: &Path, kinds: &[Kind]) -> Result<Vec<Held>, Error> {
    let segments = segment::of(folder_or_file).map_err(Error::unreadable(folder_or_file))?;
    let mut wanted = Vec::new();
    for (number, segment) in segments.iter().enumerate() {
        each_brief(segment, |brief| {
            let takes = brief.taking && brief.kind == Kind::Intent.name();
            let carries = brief.kind == Kind::Carried.name();
            if takes || carries || kinds.iter().any(|kind| kind.name() == brief.kind) {
                wanted.push(At { segment: number, offset: brief.offset });
            }
        })?;
    }
    let mut found = at(&segments, wanted)?;
    found.retain(|record| Sealed::of(record.text.as_bytes()).is_some_and(|sealed| sealed.is_whole()));
    Ok(once(found))
}

/// Every record once, though it was carried, or carried again after a crash.
fn once(found: Vec<Record>) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::with_capacity(found.len());
    for record in found {
        let by = record.seq;
        all.extend(carried::originals(record).into_iter().map(|record| Held { record, by }));
    }
    // Stable: of several that say the same, the oldest says the most.
    all.sort_by_key(|held| held.record.seq);
    all.dedup_by(|again, first| {
        let same = again.record.seq == first.record.seq;
        first.by = if same { first.by.max(again.by) } else { first.by };
        same
    });
    all
}
