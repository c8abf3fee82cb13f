//! The real program behind a tool's name.
//!
//! It is looked for as the caller's shell would, along the caller's PATH, past
//! every shim of ours: a folder that holds `.gate` is one of ours, and a file of
//! the shim's device and inode, or of its very bytes, is a shim wherever it lies.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::unistd::{AccessFlags, faccessat};
use sha2::{Digest, Sha256};
use tollgate_policies::show;

use tollgate_wire::request::Door;

use crate::request::Request;
use crate::runs::Passed;

/// Where a shell looks when PATH is not set.
const DEFAULT_PATH: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that calls itself once with the same arguments may know why.
const MOST_PASSED_ON: usize = 2;
/// A tool that calls itself through the gate oftener than this goes in circles.
const DEEPEST: usize = 64;

/// A real program, opened.
#[derive(Debug)]
pub(crate) struct Binary {
    /// The path by which it was found, as a shell would execute it.
    pub(crate) path: PathBuf,
    /// The file itself.
    pub(crate) opened: Opened,
    /// What kind of file it is.
    pub(crate) form: Form,
    /// Whether the caller could have written it.
    pub(crate) writable: bool,
    /// The file as it was opened.
    pub(crate) identity: Identity,
}

/// What a program is to the kernel, which decides how it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// What the kernel alone may know: started by its descriptor.
    Image,
    /// It begins with `#!`: started by its path, which its interpreter is given.
    Script,
    /// Text that the kernel does not start; shells and `execvp(3)` give it to a shell.
    Text,
}

impl Form {
    fn of(opened: &Opened) -> Self {
        let Opened::Readable(file) = opened else { return Self::Image };
        let mut start = [0; 128];
        let start = file.read_at(&mut start, 0).map_or(&[][..], |length| start.get(..length).unwrap_or_default());
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match start {
            [b'#', b'!', ..] => Self::Script,
            // As bash tells text: no NUL in its first line.
            [0x7f, b'E', b'L', b'F', ..] => Self::Image,
            _ if line.contains(&0) => Self::Image,
            _ => Self::Text,
        }
    }
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
    fn as_fd(&self) -> BorrowedFd<'_> {
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
    /// It has called itself too often.
    InCircles,
}

/// A file as it is now: any change of its contents changes this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
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
    /// Whether the file that was opened has been written since: what a person answers
    /// may take an hour.
    pub(crate) fn is_changed(&self) -> bool {
        metadata(&self.opened).map_or(true, |found| Identity::of(&found) != self.identity)
    }

    /// Whether the path still leads to the file that was opened.
    pub(crate) fn is_in_place(&self, from: Place<'_>) -> bool {
        let found = from.open(&self.path).and_then(|opened| metadata(&opened).ok());
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
        if shim.size != found.size() {
            return false;
        }
        let mut copy = vec![0; bytes.len()];
        file.read_exact_at(&mut copy, 0).is_ok() && copy == *bytes
    }
}

/// Finds the program that the request's tool name stands for, or the one of the path
/// or name that a policy gives for it. Of those that have passed this very call on
/// already none is taken where PATH has another, nor a third time where it has not.
pub(crate) fn resolve(
    binaries: &Binaries,
    request: &Request,
    pinned: Option<&str>,
    root: Option<BorrowedFd<'_>>,
    passed: &Passed,
) -> Result<Binary, Missing> {
    if passed.deep >= DEEPEST {
        return Err(Missing::InCircles);
    }
    let from = Place::of(request, root);
    let named = match pinned {
        Some(pinned) => pinned.contains('/').then(|| Path::new(pinned)),
        None => named(request),
    };
    let name = pinned.map_or(request.tool.as_slice(), str::as_bytes);
    if let Some(named) = named {
        let found = candidate(binaries, from, named)?;
        return found.ok_or(Missing::NotFound);
    }
    let mut missing = Missing::NotFound;
    let mut again = None;
    let path = request.strings.variable(b"PATH").unwrap_or(DEFAULT_PATH);
    for folder in path.split(|byte| *byte == b':') {
        // An empty part is the working directory (`execvp(3)`).
        let folder = if folder.is_empty() { b".".as_slice() } else { folder };
        let folder = Path::new(std::ffi::OsStr::from_bytes(folder));
        let path = folder.join(std::ffi::OsStr::from_bytes(name));
        match candidate(binaries, from, &path) {
            Ok(Some(binary)) if passed.on.contains(&binary.identity) => {
                again.get_or_insert(binary);
            }
            Ok(Some(binary)) => return Ok(binary),
            Ok(None) => {}
            Err(found) => missing = found,
        }
    }
    again.filter(|_| passed.on.len() < MOST_PASSED_ON).ok_or(missing)
}

