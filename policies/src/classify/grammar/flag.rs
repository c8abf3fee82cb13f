//! The flags of a command, and which of their values are secret.
//!
//! Not here: reading them out of an argv (`classify/parse`).

/// A command that only prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stops {
    Help,
    Version,
}

/// The flags that one command accepts.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// By name without dashes, sorted.
    pub long: Vec<(&'static [u8], Flag)>,
    pub short: Vec<(u8, Flag)>,
    /// Flags that are not listed are accepted and change nothing.
    pub open: bool,
}

impl Flags {
    pub(crate) fn long(&self, name: &[u8]) -> Option<Flag> {
        let at = self.long.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        self.long.get(at).map(|(_, flag)| *flag)
    }

    /// The flags whose name starts so.
    pub(crate) fn starting<'f>(&'f self, prefix: &'f [u8]) -> impl Iterator<Item = Flag> + 'f {
        let from = self.long.partition_point(|(known, _)| *known < prefix);
        let after = self.long.get(from..).unwrap_or_default();
        after.iter().take_while(move |(known, _)| known.starts_with(prefix)).map(|(_, flag)| *flag)
    }

    pub(crate) fn short(&self, letter: u8) -> Option<Flag> {
        self.short.iter().find(|(known, _)| *known == letter).map(|(_, flag)| *flag)
    }
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
