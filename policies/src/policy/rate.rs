//! Token buckets as a policy writes them: `1/h`, `10/5m burst 3`.
//!
//! Deliberately not here: which tokens have been taken. That is told by the
//! audit's intents, and comes in as a list of moments.

use std::time::Duration;

/// So many tokens flow in evenly over a window, and so many fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// Tokens that a window brings; at least 1.
    pub tokens: u32,
    /// The window; at least a second.
    pub window: Duration,
    /// Tokens that fit at once; at least 1.
    pub burst: u32,
}

impl Bucket {
    /// Reads `TOKENS/WINDOW`, with `burst TOKENS` after it or not.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (rate, burst) = match (words.next(), words.next(), words.next(), words.next()) {
            (Some(rate), None, ..) => (rate, None),
            (Some(rate), Some("burst"), Some(burst), None) => (rate, Some(burst)),
            _ => return Err("a rate is written `10/h` or `10/5m burst 3`".to_owned()),
        };
        let (tokens, window) = rate.split_once('/').ok_or("a rate is written `10/h` or `10/5m burst 3`")?;
        let tokens = count(tokens)?;
        let window = super::duration::window(window)?;
        let burst = burst.map_or(Ok(tokens), count)?;
        Ok(Self { tokens, window, burst })
    }

    /// How long until a token can be taken, none if one can be now. `taken` are
    /// the moments of earlier ones in milliseconds, oldest first, on the same
    /// clock as `now`.
    #[must_use]
    pub fn wait(&self, taken: impl IntoIterator<Item = u64>, now: u64) -> Option<Duration> {
        // In milliseconds times tokens, so that nothing is rounded.
        let cost = self.window.as_millis();
        let full = cost.saturating_mul(self.burst.into());
        let flown = |level: u128, from: u64, to: u64| {
            level.saturating_add(u128::from(to.saturating_sub(from)) * u128::from(self.tokens)).min(full)
        };
        let (mut level, mut last) = (full, 0);
        for moment in taken {
            level = flown(level, last, moment).saturating_sub(cost);
            last = last.max(moment);
        }
        self.left(flown(level, last, now), cost)
    }

    fn left(&self, level: u128, cost: u128) -> Option<Duration> {
        let missing = cost.checked_sub(level).filter(|missing| *missing > 0)?;
        let milliseconds = missing.div_ceil(self.tokens.max(1).into());
        Some(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX)))
    }
}

fn count(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a rate counts at least one, as a whole number".to_owned()),
        Ok(count) => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn bucket(text: &str) -> Bucket {
        Bucket::read(text).unwrap()
    }

    #[test]
    fn a_rate_is_tokens_a_window_and_what_fits_at_once() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert_eq!(bucket("1/h"), Bucket { tokens: 1, window: minutes(60), burst: 1 });
        assert_eq!(bucket("10/5m burst 3"), Bucket { tokens: 10, window: minutes(5), burst: 3 });
        assert_eq!(bucket("5/m").burst, 5);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in
            ["", "1", "0/h", "1/", "/h", "1/0s", "-1/h", "1/h burst", "1/h burst 0", "1/h bursts 2", "1/h 2", "1.5/h"]
        {
            assert!(Bucket::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_an_hour_is_one_an_hour() {
        let bucket = bucket("1/h");
        let now = 100 * HOUR;
        assert_eq!(bucket.wait([], now), None);
        assert_eq!(bucket.wait([now - 1_000], now), Some(Duration::from_millis(HOUR - 1_000)));
        assert_eq!(bucket.wait([now - HOUR], now), None);
    }

    #[test]
    fn a_burst_is_spent_and_flows_back_evenly() {
        let bucket = bucket("10/5m burst 3");
        let now = 100 * HOUR;
        assert_eq!(bucket.wait([now - 3, now - 2], now), None);
        let wait = bucket.wait([now - 3, now - 2, now - 1], now).unwrap();
        assert_eq!(wait, Duration::from_millis(30_000 - 3));
        assert_eq!(bucket.wait([now - 30_003, now - 30_002, now - 30_001], now), None);
    }

    #[test]
    fn a_token_that_was_taken_this_very_moment_counts() {
        let now = 100 * HOUR;
        assert!(bucket("1/h").wait([now], now).is_some());
    }

    #[test]
    fn a_clock_that_jumps_back_brings_no_tokens() {
        let now = 100 * HOUR;
        assert!(bucket("1/h").wait([now + HOUR], now).is_some());
    }
}
