//! A value and where it stands in its file.
//!
//! It is `toml`'s own, in a type of ours: so the language's schema can be generated
//! from the types that read it.

use std::cmp::Ordering;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer};

/// A value, and the bytes of the file that it stands in.
#[derive(Debug)]
pub(in crate::policy) struct Spanned<T> {
    span: Range<usize>,
    value: T,
}

impl<T> Spanned<T> {
    pub(super) fn new(span: Range<usize>, value: T) -> Self {
        Self { span, value }
    }

    pub(in crate::policy) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(in crate::policy) fn get_ref(&self) -> &T {
        &self.value
    }

    pub(in crate::policy) fn into_inner(self) -> T {
        self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = toml::Spanned::<T>::deserialize(deserializer)?;
        Ok(Self { span: found.span(), value: found.into_inner() })
    }
}

// As names in a table, values count alone.
impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: PartialOrd> PartialOrd for Spanned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Spanned<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}
