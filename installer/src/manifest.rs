//! What was installed: the memory by which it is kept up, and removed exactly.
//!
//! It is written before the first change, with everything that is about to be,
//! and again after the last one: whatever happens between, nothing that we made is
//! forgotten.
//!
//! Not here: making or removing anything.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::thing::Thing;

/// The version of the format that this program writes.
pub const VERSION: u32 = 1;
/// No manifest is longer than this, in bytes.
const MOST: u64 = 4 << 20;

/// Whether the installation was finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything in it was made.
    Whole,
    /// A change of it was begun.
    Begun,
}

/// What was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format's version.
    pub v: u32,
    /// The version of Tollgate that wrote it.
    pub version: String,
    /// Whether it was finished.
    pub standing: Standing,
    /// The tools that are wrapped.
    pub tools: Vec<String>,
    /// The starter policy's name.
    pub profile: String,
    /// Every thing that was made, or was about to be, in the order of making.
    pub things: Vec<Thing>,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It is not what we wrote.
    #[error("`{}` is not what was written there: what is installed can no longer be told; restore it from a copy", path.display())]
    Wrong {
        /// Where it is.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// It is of a later version.
    #[error("`{}` was written by a later version (format {found}): use that one", path.display())]
    Later {
        /// Where it is.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

/// What every version's manifest says first.
#[derive(Debug, Deserialize)]
struct Head {
    v: u32,
}

impl Manifest {
    /// Reads it; none where nothing is installed.
    pub fn read(path: &Path) -> Result<Option<Self>, Error> {
        let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
        let bytes = match fs::metadata(path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(unreadable(source)),
            Ok(found) if found.len() > MOST => return Err(unreadable(io::ErrorKind::FileTooLarge.into())),
            Ok(_) => fs::read(path).map_err(unreadable)?,
        };
        let wrong = |source| Error::Wrong { path: path.to_owned(), source };
        let head: Head = serde_json::from_slice(&bytes).map_err(wrong)?;
        if head.v > VERSION {
            return Err(Error::Later { path: path.to_owned(), found: head.v });
        }
        serde_json::from_slice(&bytes).map(Some).map_err(wrong)
    }

    /// As it is written.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The same things, with a change begun that will make `more`.
    #[must_use]
    pub fn begun(&self, more: &[Thing]) -> Self {
        let mut things = self.things.clone();
        things.extend(more.iter().filter(|thing| !self.things.iter().any(|known| same_record(known, thing))).cloned());
        Self { standing: Standing::Begun, things, ..self.clone() }
    }
}

/// Whether the two read the same in a manifest.
fn same_record(one: &Thing, other: &Thing) -> bool {
    match (one, other) {
        (Thing::File { at, sha256, .. }, Thing::File { at: other_at, sha256: other_sha256, .. }) => {
            at == other_at && sha256 == other_sha256
        }
        _ => one == other,
    }
}
