//! The real program behind a tool's name.
//!
//! It is looked for as the caller's shell would, along the caller's PATH, past
//! every shim of ours: a folder that holds `.gate` is one of ours, and a file of
//! the shim's device and inode, or of its very bytes, is a shim wherever it lies.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{AccessFlags, faccessat};
use sha2::{Digest, Sha256};

use tollgate_wire::request::Door;

use crate::request::Request;

/// Where a shell looks when PATH is not set.
const DEFAULT_PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A real program, opened.
#[derive(Debug)]
pub(crate) struct Binary {
    /// The path by which it was found, as a shell would execute it.
    pub(crate) path: PathBuf,
    /// The file itself.
    pub(crate) opened: Opened,
    /// Whether it is a `#!` script, which is executed by its path.
    pub(crate) script: bool,
    /// Whether the caller could have written it.
    pub(crate) writable: bool,
    identity: Identity,
}

/// How the file could be opened.
#[derive(Debug)]
pub(crate) enum Opened {
    /// For reading, so that it can be hashed.
    Readable(Arc<File>),
    /// For executing alone.
    Path(OwnedFd),
}

impl AsFd for Opened {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match self {
            Self::Readable(file) => file.as_fd(),
            Self::Path(descriptor) => descriptor.as_fd(),
        }
    }
}

/// Why there is no program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missing {
    /// None of that name on PATH.
    NotFound,
    /// One, but it may not be executed.
    NotExecutable(PathBuf),
}

/// A file as it is now: any change of its contents changes this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    fn of(file: &std::fs::Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

impl Binary {
    /// Whether the path still leads to the file that was opened.
    pub(crate) fn is_in_place(&self, folder: Option<&OwnedFd>) -> bool {
        let found = open(folder, &self.path).and_then(|opened| metadata(&opened).ok());
        found.is_some_and(|found| Identity::of(&found) == self.identity)
    }
}

/// What is known of binaries from earlier calls, and of our own shim.
#[derive(Debug)]
pub(crate) struct Binaries {
    shim: Option<(Identity, Vec<u8>)>,
    hashes: Mutex<HashMap<Identity, String>>,
}

impl Binaries {
    /// Knows the shim at this path.
    pub(crate) fn new(shim: &Path) -> Self {
        let known = std::fs::metadata(shim).ok().map(|found| Identity::of(&found)).zip(std::fs::read(shim).ok());
        Self { shim: known, hashes: Mutex::default() }
    }

    /// The SHA-256 of a program in hexadecimal; `None` where it cannot be read.
    pub(crate) async fn sha256(&self, binary: &Binary) -> Option<String> {
        if let Some(known) = self.hashes.lock().unwrap_or_else(PoisonError::into_inner).get(&binary.identity) {
            return Some(known.clone());
        }
        let Opened::Readable(file) = &binary.opened else { return None };
        let file = Arc::clone(file);
        let hash = tokio::task::spawn_blocking(move || hash(&file)).await.ok()?.ok()?;
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).insert(binary.identity, hash.clone());
        Some(hash)
    }

    fn is_shim(&self, candidate: &Opened, found: &std::fs::Metadata) -> bool {
        let Some((shim, bytes)) = &self.shim else { return false };
        if (shim.device, shim.inode) == (found.dev(), found.ino()) {
            return true;
        }
        let Opened::Readable(file) = candidate else { return false };
        let mut copy = vec![0; bytes.len()];
        shim.size == found.size() && file.read_exact_at(&mut copy, 0).is_ok() && copy == *bytes
    }
}

