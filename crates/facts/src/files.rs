//! Opening and reading files for a caller, within bounds.
//!
//! Every file that was looked for is noted with its digest, so that a change between
//! judging and running shows.
//! Deliberately not here: how a file is looked at (`disk`), and what stands in it.

use std::borrow::Cow;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStringExt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use nix::fcntl::ResolveFlag;
use nix::unistd::{Uid, User};
use sha2::{Digest, Sha256};

use crate::disk::{self, Got, Looks, Place, Want};

/// The most that is read of one file, in bytes.
pub(crate) const LARGEST: u64 = 1 << 20;

/// The most files that are opened for one command.
const MOST: usize = 64;

/// How long all of them may take, where another process looks at them.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most that is kept of the files of one command, in bytes.
pub const MOST_KEPT: usize = 16 << 20;

/// The most files that one command may bring along in folders.
const MOST_BROUGHT: usize = 1000;

/// A file as it was judged. The standard input's path is `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its path as the tool would open it, from the working directory.
    pub path: Vec<u8>,
    /// What stood in it.
    pub bytes: Arc<[u8]>,
}

/// Where files are opened from.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'fd> {
    cwd: Option<BorrowedFd<'fd>>,
    root: Option<BorrowedFd<'fd>>,
    home: Option<&'fd [u8]>,
    /// Who looks, and by when; this process where there is nobody.
    through: Option<(&'fd dyn Looks, Instant)>,
    kept: &'fd [Kept],
    /// The caller is nobody who has files.
    nowhere: bool,
}

impl<'fd> Reader<'fd> {
    /// Reads relative paths from this working directory; without one they are
    /// unknown.
    #[must_use]
    pub fn new(cwd: Option<BorrowedFd<'fd>>) -> Self {
        Self { cwd, root: None, home: None, through: None, kept: &[], nowhere: false }
    }

    /// Reads nothing: relative paths are unknown, and no other file is there. For
    /// questions about no caller in particular.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { nowhere: true, ..Self::new(None) }
    }

    /// Resolves absolute paths and their symlinks under this folder: the root of
    /// the caller (`/proc/PID/root`). Relative paths then pass no symlink.
    #[must_use]
    pub fn with_root(self, root: BorrowedFd<'fd>) -> Self {
        Self { root: Some(root), ..self }
    }

    /// Has another process look, for two seconds from now on.
    #[must_use]
    pub fn through(self, looker: &'fd dyn Looks) -> Self {
        Self { through: Some((looker, Instant::now() + PATIENCE)), ..self }
    }

    /// Takes these instead of what stands in the files by now.
    #[must_use]
    pub fn with_kept(self, kept: &'fd [Kept]) -> Self {
        Self { kept, ..self }
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
    kept: Vec<Kept>,
    opened: usize,
    brought: usize,
    wants_input: bool,
}

/// What a path leads to.
pub(crate) enum Content {
    Absent,
    File(Arc<[u8]>),
    /// The names in it, sorted.
    Folder(Vec<Vec<u8>>),
}

impl<'r> Files<'r> {
    pub(crate) fn new(reader: &'r Reader<'r>) -> Self {
        Self { reader, read: Vec::new(), kept: Vec::new(), opened: 0, brought: 0, wants_input: false }
    }

    /// What was read, and what is kept of it.
    pub(crate) fn into_parts(self) -> (Vec<ReadFile>, Vec<Kept>) {
        (self.read, self.kept)
    }

    /// Whether the tool's standard input was asked for and is not there.
    pub(crate) fn wants_input(&self) -> bool {
        self.wants_input
    }

