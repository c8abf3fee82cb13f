//! Groups of records onto the disk, and nothing half.
//!
//! A group is one write and one fdatasync; it stands whole, or is cut away again.
//! While the end is not known to be clean, nothing further is written. This is
//! single-threaded; who waits for what is the writer's business.

use std::io;
use std::path::PathBuf;

use crate::Error;
use crate::chain::Chain;
use crate::disk::{Appending, Disk};
use crate::line::{self, Hash};
use crate::segment;
use crate::writer::{Line, Receipt};

/// The end of a log, open for more.
pub(crate) struct Journal {
    disk: Box<dyn Disk>,
    /// For messages.
    folder: PathBuf,
    /// None before the very first record.
    segment: Option<Open>,
    chain: Chain,
    segment_bytes: u64,
}

/// The segment that is written.
pub(crate) struct Open {
    pub(crate) name: String,
    pub(crate) file: Box<dyn Appending>,
    /// Bytes that are durable and whole.
    pub(crate) length: u64,
    pub(crate) end: End,
}

/// What must be done before the next group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing.
    Clean,
    /// The new file's name must be made durable.
    Unnamed,
    /// Bytes after `length` must be cut away.
    Torn,
}

impl Journal {
    pub(crate) fn new(
        disk: Box<dyn Disk>,
        folder: PathBuf,
        segment: Option<Open>,
        chain: Chain,
        segment_bytes: u64,
    ) -> Self {
        Self { disk, folder, segment, chain, segment_bytes }
    }

    /// Writes a group: when this returns receipts, one a line, all is durable;
    /// when it fails, nothing of it stays.
    pub(crate) fn write(&mut self, group: &[Line]) -> Result<Vec<Receipt>, Error> {
        self.make_ready()?;
        let (bytes, receipts, chain) = self.seal(group);
        let Some(open) = &mut self.segment else { return Err(Error::Closed) };
        open.append(&bytes).map_err(|source| Error::Write { path: self.folder.join(&open.name), source })?;
        self.chain = chain;
        Ok(receipts)
    }

    fn make_ready(&mut self) -> Result<(), Error> {
        self.mend()?;
        let full = self.segment.as_ref().is_none_or(|open| open.length >= self.segment_bytes);
        if full {
            self.begin_segment()?;
            self.mend()?;
        }
        self.check_that_it_is_ours()
    }

    /// A record behind bytes of another program, or in a removed file, would be
    /// durable and yet lost.
    fn check_that_it_is_ours(&self) -> Result<(), Error> {
        let Some(open) = &self.segment else { return Ok(()) };
        let path = self.folder.join(&open.name);
        match open.file.length() {
            Ok(found) if found == open.length => Ok(()),
            Ok(found) => Err(Error::Changed { path, found, written: open.length }),
            Err(source) => Err(Error::Write { path, source }),
        }
    }

    /// Does what the last failure has left to do.
    fn mend(&mut self) -> Result<(), Error> {
        let Some(open) = &mut self.segment else { return Ok(()) };
        let done = match open.end {
            End::Clean => Ok(()),
            End::Unnamed => self.disk.sync_names(),
            End::Torn => open.cut(),
        };
        done.map_err(|source| Error::Write { path: self.folder.join(&open.name), source })?;
        open.end = End::Clean;
        Ok(())
    }

    fn begin_segment(&mut self) -> Result<(), Error> {
        let name = segment::name(self.chain.next);
        let file = self.disk.create(&name);
        let file = file.map_err(|source| Error::Segment { path: self.folder.join(&name), source })?;
        self.segment = Some(Open { name, file, length: 0, end: End::Unnamed });
        Ok(())
    }

    fn seal(&self, group: &[Line]) -> (Vec<u8>, Vec<Receipt>, Chain) {
        let mut bytes = Vec::with_capacity(group.iter().map(Line::length).sum());
        let mut chain = self.chain.clone();
        let mut receipts = Vec::with_capacity(group.len());
        for Line { timestamp, body } in group {
            chain.head = line::seal(chain.next, *timestamp, body, &chain.head, &mut bytes);
            receipts.push(receipt(chain.next, *timestamp, &chain.head));
            chain.next += 1;
        }
        (bytes, receipts, chain)
    }
}

fn receipt(seq: u64, timestamp: jiff::Timestamp, hash: &Hash) -> Receipt {
    Receipt { seq, timestamp, hash: hash.as_str().to_owned() }
}

impl Open {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.end = End::Torn;
        let written = write_all(self.file.as_mut(), bytes).and_then(|()| self.file.sync());
        if written.is_ok() {
            self.length += bytes.len() as u64;
            self.end = End::Clean;
        } else if self.cut().is_ok() {
            self.end = End::Clean;
        }
        written
    }

    /// Cuts away what follows the last whole group, durably: else a crash could
    /// bring back a record that its caller was told is not there.
    fn cut(&mut self) -> io::Result<()> {
        self.file.cut(self.length)?;
        self.file.sync()
    }
}

pub(crate) fn write_all(file: &mut dyn Appending, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => bytes = bytes.get(taken..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
