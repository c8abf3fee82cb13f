//! Levels from 0 to 4, as a rule asks for them: `2`, `">=2"`, `"<3"`, `"1..3"`.
//!
//! Tiers and clearances are both counted so. Whether a tier is known at all is
//! not a matter of ranges: that is the word `unknown`, which the rule reads.

use std::ops::RangeInclusive;

/// A set of levels, and whether "unknown" belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Levels(u8);

/// Where "unknown" stands, after the levels 0 to 4.
pub(super) const UNKNOWN: usize = 5;

impl Levels {
    /// The levels that the text asks for; none if it cannot be read or asks for no level.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut levels = Self::default();
        for level in range(text.trim())? {
            levels.insert(level);
        }
        (levels != Self::default()).then_some(levels)
    }

    /// Every level, and "unknown".
    pub(super) fn all() -> Self {
        Self(0b11_1111)
    }

    /// Every level that is known.
    pub(super) fn known() -> Self {
        Self(0b01_1111)
    }

    /// "Unknown" alone.
    pub(super) fn unknown() -> Self {
        Self(1 << UNKNOWN)
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn contains(self, level: Option<u8>) -> bool {
        let place = level.map_or(UNKNOWN, usize::from);
        place <= UNKNOWN && self.0 & (1 << place) != 0
    }

    fn insert(&mut self, level: u8) {
        self.0 |= 1 << level;
    }
}

/// The part of 0 to 4 that the text names; both ends of `1..3` are in it.
fn range(text: &str) -> Option<RangeInclusive<u8>> {
    if let Some((low, high)) = text.split_once("..") {
        return Some(level(low)?..=level(high)?);
    }
    if let Some(low) = text.strip_prefix(">=") {
        return Some(level(low)?..=4);
    }
    if let Some(high) = text.strip_prefix("<=") {
        return Some(0..=level(high)?);
    }
    if let Some(low) = text.strip_prefix('>') {
        return Some(level(low)? + 1..=4);
    }
    if let Some(high) = text.strip_prefix('<') {
        return Some(0..=level(high)?.checked_sub(1)?);
    }
    let only = level(text)?;
    Some(only..=only)
}

fn level(text: &str) -> Option<u8> {
    match text.trim().as_bytes() {
        [digit @ b'0'..=b'4'] => Some(digit - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &str) -> Option<Vec<u8>> {
        Levels::read(text).map(|levels| (0..=4).filter(|level| levels.contains(Some(*level))).collect())
    }

    #[test]
    fn a_range_names_the_levels_that_it_says() {
        for (text, expected) in [
            ("2", vec![2]),
            (">=2", vec![2, 3, 4]),
            ("<=1", vec![0, 1]),
            (">3", vec![4]),
            ("<3", vec![0, 1, 2]),
            ("1..3", vec![1, 2, 3]),
            ("0..4", vec![0, 1, 2, 3, 4]),
            (" >= 2 ", vec![2, 3, 4]),
        ] {
            assert_eq!(levels(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_range_without_a_level_in_it_is_none() {
        for text in ["", "5", "-1", ">4", "<0", "3..1", "1..", "..", ">=5", "=2", "two", "T2", "02", "1...3", "unknown"]
        {
            assert_eq!(levels(text), None, "{text}");
        }
    }

    #[test]
    fn unknown_is_no_level() {
        assert!(!Levels::known().contains(None));
        assert!(Levels::all().contains(None));
        assert!(Levels::unknown().contains(None));
        assert!(!Levels::unknown().contains(Some(0)));
    }
}
