//! Opening a log for writing: the lock, the end of the chain, a torn end.
//!
//! Only the last segment is walked. What follows its last whole record is cut if
//! a crash can have left it (`torn`); else the log is refused and not touched.

mod torn;

pub use torn::Cut;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use jiff::Timestamp;

use crate::Error;
use crate::chain::Chain;
use crate::disk::{Appending, Disk};
use crate::journal::{End, Journal, Open};
use crate::line::{MAX_LINE, Sealed};
use crate::read::SegmentBackwards;
use crate::segment::{self, Ending, Lines, Segment};
use crate::verify::Broken;
use crate::writer::{Line, Options};

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

pub(crate) fn open(mut disk: Box<dyn Disk>, folder: &Path, options: Options) -> Result<Opened, Error> {
    let wrong = |source| Error::Folder { path: folder.to_owned(), source };
    make(folder).map_err(wrong)?;
    let lock = lock(folder)?;
    let mut segments = segment::list(folder).map_err(wrong)?;
    let last = segments.pop();
    let before = before(last.as_ref(), segments.last())?;
    let (open, chain) = match last {
        None => (None, before),
        Some(segment) => go_on(disk.as_mut(), folder, &segment, before)?,
    };
    let recovery = Recovery { last: chain.next - 1, cut: torn::not_recorded(folder, chain.next).map_err(wrong)? };
    let mut journal = Journal::new(disk, folder.to_owned(), open, chain, options.segment_bytes);
    if !recovery.cut.is_empty() {
        let lines = recovery.cut.iter().map(|cut| Line::of(&cut.entry(), Timestamp::now()));
        journal.write(&lines.collect::<Result<Vec<_>, _>>()?)?;
    }
    Ok(Opened { journal, recovery, lock })
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
fn before(last: Option<&Segment>, former: Option<&Segment>) -> Result<Chain, Error> {
    let Some(last) = last else { return Ok(Chain::START) };
    let found = former.map(end_of).transpose()?.unwrap_or(Some(Chain::START));
    match found {
        Some(chain) if chain.next == last.first => Ok(chain),
        Some(chain) => Err(broken(last, 1, format!("record {} comes next, not {}", chain.next, last.first))),
        None => Err(broken(last, 1, "the segment before it does not end with a record".into())),
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

/// Walks the last segment, and cuts what a crash has torn.
fn go_on(
    disk: &mut dyn Disk,
    folder: &Path,
    segment: &Segment,
    mut chain: Chain,
) -> Result<(Option<Open>, Chain), Error> {
    let unreadable = |source| Error::Segment { path: segment.path.clone(), source };
    let mut file = File::open(&segment.path).map_err(unreadable)?;
    let Walked { length, line, wrong } = walk(&file, &mut chain).map_err(unreadable)?;
    let name = segment::name(segment.first);
    let mut appending = disk.open(&name).map_err(unreadable)?;
    // Whoever made the file may not have come to that.
    disk.sync_names().map_err(unreadable)?;
    if let Some(wrong) = wrong {
        let torn = torn::end(&mut file, length).map_err(unreadable)?;
        let torn = torn.ok_or_else(|| broken(segment, line, wrong))?;
        torn::keep(disk, chain.next, &torn).map_err(|source| Error::Folder { path: folder.to_owned(), source })?;
        cut(appending.as_mut(), length).map_err(unreadable)?;
    }
    Ok((Some(Open { name, file: appending, length, end: End::Clean }), chain))
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

fn walk(file: &File, chain: &mut Chain) -> io::Result<Walked> {
    let mut lines = Lines::of(file.try_clone()?, 0);
    let mut line = Vec::new();
    let mut length = 0;
    loop {
        let number = lines.count + 1;
        let wrong = match lines.next(&mut line)? {
            Ending::Line => chain.take(&line).err(),
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
    Error::Broken(Broken { segment: segment.path.clone(), line, what })
}

#[cfg(test)]
mod tests;
