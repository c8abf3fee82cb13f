//! The things that an installation is made of, as they are wanted and as the
//! manifest remembers them.
//!
//! Not here: whether they stand ([`crate::look`]), and how they are made
//! ([`crate::step`]).

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a file's bytes, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Whose a file is once it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Ours: it is made again where it is gone.
    Installer,
    /// The person's: it is a start, to be changed or removed as they like.
    Person,
}

/// Where in a person's file our lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Before everything else, for a file that may end early.
    First,
    /// After everything else that may change PATH.
    Last,
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::First => "at the start of",
            Self::Last => "at the end of",
        })
    }
}

/// One thing on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Thing {
    /// A folder that only its owner may enter.
    Folder {
        /// Where it is.
        at: PathBuf,
    },
    /// A whole file, 0600.
    File {
        /// Where it is.
        at: PathBuf,
        /// Of its bytes.
        sha256: Digest,
        /// Whose it is.
        owner: Owner,
        /// Its bytes, where they are wanted; the manifest has none.
        #[serde(skip)]
        bytes: Vec<u8>,
    },
    /// Marked lines in a person's own file.
    Lines {
        /// The file.
        at: PathBuf,
        /// Where in it.
        position: Position,
        /// The lines between the marks, each with its line feed.
        text: String,
    },
    /// A symlink.
    Link {
        /// Where it is.
        at: PathBuf,
        /// What it says.
        to: PathBuf,
    },
}

impl Thing {
    /// A whole file.
    #[must_use]
    pub fn file(at: PathBuf, bytes: impl Into<Vec<u8>>, owner: Owner) -> Self {
        let bytes = bytes.into();
        Self::File { at, sha256: Digest::of(&bytes), owner, bytes }
    }

    /// Where it is.
    #[must_use]
    pub fn at(&self) -> &Path {
        match self {
            Self::Folder { at } | Self::File { at, .. } | Self::Lines { at, .. } | Self::Link { at, .. } => at,
        }
    }

    /// Whether both stand for the same place, whatever is to stand there.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        let position = |thing: &Self| match thing {
            Self::Lines { position, .. } => Some(*position),
            _ => None,
        };
        self.at() == other.at()
            && position(self) == position(other)
            && std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Where the new contents of `at` are written before they take its place. A
/// broken-off change leaves at most this behind, and the next one removes it.
#[must_use]
pub(crate) fn staged(at: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(at.file_name().unwrap_or_default());
    name.push(".tollgate-staged");
    at.with_file_name(name)
}