    /// The home that the passwd database gives the caller.
    pub(crate) fn home(&self) -> Option<&'r [u8]> {
        static OWN: OnceLock<Option<Vec<u8>>> = OnceLock::new();
        let asked = || Some(User::from_uid(Uid::effective()).ok()??.dir.into_os_string().into_vec());
        self.reader.home.or_else(|| OWN.get_or_init(asked).as_deref())
    }

    /// The file's bytes; none where there is no such file. An error is the reason
    /// why that cannot be told.
    pub(crate) fn read(&mut self, path: &[u8]) -> Result<Option<Vec<u8>>, String> {
        self.read_up_to(path, LARGEST)
    }

    pub(crate) fn read_up_to(&mut self, path: &[u8], largest: u64) -> Result<Option<Vec<u8>>, String> {
        let bytes = match self.look(path, Want::Bytes(largest))? {
            Got::Bytes(bytes) => Some(bytes),
            Got::Absent | Got::Entries | Got::Empty | Got::Names(_) => None,
        };
        self.note(path, bytes.as_deref().map(|bytes| Sha256::digest(bytes).into()));
        Ok(bytes)
    }

    /// As [`Files::read_up_to`], and keeps it.
    pub(crate) fn keep(&mut self, path: &[u8], largest: u64) -> Result<Option<Arc<[u8]>>, String> {
        if let Some(kept) = self.kept_before(path) {
            return Ok(Some(kept));
        }
        let Some(bytes) = self.read_up_to(path, largest)? else { return Ok(None) };
        self.keep_these(path, bytes.into()).map(Some)
    }

    /// What the tool would read from its standard input, where that was read.
    pub(crate) fn input(&mut self) -> Result<Arc<[u8]>, String> {
        let kept = self.kept_before(b"-");
        self.wants_input |= kept.is_none();
        kept.ok_or_else(|| String::from("what stands on standard input is not known"))
    }

    /// The file's bytes, kept, or the names in the folder. Both are noted.
    pub(crate) fn keep_or_list(&mut self, path: &[u8]) -> Result<Content, String> {
        if let Some(kept) = self.kept_before(path) {
            return Ok(Content::File(kept));
        }
        match self.read_or_list(path)? {
            Content::File(bytes) => self.keep_these(path, bytes).map(Content::File),
            other => Ok(other),
        }
    }

    /// The file's bytes, or the names in the folder. Both are noted.
    pub(crate) fn read_or_list(&mut self, path: &[u8]) -> Result<Content, String> {
        self.brought += 1;
        if self.brought > MOST_BROUGHT {
            return Err(said(path, "too many files are brought along"));
        }
        // Only what its own number bounds: those of a folder are many.
        self.opened = self.opened.saturating_sub(1);
        let (content, digest) = match self.look(path, Want::BytesOrNames(MOST_KEPT as u64))? {
            Got::Absent | Got::Entries | Got::Empty => (Content::Absent, None),
            Got::Bytes(bytes) => {
                let digest = Sha256::digest(&bytes);
                (Content::File(bytes.into()), Some(digest.into()))
            }
            Got::Names(names) => {
                let digest = Sha256::digest(&names);
                let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
                (Content::Folder(names.map(<[u8]>::to_vec).collect()), Some(digest.into()))
            }
        };
        self.note(path, digest);
        Ok(content)
    }

    fn note(&mut self, path: &[u8], sha256: Option<[u8; 32]>) {
        if !self.reader.nowhere {
            self.read.push(ReadFile { path: path.to_vec(), sha256 });
        }
    }

    /// What is kept of this path; noted as if it were read again.
    fn kept_before(&mut self, path: &[u8]) -> Option<Arc<[u8]>> {
        let given = self.reader.kept.iter().find(|kept| kept.path == path);
        if let Some(own) = self.kept.iter().find(|kept| kept.path == path) {
            return Some(own.bytes.clone());
        }
        let kept = given?.clone();
        self.note(path, Some(Sha256::digest(&kept.bytes).into()));
        self.kept.push(kept.clone());
        Some(kept.bytes)
    }

    fn keep_these(&mut self, path: &[u8], bytes: Arc<[u8]>) -> Result<Arc<[u8]>, String> {
        let held: usize = self.kept.iter().map(|kept| kept.bytes.len()).sum();
        if held + bytes.len() > MOST_KEPT {
            return Err(said(path, &format!("the files that it brings along are larger than {MOST_KEPT} bytes")));
        }
        self.kept.push(Kept { path: path.to_vec(), bytes: bytes.clone() });
        Ok(bytes)
    }

    /// Whether there is a folder of this name with something in it.
    pub(crate) fn holds_something(&mut self, path: &[u8]) -> Result<bool, String> {
        Ok(self.look(path, Want::Entries)? == Got::Entries)
    }

    fn look(&mut self, path: &[u8], want: Want) -> Result<Got, String> {
        self.opened += 1;
        let place = self.place(path).map_err(|why| said(path, why))?;
        let got = match self.reader.through {
            _ if self.reader.nowhere => return Ok(Got::Absent),
            _ if self.opened > MOST => return Err(said(path, "too many files are asked for")),
            None => disk::look(&place, want),
            Some(_) if disk::is_known_absent(&place) => Ok(Got::Absent),
            Some((looker, until)) => looker.look(&place, want, until),
        };
        got.map_err(|why| said(path, &why))
    }

    /// The folder to start from, the path from there, and what may be followed.
    fn place<'p>(&self, path: &'p [u8]) -> Result<Place<'p>, &'static str>
    where
        'r: 'p,
    {
        let own = [&b"/proc/"[..], b"/dev/"].iter().any(|folder| path.starts_with(folder));
        if own {
            return Err("it names something of the calling process");
        }
        match (path.strip_prefix(b"/"), self.reader.root) {
            (Some(_), None) => Ok(Place { from: None, path, resolve: ResolveFlag::empty() }),
            (Some(path), Some(root)) => Ok(Place { from: Some(root), path, resolve: ResolveFlag::RESOLVE_IN_ROOT }),
            (None, root) => {
                let cwd = self.reader.cwd.ok_or("the working directory is not known")?;
                let resolve = if root.is_some() { ResolveFlag::RESOLVE_NO_SYMLINKS } else { ResolveFlag::empty() };
                Ok(Place { from: Some(cwd), path, resolve })
            }
        }
    }
}

