//! Names with what they stand for, sorted, and found without following each name.
//!
//! The first eight letters of every name stand side by side as a number: a search looks
//! at those, and then at the names that share them.

/// Things by name.
#[derive(Debug)]
pub(crate) struct Names<T> {
    /// Of each entry, at the same place.
    heads: Vec<u64>,
    entries: Vec<(&'static [u8], T)>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { heads: Vec::new(), entries: Vec::new() }
    }
}

/// The first eight bytes, ordered as names are. Names hold no zero, which stands for the end.
fn head(name: &[u8]) -> u64 {
    let bytes = name.first_chunk().copied().unwrap_or_else(|| {
        let mut short = [0; 8];
        short.iter_mut().zip(name).for_each(|(byte, letter)| *byte = *letter);
        short
    });
    u64::from_be_bytes(bytes)
}

impl<T> Names<T> {
    /// Adds one; another of the same name gives way.
    pub(crate) fn put(&mut self, name: &'static [u8], thing: T) {
        let at = self.from(name);
        match self.entries.get_mut(at).filter(|(known, _)| *known == name) {
            Some(entry) => entry.1 = thing,
            None => {
                self.heads.insert(at, head(name));
                self.entries.insert(at, (name, thing));
            }
        }
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<&T> {
        let (_, mut same) = self.alike(name);
        same.find(|(known, _)| *known == name).map(|(_, thing)| thing)
    }

    /// Those whose name starts so, sorted: that of just this name is the first.
    pub(crate) fn starting<'n>(&'n self, prefix: &'n [u8]) -> impl Iterator<Item = &'n (&'static [u8], T)> {
        let after = self.entries.get(self.from(prefix)..).unwrap_or_default();
        after.iter().take_while(move |(known, _)| known.starts_with(prefix))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(&'static [u8], T)> {
        self.entries.iter()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|(_, thing)| thing)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first place whose name is not before this one.
    fn from(&self, name: &[u8]) -> usize {
        let (at, same) = self.alike(name);
        at + same.take_while(|(known, _)| *known < name).count()
    }

    /// Where the names with the same first letters begin, and those.
    fn alike(&self, name: &[u8]) -> (usize, impl Iterator<Item = &(&'static [u8], T)>) {
        let wanted = head(name);
        let at = self.heads.partition_point(|known| *known < wanted);
        let same = self.heads.iter().zip(&self.entries).skip(at).take_while(move |(known, _)| **known == wanted);
        (at, same.map(|(_, entry)| entry))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prop_assert_eq, proptest};

    use super::*;
    use crate::classify::grammar::forever::forever;

    proptest! {
        #[test]
        fn they_are_found_as_in_a_sorted_map(
            names in vec("[ab-]{0,10}|long-name-[ab]{0,3}", 0..40),
            asked in "[ab-]{0,10}(\0[ab]{0,2})?|long-name-[ab]{0,3}",
        ) {
            let mut found = Names::default();
            let mut known = std::collections::BTreeMap::new();
            for (at, name) in names.iter().enumerate() {
                found.put(forever(name).as_bytes(), at);
                known.insert(name.as_bytes(), at);
            }
            let asked = asked.as_bytes();
            prop_assert_eq!(found.get(asked), known.get(asked));
            let all: Vec<_> = found.iter().map(|(name, at)| (*name, *at)).collect();
            prop_assert_eq!(all, known.clone().into_iter().collect::<Vec<_>>());
            let starting: Vec<_> = found.starting(asked).map(|(name, _)| *name).collect();
            prop_assert_eq!(starting, known.into_keys().filter(|name| name.starts_with(asked)).collect::<Vec<_>>());
        }
    }
}
