//! What a script has done to variables and folders so far.
//!
//! Deliberately not here: the variables around the script (they are looked up
//! where nothing is noted).

use std::collections::BTreeMap;

use super::UNCLEAR;

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
    Unknown,
    Unset,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub variables: BTreeMap<Vec<u8>, Variable>,
    pub folder: Folder,
    /// Any variable may have any value.
    pub scrambled: bool,
    /// What is set from here on is exported.
    pub exports_all: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self { variables: BTreeMap::new(), folder: Folder::Start, scrambled: false, exports_all: false }
    }

    /// What differs from the other is not known any more: it may have happened.
    pub(super) fn blur(&mut self, other: &Self) {
        let names: Vec<Vec<u8>> = self.variables.keys().chain(other.variables.keys()).cloned().collect();
        for name in names {
            let (own, theirs) = (self.variables.get(&name), other.variables.get(&name));
            if own != theirs {
                let exported = own.or(theirs).is_some_and(|variable| variable.exported);
                self.variables.insert(name, Variable { value: Value::Unknown, exported });
            }
        }
        if self.folder != other.folder {
            self.folder = Folder::Unknown;
        }
        self.scrambled |= other.scrambled;
        self.exports_all |= other.exports_all;
    }

    /// The variables that differ for a command that is started now; with
    /// everything in doubt, those of `around` too.
    pub(super) fn changes(&self, around: &[&[u8]]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let mut changes = BTreeMap::new();
        if self.scrambled {
            let names = around.iter().filter_map(|entry| entry.split(|byte| *byte == b'=').next());
            changes.extend(names.map(|name| (name.to_vec(), Some(vec![UNCLEAR]))));
        }
        for (name, variable) in self.variables.iter().filter(|(_, variable)| variable.exported) {
            let value = match &variable.value {
                Value::Is(value) if !self.scrambled => Some(value.clone()),
                Value::Unset if !self.scrambled => None,
                _ => Some(vec![UNCLEAR]),
            };
            changes.insert(name.clone(), value);
        }
        changes.into_iter().collect()
    }
}
