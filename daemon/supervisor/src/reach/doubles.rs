//! Which signals of the shim's the tool has already got through its group.
//!
//! What the shim got waits for a moment. Where the witness got the same from the
//! same sender, it was sent to the group and is done; else, once the witness was
//! asked and had nothing more to tell, it was the shim's alone and is delivered.
//!
//! A stop discards a continuation that its receiver has not read yet, and the
//! other way round (signal(7)), so shim and witness need not have read the same.
//! Of what the shim read, the opposite that came later counts. Not here: whether
//! a continuation is needed, which the tool's own state tells best.

use core::time::Duration;

use tollgate_bare::signals::{SIGCONT, SIGINT, SIGQUIT, SIGWINCH, Set};
use tollgate_wire::message::Signal;

/// How long one sender may take between a process and its group: `timeout` of
/// coreutils signals its child first, and then the group.
const GRACE: Duration = Duration::from_millis(3);
/// How long a witness may take to answer that runs: on a crowded machine, long.
/// What the group got as well would be delivered twice after it.
const LATEST: Duration = Duration::from_secs(5);
/// How long the shim may take to pass on what the witness has told before.
const REMEMBERED: Duration = Duration::from_secs(2);
/// `si_pid` of what the kernel sends.
const KERNEL: u32 = 0;
/// `SI_KERNEL`: sent by the kernel itself, as a terminal's signals are.
pub(super) const BY_KERNEL: i32 = 128;
/// Signals 1 to 64.
const NUMBERS: usize = 65;

/// One signal that the shim got.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    sender: u32,
    since: Duration,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The sender may not be through yet.
    Early,
    /// The witness was asked.
    Asked,
    /// It was the shim's alone.
    Alone,
}

/// By signal number, the last that the shim got and the last that the group got.
#[derive(Debug)]
pub(super) struct Doubles {
    shims: [Option<Waiting>; NUMBERS],
    groups: [Option<(u32, Duration)>; NUMBERS],
}

impl Doubles {
    pub(super) fn new() -> Self {
        Self { shims: [None; NUMBERS], groups: [None; NUMBERS] }
    }

    /// The shim got a signal. One of the same number and another sender that still
    /// waits is to be delivered now: where that happens, true.
    pub(super) fn shim_got(&mut self, signal: Signal, now: Duration) -> bool {
        let Some(index) = index(signal.number) else { return false };
        self.discard_opposites(signal.number);
        if is_by_terminal(signal) {
            return false;
        }
        if let Some(known) = self.groups.get_mut(index)
            && known.take_if(|(sender, at)| *sender == signal.sender && now.saturating_sub(*at) < REMEMBERED).is_some()
        {
            return false;
        }
        let Some(place) = self.shims.get_mut(index) else { return false };
        let before = *place;
        if before.is_some_and(|before| before.sender == signal.sender) {
            // A process that had not handled the first would see one as well.
            return false;
        }
        *place = Some(Waiting { sender: signal.sender, since: now, stage: Stage::Early });
        before.is_some()
    }

    /// The witness got a signal.
    pub(super) fn group_got(&mut self, signal: Signal, now: Duration) {
        let Some(index) = index(signal.number) else { return };
        let waits =
            self.shims.get_mut(index).and_then(|place| place.take_if(|waiting| waiting.sender == signal.sender));
        if let (None, Some(place)) = (waits, self.groups.get_mut(index)) {
            *place = Some((signal.sender, now));
        }
    }

    /// What the shim got undoes what it got before. A stop of its group that it
    /// did not pass on it stopped by, and is done with; only the kernel's cannot
    /// be mistaken for another, for they are always the group's.
    fn discard_opposites(&mut self, number: i32) {
        if Set::STOPS.has(number) {
            discard(&mut self.shims, Set::of(&[SIGCONT]), |_| true);
        } else if number == SIGCONT {
            discard(&mut self.shims, Set::STOPS, |_| true);
            discard(&mut self.groups, Set::STOPS, |(sender, _)| *sender != KERNEL);
        }
    }

    /// Whether it is time to ask the witness.
    pub(super) fn is_to_be_asked(&mut self, now: Duration) -> bool {
        let mut ask = false;
        for waiting in self.shims.iter_mut().flatten() {
            if waiting.stage == Stage::Early && now.saturating_sub(waiting.since) >= GRACE {
                waiting.stage = Stage::Asked;
                ask = true;
            }
        }
        ask
    }

