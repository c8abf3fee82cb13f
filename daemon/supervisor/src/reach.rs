//! How a signal that reached the shim reaches the tool: exactly once.
//!
//! Born at the daemon, the tool leads a group of its own, which nobody but its
//! supervisor signals. Born at the shim, it is in the shim's group and gets what
//! a terminal or `kill %1` sends to all of it; only what was sent to the shim
//! alone is passed on, to the tool alone: others in that group are not ours.

mod doubles;
mod sleeper;

use core::time::Duration;

use tollgate_bare::process::{Change, kill, kill_by_descriptor};
use tollgate_bare::signals::{LAST, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, Set};
use tollgate_bare::spawn::Child;
use tollgate_bare::{Descriptor, process, sabotage};
use tollgate_wire::message::Signal;

use crate::frames::{self, Number};
use crate::house::Birthplace;
use crate::ladder::Ladder;
use crate::witness::{Testimony, Witness};
use doubles::{BY_KERNEL, Doubles};
use sleeper::Sleeper;

/// A `Stopped` that says the opposite: no signal has this number.
const GOES_ON: i32 = 0;
/// Within this time of its going on, nobody continues a tool anew.
const ONE_CONTINUATION: Duration = Duration::from_secs(1);

/// The tool, and the way to it.
pub(crate) struct Reach {
    pub(crate) child: Child,
    /// Where the tool is in the shim's group.
    shared: Option<Shared>,
}

/// A group that is not the tool's alone.
struct Shared {
    /// None once it is gone.
    witness: Option<Witness>,
    witness_is: Pace,
    doubles: Doubles,
    tool_has: Course,
    shim: Sleeper,
}

/// Whether a process goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Runs,
    Stopped,
}

/// What became of the tool last, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Started,
    Stopped(Duration),
    Continued(Duration),
}

impl Course {
    /// Whether a SIGCONT that was the shim's alone, as far as the witness can tell,
    /// is to be delivered. A witness may have lost its own to a stop right after
    /// it, and the tool be stopped since: one that came before the stop continues
    /// nothing, one of about the time that the tool went on is what it went on by.
    /// What the shim said before a stop may be heard after it, or after the tool has gone
    /// on by its group's: `waits_for_it` looks at both.
    fn takes_continuation(self, sent: Duration, now: Duration, waits_for_it: impl FnOnce() -> bool) -> bool {
        match self {
            Self::Started => true,
            Self::Stopped(at) => at < sent && waits_for_it(),
            Self::Continued(at) => now.saturating_sub(at) > ONE_CONTINUATION,
        }
    }
}

impl Reach {
    /// The way that follows from where the supervisor was born.
    pub(crate) fn new(child: Child, birthplace: Birthplace) -> Self {
        let shared = match birthplace {
            Birthplace::Daemon => None,
            Birthplace::Shim { witness, shim, .. } => {
                let (witness, witness_is) = (Some(witness), Pace::Runs);
                let doubles = Doubles::new();
                let shim = Sleeper::new(shim);
                Some(Shared { witness, witness_is, doubles, tool_has: Course::Started, shim })
            }
        };
        Self { child, shared }
    }

    /// What tells of the group's signals.
    pub(crate) fn witness(&self) -> Option<&Descriptor> {
        self.shared.as_ref()?.witness.as_ref().map(Witness::socket)
    }

    /// How long until [`Reach::settle`] has something to do.
    pub(crate) fn patience(&self, now: Duration) -> Option<Duration> {
        let shared = self.shared.as_ref()?;
        [shared.doubles.patience(now), shared.shim.patience(now)].into_iter().flatten().min()
    }

    /// What its group got before the tool was there.
    pub(crate) fn catch_up(&self, early: Set, ladder: &mut Ladder) {
        (1..=LAST).filter(|signal| early.has(*signal)).for_each(|signal| self.deliver(signal, ladder));
    }

    /// The shim got a signal.
    pub(crate) fn shim_got(&mut self, signal: Signal, ladder: &mut Ladder, now: Duration) {
        let Some(shared) = &mut self.shared else { return self.pass_on(signal, ladder) };
        // What we sent the shim ourselves is not the tool's.
        let ours = signal.sender == process::id();
        if !ours && (sabotage!("terminal-twice") || shared.doubles.shim_got(signal, now)) {
            self.deliver(signal.number, ladder);
        }
    }

    /// A terminal signals a whole process group, and continuing means everybody;
    /// what one process sent to another goes to the tool alone.
    fn pass_on(&self, signal: Signal, ladder: &mut Ladder) {
        let of_terminals = Set::of(&[SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGWINCH]);
        if (signal.code == BY_KERNEL && of_terminals.has(signal.number)) || signal.number == SIGCONT {
            ladder.was_sent(signal.number);
            self.signal_all(signal.number);
        } else {
            self.deliver(signal.number, ladder);
        }
    }

