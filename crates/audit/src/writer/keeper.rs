//! The writer's inside: writes, counts losses, signs when that is due, and has closed
//! segments seen to. Its thread takes what waits and calls back; who is alone may
//! write without it ([`Keeper::write_at_once`]).

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Error, GROUP_BYTES, Line, Message, Options, Receipt, State, Waiting};
use crate::journal::Journal;
use crate::upkeep::{Begun, Upkeep};
use crate::{Entry, Kind};

/// How often it is looked whether segments have become too old.
const TRIMMING: Duration = Duration::from_secs(3600);

/// See the module.
pub(super) struct Keeper {
    journal: Journal,
    state: Arc<State>,
    options: Options,
    lost: Option<Lost>,
    /// When the next checkpoint is due; none while everything is signed.
    due: Option<Instant>,
    /// Who sees to closed segments.
    closed: Upkeep,
    /// The segment that was written when upkeep was last done, and when that was.
    kept_up: Option<(u64, Instant)>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Keeper").field("closed", &self.closed).finish_non_exhaustive()
    }
}

/// Records that could not be written, in a row.
struct Lost {
    count: u64,
    since: Timestamp,
    cause: String,
}

impl Keeper {
    pub(super) fn new(folder: &Path, journal: Journal, state: Arc<State>, options: Options) -> Self {
        let closed = Upkeep::new(folder, &options);
        Self { journal, state, options, lost: None, due: None, closed, kept_up: None }
    }

    /// Writes one record without the thread. Says whether the thread is to look at
    /// what comes after a group ([`Message::Upkeep`]).
    pub(super) fn write_at_once(&mut self, line: Line) -> (Result<Receipt, Arc<Error>>, bool) {
        let written = self.write_lines(&[line]).and_then(|receipts| {
            let receipt = receipts.into_iter().next();
            receipt.ok_or_else(|| Arc::new(Error::Closed))
        });
        let unsigned = self.journal.unsigned();
        let is_unsigned = unsigned >= self.options.checkpoint_records || (unsigned > 0 && self.due.is_none());
        (written, is_unsigned || self.needs_keeping_up())
    }

    /// What comes after a group.
    fn upkeep(&mut self) {
        self.sign_when_due();
        self.keep_up();
    }

    fn write(&mut self, group: Vec<Waiting>) {
        let (lines, waiters): (Vec<_>, Vec<_>) = group.into_iter().map(|one| (one.line, one.done)).unzip();
        match self.write_lines(&lines) {
            Ok(receipts) => waiters.into_iter().zip(receipts).for_each(|(done, receipt)| done(Ok(receipt))),
            Err(error) => waiters.into_iter().for_each(|done| done(Err(error.clone()))),
        }
        self.upkeep();
    }

    fn write_lines(&mut self, lines: &[Line]) -> Result<Vec<Receipt>, Arc<Error>> {
        match self.write_gap().and_then(|()| self.journal.write(lines)) {
            Ok(receipts) => {
                self.went_well(receipts.len() as u64);
                Ok(receipts)
            }
            Err(error) => {
                self.went_wrong(lines.len() as u64, &error);
                Err(Arc::new(error))
            }
        }
    }

    /// A gap is a group of its own, before the first that can be written again.
    fn write_gap(&mut self) -> Result<(), Error> {
        let Some(lost) = &self.lost else { return Ok(()) };
        self.journal.write(&[Line::of(&lost.entry(), Timestamp::now())?])?;
        self.lost = None;
        self.went_well(1);
        Ok(())
    }

    /// Signs where so many records are unsigned, else sees to it that it is done in time.
    fn sign_when_due(&mut self) {
        match self.journal.unsigned() {
            0 => self.due = None,
            many if many >= self.options.checkpoint_records => self.sign_or_say(),
            _ => drop(self.due.get_or_insert_with(|| Instant::now() + self.options.checkpoint_after)),
        }
    }

    fn sign_or_say(&mut self) {
        if let Err(cause) = self.sign() {
            tracing::error!(%cause, "a checkpoint could not be written");
        }
    }

