//! The stop ladder: how a tool is asked to stop whose caller is gone, or whose
//! time is over.
//!
//! SIGKILL in the middle of `terraform apply` leaves an empty state file; one
//! SIGINT lets it write its state and release the lock; a second SIGINT makes it
//! stop at once with the lock held. So each signal is sent at most once, also
//! counting those that the caller sent before it went.

use core::time::Duration;

use tollgate_bare::signals::{SIGINT, SIGKILL, SIGTERM};
use tollgate_wire::plan::Patience;

/// Where a run stands on the ladder.
#[derive(Debug)]
pub(crate) struct Ladder {
    /// The signals, and how long each has to do its work.
    steps: [(i32, Duration); 3],
    /// The step that comes next.
    next: usize,
    /// When it comes; none where nothing asks the tool to stop.
    due: Option<Duration>,
}

impl Ladder {
    /// For a tool that is asked this patiently.
    pub(crate) fn new(patience: Patience) -> Self {
        let Patience { interrupted_ms, terminated_ms } = patience;
        let work = |milliseconds: u32| Duration::from_millis(milliseconds.into());
        let steps = [(SIGINT, work(interrupted_ms)), (SIGTERM, work(terminated_ms)), (SIGKILL, Duration::MAX)];
        Self { steps, next: 0, due: None }
    }

    /// A signal was passed on: it counts as sent, and so do the milder ones.
    pub(crate) fn was_sent(&mut self, signal: i32) {
        if let Some(step) = self.steps.iter().position(|(known, _)| *known == signal) {
            self.next = self.next.max(step + 1);
        }
    }

    /// The caller is gone, or the time is over; for the second time it changes nothing.
    pub(crate) fn begin(&mut self, now: Duration) {
        if self.due.is_some() {
            return;
        }
        let sent = self.next.checked_sub(1).and_then(|step| self.steps.get(step));
        self.due = Some(sent.map_or(now, |(_, work)| now.saturating_add(*work)));
    }

    /// The signal that is due now, once.
    pub(crate) fn due(&mut self, now: Duration) -> Option<i32> {
        self.due.filter(|due| *due <= now)?;
        let (signal, work) = self.steps.get(self.next)?;
        self.next += 1;
        self.due = Some(now.saturating_add(*work));
        Some(*signal)
    }

    /// How long until something is due.
    pub(crate) fn patience(&self, now: Duration) -> Option<Duration> {
        self.steps.get(self.next)?;
        self.due.map(|due| due.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1000 + seconds)
    }

    #[test]
    fn while_the_caller_is_there_nothing_is_due() {
        let mut ladder = Ladder::new(Patience::default());
        assert_eq!((ladder.due(at(0)), ladder.patience(at(0))), (None, None));
    }

    #[test]
    fn each_signal_has_its_time_and_comes_once() {
        let mut ladder = Ladder::new(Patience::default());
        ladder.begin(at(0));
        assert_eq!(ladder.due(at(0)), Some(SIGINT));
        assert_eq!((ladder.due(at(9)), ladder.patience(at(9))), (None, Some(Duration::from_secs(1))));
        assert_eq!(ladder.due(at(10)), Some(SIGTERM));
        assert_eq!(ladder.due(at(14)), None);
        assert_eq!(ladder.due(at(15)), Some(SIGKILL));
        assert_eq!((ladder.due(at(9999)), ladder.patience(at(9999))), (None, None));
    }

    #[test]
    fn what_the_caller_sent_is_not_sent_again() {
        let mut ladder = Ladder::new(Patience::default());
        ladder.was_sent(SIGINT);
        ladder.begin(at(0));
        assert_eq!((ladder.due(at(0)), ladder.patience(at(0))), (None, Some(Duration::from_secs(10))));
        assert_eq!(ladder.due(at(10)), Some(SIGTERM));
        let mut ladder = Ladder::new(Patience::default());
        ladder.was_sent(SIGTERM);
        ladder.begin(at(0));
        assert_eq!(ladder.due(at(5)), Some(SIGKILL));
    }

    #[test]
    fn a_patient_tool_has_its_own_times_and_a_second_cause_changes_nothing() {
        let mut ladder = Ladder::new(Patience { interrupted_ms: 60_000, terminated_ms: 1_000 });
        ladder.begin(at(0));
        assert_eq!(ladder.due(at(0)), Some(SIGINT));
        ladder.begin(at(30));
        assert_eq!(ladder.due(at(59)), None);
        assert_eq!(ladder.due(at(60)), Some(SIGTERM));
        assert_eq!(ladder.due(at(61)), Some(SIGKILL));
    }

    #[test]
    fn other_signals_do_not_count() {
        let mut ladder = Ladder::new(Patience::default());
        ladder.was_sent(tollgate_bare::signals::SIGWINCH);
        ladder.begin(at(0));
        assert_eq!(ladder.due(at(0)), Some(SIGINT));
    }
}
