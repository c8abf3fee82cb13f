//! What is known of variables while a script is followed.
//!
//! Deliberately not here: what a word makes of their values (`word`).

use super::super::state::{State, Value};
use super::super::word::Variables;
use super::{UNCLEAR, arithmetic, special};

/// What a word can know.
pub(super) struct Known<'k> {
    pub(super) state: &'k State,
    pub(super) env: &'k [&'k [u8]],
    /// No value can be told.
    pub(super) nothing: bool,
}

/// Variables that a shell sets itself, whatever it was given.
const OWN: [&str; 30] = [
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "IFS",
    "PS4",
    "PPID",
    "UID",
    "EUID",
    "GID",
    "EGID",
    "RANDOM",
    "SRANDOM",
    "SECONDS",
    "LINENO",
    "HOSTNAME",
    "HOSTTYPE",
    "OSTYPE",
    "MACHTYPE",
    "SHELLOPTS",
    "OPTIND",
    "OPTARG",
    "OPTERR",
    "REPLY",
    "DIRSTACK",
    "GROUPS",
    "FUNCNAME",
    "PIPESTATUS",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
];

impl Known<'_> {
    fn around(&self, name: &str) -> Option<Vec<u8>> {
        let value = |entry: &&[u8]| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec);
        self.env.iter().find_map(value)
    }

    fn is_own(name: &str) -> bool {
        OWN.contains(&name) || name.starts_with("BASH")
    }
}

impl Variables for Known<'_> {
    fn value(&self, name: &str) -> Option<Vec<u8>> {
        if self.nothing || Self::is_own(name) {
            return None;
        }
        match self.state.variables.get(name.as_bytes()) {
            Some(variable) => match &variable.value {
                Value::Is(value) => Some(value.clone()),
                Value::Number | Value::Unknown | Value::Unset => None,
            },
            None => self.around(name),
        }
        .filter(|value| !value.contains(&UNCLEAR))
    }

    fn is_number(&self, name: &str) -> bool {
        if self.nothing || Self::is_own(name) {
            return !self.nothing && special::holds_number(name);
        }
        match self.state.variables.get(name.as_bytes()) {
            Some(variable) => variable.value.is_number(),
            None => self.around(name).is_some_and(|value| arithmetic::is_number(&value)),
        }
    }

    fn splits_at_space(&self) -> bool {
        !self.state.variables.contains_key(&b"IFS"[..])
    }
}