fn said(path: &[u8], why: &str) -> String {
    ["`", &String::from_utf8_lossy(path), "`: ", why].concat()
}

/// A path that may start with `~`, which is this home; that of the passwd database
/// where it is empty.
pub(crate) fn expanded<'p>(path: &'p [u8], home: &[u8], files: &Files<'_>) -> Result<Cow<'p, [u8]>, String> {
    let Some(rest) = path.strip_prefix(b"~").filter(|rest| rest.is_empty() || rest.starts_with(b"/")) else {
        return Ok(Cow::Borrowed(path));
    };
    let home = match home {
        b"" => files.home().ok_or("HOME is not set")?,
        home => home,
    };
    Ok(Cow::Owned([home, rest].concat()))
}

/// `folder/path`, unless the path is absolute or the folder empty.
pub(crate) fn join(folder: &[u8], path: &[u8]) -> Vec<u8> {
    if folder.is_empty() || path.starts_with(b"/") { path.to_vec() } else { [folder, b"/", path].concat() }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;
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
        assert_eq!(files.into_parts().0, [ReadFile { path: b"nowhere/at/all".to_vec(), sha256: None }]);
    }

    #[test]
    fn nobody_in_particular_has_no_files() {
        let reader = Reader::nowhere();
        let mut files = Files::new(&reader);
        assert_eq!(files.read(b"/etc/passwd"), Ok(None));
        assert!(files.read(b"x").is_err());
        assert_eq!(files.into_parts().0, []);
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
        std::fs::write(folder.path().join("big"), vec![b'x'; usize::try_from(LARGEST).unwrap() + 1]).unwrap();
        let reader = Reader::new(Some(cwd.as_fd()));
        assert_eq!(Files::new(&reader).read(b"big"), Err(String::from("`big`: it is larger than 1048576 bytes")));
    }

    #[derive(Debug)]
    struct Nobody;

    impl Looks for Nobody {
        fn look(&self, _: &Place<'_>, _: Want, _: Instant) -> Result<Got, String> {
            Err(String::from("nobody looks"))
        }
    }

    #[test]
    fn what_the_kernel_knows_to_be_absent_asks_nobody() {
        let (folder, cwd) = scratch();
        std::fs::write(folder.path().join("there"), "x").unwrap();
        // Asked for once, the kernel remembers (file systems in memory aside).
        let remembers = || {
            let place = Place { from: Some(cwd.as_fd()), path: b"absent", resolve: ResolveFlag::empty() };
            disk::look(&place, Want::Bytes(1)).is_ok() && disk::is_known_absent(&place)
        };
        let remembered = remembers();
        let reader = Reader::new(Some(cwd.as_fd())).through(&Nobody);
        let mut files = Files::new(&reader);
        assert_eq!(files.read(b"there"), Err(String::from("`there`: nobody looks")));
        assert_eq!(files.read(b"absent").is_ok(), remembered);
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
