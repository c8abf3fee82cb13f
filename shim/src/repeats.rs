//! One signal sent twice is one signal.
//!
//! `timeout` of coreutils signals its child and then its whole process group,
//! the child a second time, microseconds later (`cleanup` in `timeout.c`). A
//! process that is signalled directly sees one: the second finds the first still
//! pending and the kernel drops it, for standard signals do not queue
//! (signal(7)). The shim wakes up and reads in between, so it would make two of
//! them, and to `terraform` a second SIGINT means: stop at once, leave the lock.
//!
//! So what the same sender sends again within 20 ms is the same signal. Not so
//! for real-time signals, which do queue; for those of the kernel and the
//! terminal, which come once; and for SIGCONT, SIGWINCH and SIGURG, which say
//! "look again": there the last one counts and a further look harms nobody.

use core::time::Duration;

use tollgate_bare::signals::{Arrival, SIGCONT, SIGRTMIN, SIGURG, SIGWINCH, Set};

/// Far above the microseconds between two calls of one sender, far below what a
/// person or a script means by twice.
const SAME: Duration = Duration::from_millis(20);
/// `SI_USER`: sent by `kill`.
const BY_KILL: i32 = 0;

/// The last signal of each number that was passed on: its sender and when.
#[derive(Debug, Default)]
pub(crate) struct Repeats([Option<(u32, Duration)>; SIGRTMIN as usize]);

impl Repeats {
    /// Whether this arrival is the last one of its number once more; if not, it
    /// is the last one from now on.
    pub(crate) fn is_repeat(&mut self, arrival: &Arrival, now: Duration) -> bool {
        if arrival.code != BY_KILL || Set::of(&[SIGCONT, SIGWINCH, SIGURG]).has(arrival.number) {
            return false;
        }
        let place = usize::try_from(arrival.number).ok().and_then(|number| self.0.get_mut(number));
        let Some(last) = place else { return false };
        let repeated = last.is_some_and(|(sender, at)| sender == arrival.sender && now.saturating_sub(at) < SAME);
        if !repeated {
            *last = Some((arrival.sender, now));
        }
        repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_bare::signals::{SIGINT, SIGTERM};

    fn sent(number: i32, code: i32, sender: u32) -> Arrival {
        Arrival { number, code, sender }
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_secs(1000) + Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_signal_that_one_sender_sends_twice_at_once_is_one() {
        let mut repeats = Repeats::default();
        assert!(!repeats.is_repeat(&sent(SIGTERM, BY_KILL, 7), at(0)));
        assert!(repeats.is_repeat(&sent(SIGTERM, BY_KILL, 7), at(0)));
        assert!(repeats.is_repeat(&sent(SIGTERM, BY_KILL, 7), at(19)));
        assert!(!repeats.is_repeat(&sent(SIGTERM, BY_KILL, 7), at(20)));
    }

    #[test]
    fn another_sender_or_another_signal_is_not_the_same() {
        let mut repeats = Repeats::default();
        assert!(!repeats.is_repeat(&sent(SIGTERM, BY_KILL, 7), at(0)));
        assert!(!repeats.is_repeat(&sent(SIGINT, BY_KILL, 7), at(0)));
        assert!(!repeats.is_repeat(&sent(SIGTERM, BY_KILL, 8), at(0)));
    }

    #[test]
    fn what_queues_or_asks_to_look_again_is_never_dropped() {
        let mut repeats = Repeats::default();
        for (number, code) in [(SIGRTMIN, 0), (64, 0), (SIGWINCH, 0), (SIGCONT, 0), (SIGINT, 128), (99, 0), (-1, 0)] {
            assert!(!repeats.is_repeat(&sent(number, code, 7), at(0)));
            assert!(!repeats.is_repeat(&sent(number, code, 7), at(1)), "{number}");
        }
    }
}
