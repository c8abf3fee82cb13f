//! The kinds of values that a policy file holds, each with its place.
//!
//! They say what is expected in words that a person who writes a policy knows.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{I64Deserializer, MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Exception, Spanned};

/// A whole number.
#[derive(Debug)]
pub(in crate::policy) struct Number(pub(in crate::policy) i64);

/// A level or a range of them, as text: `2` and `"2"` are the same.
#[derive(Debug)]
pub(in crate::policy) struct Level(pub(in crate::policy) String);

/// One thing or a list of them, each with its place, and the place of the whole.
#[derive(Debug)]
pub(in crate::policy) struct Many<T> {
    pub(in crate::policy) span: std::ops::Range<usize>,
    pub(in crate::policy) items: Vec<Spanned<T>>,
}

/// Names and what each is given, with the places of the names.
#[derive(Debug)]
pub(in crate::policy) struct Table<V>(pub(in crate::policy) BTreeMap<Spanned<String>, V>);

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// Tables of the same name, `[[NAME]]`, each with its place.
#[derive(Debug)]
pub(in crate::policy) struct Tables<T>(pub(in crate::policy) Vec<Spanned<T>>);

impl<T> Default for Tables<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// What can stand alone or in a list.
pub(super) trait Item {
    /// What is expected, where something else stands.
    const EXPECTED: &str;
}

impl Item for String {
    const EXPECTED: &str = "a word or a list of words";
}

impl Item for Level {
    const EXPECTED: &str = "a number from 0 to 4, a range such as \">=2\", or a list of them";
}

impl Item for Exception {
    const EXPECTED: &str = "a table of conditions or a list of them";
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number(number))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Table<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TableVisitor(PhantomData))
    }
}

struct TableVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for TableVisitor<V> {
    type Value = Table<V>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Table)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Tables<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TablesVisitor(PhantomData))
    }
}

struct TablesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TablesVisitor<T> {
    type Value = Tables<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("tables with two brackets: `[[NAME]]`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Tables)
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LevelVisitor)
    }
}

struct LevelVisitor;

impl Visitor<'_> for LevelVisitor {
    type Value = Level;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a number from 0 to 4 or a range such as \">=2\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Level, E> {
        Ok(Level(number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Level, E> {
        Ok(Level(text.to_owned()))
    }
}

impl<'de, T: Deserialize<'de> + Item> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = Spanned::<OneOrMore<T>>::deserialize(deserializer)?;
        let span = found.span();
        let items = match found.into_inner() {
            OneOrMore::One(item) => vec![Spanned::new(span.clone(), item)],
            OneOrMore::More(items) => items,
        };
        Ok(Self { span, items })
    }
}

enum OneOrMore<T> {
    One(T),
    More(Vec<Spanned<T>>),
}

impl<'de, T: Deserialize<'de> + Item> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor(PhantomData))
    }
}

struct OneOrMoreVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Item> Visitor<'de> for OneOrMoreVisitor<T> {
    type Value = OneOrMore<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(T::EXPECTED)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        T::deserialize(I64Deserializer::new(number)).map(OneOrMore::One)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(StrDeserializer::new(text)).map(OneOrMore::One)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(OneOrMore::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<T>>()? {
            items.push(item);
        }
        Ok(OneOrMore::More(items))
    }
}
