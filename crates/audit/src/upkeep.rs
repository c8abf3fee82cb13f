//! What is done with closed segments: they are packed, and in the end removed.
//!
//! Packing runs on a thread of its own: the packed file is read back and compared
//! before the other goes, and a crash leaves at least one of both whole. The same
//! thread finds out what is to be removed, and what of it must be carried on.
//! Removing is the writer's own work, since it is recorded. Not here: how long
//! segments are kept, and what is still needed of them (the daemon's settings).

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use jiff::Timestamp;

use crate::index::Summary;
use crate::packed::{Packed, pack};
use crate::segment::{self, Segment};
use crate::writer::Options;
use crate::{Entry, carried, checkpoint, index, read};

/// The thread that sees to closed segments, while there is one.
#[derive(Debug)]
pub(crate) struct Upkeep {
    folder: PathBuf,
    options: Options,
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    /// What it found to be removed.
    removal: Arc<Mutex<Option<Removal>>>,
}

/// What is to be removed.
#[derive(Debug)]
pub(crate) struct Removal {
    /// The first record that stays.
    pub(crate) keep: u64,
    /// What must be said again before.
    pub(crate) carried: Vec<Entry>,
}

/// Whether the thread began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    Now,
    /// It still does what it was asked before.
    NotYet,
}

impl Upkeep {
    pub(crate) fn new(folder: &Path, options: &Options) -> Self {
        let (stop, removal) = Default::default();
        Self { folder: folder.to_owned(), options: options.clone(), thread: None, stop, removal }
    }

