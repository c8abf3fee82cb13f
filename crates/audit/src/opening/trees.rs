//! The tree before the segment that is written, from what lies beside the others.
//!
//! The ends of indexes hold it; they are believed where they fit the chain and what
//! our own key has signed, else they are made again from the segments. Where even
//! those do not fit what was signed, the log is another one.

use std::path::Path;

use crate::chain::Chain;
use crate::checkpoint::{self, Beginning, Checkpoint};
use crate::index::{Columns, Summary, Writing};
use crate::note::{PublicKey, Signed};
use crate::segment::{Ending, Lines, Segment};
use crate::tree::Tree;
use crate::verify::Broken;
use crate::{Error, Record, index};

/// Whether the ends of indexes are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Belief {
    Given,
    Withheld,
}

/// The tree after these closed segments, whose chain ends so. Makes the indexes
/// that are missing.
pub(super) fn after(
    folder: &Path,
    closed: &[Segment],
    beginning: Option<&Beginning>,
    end: &Chain,
    key: Option<&PublicKey>,
) -> Result<Tree, Error> {
    let Some(last) = closed.last() else { return Ok(beginning.map_or_else(Tree::default, |first| first.tree.clone())) };
    let signed = key.and_then(|key| signed_by(folder, last.first, key).pop());
    let fits = |tree: &Tree| signed.as_ref().is_none_or(|signed| signed.size < tree.size() || signed.fits(tree));
    for belief in [Belief::Given, Belief::Withheld] {
        let (chain, tree) = walk(folder, closed, beginning, end.next, Believer { belief, key })?;
        if chain.head == end.head && chain.next == end.next && fits(&tree) {
            return Ok(tree);
        }
    }
    let size = signed.map_or(0, |signed| signed.size);
    let what = format!("the checkpoint that was signed over {size} records is of another log");
    Err(Error::Broken(Broken { segment: folder.join(checkpoint::name(last.first)), line: 1, what }))
}

/// The checkpoints beside a segment that this key has signed.
pub(super) fn signed_by(folder: &Path, first: u64, key: &PublicKey) -> Vec<Checkpoint> {
    let mut notes = checkpoint::read(folder, first).map(|(notes, _)| notes).unwrap_or_default();
    notes.retain(|note| note.signature(key) == Signed::Well);
    notes
}

fn walk(
    folder: &Path,
    closed: &[Segment],
    beginning: Option<&Beginning>,
    next: u64,
    believer: Believer<'_>,
) -> Result<(Chain, Tree), Error> {
    let mut chain = beginning.map_or(Chain::START, |first| first.chain.clone());
    let mut tree = beginning.map_or_else(Tree::default, |first| first.tree.clone());
    let ends = closed.iter().skip(1).map(|segment| segment.first).chain([next]);
    for (segment, end) in closed.iter().zip(ends) {
        match believer.summary(folder, segment, end) {
            Some((after, grown)) => (chain, tree) = (after, grown),
            None => make_index(folder, segment, &mut chain, &mut tree)?,
        }
    }
    Ok((chain, tree))
}

/// Who believes the ends of indexes.
#[derive(Clone, Copy)]
struct Believer<'a> {
    belief: Belief,
    key: Option<&'a PublicKey>,
}

impl Believer<'_> {
    fn summary(self, folder: &Path, segment: &Segment, end: u64) -> Option<(Chain, Tree)> {
        let is_ours = self.key.is_none_or(|key| is_as_signed(folder, segment.first, key));
        (self.belief == Belief::Given && is_ours).then(|| summary(folder, segment, end))?
    }
}

/// Whether an index is the one that this key has signed, if it signed one. Another one
/// could hide records from whoever looks for them by it.
fn is_as_signed(folder: &Path, first: u64, key: &PublicKey) -> bool {
    let signed = signed_by(folder, first, key).iter().rev().find_map(|note| note.index(first));
    signed.is_none_or(|signed| index::digest(folder, first) == Some(signed))
}

fn summary(folder: &Path, segment: &Segment, end: u64) -> Option<(Chain, Tree)> {
    let summary = Summary::read(folder, segment.first)?;
    let tree = summary.tree().filter(|tree| tree.size() + 1 == end)?;
    Some((Chain { next: end, head: summary.head()? }, tree))
}

/// Makes the index of a closed segment.
fn make_index(folder: &Path, segment: &Segment, chain: &mut Chain, tree: &mut Tree) -> Result<(), Error> {
    let unreadable = |source| Error::Segment { path: segment.path.clone(), source };
    let mut lines = Lines::open(&segment.path).map_err(unreadable)?;
    // A log on a disk that is read-only is still opened as far as that goes.
    let mut index = Writing::create(folder, segment.first).ok();
    let mut line = Vec::new();
    let mut offset = 0;
    while lines.next(&mut line).map_err(unreadable)? == Ending::Line {
        let broken = |what| Error::Broken(Broken { segment: segment.path.clone(), line: lines.count, what });
        chain.take(&line).map_err(broken)?;
        tree.push(&chain.head);
        add(&mut index, &line, offset);
        offset = lines.offset;
    }
    if let Some(index) = index
        && let Err(cause) = index.close(offset, chain, tree)
    {
        tracing::warn!(%cause, "the index of an audit segment cannot be written");
    }
    Ok(())
}

/// Adds a line to an index; one that is no record of today's form ends it.
pub(super) fn add(index: &mut Option<Writing>, line: &[u8], offset: u64) {
    let Some(writing) = index else { return };
    match Record::of(line) {
        Ok(record) => writing.add(&Columns::of(&record.entry), record.timestamp, offset),
        Err(_) => *index = None,
    }
}
