//! Signals: sets, masks, what happens on arrival, reading them as data.
//!
//! There are no handlers: what a program cares for it blocks and reads.

use linux_raw_sys::general::{SIG_SETMASK, SIGKILL as KILL, SIGSTOP as STOP};

use core::time::Duration;

use crate::call::call;
use crate::time::Timespec;
use crate::{Descriptor, Errno, files};

/// The highest signal number.
pub const LAST: i32 = 64;
/// Bytes of the kernel's signal set.
const SET_BYTES: usize = 8;
const IGNORE: usize = 1;

macro_rules! names {
    ($($name:ident)*) => { $(
        #[doc = concat!("`", stringify!($name), "`")]
        pub const $name: i32 = linux_raw_sys::general::$name as i32;
    )* };
}
names! {
    SIGHUP SIGINT SIGQUIT SIGABRT SIGKILL SIGUSR1 SIGPIPE SIGALRM SIGTERM SIGCHLD SIGCONT SIGSTOP
    SIGTSTP SIGTTIN SIGTTOU SIGURG SIGWINCH SIGRTMIN
}

/// A set of signals, bit N-1 for signal N.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Set(pub u64);

impl Set {
    /// No signal.
    pub const NONE: Self = Self(0);
    /// Every signal.
    pub const ALL: Self = Self(u64::MAX);
    /// What stops a process.
    pub const STOPS: Self = Self(bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU));

    /// These signals; numbers outside of 1 to 64 are passed over.
    #[must_use]
    pub fn of(signals: &[i32]) -> Self {
        signals.iter().fold(Self::NONE, |set, signal| set.and(*signal))
    }

    /// With `signal`.
    #[must_use]
    pub fn and(self, signal: i32) -> Self {
        Self(self.0 | bit(signal))
    }

    /// Without the signals of `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// With the signals of `other`.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With those alone that are in `other` too.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `signal` is in it.
    #[must_use]
    pub fn has(self, signal: i32) -> bool {
        self.0 & bit(signal) != 0
    }
}

const fn bit(signal: i32) -> u64 {
    if 1 <= signal && signal <= LAST { 1 << (signal - 1) } else { 0 }
}

/// Blocks exactly these signals; gives those that were blocked before.
pub fn block_exactly(set: Set) -> Set {
    let mut before = Set::NONE;
    // Fails for bad arguments alone.
    // SAFETY: the kernel reads one set and writes one.
    let _ = unsafe { call!(__NR_rt_sigprocmask, SIG_SETMASK, &raw const set.0, &raw mut before.0, SET_BYTES) };
    before
}

/// The blocked signals that wait for this process.
#[must_use]
pub fn waiting() -> Set {
    let mut waiting = Set::NONE;
    // Fails for bad arguments alone.
    // SAFETY: the kernel writes one set.
    let _ = unsafe { call!(__NR_rt_sigpending, &raw mut waiting.0, SET_BYTES) };
    waiting
}

/// Takes `signal` where it waits, without waiting for it.
#[must_use]
pub fn take(signal: i32) -> Option<Arrival> {
    let (set, now) = (Set::of(&[signal]), Timespec::from(Duration::ZERO));
    let mut record = [0u32; 32];
    // SAFETY: the kernel reads one set and one time, and writes one `siginfo_t` of 128 bytes.
    unsafe { call!(__NR_rt_sigtimedwait, &raw const set.0, record.as_mut_ptr(), &raw const now, SET_BYTES) }.ok()?;
    let [number, _, code, _, sender, ..] = record;
    Some(Arrival { number: number.cast_signed(), code: code.cast_signed(), sender })
}

/// The kernel's `struct sigaction` on x86-64.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
struct Action {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: u64,
}

/// The signals that are ignored.
#[must_use]
pub fn ignored() -> Set {
    let settable = (1..=LAST).filter(|signal| can_be_set(*signal));
    settable.fold(Set::NONE, |set, signal| if is_ignored(signal) { set.and(signal) } else { set })
}

fn is_ignored(signal: i32) -> bool {
    let mut action = Action::default();
    // SAFETY: the kernel writes one action.
    let asked = unsafe { call!(__NR_rt_sigaction, signal, 0, &raw mut action, SET_BYTES) };
    asked.is_ok() && action.handler == IGNORE
}

