//! Looking at one file or folder, here and now.
//!
//! A file is opened as a place first and read only once it is known to be a regular
//! one: opening a device or a FIFO can itself do something. No link of `/proc` is
//! followed, whose `self` would be this process.
//! Deliberately not here: how long that may take (a file system that hangs hangs
//! whoever asks it; another process can do the looking, see [`Looks`]).

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Instant;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};

/// Linux 5.12 and later: nothing that the kernel does not hold already (`openat2(2)`).
const CACHED: ResolveFlag = ResolveFlag::from_bits_retain(0x20);

/// Who looks at files in this process's place, so that none can hang it.
pub trait Looks: Sync + std::fmt::Debug {
    /// As [`look`], by a deadline.
    ///
    /// # Errors
    /// The reason why it cannot be told.
    fn look(&self, place: &Place<'_>, want: Want, until: Instant) -> Result<Got, String>;
}

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// The folder that the path starts from; none where it is absolute.
    pub from: Option<BorrowedFd<'p>>,
    /// From there.
    pub path: &'p [u8],
    /// What may be followed on the way.
    pub resolve: ResolveFlag,
}

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// A file's bytes, up to so many.
    Bytes(u64),
    /// Whether a folder has something in it.
    Entries,
    /// A file's bytes, up to so many, or the names in a folder.
    BytesOrNames(u64),
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    /// No such thing.
    Absent,
    /// The file's bytes.
    Bytes(Vec<u8>),
    /// The folder has something in it.
    Entries,
    /// It has nothing in it.
    Empty,
    /// The names in the folder, sorted, with a NUL after each.
    Names(Vec<u8>),
}

/// The most names that are told of a folder.
const MOST_NAMES: usize = 1000;

/// Looks, in this process.
///
/// # Errors
/// The reason why it cannot be told.
pub fn look(place: &Place<'_>, want: Want) -> Result<Got, String> {
    let kind = match want {
        Want::Bytes(_) | Want::BytesOrNames(_) => OFlag::empty(),
        Want::Entries => OFlag::O_DIRECTORY,
    };
    let found = match opened(place, OFlag::O_PATH | kind, ResolveFlag::empty()) {
        Ok(found) => found,
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(Got::Absent),
        Err(error) => return Err(why(error)),
    };
    match want {
        Want::Bytes(largest) => bytes(&found, largest).map(Got::Bytes),
        Want::Entries => entries(&found),
        Want::BytesOrNames(_) if is_folder(&found)? => names(&found),
        Want::BytesOrNames(largest) => bytes(&found, largest).map(Got::Bytes),
    }
}

/// Whether the kernel knows, without asking any file system, that nothing is there.
pub(crate) fn is_known_absent(place: &Place<'_>) -> bool {
    matches!(opened(place, OFlag::O_PATH, CACHED), Err(Errno::ENOENT | Errno::ENOTDIR))
}

fn opened(place: &Place<'_>, flags: OFlag, more: ResolveFlag) -> Result<OwnedFd, Errno> {
    let resolve = place.resolve | ResolveFlag::RESOLVE_NO_MAGICLINKS | more;
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(resolve);
    openat2(place.from.unwrap_or(AT_FDCWD), OsStr::from_bytes(place.path), how)
}

fn why(error: Errno) -> String {
    String::from(error.desc())
}

/// The same thing once more, to be read; what it is cannot have changed.
fn readable(found: &OwnedFd, flags: OFlag) -> Result<OwnedFd, String> {
    let again = format!("/proc/self/fd/{}", found.as_raw_fd());
    let flags = flags | OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    open(again.as_str(), flags, Mode::empty()).map_err(why)
}

fn bytes(found: &OwnedFd, largest: u64) -> Result<Vec<u8>, String> {
    let about: FileStat = fstat(found.as_fd()).map_err(why)?;
    if SFlag::from_bits_truncate(about.st_mode & SFlag::S_IFMT.bits()) != SFlag::S_IFREG {
        return Err(String::from("it is no regular file"));
    }
    let mut bytes = Vec::new();
    let file = File::from(readable(found, OFlag::empty())?);
    file.take(largest.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let over = u64::try_from(bytes.len()).is_ok_and(|length| length > largest);
    if over { Err(format!("it is larger than {largest} bytes")) } else { Ok(bytes) }
}

fn is_folder(found: &OwnedFd) -> Result<bool, String> {
    let about: FileStat = fstat(found.as_fd()).map_err(why)?;
    Ok(SFlag::from_bits_truncate(about.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFDIR)
}

fn names(found: &OwnedFd) -> Result<Got, String> {
    let folder = readable(found, OFlag::O_DIRECTORY)?;
    let mut folder = nix::dir::Dir::from_fd(folder).map_err(why)?;
    let mut names = Vec::new();
    for entry in folder.iter() {
        let entry = entry.map_err(why)?;
        let name = entry.file_name().to_bytes_with_nul();
        if name != b".\0" && name != b"..\0" {
            names.push(name.to_vec());
        }
        if names.len() > MOST_NAMES {
            return Err(String::from("too many files are in it"));
        }
    }
    names.sort_unstable();
    Ok(Got::Names(names.concat()))
}

fn entries(found: &OwnedFd) -> Result<Got, String> {
    let folder = readable(found, OFlag::O_DIRECTORY)?;
    let mut folder = nix::dir::Dir::from_fd(folder).map_err(why)?;
    let own = |name: &[u8]| name == b"." || name == b"..";
    let any = folder.iter().any(|entry| entry.is_ok_and(|entry| !own(entry.file_name().to_bytes())));
    Ok(if any { Got::Entries } else { Got::Empty })
}