    /// The witness says something.
    pub(crate) fn hear_witness(&mut self, ladder: &mut Ladder, now: Duration) {
        let Some(Shared { witness, doubles, .. }) = &mut self.shared else { return };
        loop {
            match witness.as_ref().map_or(Testimony::Nothing, Witness::hear) {
                Testimony::Seen(signal) => {
                    ladder.was_sent(signal.number);
                    doubles.group_got(signal, now);
                }
                Testimony::NothingMore => doubles.nothing_more(),
                Testimony::Nothing => return,
                Testimony::Gone => *witness = None,
            }
        }
    }

    /// Whether something waits for a witness that was stopped when last looked at.
    /// It may go on by now, which it says itself only when it is its turn to run.
    pub(crate) fn doubts_its_witness(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.witness_is == Pace::Stopped && !shared.doubles.is_empty())
    }

    /// A child that is not the tool has changed.
    pub(crate) fn other_changed(&mut self, id: i32, change: Change) {
        let Some(shared) = &mut self.shared else { return };
        if shared.witness.as_ref().is_some_and(|witness| witness.is(id)) {
            shared.witness_is = if matches!(change, Change::Stopped(_)) { Pace::Stopped } else { Pace::Runs };
        }
    }

    /// Passes on what by now is known to have been the shim's alone.
    pub(crate) fn settle(&mut self, ladder: &mut Ladder, now: Duration) {
        let Some(Shared { witness, witness_is, doubles, shim, .. }) = &mut self.shared else { return };
        shim.settle(self.child.id, now);
        let ask = doubles.is_to_be_asked(now);
        match witness {
            Some(witness) if *witness_is == Pace::Runs => {
                if ask {
                    witness.ask();
                }
            }
            _ => doubles.nothing_more(),
        }
        while let Some(shared) = &mut self.shared
            && let Some((number, since)) = shared.doubles.alone(now)
        {
            if number != SIGCONT
                || shared.tool_has.takes_continuation(since, now, || shared.shim.waits_for(self.child.id))
            {
                self.deliver(number, ladder);
            }
        }
    }

    fn deliver(&self, number: i32, ladder: &mut Ladder) {
        ladder.was_sent(number);
        let _ = kill_by_descriptor(&self.child.pidfd, number);
    }

    /// Asks the tool to stop by `signal`; one that is stopped must run to see it.
    pub(crate) fn ask_to_end(&self, signal: i32) {
        self.signal_all(signal);
        self.signal_all(SIGCONT);
    }

    /// The tool is not reaped yet, so its id is nobody else's; it may have left
    /// the group that it was started in.
    pub(crate) fn signal_all(&self, signal: i32) {
        if self.shared.is_some() || kill(-self.child.id, signal).is_err() {
            let _ = kill_by_descriptor(&self.child.pidfd, signal);
        }
    }

    /// The tool has stopped, and the shim is told.
    pub(crate) fn stops(&mut self, now: Duration) {
        if let Some(shared) = &mut self.shared {
            shared.tool_has = Course::Stopped(now);
            shared.shim.is_told();
        }
    }

    /// The tool goes on: so does a shim that was told to stop. Where it still listens
    /// it is told first, so that no stop is taken for the last word.
    pub(crate) fn goes_on(&mut self, caller: Option<&Descriptor>, now: Duration) {
        if let Some(shared) = &mut self.shared {
            shared.tool_has = Course::Continued(now);
            if let Some(caller) = caller.filter(|_| shared.shim.may_sleep()) {
                frames::number(caller, Number::Stopped, GOES_ON);
            }
            shared.shim.tool_goes_on(self.child.id, now);
        }
    }

    /// The tool has ended, and the shim knows.
    pub(crate) fn ended(&mut self) {
        if let Some(shared) = &mut self.shared {
            shared.shim.tool_ended();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_is_delivered_where_the_tool_has_not_had_it() {
        let at = |milliseconds| Duration::from_secs(1000) + Duration::from_millis(milliseconds);
        let takes = |course: Course, sent, now| course.takes_continuation(at(sent), at(now), || true);
        assert!(takes(Course::Started, 0, 4));
        assert!(takes(Course::Stopped(at(0)), 1, 4), "whoever continues a stopped shim alone");
        assert!(!takes(Course::Stopped(at(2)), 1, 4), "Ctrl-Z right after `fg`");
        assert!(
            !Course::Stopped(at(0)).takes_continuation(at(1), at(4), || false),
            "the same, heard the other way round"
        );
        assert!(!takes(Course::Continued(at(2)), 1, 4), "`fg`, seen twice");
        assert!(takes(Course::Continued(at(0)), 5000, 5004));
    }
}