/// `signal` is ignored from now on.
pub fn ignore(signal: i32) {
    set_action(signal, IGNORE);
}

/// `signal` does again what it does by default.
pub fn reset(signal: i32) {
    set_action(signal, 0);
}

/// Every signal does what it does by default.
pub fn reset_all() {
    (1..=LAST).filter(|signal| can_be_set(*signal)).for_each(reset);
}

fn set_action(signal: i32, handler: usize) {
    let action = Action { handler, ..Action::default() };
    // Fails for SIGKILL and SIGSTOP alone, whose action cannot be another.
    // SAFETY: the kernel reads one action; it names no handler that could run.
    let _ = unsafe { call!(__NR_rt_sigaction, signal, &raw const action, 0, SET_BYTES) };
}

fn can_be_set(signal: i32) -> bool {
    signal != KILL as i32 && signal != STOP as i32
}

/// One signal that arrived, of `struct signalfd_siginfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its number.
    pub number: i32,
    /// `si_code`.
    pub code: i32,
    /// The sender's process id where there is one, else 0.
    pub sender: u32,
}

/// Blocked signals, read as data.
#[derive(Debug)]
pub struct Inbox(Descriptor);

impl Inbox {
    /// Reads the signals of `set`; they must be blocked.
    pub fn of(set: Set) -> Result<Self, Errno> {
        let flags = linux_raw_sys::general::O_CLOEXEC | linux_raw_sys::general::O_NONBLOCK;
        // SAFETY: the kernel reads one set.
        let number = unsafe { call!(__NR_signalfd4, -1i32, &raw const set.0, SET_BYTES, flags) }?;
        Ok(Self(Descriptor::own(number as i32)))
    }

    /// Reads the signals of `set` instead, those that wait already too.
    pub fn change(&self, set: Set) -> Result<(), Errno> {
        // SAFETY: the kernel reads one set.
        unsafe { call!(__NR_signalfd4, self.0.number(), &raw const set.0, SET_BYTES, 0) }.map(drop)
    }

    /// Moves its descriptor as [`Descriptor::above`] does.
    #[must_use]
    pub fn above(self, lowest: i32) -> Self {
        Self(self.0.above(lowest))
    }

    /// What to wait for.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    /// The next signal that waits, if one does.
    #[must_use]
    pub fn arrival(&self) -> Option<Arrival> {
        let mut record = [0; 128];
        if files::read(self.0.number(), &mut record).ok()? != record.len() {
            return None;
        }
        let (words, _) = record.as_chunks::<4>();
        let word = |place: usize| words.get(place).map(|bytes| u32::from_ne_bytes(*bytes));
        Some(Arrival { number: word(0)?.cast_signed(), code: word(2)?.cast_signed(), sender: word(3)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_signals_1_to_64() {
        let set = Set::of(&[1, 15, 64, 0, -1, 65]);
        assert!(set.has(1) && set.has(15) && set.has(64));
        assert!(!set.has(0) && !set.has(2) && !set.has(65));
        assert_eq!(set.without(Set::of(&[15])), Set::of(&[1, 64]));
    }

    #[test]
    fn a_blocked_signal_is_read_with_its_sender() {
        let before = block_exactly(Set::ALL);
        let inbox = Inbox::of(Set::of(&[SIGUSR1])).unwrap();
        assert_eq!(inbox.arrival(), None);
        // To the thread, for the test harness has others that do not block it.
        // SAFETY: no memory is involved.
        let thread = unsafe { call!(__NR_gettid) }.unwrap();
        // SAFETY: no memory is involved.
        unsafe { call!(__NR_tgkill, std::process::id(), thread, SIGUSR1) }.unwrap();
        let arrival = inbox.arrival().unwrap();
        assert_eq!((arrival.number, arrival.sender), (SIGUSR1, std::process::id()));
        assert_eq!((inbox.arrival(), take(SIGUSR1)), (None, None));
        // SAFETY: no memory is involved.
        unsafe { call!(__NR_tgkill, std::process::id(), thread, SIGUSR1) }.unwrap();
        assert_eq!((take(SIGUSR1), inbox.arrival()), (Some(arrival), None));
        block_exactly(before);
    }
}