    /// The witness has answered, is stopped, or is gone. (One that is stopped was
    /// not continued by what the shim got; and anything else that its group got
    /// waits at the tool, which is stopped with it, and is there once.)
    pub(super) fn nothing_more(&mut self) {
        for waiting in self.shims.iter_mut().flatten() {
            if waiting.stage == Stage::Asked {
                waiting.stage = Stage::Alone;
            }
        }
    }

    /// A signal that was the shim's alone, and when it came, the oldest first.
    pub(super) fn alone(&mut self, now: Duration) -> Option<(i32, Duration)> {
        let due = |one: &Waiting| one.stage == Stage::Alone || now.saturating_sub(one.since) >= LATEST;
        let found =
            self.shims.iter().enumerate().filter_map(|(index, one)| one.filter(due).map(|one| (one.since, index)));
        let (_, index) = found.min()?;
        let waited = self.shims.get_mut(index)?.take()?;
        Some((i32::try_from(index).ok()?, waited.since))
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.shims.iter().all(Option::is_none)
    }

    /// How long until something is to be done.
    pub(super) fn patience(&self, now: Duration) -> Option<Duration> {
        let next = self.shims.iter().flatten().map(|one| match one.stage {
            Stage::Early => one.since.saturating_add(GRACE),
            Stage::Asked => one.since.saturating_add(LATEST),
            Stage::Alone => now,
        });
        next.min().map(|next| next.saturating_sub(now))
    }
}

/// What the kernel sends of these it sends to a whole group, for a terminal (tty_ioctl(2));
/// so the tool has had it, and nobody needs to be asked. Not a hangup: that may be for the
/// leader of a session alone.
fn is_by_terminal(signal: Signal) -> bool {
    let of_terminals = Set::STOPS.union(Set::of(&[SIGINT, SIGQUIT, SIGWINCH]));
    signal.code == BY_KERNEL && of_terminals.has(signal.number)
}

fn discard<T>(places: &mut [Option<T>; NUMBERS], numbers: Set, is_done: impl Fn(&T) -> bool) {
    for (number, place) in (0..).zip(places) {
        place.take_if(|one| numbers.has(number) && is_done(one));
    }
}

