//! An argv printed again with other flags or values.
//!
//! Everything that is not changed keeps its bytes and its place. What cannot be
//! changed for certain is not: an argv that its grammar could not read, a flag that
//! a variable adds. Deliberately not here: which changes are wanted.

use super::arguments::{Argument, Arguments, Kind};

/// Why an argv cannot be printed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// The grammar could not read it.
    #[error("its arguments are not understood")]
    NotUnderstood,
    /// A variable gives the flag.
    #[error("a variable adds the flag, and variables are not changed")]
    Added,
    /// Several flags stand in one argument.
    #[error("the flag stands in one argument with others")]
    Clustered,
    /// It is no number.
    #[error("the flag's value is no number")]
    NoNumber,
}

/// The arguments after the tool's name, to be changed and printed.
#[derive(Debug, Clone)]
pub struct Printer {
    items: Vec<Item>,
}

/// One argument of one's own.
#[derive(Debug, Clone)]
struct Item {
    bytes: Vec<u8>,
    kind: Kind,
    flags: Vec<&'static str>,
    /// Whether a variable adds it.
    added: bool,
}

impl Item {
    /// None where nobody can tell what it is.
    fn of(argument: Argument<'_>) -> Option<Self> {
        let (bytes, flags) = (argument.bytes.to_vec(), argument.flags.to_vec());
        Some(Self { bytes, kind: argument.kind?, flags, added: argument.index.is_none() })
    }
}

/// Where a flag stands, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    at: usize,
    /// Whether the value is the argument after it.
    apart: bool,
    /// The value, where it has one.
    pub value: Option<Vec<u8>>,
}

impl Printer {
    /// Of arguments that were understood.
    ///
    /// # Errors
    /// Where they were not.
    pub fn of(arguments: &Arguments) -> Result<Self, PrintError> {
        let items = arguments.iter().map(Item::of).collect::<Option<_>>().filter(|_| arguments.understood);
        items.map(|items| Self { items }).ok_or(PrintError::NotUnderstood)
    }

    /// The caller's own arguments as they are now.
    #[must_use]
    pub fn argv(&self) -> Vec<Vec<u8>> {
        self.items.iter().filter(|item| !item.added).map(|item| item.bytes.clone()).collect()
    }

    /// The first place of a flag, by any of its forms.
    ///
    /// # Errors
    /// Where it stands, but in a way that cannot be changed.
    pub fn find(&self, flag: &str) -> Result<Option<Found>, PrintError> {
        Ok(self.all(flag)?.into_iter().next())
    }

    /// Every place of a flag, by any of its forms: a tool may count the first, the last, or all.
    ///
    /// # Errors
    /// As [`Printer::find`].
    pub fn all(&self, flag: &str) -> Result<Vec<Found>, PrintError> {
        let given = |item: &Item| item.kind == Kind::Flag && is(item, flag);
        let places = self.items.iter().enumerate().filter(|(_, item)| given(item));
        places.map(|(at, item)| self.found(at, item)).collect()
    }

    fn found(&self, at: usize, item: &Item) -> Result<Found, PrintError> {
        if item.added {
            return Err(PrintError::Added);
        }
        if item.flags.len() > 1 {
            return Err(PrintError::Clustered);
        }
        let next = self.items.get(at + 1).filter(|next| next.kind == Kind::Value);
        let value = next.map(|next| next.bytes.clone()).or_else(|| attached(item));
        Ok(Found { at, apart: next.is_some(), value })
    }

    /// Takes the flag out wherever it stands, with its value.
    ///
    /// # Errors
    /// As [`Printer::find`].
    pub fn remove(&mut self, flag: &str) -> Result<(), PrintError> {
        while let Some(found) = self.find(flag)? {
            let end = found.at + 1 + usize::from(found.apart);
            self.items.drain(found.at..end.min(self.items.len()));
        }
        Ok(())
    }

    /// Puts a flag after the command's words.
    pub fn add(&mut self, flag: &str, value: Option<&[u8]>) {
        let after = self.items.iter().rposition(|item| item.kind == Kind::Word).map_or(0, |at| at + 1);
        self.items.splice(after..after, written(flag, value));
    }

    /// Puts other bytes in the place of what was found.
    pub fn replace(&mut self, found: &Found, flag: &str, value: Option<&[u8]>) {
        let end = (found.at + 1 + usize::from(found.apart)).min(self.items.len());
        self.items.splice(found.at..end, written(flag, value));
    }

    /// Every operand that the test gives another value for.
    pub fn operands(&mut self, change: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        for item in self.items.iter_mut().filter(|item| item.kind == Kind::Operand && !item.added) {
            if let Some(bytes) = change(&item.bytes) {
                item.bytes = bytes;
            }
        }
    }
}

/// Whether the argument gives this flag, under its own or its canonical name.
fn is(item: &Item, flag: &str) -> bool {
    let name = item.bytes.split(|byte| *byte == b'=').next().unwrap_or_default();
    name == flag.as_bytes() || item.flags.contains(&flag)
}

/// `x` of `--flag=x`; `x` of `-fx` and `-f=x`, where `-f` is short for a long flag.
fn attached(item: &Item) -> Option<Vec<u8>> {
    let is_short = item.flags.first().is_some_and(|flag| flag.starts_with("--") || flag.len() == 2);
    match item.bytes.as_slice() {
        [b'-', first, value @ ..] if *first != b'-' && is_short => {
            let value = value.strip_prefix(b"=").unwrap_or(value);
            (!value.is_empty()).then(|| value.to_vec())
        }
        bytes => {
            let at = bytes.iter().position(|byte| *byte == b'=')?;
            bytes.get(at + 1..).map(<[u8]>::to_vec)
        }
    }
}

/// A flag as arguments: one, or two where a short flag has a value.
fn written(flag: &str, value: Option<&[u8]>) -> Vec<Item> {
    let item = |bytes: Vec<u8>, kind| Item { bytes, kind, flags: Vec::new(), added: false };
    let short = flag.len() == 2;
    match value {
        None => vec![item(flag.as_bytes().to_vec(), Kind::Flag)],
        Some(value) if short => vec![item(flag.as_bytes().to_vec(), Kind::Flag), item(value.to_vec(), Kind::Value)],
        Some(value) => vec![item([flag.as_bytes(), b"=", value].concat(), Kind::Flag)],
    }
}