/// The path that `tollgate exec -- PATH` names; a shim is called by its name alone.
fn named(request: &Request) -> Option<&Path> {
    let first = request.strings.arguments().first().copied()?;
    let is_path = request.door == Door::Exec && first.contains(&b'/');
    is_path.then(|| Path::new(std::ffi::OsStr::from_bytes(first)))
}

fn candidate(binaries: &Binaries, from: Place<'_>, path: &Path) -> Result<Option<Binary>, Missing> {
    let Some(opened) = from.open(path) else { return Ok(None) };
    let Ok(found) = metadata(&opened) else { return Ok(None) };
    if !found.is_file() || binaries.is_shim(&opened, &found) || from.has(&path.with_file_name(".gate")) {
        return Ok(None);
    }
    let may = |flags| faccessat(&opened, "", flags, AtFlags::AT_EACCESS | AtFlags::AT_EMPTY_PATH).is_ok();
    if !may(AccessFlags::X_OK) {
        return Err(Missing::NotExecutable(path.to_owned()));
    }
    let writable = may(AccessFlags::W_OK);
    let form = Form::of(&opened);
    Ok(Some(Binary { path: path.to_owned(), opened, form, writable, identity: Identity::of(&found) }))
}

/// Where a caller's paths lead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    folder: Option<BorrowedFd<'a>>,
    /// Where the caller's is another than ours.
    root: Option<BorrowedFd<'a>>,
}

impl<'a> Place<'a> {
    /// Those of this request's caller, whose root folder is `root` if it is not ours.
    pub(crate) fn of(request: &'a Request, root: Option<BorrowedFd<'a>>) -> Self {
        Self { folder: request.folder.opened.as_ref().map(AsFd::as_fd), root }
    }

    /// Opens a program, for reading if it may be read. Never waits: a FIFO or a
    /// device is opened without effect and refused by its kind afterwards.
    fn open(self, path: &Path) -> Option<Opened> {
        match self.open_with(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY) {
            Ok(readable) => Some(Opened::Readable(Arc::new(File::from(readable)))),
            // Most folders of PATH do not have it.
            Err(Errno::ENOENT | Errno::ENOTDIR) => None,
            Err(_) => self.open_with(path, OFlag::O_PATH).ok().map(Opened::Path),
        }
    }

    /// Whether something is there, a broken symlink too.
    fn has(self, path: &Path) -> bool {
        self.open_with(path, OFlag::O_PATH | OFlag::O_NOFOLLOW).is_ok()
    }

    /// A relative path means nothing without the caller's folder; under another
    /// root it passes no symlink, which would be resolved under ours.
    fn open_with(self, path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
        let folder = || self.folder.ok_or(Errno::ENOENT);
        let (from, path, resolve) = match (path.strip_prefix("/"), self.root) {
            (Ok(rest), Some(root)) => (root, rest, ResolveFlag::RESOLVE_IN_ROOT),
            (Ok(_), None) => (AT_FDCWD, path, ResolveFlag::empty()),
            (Err(_), None) => (folder()?, path, ResolveFlag::empty()),
            (Err(_), Some(_)) => (folder()?, path, ResolveFlag::RESOLVE_NO_SYMLINKS),
        };
        openat2(from, path, OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(resolve))
    }
}

fn metadata(opened: &Opened) -> std::io::Result<std::fs::Metadata> {
    match opened {
        Opened::Readable(file) => file.metadata(),
        Opened::Path(descriptor) => File::from(descriptor.try_clone()?).metadata(),
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
    Ok(show::hex(&digest.finalize()))
}
