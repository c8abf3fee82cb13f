//! Opening a log for writing: the lock, the end of the chain, a torn end.
//!
//! Only the last segment is walked. What follows its last whole record is cut if
//! a crash can have left it (`torn`); else the log is refused and not touched.

mod torn;
mod trees;

pub use torn::Cut;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use jiff::Timestamp;

use crate::beside::Beside;
use crate::chain::Chain;
use crate::checkpoint::{self, Beginning, Checkpoint};
use crate::disk::{Appending, Disk};
use crate::index::Writing;
use crate::journal::{End, Journal, Open};
use crate::line::{MAX_LINE, Sealed};
use crate::read::SegmentBackwards;
use crate::segment::{self, Ending, Lines, Segment};
use crate::tree::Tree;
use crate::verify::Broken;
use crate::writer::{Line, Options};
use crate::{Error, upkeep};

/// What was found when a log was opened for writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The number of the last record before this opening; 0 where there is none.
    pub last: u64,
    /// The torn end that was cut; empty after a clean stop, more than one where a
    /// crash came during the cutting.
    pub cut: Vec<Cut>,
}

pub(crate) struct Opened {
    pub(crate) journal: Journal,
    pub(crate) recovery: Recovery,
    /// Held as long as the log is written.
    pub(crate) lock: File,
}

pub(crate) fn open(disk: Box<dyn Disk>, folder: &Path, options: &Options) -> Result<Opened, Error> {
    let wrong = |source| Error::Folder { path: folder.to_owned(), source };
    make(folder).map_err(wrong)?;
    let lock = lock(folder)?;
    let beginning = beginning(folder)?;
    if let (Some(beginning), Some(key)) = (&beginning, &options.key)
        && beginning.checkpoint.is_signed_by(key.public())
    {
        // A crash may have come between the note and the removing.
        upkeep::remove_before(folder, beginning.chain.next).map_err(wrong)?;
    }
    let found = Found::in_folder(folder, options, beginning.as_ref())?;
    let mut journal = found.open(disk, options)?;
    let next = journal.next();
    let recovery = Recovery { last: next - 1, cut: torn::not_recorded(folder, next).map_err(wrong)? };
    if !recovery.cut.is_empty() {
        let lines = recovery.cut.iter().map(|cut| Line::of(&cut.entry(), Timestamp::now()));
        journal.write(&lines.collect::<Result<Vec<_>, _>>()?)?;
    }
    Ok(Opened { journal, recovery, lock })
}

fn beginning(folder: &Path) -> Result<Option<Beginning>, Error> {
    let path = folder.join(checkpoint::BEGINNING_NAME);
    let found = checkpoint::beginning(folder).map_err(|source| Error::Folder { path: path.clone(), source })?;
    let malformed = |_| broken_at(&path, 1, "this is no beginning of a log that a key has signed".into());
    let Some(found) = found.transpose().map_err(malformed)? else { return Ok(None) };
    let fits = goes_on_from(folder, &found.chain).map_err(|source| Error::Folder { path: path.clone(), source })?;
    let elsewhere = || broken_at(&path, 1, "the log does not go on from this beginning: it is another log's".into());
    fits.then_some(Some(found)).ok_or_else(elsewhere)
}

/// Whether the first record that stays is there, and follows what was removed: by another
/// log's beginning, signed by the same key, nothing of this one is removed.
fn goes_on_from(folder: &Path, chain: &Chain) -> io::Result<bool> {
    let segments = segment::list(folder)?;
    let Some(kept) = segments.iter().find(|segment| segment.first == chain.next) else { return Ok(false) };
    let mut line = Vec::new();
    let ending = Lines::open(&kept.path)?.next(&mut line)?;
    Ok(ending == Ending::Line && Sealed::of(&line).is_some_and(|sealed| sealed.previous == chain.head))
}

/// A folder before its last segment is opened.
struct Found<'a> {
    folder: &'a Path,
    /// The segment to go on with.
    last: Option<Segment>,
    /// The chain and the tree before it.
    chain: Chain,
    tree: Tree,
    /// What our key has signed last.
    signed: Option<Checkpoint>,
}

