//! Opening and reading files for a caller, within bounds.
//!
//! Regular files only: opened without waiting (a FIFO cannot hold us), looked at
//! by descriptor, and never through a link of `/proc`, whose `self` would be this
//! process. Every file that was looked for is noted with its digest, so that a
//! change between judging and running shows.
//! Deliberately not here: what stands in a file.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{SFlag, fstat};
use nix::unistd::{Uid, User};
use sha2::{Digest, Sha256};

/// The most that is read of one file, in bytes.
pub(crate) const LARGEST: usize = 1 << 20;

/// The most files that are opened for one command.
const MOST: usize = 64;

/// Where files are opened from.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'fd> {
    cwd: Option<BorrowedFd<'fd>>,
    root: Option<BorrowedFd<'fd>>,
    home: Option<&'fd [u8]>,
}

impl<'fd> Reader<'fd> {
    /// Reads relative paths from this working directory; without one they are
    /// unknown.
    #[must_use]
    pub fn new(cwd: Option<BorrowedFd<'fd>>) -> Self {
        Self { cwd, root: None, home: None }
    }

    /// Resolves absolute paths and their symlinks under this folder: the root of
    /// the caller (`/proc/PID/root`). Relative paths then pass no symlink.
    #[must_use]
    pub fn with_root(self, root: BorrowedFd<'fd>) -> Self {
        Self { root: Some(root), ..self }
    }

    /// The caller's home in the passwd database, for tools that fall back to it
    /// where `HOME` is not set. Without this call it is that of this process's user.
    #[must_use]
    pub fn with_home(self, home: &'fd [u8]) -> Self {
        Self { home: Some(home), ..self }
    }
}

/// A file that the judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// Its path as the tool would open it, from the working directory.
    pub path: Vec<u8>,
    /// The digest of its bytes; `None` where it was absent.
    pub sha256: Option<[u8; 32]>,
}

/// The files of one command.
pub(crate) struct Files<'r> {
    reader: &'r Reader<'r>,
    read: Vec<ReadFile>,
    opened: usize,
}

impl<'r> Files<'r> {
    pub(crate) fn new(reader: &'r Reader<'r>) -> Self {
        Self { reader, read: Vec::new(), opened: 0 }
    }

    pub(crate) fn into_read(self) -> Vec<ReadFile> {
        self.read
    }

    /// The home that the passwd database gives the caller.
    pub(crate) fn home(&self) -> Option<Vec<u8>> {
        let own = || User::from_uid(Uid::effective()).ok().flatten().map(|user| user.dir.into_os_string().into_vec());
        self.reader.home.map(<[u8]>::to_vec).or_else(own)
    }

    /// The file's bytes; none where there is no such file. An error is the reason
    /// why that cannot be told.
    pub(crate) fn read(&mut self, path: &[u8]) -> Result<Option<Vec<u8>>, String> {
        self.read_up_to(path, LARGEST)
    }

    pub(crate) fn read_up_to(&mut self, path: &[u8], largest: usize) -> Result<Option<Vec<u8>>, String> {
        self.count(path)?;
        let bytes = match self.open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY) {
            Ok(file) => Some(bytes(file, largest).map_err(|why| said(path, &why))?),
            Err(Refusal::Absent) => None,
            Err(Refusal::Because(why)) => return Err(said(path, &why)),
        };
        let sha256 = bytes.as_ref().map(|bytes| Sha256::digest(bytes).into());
        self.read.push(ReadFile { path: path.to_vec(), sha256 });
        Ok(bytes)
    }

    /// Whether there is a folder of this name with something in it.
    pub(crate) fn holds_something(&mut self, path: &[u8]) -> Result<bool, String> {
        self.count(path)?;
        match self.open(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY) {
            Err(Refusal::Absent) => Ok(false),
            Err(Refusal::Because(why)) => Err(said(path, &why)),
            Ok(folder) => {
                let cause = |error: Errno| said(path, error.desc());
                let mut folder = nix::dir::Dir::from_fd(folder).map_err(cause)?;
                let own = |name: &[u8]| name == b"." || name == b"..";
                Ok(folder.iter().any(|entry| entry.is_ok_and(|entry| !own(entry.file_name().to_bytes()))))
            }
        }
    }

    fn count(&mut self, path: &[u8]) -> Result<(), String> {
        self.opened += 1;
        if self.opened > MOST { Err(said(path, "too many files are asked for")) } else { Ok(()) }
    }

    fn open(&self, path: &[u8], flags: OFlag) -> Result<OwnedFd, Refusal> {
        let own = [&b"/proc/"[..], b"/dev/"].iter().any(|folder| path.starts_with(folder));
        if own {
            return Err(Refusal::Because(String::from("it names something of the calling process")));
        }
        let (from, path, resolve) = self.place(path)?;
        let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(resolve);
        openat2(from, OsStr::from_bytes(path), how).map_err(|error| match error {
            Errno::ENOENT | Errno::ENOTDIR => Refusal::Absent,
            other => Refusal::Because(String::from(other.desc())),
        })
    }

    /// The folder to start from, the path from there, and what may be followed.
    fn place<'p>(&self, path: &'p [u8]) -> Result<(BorrowedFd<'r>, &'p [u8], ResolveFlag), Refusal> {
        let plain = ResolveFlag::RESOLVE_NO_MAGICLINKS;
        match (path.strip_prefix(b"/"), self.reader.root) {
            (Some(_), None) => Ok((AT_FDCWD, path, plain)),
            (Some(rest), Some(root)) => Ok((root, rest, plain | ResolveFlag::RESOLVE_IN_ROOT)),
            (None, root) => {
                let unknown = || Refusal::Because(String::from("the working directory is not known"));
                let cwd = self.reader.cwd.ok_or_else(unknown)?;
                let links = if root.is_some() { ResolveFlag::RESOLVE_NO_SYMLINKS } else { ResolveFlag::empty() };
                Ok((cwd, path, plain | links))
            }
        }
    }
}

