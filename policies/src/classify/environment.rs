//! The caller's environment, as far as a tool looks at it.
//!
//! A name that stands twice is taken as most tools take it, the first; where the
//! two differ, that is noted, because not all do. Deliberately not here: what a
//! variable means.

use std::cell::Cell;

use super::UNCLEAR;
use super::grammar::Pattern;

/// Variables by name.
#[derive(Debug)]
pub(crate) struct Environment<'a> {
    entries: Vec<(&'a [u8], &'a [u8])>,
    /// A name that was asked for and has two different values.
    twice: Cell<Option<usize>>,
    /// A name that was asked for and has a value that only a shell could tell.
    unclear: Cell<Option<usize>>,
}

impl<'a> Environment<'a> {
    /// The entries whose name starts as one of the names that matter does.
    pub(crate) fn of(env: &[&'a [u8]], interest: &Interest) -> Self {
        let split = |entry: &&'a [u8]| {
            let at = interest.may_have(entry).then(|| entry.iter().position(|byte| *byte == b'='))??;
            Some((entry.get(..at)?, entry.get(at + 1..)?))
        };
        Self { entries: env.iter().filter_map(split).collect(), twice: Cell::new(None), unclear: Cell::new(None) }
    }

    /// The variable's value, also an empty one.
    pub(crate) fn any(&self, name: &[u8]) -> Option<&'a [u8]> {
        let mut values = self.entries.iter().enumerate().filter(|(_, (known, _))| *known == name);
        let (at, (_, first)) = values.next()?;
        if values.any(|(_, (_, value))| value != first) {
            self.twice.set(Some(at));
        }
        if first.contains(&UNCLEAR) {
            self.unclear.set(Some(at));
        }
        Some(first)
    }

    /// The variable's value, unless it is empty: most tools take that as unset.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.any(name).filter(|value| !value.is_empty())
    }

    /// All variables with a name like this.
    pub(crate) fn like(&self, name: &Pattern) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.entries.iter().copied().filter(move |(known, _)| name.matches(known))
    }

    /// A variable that was looked at and whose value nobody can tell.
    pub(crate) fn unclear(&self) -> Option<&'a [u8]> {
        self.name(self.unclear.get()?)
    }

    /// A variable that was looked at and has two different values.
    pub(crate) fn twice(&self) -> Option<&'a [u8]> {
        self.name(self.twice.get()?)
    }

    fn name(&self, at: usize) -> Option<&'a [u8]> {
        self.entries.get(at).map(|(name, _)| *name)
    }
}

/// The beginnings of all names that a tool looks at: a quick way to pass by the
/// rest of a long environment.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Interest([u64; 4]);

impl Interest {
    /// Adds a name, or the start of names.
    pub(crate) fn add(&mut self, name: &[u8]) {
        if let Some((word, bit)) = Self::place(name)
            && let Some(word) = self.0.get_mut(word)
        {
            *word |= bit;
        }
    }

    fn may_have(&self, entry: &[u8]) -> bool {
        Self::place(entry).is_some_and(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }

    fn place(name: &[u8]) -> Option<(usize, u64)> {
        let [first, second, ..] = name else {
            return None;
        };
        let hash = first.wrapping_mul(31).wrapping_add(*second);
        Some((usize::from(hash >> 6), 1 << (hash & 63)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interest(names: &[&str]) -> Interest {
        let mut interest = Interest::default();
        names.iter().for_each(|name| interest.add(name.as_bytes()));
        interest
    }

    #[test]
    fn the_first_of_two_values_holds_and_the_second_is_noticed() {
        let env: [&[u8]; 3] = [b"TF_WORKSPACE=a", b"PATH=/bin", b"TF_WORKSPACE=b"];
        let environment = Environment::of(&env, &interest(&["TF_WORKSPACE"]));
        assert_eq!(environment.twice(), None);
        assert_eq!(environment.get(b"TF_WORKSPACE"), Some(&b"a"[..]));
        assert_eq!(environment.twice(), Some(&b"TF_WORKSPACE"[..]));
    }

    #[test]
    fn an_empty_value_is_unset_and_an_entry_without_equals_is_none() {
        let env: [&[u8]; 2] = [b"TF_DATA_DIR=", b"TF_WORKSPACE"];
        let environment = Environment::of(&env, &interest(&["TF_X"]));
        assert_eq!(environment.get(b"TF_DATA_DIR"), None);
        assert_eq!(environment.any(b"TF_DATA_DIR"), Some(&b""[..]));
        assert_eq!(environment.any(b"TF_WORKSPACE"), None);
    }
}
