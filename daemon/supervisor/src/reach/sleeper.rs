//! Continuing a shim that stopped as its tool did, and no other.
//!
//! Whoever continues the tool mostly continues the shim too (`fg` signals the whole
//! group), and may have stopped both again before that is heard here: a SIGCONT for
//! the shim would then wake a job that its shell has stopped. So it is sent only
//! where the shim stands still while the tool does not.

use core::time::Duration;

use tollgate_bare::Descriptor;
use tollgate_bare::process::{self, Standing, is_stopped, kill_by_descriptor, standing};
use tollgate_bare::signals::SIGCONT;

/// A shim that was about to stop when its tool went on has stopped by then.
const AGAIN: Duration = Duration::from_millis(20);

/// The shim, as one who may have to be woken.
pub(super) struct Sleeper {
    shim: Descriptor,
    id: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was not told to stop, or goes on.
    Awake,
    /// It was told to stop.
    Told,
    /// Its tool goes on and it seemed to; to be looked at once more.
    Doubted(Duration),
}

/// How the shim was found while its tool goes on.
enum Found {
    /// The tool does not.
    BothStand,
    /// Stopped; it is woken.
    Asleep,
    Awake,
}

impl Sleeper {
    /// The shim is our parent.
    pub(super) fn new(shim: Descriptor) -> Self {
        Self { shim, id: process::parent(), state: State::Awake }
    }

    /// It was told to stop.
    pub(super) fn is_told(&mut self) {
        self.state = State::Told;
    }

    /// Whether it was told to stop.
    pub(super) fn may_sleep(&self) -> bool {
        self.state == State::Told
    }

    /// The tool goes on.
    pub(super) fn tool_goes_on(&mut self, tool: i32, now: Duration) {
        if self.state == State::Told {
            self.state = match self.wake_where_it_alone_sleeps(tool) {
                Found::BothStand => State::Told,
                Found::Asleep => State::Awake,
                Found::Awake => State::Doubted(now),
            };
        }
    }

    /// Whether the tool stands still although the shim was continued: by a signal that was
    /// the shim's alone. Where neither can be seen, so it is.
    pub(super) fn waits_for(&self, tool: i32) -> bool {
        let goes_on = standing(tool.cast_unsigned()).is_ok_and(|tool| !tool.stands());
        !goes_on && !standing(self.id).is_ok_and(Standing::was_told_to)
    }

    /// Looks again where that is due.
    pub(super) fn settle(&mut self, tool: i32, now: Duration) {
        if self.patience(now) == Some(Duration::ZERO) {
            self.wake_where_it_alone_sleeps(tool);
            self.state = State::Awake;
        }
    }

    /// How long until [`Sleeper::settle`] has something to do.
    pub(super) fn patience(&self, now: Duration) -> Option<Duration> {
        match self.state {
            State::Doubted(since) => Some(since.saturating_add(AGAIN).saturating_sub(now)),
            State::Awake | State::Told => None,
        }
    }

    /// The tool has ended, so nothing keeps the shim.
    pub(super) fn tool_ended(&mut self) {
        if core::mem::replace(&mut self.state, State::Awake) != State::Awake {
            self.wake();
        }
    }

    /// Where nothing can be seen it is woken: better awake once too often than never.
    fn wake_where_it_alone_sleeps(&self, tool: i32) -> Found {
        let sleeps = is_stopped(self.id) != Ok(false);
        // The tool last: what stopped the shim and meant both has been sent to it by now.
        match (sleeps, standing(tool.cast_unsigned()).is_ok_and(Standing::stands)) {
            (_, true) => Found::BothStand,
            (false, false) => Found::Awake,
            (true, false) => {
                self.wake();
                Found::Asleep
            }
        }
    }

    fn wake(&self) {
        let _ = kill_by_descriptor(&self.shim, SIGCONT);
    }
}
