//! The one writer of a log: a thread that makes records durable, many at a time.
//!
//! Whoever appends leaves an entry and a callback; the thread takes all that
//! wait, writes them as one group, and calls back. Who is alone may write without
//! the thread, and saves the way there and back. What cannot be written is counted,
//! and recorded as a gap once writing works again.
//!
//! Not here: the inside of both ways (`keeper`), what a group is on the disk
//! (`journal`), and how a log is opened after a crash (`opening`).

mod keeper;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;

use crate::checkpoint::Checkpoint;
use crate::disk::{Disk, Folder};
use crate::index::Columns;
use crate::line::{self, MAX_LINE};
use crate::note::SigningKey;
use crate::opening::{self, Recovery};
use crate::{Entry, carried, verify};
use keeper::Keeper;

/// Most bytes of a group of more than one record: 1 MiB.
pub(crate) const GROUP_BYTES: usize = 1 << 20;

/// How a log is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// A segment that has so many bytes is full: 64 MiB.
    pub segment_bytes: u64,
    /// Signs checkpoints; without it there are none, and nothing is removed.
    pub key: Option<Arc<SigningKey>>,
    /// A checkpoint is signed after so many records: 1000.
    pub checkpoint_records: u64,
    /// And so long after the first record that none covers: 10 s.
    pub checkpoint_after: Duration,
    /// Whether closed segments are packed.
    pub pack: bool,
    /// Segments whose last record is older than so many days are removed.
    pub keep_days: Option<u32>,
    /// The oldest segments are removed while all take more bytes than this.
    pub keep_bytes: Option<u64>,
    /// Whose state must survive that; none where the records are nobody's.
    pub state: Option<carried::State>,
}

impl Options {
    /// The chain alone: nothing is signed, packed or removed.
    pub const PLAIN: Self = Self {
        segment_bytes: 64 << 20,
        key: None,
        checkpoint_records: 1000,
        checkpoint_after: Duration::from_secs(10),
        pack: false,
        keep_days: None,
        keep_bytes: None,
        state: None,
    };
}

impl Options {
    /// Whether nothing is ever removed.
    pub(crate) fn is_unbounded(&self) -> bool {
        self.keep_days.is_none() && self.keep_bytes.is_none()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// Why a record is not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is another writer.
    #[error("another program writes the audit in `{}`: stop it first", .0.display())]
    Locked(PathBuf),
    /// The folder cannot be made, read or locked.
    #[error("cannot use the audit folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A segment cannot be made or opened.
    #[error("cannot open the audit segment `{}`", path.display())]
    Segment {
        /// Its file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The log's last segment is not as it was written.
    #[error("the audit is broken at {0}; nothing is added to it: keep the folder as evidence and move it aside")]
    Broken(verify::Broken),
    /// It cannot be written.
    #[error("cannot write to the audit segment `{}`", path.display())]
    Write {
        /// Its file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Somebody else has written to it or cut it.
    #[error(
        "the audit segment `{}` has {found} bytes where {written} were written: another program changed it; \
         look at it, then start the daemon again",
        path.display()
    )]
    Changed {
        /// Its file.
        path: PathBuf,
        /// The bytes that it has.
        found: u64,
        /// The bytes that it should have.
        written: u64,
    },
    /// It has no JSON form.
    #[error("the record cannot be written as JSON")]
    Encode(#[from] serde_json::Error),
    /// It is longer than a line may be.
    #[error("the record has {0} bytes, more than {MAX_LINE}")]
    TooLong(usize),
    /// The writer is gone.
    #[error("the audit is closed")]
    Closed,
}

/// A record that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its number, from 1.
    pub seq: u64,
    /// Its time.
    pub timestamp: Timestamp,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
}

/// The one writer of a log. Dropping it writes what still waits, and returns
/// when that is durable or has failed.
#[derive(Debug)]
pub struct Writer {
    queue: Option<mpsc::Sender<Message>>,
    thread: Option<JoinHandle<()>>,
    keeper: Arc<Mutex<Keeper>>,
    state: Arc<State>,
}

/// What the thread tells the rest.
#[derive(Debug, Default)]
struct State {
    /// Records that wait for the thread.
    queued: AtomicUsize,
    records: AtomicU64,
    syncs: AtomicU64,
    lost: AtomicU64,
    problem: Mutex<Option<String>>,
    checkpoint: Mutex<Option<Checkpoint>>,
}

/// One record that is not yet in its place.
pub(crate) struct Line {
    pub(crate) timestamp: Timestamp,
    pub(crate) body: Vec<u8>,
    /// What its index will hold.
    pub(crate) columns: Box<Columns>,
}

type Done = Box<dyn FnOnce(Result<Receipt, Arc<Error>>) + Send>;

/// What the thread is asked.
enum Message {
    /// A record is to be written.
    Record(Waiting),
    /// A record was written without the thread: what comes after one is to be done.
    Upkeep,
    /// The head is to be signed now.
    Checkpoint(Box<dyn FnOnce(std::io::Result<Option<Checkpoint>>) + Send>),
}

/// A record and who waits for it.
struct Waiting {
    line: Line,
    done: Done,
}

impl Writer {
    /// Opens the log in `folder`, which is made where it is missing, for writing:
    /// locks it, cuts a torn end, records that, and goes on with the chain.
    pub fn open(folder: &Path, options: Options) -> Result<(Self, Recovery), Error> {
        Self::open_on(Box::new(Folder::at(folder)), folder, options)
    }

