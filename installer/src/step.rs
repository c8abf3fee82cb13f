//! One change on the machine, as a person reads it and as it is done.
//!
//! Not here: which steps are needed; each thing that can be installed plans its own.

use std::fmt;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

/// One change on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Makes a folder that only its owner may enter.
    Folder(PathBuf),
    /// Makes a symlink.
    Link {
        /// Where it is.
        at: PathBuf,
        /// What it says.
        to: PathBuf,
    },
    /// Puts what was made beside into its place, in one moment.
    Place {
        /// Where it was made.
        from: PathBuf,
        /// Its place, where nothing may be.
        to: PathBuf,
    },
    /// As [`Step::Place`], but what is in the place comes out to `from`.
    Exchange {
        /// Where it was made; afterwards, what was there before.
        from: PathBuf,
        /// Its place.
        to: PathBuf,
    },
    /// Removes a symlink, if it still says this.
    Unlink {
        /// Where it is.
        at: PathBuf,
        /// What it must say.
        to: PathBuf,
    },
    /// Removes a folder, if nothing is left in it.
    RemoveFolder(PathBuf),
}

/// Why a step was not done. Steps before it were.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step}: {source}")]
pub struct Error {
    /// The step.
    pub step: Step,
    /// The cause.
    pub source: std::io::Error,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(out, "make the folder `{}`", folder.display()),
            Self::Link { at, to } => write!(out, "link `{}` to `{}`", at.display(), to.display()),
            Self::Place { from, to } => write!(out, "move `{}` to `{}`", from.display(), to.display()),
            Self::Exchange { from, to } => write!(out, "exchange `{}` and `{}`", from.display(), to.display()),
            Self::Unlink { at, .. } => write!(out, "remove the link `{}`", at.display()),
            Self::RemoveFolder(folder) => write!(out, "remove the folder `{}` if it is empty", folder.display()),
        }
    }
}

impl Step {
    /// Does it.
    pub fn apply(&self) -> Result<(), Error> {
        self.perform().map_err(|source| Error { step: self.clone(), source })
    }

    fn perform(&self) -> std::io::Result<()> {
        match self {
            Self::Folder(folder) => fs::DirBuilder::new().mode(0o700).create(folder),
            Self::Link { at, to } => symlink(to, at),
            Self::Place { from, to } => rename(from, to, RenameFlags::RENAME_NOREPLACE),
            Self::Exchange { from, to } => rename(from, to, RenameFlags::RENAME_EXCHANGE),
            Self::Unlink { at, to } => unlink(at, to),
            Self::RemoveFolder(folder) => remove_folder(folder),
        }
    }
}

fn rename(from: &Path, to: &Path, flags: RenameFlags) -> std::io::Result<()> {
    Ok(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags)?)
}

fn unlink(at: &Path, to: &Path) -> std::io::Result<()> {
    match fs::read_link(at) {
        Ok(found) if found == to => fs::remove_file(at),
        _ => Ok(()),
    }
}

fn remove_folder(folder: &Path) -> std::io::Result<()> {
    use std::io::ErrorKind::{DirectoryNotEmpty, NotFound};
    match fs::remove_dir(folder) {
        Err(error) if matches!(error.kind(), DirectoryNotEmpty | NotFound) => Ok(()),
        done => done,
    }
}