/// Why a file was not opened.
enum Refusal {
    Absent,
    Because(String),
}

fn said(path: &[u8], why: &str) -> String {
    format!("`{}`: {why}", String::from_utf8_lossy(path))
}

fn bytes(file: OwnedFd, largest: usize) -> Result<Vec<u8>, String> {
    let about = fstat(file.as_fd()).map_err(|error| String::from(error.desc()))?;
    if SFlag::from_bits_truncate(about.st_mode & SFlag::S_IFMT.bits()) != SFlag::S_IFREG {
        return Err(String::from("it is no regular file"));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    File::from(file).take(limit).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() > largest { Err(format!("it is larger than {largest} bytes")) } else { Ok(bytes) }
}

/// A path that may start with `~`, which is this home; that of the passwd database
/// where it is empty.
pub(crate) fn expanded(path: &[u8], home: &[u8], files: &Files<'_>) -> Result<Vec<u8>, String> {
    let Some(rest) = path.strip_prefix(b"~").filter(|rest| rest.is_empty() || rest.starts_with(b"/")) else {
        return Ok(path.to_vec());
    };
    let home = match home {
        b"" => files.home().ok_or("HOME is not set")?,
        home => home.to_vec(),
    };
    Ok([&home, rest].concat())
}

/// `folder/path`, unless the path is absolute or the folder empty.
pub(crate) fn join(folder: &[u8], path: &[u8]) -> Vec<u8> {
    if folder.is_empty() || path.starts_with(b"/") { path.to_vec() } else { [folder, b"/", path].concat() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn scratch() -> (tempfile::TempDir, File) {
        let folder = tempfile::tempdir().unwrap();
        let descriptor = File::open(folder.path()).unwrap();
        (folder, descriptor)
    }

    #[test]
    fn an_absent_file_is_noted_and_no_error() {
        let (_folder, cwd) = scratch();
        let reader = Reader::new(Some(cwd.as_fd()));
        let mut files = Files::new(&reader);
        assert_eq!(files.read(b"nowhere/at/all"), Ok(None));
        assert_eq!(files.into_read(), [ReadFile { path: b"nowhere/at/all".to_vec(), sha256: None }]);
    }

    #[test]
    fn a_fifo_holds_nobody_up() {
        let (folder, cwd) = scratch();
        nix::unistd::mkfifo(&folder.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = Reader::new(Some(cwd.as_fd()));
        assert_eq!(Files::new(&reader).read(b"pipe"), Err(String::from("`pipe`: it is no regular file")));
    }

    #[test]
    fn a_large_file_is_not_read() {
        let (folder, cwd) = scratch();
        std::fs::write(folder.path().join("big"), vec![b'x'; LARGEST + 1]).unwrap();
        let reader = Reader::new(Some(cwd.as_fd()));
        assert_eq!(Files::new(&reader).read(b"big"), Err(String::from("`big`: it is larger than 1048576 bytes")));
    }

    #[test]
    fn links_of_proc_are_not_followed() {
        let (folder, cwd) = scratch();
        symlink("/proc/self/fd/0", folder.path().join("link")).unwrap();
        let reader = Reader::new(Some(cwd.as_fd()));
        let mut files = Files::new(&reader);
        assert!(files.read(b"link").is_err());
        assert!(files.read(b"/proc/self/environ").is_err());
        assert!(files.read(b"/dev/fd/63").is_err());
    }

    #[test]
    fn another_root_holds_its_absolute_paths_and_links() {
        let (folder, root) = scratch();
        std::fs::write(folder.path().join("inside"), "x").unwrap();
        symlink("/inside", folder.path().join("link")).unwrap();
        let reader = Reader::new(Some(root.as_fd())).with_root(root.as_fd());
        let mut files = Files::new(&reader);
        assert_eq!(files.read(b"/link"), Ok(Some(b"x".to_vec())));
        assert!(files.read(b"link").is_err());
    }

    #[test]
    fn without_a_working_directory_relative_paths_are_unknown() {
        let reader = Reader::new(None);
        assert!(Files::new(&reader).read(b"x").is_err());
    }

    #[test]
    fn the_number_of_files_is_bounded() {
        let (_folder, cwd) = scratch();
        let reader = Reader::new(Some(cwd.as_fd()));
        let mut files = Files::new(&reader);
        for _ in 0..MOST {
            assert_eq!(files.read(b"none"), Ok(None));
        }
        assert!(files.read(b"none").is_err());
    }
}