    pub(crate) fn open_on(disk: Box<dyn Disk>, folder: &Path, options: Options) -> Result<(Self, Recovery), Error> {
        let opening::Opened { journal, recovery, lock } = opening::open(disk, folder, &options)?;
        let (queue, waiting) = mpsc::channel();
        let state = Arc::new(State::default());
        let keeper = Arc::new(Mutex::new(Keeper::new(folder, journal, state.clone(), options)));
        let inside = Arc::clone(&keeper);
        let thread = std::thread::Builder::new().name("audit".into()).spawn(move || {
            keeper::run(&inside, &waiting);
            drop(lock);
        });
        let thread = thread.map_err(|source| Error::Folder { path: folder.to_owned(), source })?;
        Ok((Self { queue: Some(queue), thread: Some(thread), keeper, state }, recovery))
    }

    /// Appends a record; one thread's records stand in the order of its calls.
    /// `done` is called once, on the writer's thread, after the record is durable
    /// or could not be made so; it must not block.
    pub fn append(&self, entry: Entry, done: impl FnOnce(Result<Receipt, Arc<Error>>) + Send + 'static) {
        let timestamp = Timestamp::now();
        let waiting = match Line::of(&entry, timestamp) {
            Ok(line) => Waiting { line, done: Box::new(done) },
            Err(error) => return done(Err(Arc::new(error))),
        };
        let Some(queue) = &self.queue else { return (waiting.done)(Err(Arc::new(Error::Closed))) };
        self.state.queued.fetch_add(1, Ordering::AcqRel);
        if let Err(mpsc::SendError(Message::Record(waiting))) = queue.send(Message::Record(waiting)) {
            (waiting.done)(Err(Arc::new(Error::Closed)));
        }
    }

    /// Appends a record on the caller's own thread, and returns when it is durable;
    /// gives the entry back where others write or wait, for [`Writer::append`].
    pub fn append_at_once(&self, entry: Entry) -> Result<Result<Receipt, Arc<Error>>, Box<Entry>> {
        let is_alone = self.state.queued.load(Ordering::Acquire) == 0;
        let Some(mut keeper) = is_alone.then(|| self.keeper.try_lock().ok()).flatten() else {
            return Err(Box::new(entry));
        };
        let line = match Line::of(&entry, Timestamp::now()) {
            Ok(line) => line,
            Err(error) => return Ok(Err(Arc::new(error))),
        };
        let (written, upkeep) = keeper.write_at_once(line);
        drop(keeper);
        if let Some(queue) = self.queue.as_ref().filter(|_| upkeep) {
            // Where the thread is gone there is nobody left to sign.
            let _ = queue.send(Message::Upkeep);
        }
        Ok(written)
    }

    /// Signs the head now, and gives the newest checkpoint; none where nothing signs,
    /// or nothing is recorded. `done` is as for [`Writer::append`], and is dropped
    /// where the writer is gone.
    pub fn checkpoint(&self, done: impl FnOnce(std::io::Result<Option<Checkpoint>>) + Send + 'static) {
        if let Some(queue) = &self.queue {
            // Where the thread is gone nobody can be told more than that.
            let _ = queue.send(Message::Checkpoint(Box::new(done)));
        }
    }

    /// The newest checkpoint that was signed.
    #[must_use]
    pub fn last_checkpoint(&self) -> Option<Checkpoint> {
        self.state.checkpoint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records that could not be written since the log was opened.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.state.lost.load(Ordering::Relaxed)
    }

    /// Appends a record and waits until it is durable.
    pub fn append_blocking(&self, entry: Entry) -> Result<Receipt, Arc<Error>> {
        let (told, answer) = mpsc::sync_channel(1);
        self.append(entry, move |result| {
            // Nobody listens only where the waiting thread is gone.
            let _ = told.send(result);
        });
        answer.recv().unwrap_or_else(|_| Err(Arc::new(Error::Closed)))
    }

    /// Records made durable since the log was opened.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.state.records.load(Ordering::Relaxed)
    }

    /// How often records were made durable: those that came together count once.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.state.syncs.load(Ordering::Relaxed)
    }

    /// What keeps records from being written, with its causes; none while the
    /// last group went well.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.state.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        let Some(thread) = self.thread.take() else { return };
        // The last owner may be a callback, and that runs on the thread itself.
        if thread.thread().id() != std::thread::current().id() {
            let _ = thread.join();
        }
    }
}

impl Line {
    pub(crate) fn of(entry: &Entry, timestamp: Timestamp) -> Result<Self, Error> {
        let line = Self { timestamp, body: line::body(entry)?, columns: Box::new(Columns::of(entry)) };
        if line.length() > MAX_LINE { Err(Error::TooLong(line.length())) } else { Ok(line) }
    }

    /// At least the bytes that its line will have.
    pub(crate) fn length(&self) -> usize {
        self.body.len() + line::AROUND
    }
}

#[cfg(test)]
mod tests;
