//! The writer's thread: takes what waits, writes it, calls back, counts losses.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, mpsc};

use jiff::Timestamp;

use super::{Error, GROUP_BYTES, Line, State, Waiting};
use crate::journal::Journal;
use crate::{Entry, Kind};

/// See the module.
pub(super) struct Keeper {
    journal: Journal,
    state: Arc<State>,
    lost: Option<Lost>,
}

/// Records that could not be written, in a row.
struct Lost {
    count: u64,
    since: Timestamp,
    cause: String,
}

impl Keeper {
    pub(super) fn new(journal: Journal, state: Arc<State>) -> Self {
        Self { journal, state, lost: None }
    }

    /// Writes until every sender is gone and nothing waits.
    pub(super) fn run(mut self, waiting: &mpsc::Receiver<Waiting>) {
        let mut held = None;
        while let Some(first) = held.take().or_else(|| waiting.recv().ok()) {
            let (group, more) = group(first, waiting);
            held = more;
            self.write(group);
        }
        if self.write_gap().is_err() {
            tracing::error!("the audit is closed with records that could not be written");
        }
    }

    fn write(&mut self, group: Vec<Waiting>) {
        let (lines, waiters): (Vec<_>, Vec<_>) = group.into_iter().map(|one| (one.line, one.done)).unzip();
        let result = self.write_gap().and_then(|()| self.journal.write(&lines));
        match result {
            Ok(receipts) => {
                self.went_well(receipts.len() as u64);
                waiters.into_iter().zip(receipts).for_each(|(done, receipt)| done(Ok(receipt)));
            }
            Err(error) => {
                self.went_wrong(lines.len() as u64, &error);
                let error = Arc::new(error);
                waiters.into_iter().for_each(|done| done(Err(error.clone())));
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

    fn went_well(&self, records: u64) {
        self.state.records.fetch_add(records, Ordering::Relaxed);
        self.state.syncs.fetch_add(1, Ordering::Relaxed);
        *self.state.problem.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn went_wrong(&mut self, records: u64, error: &Error) {
        let cause = with_causes(error);
        tracing::error!(records, "{cause}");
        *self.state.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause.clone());
        let lost = self.lost.get_or_insert_with(|| Lost { count: 0, since: Timestamp::now(), cause });
        lost.count += records;
    }
}

/// What waits, as far as it goes into one group; and one more that did not fit.
fn group(first: Waiting, waiting: &mpsc::Receiver<Waiting>) -> (Vec<Waiting>, Option<Waiting>) {
    let mut bytes = first.line.length();
    let mut group = vec![first];
    while let Ok(next) = waiting.try_recv() {
        bytes += next.line.length();
        if bytes > GROUP_BYTES {
            return (group, Some(next));
        }
        group.push(next);
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
