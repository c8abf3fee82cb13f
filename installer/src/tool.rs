//! A tool's name, fit to be the name of a shim.
//!
//! Not here: which tools there are, or where their real programs are.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// The symlink to the gate's socket that every folder of shims holds.
pub(crate) const GATE: &str = ".gate";
/// Linux' `NAME_MAX`, in bytes.
const LONGEST: usize = 255;

/// Why a name cannot be a shim's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It has no bytes.
    #[error("a tool's name cannot be empty: give names as in `--tools terraform,kubectl`")]
    Empty,
    /// It is a path, not a name.
    #[error("a tool's name cannot hold a slash: give the name alone, as it is typed")]
    Slash,
    /// It stands for something else in a folder of shims.
    #[error("`.`, `..` and `.gate` cannot be names of tools")]
    Reserved,
    /// The kernel knows no such long names.
    #[error("a tool's name cannot be longer than {LONGEST} bytes")]
    Long,
    /// The kernel ends a name there.
    #[error("a tool's name cannot hold a NUL byte")]
    Nul,
}

/// A tool's name, as it is typed: one part of a path, any bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tool(OsString);

impl Tool {
    /// Takes a name that can be a shim's.
    pub fn new(name: &OsStr) -> Result<Self, Wrong> {
        match name.as_bytes() {
            [] => Err(Wrong::Empty),
            b"." | b".." => Err(Wrong::Reserved),
            bytes if bytes == GATE.as_bytes() => Err(Wrong::Reserved),
            bytes if bytes.contains(&b'/') => Err(Wrong::Slash),
            bytes if bytes.contains(&0) => Err(Wrong::Nul),
            bytes if bytes.len() > LONGEST => Err(Wrong::Long),
            _ => Ok(Self(name.to_owned())),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_single_part_of_a_path_is_refused() {
        let refusal = |name: &[u8]| Tool::new(OsStr::from_bytes(name)).unwrap_err();
        assert_eq!(refusal(b""), Wrong::Empty);
        assert_eq!(refusal(b"."), Wrong::Reserved);
        assert_eq!(refusal(b".."), Wrong::Reserved);
        assert_eq!(refusal(b".gate"), Wrong::Reserved);
        assert_eq!(refusal(b"/bin/rm"), Wrong::Slash);
        assert_eq!(refusal(b"a\0b"), Wrong::Nul);
        assert_eq!(refusal(&[b'x'; 256]), Wrong::Long);
    }

    #[test]
    fn any_other_bytes_are_a_name() {
        for name in [&b"terraform"[..], b"kubectl-ns", b"-rf", b"a b", b"\xff\xfe", b".gate2", b"..."] {
            assert_eq!(Tool::new(OsStr::from_bytes(name)).unwrap().name().as_bytes(), name);
        }
    }
}
