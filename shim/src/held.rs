//! Signals: held back, then suffered or passed on.
//!
//! All are blocked from the first moment and read as data. Before the tool runs
//! a signal does what it does to a program that handles none; what the caller
//! had blocked stays pending. Once the tool runs each is passed on once, also
//! those that the caller had blocked or ignored: the tool started with them
//! blocked or ignored, and whether it still wants that is its own affair (a job
//! that a script starts with `&` has SIGINT ignored, and many install a handler
//! all the same). Left out are SIGCHLD, for the tool has other children, and
//! SIGKILL and SIGSTOP, which cannot be read. A fault of the shim's own ends it
//! whatever is blocked.

use core::time::Duration;

use tollgate_bare::signals::{self, Arrival, Inbox, SIGCHLD, SIGCONT, SIGKILL, SIGPIPE, SIGSTOP, Set};
use tollgate_bare::{Descriptor, Errno, poll, process, sabotage, sockets, time};
use tollgate_wire::frame::{HEADER, Header, Kind};
use tollgate_wire::message::Signal;

use crate::collect::Caller;
use crate::problem::Problem;
use crate::repeats::Repeats;

/// The signals of this process.
#[derive(Debug)]
pub(crate) struct Held {
    inbox: Inbox,
    /// What the caller had blocked.
    blocked: Set,
    /// What the caller had ignored.
    ignored: Set,
    repeats: Repeats,
    /// Our child where the supervisor was born here.
    pub(crate) supervisor: Option<i32>,
    /// The tool, where its supervisor says.
    pub(crate) tool: Option<i32>,
}

impl Held {
    /// Reads what is suffered before the tool runs; everything is blocked already.
    pub(crate) fn hold(caller: &Caller) -> Result<Self, Problem> {
        let (blocked, ignored) = (Set(caller.state.blocked), Set(caller.state.ignored));
        let suffered = PASSED_ON.without(blocked).without(ignored);
        let inbox = Inbox::of(suffered).map_err(|errno| Problem::of(errno, Problem::Poll))?;
        let inbox = inbox.above(caller.inherited.above());
        Ok(Self { inbox, blocked, ignored, repeats: Repeats::default(), supervisor: None, tool: None })
    }

    /// What to wait for.
    pub(crate) fn descriptor(&self) -> &Descriptor {
        self.inbox.descriptor()
    }

    /// Waits, no longer than until a signal, which is suffered.
    pub(crate) fn pause(&self, pause: Duration) -> Result<(), Problem> {
        let [signal] = poll::readable([Some(self.descriptor())], Some(pause)).map_err(Problem::Poll)?;
        if signal {
            self.suffer();
        }
        Ok(())
    }

    /// Does `action` under the caller's own signal mask, so that a full pipe does
    /// not make the shim deaf; a broken one may not kill it, it has a code to give.
    pub(crate) fn as_the_caller(&self, action: impl FnOnce()) {
        signals::block_exactly(self.blocked.and(SIGPIPE));
        action();
        signals::block_exactly(Set::ALL);
    }

    /// One signal arrived before the tool ran: it does what it does by default.
    pub(crate) fn suffer(&self) {
        if let Some(arrival) = self.inbox.arrival().filter(|arrival| !is_own(arrival)) {
            deliver_to_self(arrival.number);
        }
    }

    /// From now on signals are the tool's, those that waited as well.
    pub(crate) fn tool_runs(&self) -> Result<(), Errno> {
        self.inbox.change(PASSED_ON)
    }

    /// One signal arrived: passed on, unless it is one that was passed on already.
    pub(crate) fn pass_on(&mut self, socket: &Descriptor) {
        let Some(arrival) = self.inbox.arrival().filter(|arrival| !is_own(arrival)) else { return };
        let repeated = self.repeats.is_repeat(&arrival, time::now()) && !sabotage!("signal-twice");
        if !repeated && !is_overtaken(&arrival) && !sabotage!("lose-signal") {
            send(&arrival, socket);
        }
    }

    /// The tool was stopped by `signal` (0: it goes on): stops as well, by the same,
    /// unless that is not the last word. Whoever continues the shim sends SIGCONT,
    /// which is passed on; where nothing could stop it (an orphaned process group
    /// takes no SIGTSTP), nobody would, and the tool, which would not have stopped
    /// either, is continued at once.
    pub(crate) fn stop_like_the_tool(&self, signal: i32, socket: &Descriptor) {
        if !Set::STOPS.has(signal) || sabotage!("run-on-when-stopped") || self.tool_goes_on(socket) {
            return;
        }
        // The supervisor's own is older: what it continued us from is over.
        if let Some(since) = signals::take(SIGCONT).filter(|one| !self.is_supervisors(one)) {
            return send(&since, socket);
        }
        signals::reset(signal);
        // It waits until it is let through: whatever continues us by then undoes it.
        let _ = process::kill(process::id().cast_signed(), signal);
        if self.tool_goes_on(socket) {
            let _ = signals::take(signal);
        } else {
            let_through(signal);
            if !signals::waiting().has(SIGCONT) {
                send(&Arrival { number: SIGCONT, code: 0, sender: process::id() }, socket);
            }
        }
        if self.ignored.has(signal) {
            signals::ignore(signal);
        }
    }

    /// Whether the tool goes on by now, although its supervisor has said that it stopped:
    /// it says more, or sees that later than the kernel shows it.
    fn tool_goes_on(&self, socket: &Descriptor) -> bool {
        says_more(socket) || self.tool.is_some_and(|tool| process::is_stopped(tool.cast_unsigned()) == Ok(false))
    }

    fn is_supervisors(&self, arrival: &Arrival) -> bool {
        self.supervisor.is_some_and(|supervisor| supervisor.cast_unsigned() == arrival.sender)
    }
}

/// Whether the supervisor has said something that was not read yet.
fn says_more(socket: &Descriptor) -> bool {
    poll::readable([Some(socket)], Some(Duration::ZERO)).is_ok_and(|[speaks]| speaks)
}

/// What is passed on to a running tool.
const PASSED_ON: Set = Set(!(1 << (SIGKILL - 1) | 1 << (SIGSTOP - 1) | 1 << (SIGCHLD - 1)));

/// SIGPIPE of our own writing.
fn is_own(arrival: &Arrival) -> bool {
    arrival.sender == process::id()
}

/// A stop came after this continuation, and would have discarded it a moment ago:
/// passed on, it would make a tool go on that was stopped since.
fn is_overtaken(arrival: &Arrival) -> bool {
    arrival.number == SIGCONT && signals::waiting().both(Set::STOPS) != Set::NONE
}

/// Lets one signal through to this process.
pub(crate) fn deliver_to_self(signal: i32) {
    let _ = process::kill(process::id().cast_signed(), signal);
    let_through(signal);
}

fn let_through(signal: i32) {
    signals::block_exactly(Set::ALL.without(Set::of(&[signal])));
    signals::block_exactly(Set::ALL);
}

/// Where the supervisor has hung up, that is seen at the next reading.
fn send(arrival: &Arrival, socket: &Descriptor) {
    let signal = Signal { number: arrival.number, code: arrival.code, sender: arrival.sender };
    let header = Header { kind: Kind::Signal, body: Signal::LENGTH, descriptors: 0 };
    let (Ok(header), Ok(body)) = (header.encode(), signal.encode()) else { return };
    let mut frame = [0; HEADER + Signal::LENGTH];
    let (first, second) = frame.split_at_mut(HEADER);
    first.copy_from_slice(&header);
    second.copy_from_slice(&body);
    let _ = sockets::send_now(socket, &frame);
}
