//! How fast passphrases may be guessed: a few at once, then ever fewer.
//!
//! All names together, or whoever guesses would take one after the other. What is refused
//! here is recorded like a wrong one. Not here: comparing; and no count outlives the
//! daemon (each guess is in the audit).

use std::time::{Duration, Instant};

/// Wrong ones that cost nothing: fingers slip.
const FREE: u32 = 4;
/// The longest that the next one is not looked at.
const LONGEST: Duration = Duration::from_secs(60);

/// Those since the last right one.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    wrong: u32,
    until: Option<Instant>,
}

impl Guesses {
    /// Whether one may be looked at; how much later, where not.
    pub(super) fn may(&self, now: Instant) -> Result<(), Duration> {
        match self.until.and_then(|until| until.checked_duration_since(now)) {
            Some(left) if !left.is_zero() => Err(left),
            _ => Ok(()),
        }
    }

    /// One was wrong.
    pub(super) fn wrong(&mut self, now: Instant) {
        self.wrong = self.wrong.saturating_add(1);
        self.until = self.wrong.checked_sub(FREE).map(|over| now + pause(over));
    }
}

/// 8 s, then twice as long each time.
fn pause(over: u32) -> Duration {
    Duration::from_secs(2_u64.saturating_pow(over.saturating_add(3))).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_guessing_is_not_many() {
        let (mut guesses, start) = (Guesses::default(), Instant::now());
        let (mut now, mut tried) = (start, 0);
        while now < start + Duration::from_secs(24 * 60 * 60) {
            match guesses.may(now) {
                Ok(()) => {
                    guesses.wrong(now);
                    tried += 1;
                }
                Err(left) => now += left,
            }
        }
        assert!((1400..1500).contains(&tried), "{tried}");
    }
}