impl<'a> Found<'a> {
    fn in_folder(folder: &'a Path, options: &Options, beginning: Option<&Beginning>) -> Result<Self, Error> {
        let wrong = |source| Error::Folder { path: folder.to_owned(), source };
        let mut closed = segment::list(folder).map_err(wrong)?;
        let last = closed.pop_if(|last| !segment::is_packed(&last.path));
        let start = beginning.map_or(Chain::START, |first| first.chain.clone());
        closed.retain(|segment| segment.first >= start.next);
        let chain = before(last.as_ref(), closed.last(), start)?;
        let key = options.key.as_deref().map(crate::note::SigningKey::public);
        let tree = trees::after(folder, &closed, beginning, &chain, key)?;
        let signed = match key {
            Some(key) => newest_signed(folder, key).map_err(wrong)?,
            None => None,
        };
        Ok(Self { folder, last, chain, tree, signed })
    }

    fn open(self, mut disk: Box<dyn Disk>, options: &Options) -> Result<Journal, Error> {
        let Self { folder, last, mut chain, tree, signed } = self;
        let mut beside = Beside::new(folder, tree.clone(), options.key.clone());
        let mut open = None;
        if let Some(segment) = &last {
            let index = Writing::create(folder, segment.first).ok();
            let mut walk = Walk { good: tree.size(), chain, tree, index, signed: &signed };
            open = Some(go_on(disk.as_mut(), folder, segment, &mut walk)?);
            chain = walk.chain;
            beside.go_on(segment.first, walk.tree, walk.index);
            beside.flush();
        }
        if let Some(signed) = signed.as_ref().filter(|signed| signed.size >= chain.next) {
            let path = last.map_or_else(|| folder.to_owned(), |last| last.path);
            let (is, was) = (chain.next - 1, signed.size);
            let what = format!("the log ends with record {is}, but {was} were there when a checkpoint was signed");
            return Err(broken_at(&path, 1, what));
        }
        beside.know(signed);
        Ok(Journal::new(disk, folder.to_owned(), open, chain, beside, options.segment_bytes))
    }
}

/// The newest checkpoint of this key, also beside a segment that is gone.
fn newest_signed(folder: &Path, key: &crate::note::PublicKey) -> io::Result<Option<Checkpoint>> {
    for first in checkpoint::firsts(folder)?.into_iter().rev() {
        if let Some(last) = trees::signed_by(folder, first, key).pop() {
            return Ok(Some(last));
        }
    }
    Ok(None)
}

/// Makes the folder where it is missing, and its name durable.
fn make(folder: &Path) -> io::Result<()> {
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for made in missing.iter().rev() {
        if let Some(parent) = made.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
    }
    Ok(())
}

/// The lock is the file's, not its name's: it goes with the process that holds it.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(|source| Error::Folder { path, source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::Folder { path: folder.to_owned(), source }),
    }
}

/// The chain before the last segment, as the one before it ends.
fn before(last: Option<&Segment>, former: Option<&Segment>, start: Chain) -> Result<Chain, Error> {
    let found = former.map(end_of).transpose()?.unwrap_or(Some(start));
    match (found, last.or(former)) {
        (Some(chain), Some(at)) if last.is_some() && chain.next != at.first => {
            Err(broken(at, 1, format!("record {} comes next, not {}", chain.next, at.first)))
        }
        (Some(chain), _) => Ok(chain),
        (None, Some(at)) => Err(broken(at, 1, "the segment before it does not end with a record".into())),
        (None, None) => Ok(Chain::START),
    }
}

/// Where a full segment's chain ends; none where its last line is no record.
fn end_of(segment: &Segment) -> Result<Option<Chain>, Error> {
    let unreadable = |source| Error::Segment { path: segment.path.clone(), source };
    let mut lines = SegmentBackwards::open(&segment.path).map_err(unreadable)?;
    let line = lines.next().map_err(unreadable)?;
    let sealed = line.as_deref().and_then(Sealed::of).filter(Sealed::is_whole);
    Ok(sealed.map(|sealed| Chain { next: sealed.seq.saturating_add(1), head: sealed.hash }))
}

