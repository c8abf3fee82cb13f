//! The caller's environment, as far as a tool looks at it.
//!
//! A name that stands twice is taken as most tools take it, the first; where the
//! two differ, that is noted, because not all do. Deliberately not here: what a
//! variable means.

use std::cell::Cell;

use smallvec::SmallVec;

use super::UNCLEAR;
use super::grammar::Pattern;

/// Variables by name.
#[derive(Debug)]
pub(crate) struct Environment<'a> {
    entries: SmallVec<[(&'a [u8], &'a [u8]); 8]>,
    /// Their names, whole and by their beginnings.
    present: Interest,
    /// Their names, whole.
    named: NameMarks,
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
        let mut environment = Self {
            entries: SmallVec::new(),
            present: Interest::default(),
            named: NameMarks::default(),
            twice: Cell::new(None),
            unclear: Cell::new(None),
        };
        for (name, value) in env.iter().filter_map(split) {
            let hash = whole(name);
            environment.present.mark(hash);
            environment.named.mark(hash);
            beginning(name).into_iter().for_each(|hash| environment.present.mark(hash));
            environment.entries.push((name, value));
        }
        environment
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

    /// Whether one is set whose name starts so.
    pub(crate) fn begins(&self, start: &[u8]) -> bool {
        self.entries.iter().any(|(name, _)| name.starts_with(start))
    }

    /// Whether all of these may be set.
    pub(crate) fn may_have_all(&self, names: NameMarks) -> bool {
        names.0 & !self.named.0 == 0
    }

    /// Whether one of these may be set.
    pub(crate) fn may_have(&self, names: &Interest) -> bool {
        self.present.meets(names)
    }

    /// All variables with a name like this.
    pub(crate) fn like(&self, name: &Pattern) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let may_be = name.is_open() || self.present.has(whole(name.start));
        let entries: &[_] = if may_be { &self.entries } else { &[] };
        entries.iter().copied().filter(move |(known, _)| name.matches(known))
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

/// Whether an entry sets the variable of this name.
pub(crate) fn sets(entry: &[u8], name: &[u8]) -> bool {
    entry.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"="))
}

/// Names of variables, a bit each: what has another bit is none of them.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct NameMarks(u64);

impl NameMarks {
    pub(crate) fn add(&mut self, name: &[u8]) {
        self.mark(whole(name));
    }

    fn mark(&mut self, hash: u8) {
        self.0 |= 1 << (hash & 63);
    }
}

/// Names of variables, as a set of a few of their letters: a quick way to pass by the
/// rest of a long environment. What is not in it is none of them, what is may be.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Interest([u64; 4]);

impl Interest {
    /// Adds all names that start so.
    pub(crate) fn add(&mut self, start: &[u8]) {
        match beginning(start) {
            Some(hash) => self.mark(hash),
            None => self.0 = [u64::MAX; 4],
        }
    }

    /// Adds the names that a pattern matches, to be compared with whole names.
    pub(crate) fn add_like(&mut self, name: &Pattern) {
        match name.is_open() {
            true => self.add(name.start),
            false => self.mark(whole(name.start)),
        }
    }

    /// Adds all names of another.
    pub(crate) fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).fold(0, |both, (word, more)| both | word & more) != 0
    }

    /// Whether an entry starts as one of the names does.
    fn may_have(&self, entry: &[u8]) -> bool {
        beginning(entry).is_some_and(|hash| self.has(hash))
    }

    fn has(&self, hash: u8) -> bool {
        self.0.get(usize::from(hash >> 6)).is_some_and(|word| word & 1 << (hash & 63) != 0)
    }

    fn mark(&mut self, hash: u8) {
        if let Some(word) = self.0.get_mut(usize::from(hash >> 6)) {
            *word |= 1 << (hash & 63);
        }
    }
}

/// Of the first two letters; none where there is only one.
fn beginning(name: &[u8]) -> Option<u8> {
    match name {
        [first, second, ..] => Some(first.wrapping_mul(31).wrapping_add(*second)),
        _ => None,
    }
}

/// Of a whole name.
fn whole(name: &[u8]) -> u8 {
    let at = |place: usize| name.get(place).copied().unwrap_or_default();
    let long = name.len();
    let letters = at(0).wrapping_mul(7) ^ at(long / 2).wrapping_mul(31) ^ at(long.saturating_sub(1));
    letters ^ u8::try_from(long).unwrap_or_default().wrapping_mul(13)
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