    fn sign(&mut self) -> std::io::Result<Option<crate::Checkpoint>> {
        let signed = self.journal.checkpoint();
        self.due = (self.journal.unsigned() > 0).then(|| Instant::now() + self.options.checkpoint_after);
        if let Ok(last) = &signed {
            self.state.checkpoint.lock().unwrap_or_else(PoisonError::into_inner).clone_from(last);
        }
        signed
    }

    /// After a new segment was begun, and now and then: has old ones packed, and
    /// removes those that are due.
    fn keep_up(&mut self) {
        if let Some(removal) = self.closed.removal()
            && let Err(cause) = self.journal.trim(&removal)
        {
            tracing::error!(cause = with_causes(&cause), "the oldest audit segments could not be removed");
        }
        if self.is_kept_up() {
            return;
        }
        let Some(first) = self.journal.first() else { return };
        if self.closed.begin() == Begun::Now {
            self.kept_up = Some((first, Instant::now()));
        }
    }

    fn needs_keeping_up(&self) -> bool {
        self.closed.is_removal_due() || !self.is_kept_up()
    }

    fn is_kept_up(&self) -> bool {
        let is_done = |first| self.kept_up.is_some_and(|(known, at)| known == first && at.elapsed() < TRIMMING);
        self.journal.first().is_none_or(is_done)
    }

    fn went_well(&self, records: u64) {
        self.state.records.fetch_add(records, Ordering::Relaxed);
        self.state.syncs.fetch_add(1, Ordering::Relaxed);
        *self.state.problem.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn went_wrong(&mut self, records: u64, error: &Error) {
        let cause = with_causes(error);
        tracing::error!(records, "{cause}");
        self.state.lost.fetch_add(records, Ordering::Relaxed);
        *self.state.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause.clone());
        let lost = self.lost.get_or_insert_with(|| Lost { count: 0, since: Timestamp::now(), cause });
        lost.count += records;
    }
}

/// The thread: writes until every sender is gone and nothing waits.
pub(super) fn run(keeper: &Mutex<Keeper>, waiting: &mpsc::Receiver<Message>) {
    lock(keeper).sign_when_due();
    let mut held = None;
    while let Some(next) = held.take().map_or_else(|| next(keeper, waiting), Some) {
        let mut keeper = lock(keeper);
        match next {
            Message::Record(first) => {
                let (group, more) = group(first, waiting);
                held = more;
                keeper.state.queued.fetch_sub(group.len(), Ordering::AcqRel);
                keeper.write(group);
            }
            Message::Upkeep => keeper.upkeep(),
            Message::Checkpoint(done) => done(keeper.sign()),
        }
    }
    let mut keeper = lock(keeper);
    if keeper.write_gap().is_err() {
        tracing::error!("the audit is closed with records that could not be written");
    }
    keeper.sign_or_say();
}

/// The next message; signs meanwhile, when that is due.
fn next(keeper: &Mutex<Keeper>, waiting: &mpsc::Receiver<Message>) -> Option<Message> {
    loop {
        let due = lock(keeper).due;
        let Some(due) = due else { return waiting.recv().ok() };
        match waiting.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(message) => return Some(message),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => lock(keeper).sign_or_say(),
        }
    }
}

fn lock(keeper: &Mutex<Keeper>) -> MutexGuard<'_, Keeper> {
    keeper.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What waits, as far as it goes into one group; and one more that did not fit.
fn group(first: Waiting, waiting: &mpsc::Receiver<Message>) -> (Vec<Waiting>, Option<Message>) {
    let mut bytes = first.line.length();
    let mut group = vec![first];
    while let Ok(next) = waiting.try_recv() {
        match next {
            Message::Record(next) if bytes + next.line.length() <= GROUP_BYTES => {
                bytes += next.line.length();
                group.push(next);
            }
            other => return (group, Some(other)),
        }
    }
    (group, None)
}

impl Lost {
    fn entry(&self) -> Entry {
        let Self { count, since, cause } = self;
        let records = if *count == 1 { "record" } else { "records" };
        let message = format!("{count} {records} could not be written since {since:.3}: {cause}");
        Entry { lost: Some(*count), ..Entry::about_us(Kind::Gap, message) }
    }
}

fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
