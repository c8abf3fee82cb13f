//! One change on the machine, as a person reads it and as it is done.
//!
//! Not here: which steps are needed; each thing that can be installed plans its own.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use crate::lines::{self, Found};
use crate::thing::{Digest, Position, staged};

/// What a file's new bytes are for, as a person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A file that was not there.
    Make,
    /// A file of ours in its new form.
    Renew,
}

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
    /// Gives a file new bytes, in one moment, if it is still as it was planned
    /// from. Its mode stays; a new one is 0600.
    Write {
        /// The file.
        at: PathBuf,
        /// Its new bytes.
        bytes: Vec<u8>,
        /// What it had; none where it was not there.
        was: Option<Digest>,
        /// What for.
        purpose: Purpose,
    },
    /// Puts our lines into a person's file, in one moment; instead of those that
    /// are there, which must be these.
    PutLines {
        /// The file; it is made where it is not there.
        at: PathBuf,
        /// Where in it.
        position: Position,
        /// The lines.
        text: String,
        /// What must stand there before.
        was: Option<String>,
    },
    /// Takes our lines out of a person's file, if they are still these; a file
    /// that has nothing else is removed.
    TakeLines {
        /// The file.
        at: PathBuf,
        /// Where in it.
        position: Position,
        /// The lines.
        was: String,
    },
    /// Lets a symlink of ours say something else, in one moment.
    Relink {
        /// Where it is.
        at: PathBuf,
        /// What it says from now on.
        to: PathBuf,
        /// What it must say before.
        was: PathBuf,
    },
    /// Removes a file, if it is still as it was planned from.
    Remove {
        /// The file.
        at: PathBuf,
        /// What it must have.
        was: Digest,
    },
    /// Removes what a broken-off change left beside its place.
    RemoveStaged(PathBuf),
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
            Self::Write { at, purpose, .. } => match purpose {
                Purpose::Make => write!(out, "make the file `{}`", at.display()),
                Purpose::Renew => write!(out, "renew the file `{}`", at.display()),
            },
            Self::PutLines { at, position, .. } => write!(out, "put a line {position} `{}`", at.display()),
            Self::TakeLines { at, .. } => write!(out, "take our lines out of `{}`", at.display()),
            Self::Relink { at, to, .. } => write!(out, "let the link `{}` lead to `{}`", at.display(), to.display()),
            Self::Remove { at, .. } => write!(out, "remove the file `{}`", at.display()),
            Self::RemoveStaged(at) => write!(out, "remove `{}`, left by a broken-off change", at.display()),
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
            Self::Write { at, bytes, was, .. } => write(at, bytes, was.as_ref()),
            Self::PutLines { at, position, text, was } => put_lines(at, *position, text, was.as_deref()),
            Self::TakeLines { at, position, was } => take_lines(at, *position, was),
            Self::Relink { at, to, was } => relink(at, to, was),
            Self::Remove { at, was } => remove(at, was),
            Self::RemoveStaged(at) => gone(fs::remove_file(at)),
        }
    }
}

/// What is said where a plan no longer fits.
fn changed() -> std::io::Error {
    std::io::Error::other("it changed since the plan was made: run this again")
}

fn put_lines(at: &Path, position: Position, text: &str, was: Option<&str>) -> std::io::Result<()> {
    let file = read(at)?;
    let bytes = file.as_deref().unwrap_or_default();
    match (lines::find(bytes, position), was) {
        (Found::Nothing, None) => {}
        (Found::Lines(found), Some(was)) if found == was.as_bytes() => {}
        _ => return Err(changed()),
    }
    write(at, &lines::put(bytes, position, text), file.as_deref().map(Digest::of).as_ref())
}

fn take_lines(at: &Path, position: Position, was: &str) -> std::io::Result<()> {
    let Some(file) = read(at)? else { return Ok(()) };
    match lines::find(&file, position) {
        Found::Nothing => return Ok(()),
        Found::Lines(found) if found == was.as_bytes() => {}
        _ => return Err(changed()),
    }
    match lines::take(&file, position) {
        rest if rest.is_empty() => remove(at, &Digest::of(&file)),
        rest => write(at, &rest, Some(&Digest::of(&file))),
    }
}

fn write(at: &Path, bytes: &[u8], was: Option<&Digest>) -> std::io::Result<()> {
    let beside = staged(at);
    gone(fs::remove_file(&beside))?;
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    let found = found(at)?;
    if found.as_ref() != was {
        gone(fs::remove_file(&beside))?;
        return Err(changed());
    }
    if found.is_some() {
        file.set_permissions(fs::Permissions::from_mode(fs::metadata(at)?.permissions().mode() & 0o7777))?;
    }
    file.sync_all()?;
    fs::rename(&beside, at)?;
    sync_folder_of(at)
}

fn relink(at: &Path, to: &Path, was: &Path) -> std::io::Result<()> {
    let beside = staged(at);
    gone(fs::remove_file(&beside))?;
    if fs::read_link(at)? != was {
        return Err(changed());
    }
    symlink(to, &beside)?;
    fs::rename(&beside, at)
}

fn remove(at: &Path, was: &Digest) -> std::io::Result<()> {
    match found(at)? {
        None => Ok(()),
        Some(found) if found == *was => gone(fs::remove_file(at)),
        Some(_) => Err(changed()),
    }
}

/// The digest of the file's bytes; none where there is no file.
fn found(at: &Path) -> std::io::Result<Option<Digest>> {
    Ok(read(at)?.as_deref().map(Digest::of))
}

fn read(at: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match fs::read(at) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// What is gone already need not be removed.
fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn sync_folder_of(at: &Path) -> std::io::Result<()> {
    at.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
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
