//! What a script has done to variables and folders so far.
//!
//! Deliberately not here: the variables around the script (they are looked up
//! where nothing is noted).

use std::collections::BTreeMap;

use super::{UNCLEAR, arithmetic};
use crate::classify::environment::sets;

/// Where a command of a script runs, from where the script starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Folder {
    Start,
    At(Vec<u8>),
    Unknown,
}

/// A variable that the script changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    pub value: Value,
    pub exported: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Is(Vec<u8>),
    /// A number, whichever.
    Number,
    Unknown,
    Unset,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub variables: BTreeMap<Vec<u8>, Variable>,
    pub folder: Folder,
    /// What is set from here on is exported.
    pub exports_all: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self { variables: BTreeMap::new(), folder: Folder::Start, exports_all: false }
    }

    /// What differs from the other is not known any more: it may have happened.
    pub(super) fn blur(&mut self, other: &Self) {
        let names: Vec<Vec<u8>> = self.variables.keys().chain(other.variables.keys()).cloned().collect();
        for name in names {
            let (own, theirs) = (self.variables.get(&name), other.variables.get(&name));
            if own != theirs {
                let exported = own.or(theirs).is_some_and(|variable| variable.exported);
                let numbers = [own, theirs].iter().all(|one| one.is_some_and(|one| one.value.is_number()));
                let value = if numbers { Value::Number } else { Value::Unknown };
                self.variables.insert(name, Variable { value, exported });
            }
        }
        if self.folder != other.folder {
            self.folder = Folder::Unknown;
        }
        self.exports_all |= other.exports_all;
    }

    /// The variables that differ for a command that is started now. The shell looks
    /// along its PATH whether that is exported or not.
    pub(super) fn changes(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let passed = |(name, variable): &(&Vec<u8>, &Variable)| variable.exported || name.as_slice() == b"PATH";
        let changed = |(name, variable): (&Vec<u8>, &Variable)| {
            let value = match &variable.value {
                Value::Is(value) => Some(value.clone()),
                Value::Unset if name != b"PATH" => None,
                _ => Some(vec![UNCLEAR]),
            };
            (name.clone(), value)
        };
        self.variables.iter().filter(passed).map(changed).collect()
    }
}

impl State {
    /// Sets a variable, whose name is a plain word (no `=` is in it); it is exported where it
    /// was, or where all are.
    pub(super) fn set(&mut self, name: &[u8], value: Value, env: &[&[u8]]) {
        let known = self.variables.get(name).map(|variable| variable.exported);
        let exported = known.unwrap_or_else(|| is_around(name, env)) || self.exports_all;
        self.variables.insert(name.to_vec(), Variable { value, exported });
    }

    pub(super) fn export(&mut self, name: &[u8]) {
        if let Some(variable) = self.variables.get_mut(name) {
            variable.exported = true;
        }
    }

    /// Exports a variable, which may be one of those around.
    pub(super) fn exported(&mut self, name: &[u8], env: &[&[u8]]) {
        if !is_around(name, env) && !self.variables.contains_key(name) {
            return self.waiting(name);
        }
        self.export(name);
    }

    /// It has no value yet, but is exported as soon as it has one.
    pub(super) fn waiting(&mut self, name: &[u8]) {
        self.variables.insert(name.to_vec(), Variable { value: Value::Unset, exported: true });
    }

    /// Goes to a folder, if that works.
    pub(super) fn go(&mut self, folder: Option<Vec<u8>>) {
        self.folder = match (folder, &self.folder) {
            (Some(folder), _) if folder.starts_with(b"/") => Folder::At(folder),
            (Some(folder), Folder::Start) => Folder::At(folder),
            (Some(folder), Folder::At(here)) => Folder::At([here, &b"/"[..], &folder].concat()),
            _ => Folder::Unknown,
        };
    }
}

/// Whether the script is started with this variable.
pub(super) fn is_around(name: &[u8], env: &[&[u8]]) -> bool {
    env.iter().any(|entry| sets(entry, name))
}

impl Value {
    pub(super) fn is_number(&self) -> bool {
        match self {
            Self::Is(value) => arithmetic::is_number(value),
            Self::Number => true,
            Self::Unknown | Self::Unset => false,
        }
    }
}
