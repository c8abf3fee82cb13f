//! The flags of a command, and which of their values are secret.
//!
//! Not here: reading them out of an argv (`classify/parse`).

use super::names::Names;

/// A command that only prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stops {
    Help,
    Version,
}

/// The flags that one command accepts.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// By name without dashes.
    pub long: Names<Flag>,
    /// By their letter, sorted.
    pub short: Vec<(u8, Flag)>,
    /// Flags that are not listed are accepted and change nothing.
    pub open: bool,
}

impl Flags {
    pub(crate) fn long(&self, name: &[u8]) -> Option<Flag> {
        self.long.get(name).copied()
    }

    /// The flag of this name, or the only one whose name starts so.
    pub(crate) fn shortened(&self, name: &[u8]) -> Shortened {
        let mut starting = self.long.starting(name);
        match (starting.next(), starting.next()) {
            (Some((known, flag)), _) if *known == name => Shortened::To(*flag),
            (Some((_, flag)), None) => Shortened::To(*flag),
            (Some(_), Some(_)) => Shortened::Ambiguous,
            (None, _) => Shortened::Unknown,
        }
    }

    /// The flags whose name starts so.
    pub(crate) fn starting<'f>(&'f self, prefix: &'f [u8]) -> impl Iterator<Item = Flag> + 'f {
        self.long.starting(prefix).map(|(_, flag)| *flag)
    }

    pub(crate) fn short(&self, letter: u8) -> Option<Flag> {
        let at = self.short.binary_search_by_key(&letter, |(known, _)| *known).ok()?;
        self.short.get(at).map(|(_, flag)| *flag)
    }
}

/// What the beginning of a name stands for.
pub(crate) enum Shortened {
    To(Flag),
    Ambiguous,
    Unknown,
}

/// One flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag {
    /// Its canonical name with dashes: `--namespace`, also where `-n` was typed.
    pub name: &'static str,
    pub takes: Takes,
    pub stops: Option<Stops>,
    /// Its value is a program that the tool runs.
    pub runs: bool,
    /// Its value is a file that is written, also by a command that changes nothing else.
    pub writes: bool,
}

/// A set of flags by a few of their letters: what is not in it was not given, what is
/// may have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks(u64);

impl Marks {
    pub(crate) fn of(name: &str) -> Self {
        let (name, long) = (name.as_bytes(), name.len());
        let at = |place: usize| usize::from(name.get(place).copied().unwrap_or_default());
        Self(1 << ((long * 7 + at(long / 2) * 3 + at(long.saturating_sub(1)) * 5) & 63))
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether all of the others are in it.
    pub(crate) fn have(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }
}

/// What follows a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing, or `=true` and `=false` where the dialect has it.
    Nothing,
    /// A value, attached or the next argument.
    Value,
    /// A value that can only be attached; this one where there is none.
    Attached(&'static str),
    /// A value that must be attached.
    MustAttach,
    /// The next argument, unless that is a flag.
    Maybe,
    /// All arguments up to the next flag.
    Many,
}

#[derive(Debug)]
pub(crate) struct SecretFlag {
    pub name: &'static str,
    pub secret: Secret,
}

/// How much of a flag's value is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    Whole,
    /// `name=secret`: the name may be shown.
    Pair,
    /// `name=value`, secret if the name says so.
    NamedPair,
    /// All of it, if the flag takes a value at all: no grammar says.
    Guessed,
}