    /// Packs every closed segment, and finds out what is to be removed.
    pub(crate) fn begin(&mut self) -> Begun {
        if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Begun::NotYet;
        }
        if !self.options.pack && self.options.is_unbounded() {
            return Begun::Now;
        }
        let (folder, options, stop) = (self.folder.clone(), self.options.clone(), Arc::clone(&self.stop));
        let removal = Arc::clone(&self.removal);
        let thread = std::thread::Builder::new().name("audit-upkeep".into()).spawn(move || {
            if options.pack {
                pack_or_say(&folder, &stop);
            }
            let found = Removal::due(&folder, &options, Timestamp::now());
            *removal.lock().unwrap_or_else(PoisonError::into_inner) = found;
        });
        self.thread = thread.ok();
        Begun::Now
    }

    /// Whether something is to be removed now.
    pub(crate) fn is_removal_due(&self) -> bool {
        self.removal.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What is to be removed now, told once.
    pub(crate) fn removal(&self) -> Option<Removal> {
        self.removal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Removal {
    /// What the options ask for. What happens meanwhile changes nothing: it stands in
    /// segments that stay, and what is needed no more never is again.
    pub(crate) fn due(folder: &Path, options: &Options, now: Timestamp) -> Option<Self> {
        let keep = keep_from(folder, options, now)?;
        let carried = carried(folder, options, keep, now);
        let carried = carried.inspect_err(|cause| {
            tracing::error!(%cause, "the audit cannot be read for what must be carried on: nothing is removed");
        });
        Some(Self { keep, carried: carried.ok()? })
    }
}

/// What the state needs, and no segment that stays holds.
fn carried(folder: &Path, options: &Options, keep: u64, now: Timestamp) -> Result<Vec<Entry>, read::Error> {
    let Some(state) = options.state else { return Ok(Vec::new()) };
    let held = read::held(folder, &(state.kinds)())?;
    let leaving: HashSet<u64> = held.iter().filter(|held| held.by < keep).map(|held| held.record.seq).collect();
    let records: Vec<_> = held.into_iter().map(|held| held.record).collect();
    let mut needed = (state.needed)(&records, now);
    needed.retain(|record| leaving.contains(&record.seq));
    Ok(carried::entries(&needed))
}

fn pack_or_say(folder: &Path, stop: &AtomicBool) {
    if let Err(cause) = pack_closed(folder, stop)
        && cause.kind() != io::ErrorKind::Interrupted
    {
        tracing::warn!(%cause, "a closed audit segment could not be packed: it stays as it is");
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // It ends at the next frame; what it has not done is done at the next start.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn pack_closed(folder: &Path, stop: &AtomicBool) -> io::Result<()> {
    let mut segments = segment::list(folder)?;
    segments.pop();
    for segment in segments.iter().filter(|segment| !segment::is_packed(&segment.path)) {
        pack_one(folder, segment, stop)?;
    }
    Ok(())
}

fn pack_one(folder: &Path, segment: &Segment, stop: &AtomicBool) -> io::Result<()> {
    let name = segment::packed_name(segment.first);
    let new = folder.join(format!("{name}.new"));
    let go_on = || !stop.load(Ordering::Relaxed);
    let packed = write(segment, &new, go_on).and_then(|()| compare(segment, &new));
    if let Err(cause) = packed {
        // What is left would only take room.
        let _ = std::fs::remove_file(&new);
        return Err(cause);
    }
    std::fs::rename(&new, folder.join(name))?;
    File::open(folder)?.sync_all()?;
    std::fs::remove_file(&segment.path)
}

fn write(segment: &Segment, to: &Path, go_on: impl FnMut() -> bool) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
    let mut to = BufWriter::new(file);
    pack(&mut BufReader::new(File::open(&segment.path)?), &mut to, go_on)?;
    to.flush()?;
    to.get_ref().sync_all()
}

/// Whether the packed file gives back what the segment holds.
fn compare(segment: &Segment, packed: &Path) -> io::Result<()> {
    let mut one = BufReader::new(File::open(&segment.path)?);
    let mut other = Packed::open(File::open(packed)?)?;
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let both = left.len().min(right.len());
        if both == 0 && left.len() == right.len() {
            return Ok(());
        }
        if both == 0 || left.get(..both) != right.get(..both) {
            return Err(io::Error::other("a packed segment does not read back as it was written"));
        }
        one.consume(both);
        other.consume(both);
    }
}

/// The first record that shall stay, where the oldest segments are to go: as old
/// as the options say, or more than they allow; never the one that is written, and
/// none that holds the intent of a run without an end.
fn keep_from(folder: &Path, options: &Options, now: Timestamp) -> Option<u64> {
    if options.is_unbounded() {
        return None;
    }
    let segments = segment::list(folder).ok()?;
    let mut bytes: u64 = segments.iter().map(|segment| size(folder, segment.first)).sum();
    let mut keep = None;
    for pair in segments.windows(2) {
        let [oldest, next] = pair else { break };
        let too_many = options.keep_bytes.is_some_and(|most| bytes > most);
        if !too_many && !options.keep_days.is_some_and(|days| is_older(folder, oldest.first, days, now)) {
            break;
        }
        bytes = bytes.saturating_sub(size(folder, oldest.first));
        keep = Some(next.first);
    }
    let keep = keep?;
    let unended = read::unended(folder).ok()?.first().map_or(u64::MAX, |record| record.seq);
    let bound = segments.iter().rev().map(|segment| segment.first).find(|first| *first <= unended)?;
    let oldest = segments.first()?.first;
    Some(keep.min(bound)).filter(|keep| *keep > oldest)
}

fn is_older(folder: &Path, first: u64, days: u32, now: Timestamp) -> bool {
    const DAY: i64 = 86_400_000_000;
    let newest = Summary::read(folder, first).and_then(|summary| summary.to);
    newest.is_some_and(|newest| newest < now.as_microsecond() - i64::from(days) * DAY)
}

/// The files of a segment; its lines come last, since they are what the others go by.
fn files(folder: &Path, first: u64) -> [PathBuf; 4] {
    [checkpoint::name(first), index::name(first), segment::name(first), segment::packed_name(first)]
        .map(|name| folder.join(name))
}

fn size(folder: &Path, first: u64) -> u64 {
    files(folder, first).iter().filter_map(|path| path.metadata().ok()).map(|found| found.len()).sum()
}

/// Removes every segment before this record, and what lies beside it.
pub(crate) fn remove_before(folder: &Path, keep: u64) -> io::Result<()> {
    for segment in segment::list(folder)?.iter().filter(|segment| segment.first < keep) {
        for path in files(folder, segment.first) {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    File::open(folder)?.sync_all()
}