/// Finds the program that the request's tool name stands for.
pub(crate) fn resolve(binaries: &Binaries, request: &Request) -> Result<Binary, Missing> {
    if let Some(named) = named(request) {
        let found = candidate(binaries, request, named)?;
        return found.ok_or(Missing::NotFound);
    }
    let mut missing = Missing::NotFound;
    let path = request.strings.variable(b"PATH").unwrap_or(DEFAULT_PATH);
    for folder in path.split(|byte| *byte == b':') {
        // An empty part is the working directory (`execvp(3)`).
        let folder = if folder.is_empty() { b".".as_slice() } else { folder };
        let folder = Path::new(std::ffi::OsStr::from_bytes(folder));
        let path = folder.join(std::ffi::OsStr::from_bytes(&request.tool));
        match candidate(binaries, request, &path) {
            Ok(Some(binary)) => return Ok(binary),
            Ok(None) => {}
            Err(found) => missing = found,
        }
    }
    Err(missing)
}

/// The path that `tollgate exec -- PATH` names; a shim is called by its name alone.
fn named(request: &Request) -> Option<&Path> {
    let first = request.strings.arguments().first().copied()?;
    let is_path = request.door == Door::Exec && first.contains(&b'/');
    is_path.then(|| Path::new(std::ffi::OsStr::from_bytes(first)))
}

fn candidate(binaries: &Binaries, request: &Request, path: &Path) -> Result<Option<Binary>, Missing> {
    let base = request.folder.opened.as_ref();
    let Some(opened) = open(base, path) else { return Ok(None) };
    let Ok(found) = metadata(&opened) else { return Ok(None) };
    if !found.is_file() || binaries.is_shim(&opened, &found) || is_ours(base, path) {
        return Ok(None);
    }
    let may = |flags| faccessat(at(base), path, flags, AtFlags::AT_EACCESS).is_ok();
    if !may(AccessFlags::X_OK) {
        return Err(Missing::NotExecutable(path.to_owned()));
    }
    let writable = may(AccessFlags::W_OK);
    let script = is_script(&opened);
    Ok(Some(Binary { path: path.to_owned(), opened, script, writable, identity: Identity::of(&found) }))
}

fn at(base: Option<&OwnedFd>) -> std::os::fd::BorrowedFd<'_> {
    base.map_or(nix::fcntl::AT_FDCWD, AsFd::as_fd)
}

/// Opens a program, for reading if it may be read. Never waits: a FIFO or a
/// device is opened without effect and refused by its kind afterwards.
fn open(base: Option<&OwnedFd>, path: &Path) -> Option<Opened> {
    // A relative path means nothing without the caller's folder.
    if path.is_relative() && base.is_none() {
        return None;
    }
    let flags = OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    match openat(at(base), path, flags | OFlag::O_RDONLY, Mode::empty()) {
        Ok(readable) => return Some(Opened::Readable(Arc::new(File::from(readable)))),
        // Most folders of PATH do not have it.
        Err(Errno::ENOENT | Errno::ENOTDIR) => return None,
        Err(_) => {}
    }
    openat(at(base), path, OFlag::O_CLOEXEC | OFlag::O_PATH, Mode::empty()).ok().map(Opened::Path)
}

fn metadata(opened: &Opened) -> std::io::Result<std::fs::Metadata> {
    match opened {
        Opened::Readable(file) => file.metadata(),
        Opened::Path(descriptor) => File::from(descriptor.try_clone()?).metadata(),
    }
}

fn is_ours(base: Option<&OwnedFd>, path: &Path) -> bool {
    faccessat(at(base), &path.with_file_name(".gate"), AccessFlags::F_OK, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok()
}

fn is_script(opened: &Opened) -> bool {
    let mut start = [0; 2];
    match opened {
        Opened::Readable(file) => file.read_exact_at(&mut start, 0).is_ok() && start == *b"#!",
        Opened::Path(_) => false,
    }
}

fn hash(mut file: &File) -> std::io::Result<String> {
    let mut digest = Sha256::new();
    let mut part = vec![0; 1 << 20];
    std::io::Seek::rewind(&mut file)?;
    loop {
        match file.read(&mut part)? {
            0 => break,
            read => digest.update(part.get(..read).unwrap_or_default()),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