fn index(number: i32) -> Option<usize> {
    usize::try_from(number).ok().filter(|index| (1..NUMBERS).contains(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_bare::signals::{SIGALRM, SIGTERM, SIGTSTP};

    fn at(milliseconds: u64) -> Duration {
        Duration::from_secs(1000) + Duration::from_millis(milliseconds)
    }

    fn sent(number: i32, sender: u32) -> Signal {
        Signal { number, code: 0, sender }
    }

    fn next(doubles: &mut Doubles, now: Duration) -> Option<i32> {
        doubles.alone(now).map(|(number, _)| number)
    }

    #[test]
    fn what_the_group_got_is_not_delivered_again() {
        let mut doubles = Doubles::new();
        doubles.shim_got(sent(SIGINT, 0), at(0));
        doubles.group_got(sent(SIGINT, 0), at(1));
        assert_eq!(
            (doubles.is_to_be_asked(at(9)), next(&mut doubles, at(999)), doubles.patience(at(2))),
            (false, None, None)
        );
        doubles.group_got(sent(SIGTERM, 7), at(10));
        doubles.shim_got(sent(SIGTERM, 7), at(11));
        assert_eq!(doubles.patience(at(12)), None);
    }

    #[test]
    fn what_the_shim_alone_got_is_delivered_once_the_witness_was_asked() {
        let mut doubles = Doubles::new();
        doubles.shim_got(sent(SIGTERM, 7), at(0));
        assert_eq!((doubles.is_to_be_asked(at(2)), doubles.patience(at(2))), (false, Some(Duration::from_millis(1))));
        assert!(doubles.is_to_be_asked(at(3)));
        assert_eq!(next(&mut doubles, at(4)), None);
        doubles.nothing_more();
        assert_eq!((next(&mut doubles, at(4)), next(&mut doubles, at(4))), (Some(SIGTERM), None));
    }

    #[test]
    fn a_witness_that_does_not_answer_is_not_waited_for_for_ever() {
        let mut doubles = Doubles::new();
        doubles.shim_got(sent(SIGTERM, 7), at(0));
        assert!(doubles.is_to_be_asked(at(3)));
        assert_eq!(next(&mut doubles, at(4999)), None);
        assert_eq!(next(&mut doubles, at(5000)), Some(SIGTERM));
    }

    #[test]
    fn what_a_terminal_sends_waits_for_no_witness() {
        let mut doubles = Doubles::new();
        doubles.shim_got(Signal { number: SIGTSTP, code: BY_KERNEL, sender: 0 }, at(0));
        assert_eq!((doubles.is_empty(), delivered(&mut doubles, at(9999))), (true, None));
        doubles.shim_got(Signal { number: SIGALRM, code: BY_KERNEL, sender: 0 }, at(0));
        assert_eq!(delivered(&mut doubles, at(4)), Some(SIGALRM), "whoever started the shim has set an alarm");
    }

    #[test]
    fn another_sender_is_another_signal() {
        let mut doubles = Doubles::new();
        doubles.group_got(sent(SIGTERM, 8), at(0));
        assert!(!doubles.shim_got(sent(SIGTERM, 7), at(1)));
        assert!(doubles.shim_got(sent(SIGTERM, 9), at(2)), "the first one is delivered now");
        doubles.group_got(sent(SIGTERM, 7), at(3));
        assert!(doubles.is_to_be_asked(at(5)));
        doubles.nothing_more();
        assert_eq!(next(&mut doubles, at(5)), Some(SIGTERM));
    }

    #[test]
    fn signals_are_delivered_in_their_order_and_no_number_is_too_odd() {
        let mut doubles = Doubles::new();
        for number in [-1, 0, 65, i32::MAX] {
            assert!(!doubles.shim_got(sent(number, 7), at(0)));
            doubles.group_got(sent(number, 7), at(0));
        }
        doubles.shim_got(sent(SIGTERM, 7), at(0));
        doubles.shim_got(sent(SIGINT, 7), at(1));
        assert_eq!(
            (next(&mut doubles, at(9000)), next(&mut doubles, at(9000)), next(&mut doubles, at(9000))),
            (Some(SIGTERM), Some(SIGINT), None)
        );
    }

    /// Asks the witness, which has no more to tell, and gives what is then delivered.
    fn delivered(doubles: &mut Doubles, now: Duration) -> Option<i32> {
        doubles.is_to_be_asked(now);
        doubles.nothing_more();
        next(doubles, now)
    }

    #[test]
    fn of_a_stop_and_a_continuation_the_later_counts() {
        let mut doubles = Doubles::new();
        doubles.shim_got(sent(SIGCONT, 7), at(0));
        doubles.shim_got(sent(SIGTSTP, 8), at(1));
        assert_eq!(delivered(&mut doubles, at(4)), Some(SIGTSTP));
        doubles.shim_got(sent(SIGTSTP, 8), at(5));
        doubles.shim_got(sent(SIGCONT, 7), at(6));
        assert_eq!((delivered(&mut doubles, at(9)), next(&mut doubles, at(9999))), (Some(SIGCONT), None));
    }

    #[test]
    fn a_group_s_stop_is_done_with_once_the_shim_goes_on() {
        let mut doubles = Doubles::new();
        doubles.group_got(sent(SIGTSTP, 7), at(0));
        doubles.shim_got(sent(SIGCONT, 7), at(1));
        doubles.shim_got(sent(SIGTSTP, 7), at(5));
        assert_eq!(delivered(&mut doubles, at(8)), Some(SIGTSTP));
    }

    #[test]
    fn what_one_sender_sends_before_the_first_is_handled_is_one() {
        let mut doubles = Doubles::new();
        doubles.shim_got(sent(SIGTERM, 7), at(0));
        assert!(!doubles.shim_got(sent(SIGTERM, 7), at(1)));
        assert_eq!((delivered(&mut doubles, at(4)), next(&mut doubles, at(4))), (Some(SIGTERM), None));
    }

    #[test]
    fn a_slow_shim_passes_nothing_on_twice() {
        let mut doubles = Doubles::new();
        doubles.group_got(sent(SIGINT, 0), at(0));
        doubles.shim_got(sent(SIGINT, 0), at(1900));
        assert_eq!(delivered(&mut doubles, at(1999)), None);
    }
}
