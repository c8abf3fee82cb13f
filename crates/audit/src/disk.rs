//! The file boundary: all that the writer does to a disk.
//!
//! Small on purpose: tests put a disk behind it that fails, writes short and
//! forgets what was not synced. Reading and verifying do not come through here.

#[cfg(test)]
pub(crate) mod faulty;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A folder that segments are written into.
pub(crate) trait Disk: Send {
    /// Makes a file that is not there yet, for appending.
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Appending>>;
    /// Opens one that is there, for appending.
    fn open(&mut self, name: &str) -> io::Result<Box<dyn Appending>>;
    /// Makes the folder's names durable.
    fn sync_names(&mut self) -> io::Result<()>;
}

/// A file that only grows, but for a torn end that is cut.
pub(crate) trait Appending: Send {
    /// Its length now; an error where its name was removed.
    fn length(&self) -> io::Result<u64>;
    /// Appends; how many bytes were taken, which may be fewer.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Makes everything that was written durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file to this length.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// A real folder.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl Disk for Folder {
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Appending>> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(self.0.join(name))?;
        Ok(Box::new(file))
    }

    fn open(&mut self, name: &str) -> io::Result<Box<dyn Appending>> {
        Ok(Box::new(OpenOptions::new().append(true).open(self.0.join(name))?))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

impl Appending for File {
    fn length(&self) -> io::Result<u64> {
        let found = self.metadata()?;
        if found.nlink() == 0 { Err(io::ErrorKind::NotFound.into()) } else { Ok(found.len()) }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}