/// What grows while the last segment is walked.
struct Walk<'a> {
    chain: Chain,
    tree: Tree,
    index: Option<Writing>,
    /// What must fit on the way.
    signed: &'a Option<Checkpoint>,
    /// The last record that is as it should be.
    good: u64,
}

impl Walk<'_> {
    fn take(&mut self, line: &[u8], offset: u64) -> Result<(), String> {
        self.chain.take(line)?;
        self.tree.push(&self.chain.head);
        trees::add(&mut self.index, line, offset);
        match self.signed {
            Some(signed) if signed.size == self.tree.size() && !signed.fits(&self.tree) => Err(format!(
                "the checkpoint that was signed over {} records does not fit: the log was written anew",
                signed.size
            )),
            _ => {
                self.good = self.tree.size();
                Ok(())
            }
        }
    }

    /// Whether what follows the good records was signed: no crash can have torn it.
    fn is_signed_beyond(&self) -> bool {
        self.signed.as_ref().is_some_and(|signed| signed.size > self.good)
    }
}

/// Walks the last segment, and cuts what a crash has torn.
fn go_on(disk: &mut dyn Disk, folder: &Path, segment: &Segment, walk: &mut Walk<'_>) -> Result<Open, Error> {
    let unreadable = |source| Error::Segment { path: segment.path.clone(), source };
    let Walked { length, line, wrong } = walk_lines(segment, walk).map_err(unreadable)?;
    let name = segment::name(segment.first);
    let mut appending = disk.open(&name).map_err(unreadable)?;
    // Whoever made the file may not have come to that.
    disk.sync_names().map_err(unreadable)?;
    if let Some(wrong) = wrong {
        if walk.is_signed_beyond() {
            return Err(broken(segment, line, wrong));
        }
        let mut file = File::open(&segment.path).map_err(unreadable)?;
        let torn = torn::end(&mut file, length).map_err(unreadable)?;
        let torn = torn.ok_or_else(|| broken(segment, line, wrong))?;
        torn::keep(disk, walk.chain.next, &torn).map_err(|source| Error::Folder { path: folder.to_owned(), source })?;
        cut(appending.as_mut(), length).map_err(unreadable)?;
    }
    Ok(Open { name, file: appending, length, end: End::Clean })
}

/// Cuts a file to this length, durably.
fn cut(file: &mut dyn Appending, length: u64) -> io::Result<()> {
    file.cut(length)?;
    file.sync()
}

struct Walked {
    /// Bytes of whole records that follow each other.
    length: u64,
    /// The line after them, from 1.
    line: u64,
    /// What is wrong with it, where there is one.
    wrong: Option<String>,
}

fn walk_lines(segment: &Segment, walk: &mut Walk<'_>) -> io::Result<Walked> {
    let mut lines = Lines::open(&segment.path)?;
    let mut line = Vec::new();
    let mut length = 0;
    loop {
        let number = lines.count + 1;
        let wrong = match lines.next(&mut line)? {
            Ending::Line => walk.take(&line, length).err(),
            Ending::File => return Ok(Walked { length, line: number, wrong: None }),
            Ending::Unfinished(bytes) => Some(format!("the record is cut off after {bytes} bytes")),
            Ending::TooLong => Some(format!("the line is longer than {MAX_LINE} bytes")),
        };
        if wrong.is_some() {
            return Ok(Walked { length, line: number, wrong });
        }
        length = lines.offset;
    }
}

fn broken(segment: &Segment, line: u64, what: String) -> Error {
    broken_at(&segment.path, line, what)
}

fn broken_at(path: &Path, line: u64, what: String) -> Error {
    Error::Broken(Broken { segment: path.to_owned(), line, what })
}

#[cfg(test)]
mod tests;
