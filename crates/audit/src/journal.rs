//! Groups of records onto the disk, and nothing half.
//!
//! A group is one write and one fdatasync; it stands whole, or is cut away again.
//! While the end is not known to be clean, nothing further is written. This is
//! single-threaded; who waits for what is the writer's business.

use std::io;
use std::path::PathBuf;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;

use crate::beside::Beside;
use crate::chain::Chain;
use crate::checkpoint::{self, Beginning, Checkpoint};
use crate::disk::{Appending, Disk};
use crate::index::Summary;
use crate::line::{self, Hash};
use crate::upkeep::Removal;
use crate::writer::{GROUP_BYTES, Line, Receipt};
use crate::{Entry, Error, Kind, segment, upkeep};

/// The end of a log, open for more.
pub(crate) struct Journal {
    disk: Box<dyn Disk>,
    /// For messages.
    folder: PathBuf,
    /// None before the very first record.
    segment: Option<Open>,
    chain: Chain,
    beside: Beside,
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
        beside: Beside,
        segment_bytes: u64,
    ) -> Self {
        Self { disk, folder, segment, chain, beside, segment_bytes }
    }

    /// The number of the next record.
    pub(crate) fn next(&self) -> u64 {
        self.chain.next
    }

    /// The first record of the segment that is written.
    pub(crate) fn first(&self) -> Option<u64> {
        self.segment.as_ref().and_then(|open| segment::number(Path::new(&open.name)))
    }

    /// Records that no checkpoint covers yet.
    pub(crate) fn unsigned(&self) -> u64 {
        self.beside.unsigned()
    }

    /// Signs what is there; gives the newest checkpoint.
    pub(crate) fn checkpoint(&mut self) -> io::Result<Option<Checkpoint>> {
        self.beside.checkpoint()
    }

    /// Writes a group: when this returns receipts, one a line, all is durable;
    /// when it fails, nothing of it stays.
    pub(crate) fn write(&mut self, group: &[Line]) -> Result<Vec<Receipt>, Error> {
        self.make_ready()?;
        let Sealed { bytes, places, chain } = self.seal(group);
        let Some(open) = &mut self.segment else { return Err(Error::Closed) };
        let start = open.length;
        open.append(&bytes).map_err(|source| Error::Write { path: self.folder.join(&open.name), source })?;
        let first = self.chain.next;
        self.chain = chain;
        let mut receipts = Vec::with_capacity(group.len());
        for ((line, (offset, hash)), seq) in group.iter().zip(places).zip(first..) {
            self.beside.add(&line.columns, line.timestamp, start + offset, &hash);
            receipts.push(receipt(seq, line.timestamp, &hash));
        }
        self.beside.flush();
        Ok(receipts)
    }

    /// Removes the oldest segments. Whatever ends the program on the way, nothing is
    /// lost: what they hold that still matters is said again first; only the signed
    /// note of what the log was like there, which comes next, lets anything go.
    pub(crate) fn trim(&mut self, removal: &Removal) -> Result<(), Error> {
        let Some(beginning) = self.beginning(removal.keep) else { return Ok(()) };
        self.carry(removal)?;
        self.begin_at(&beginning)?;
        let wrong = |source| Error::Folder { path: self.folder.clone(), source };
        upkeep::remove_before(&self.folder, removal.keep).map_err(wrong)
    }

    /// Says again what is carried, and that the rest goes: in groups as small as any,
    /// since a crash is told from a forgery by how much it can have torn.
    pub(crate) fn carry(&mut self, removal: &Removal) -> Result<(), Error> {
        let message = format!("records up to {} are removed, as the settings ask", removal.keep.saturating_sub(1));
        let trimmed = Entry::about_us(Kind::Trimmed, message);
        let lines = removal.carried.iter().chain([&trimmed]).map(|entry| Line::of(entry, Timestamp::now()));
        let (mut group, mut bytes) = (Vec::new(), 0);
        for line in lines {
            let line = line?;
            if bytes + line.length() > GROUP_BYTES && !group.is_empty() {
                self.write(&std::mem::take(&mut group))?;
                bytes = 0;
            }
            bytes += line.length();
            group.push(line);
        }
        self.write(&group).map(drop)
    }

    /// From here on the log begins there.
    pub(crate) fn begin_at(&self, beginning: &Beginning) -> Result<(), Error> {
        let replaced = replace(&self.folder, checkpoint::BEGINNING_NAME, &beginning.checkpoint.note);
        replaced.map_err(|source| Error::Folder { path: self.folder.clone(), source })
    }

    /// The signed note of the log before this record; none where nothing signs, or
    /// the index that knows it is missing.
    pub(crate) fn beginning(&self, keep: u64) -> Option<Beginning> {
        let segments = segment::list(&self.folder).ok()?;
        let former = segments.iter().rev().find(|segment| segment.first < keep)?;
        let summary = Summary::read(&self.folder, former.first)?;
        let tree = summary.tree().filter(|tree| tree.size() + 1 == keep)?;
        Some(Beginning::sign(&tree, &summary.head()?, self.beside.key()?))
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
        match &self.segment {
            Some(full) => self.beside.turn(full.length, &self.chain),
            None => self.beside.begin(self.chain.next),
        }
        self.segment = Some(Open { name, file, length: 0, end: End::Unnamed });
        Ok(())
    }

    fn seal(&self, group: &[Line]) -> Sealed {
        let mut bytes = Vec::with_capacity(group.iter().map(Line::length).sum());
        let mut chain = self.chain.clone();
        let mut places = Vec::with_capacity(group.len());
        for Line { timestamp, body, .. } in group {
            let offset = bytes.len() as u64;
            chain.head = line::seal(chain.next, *timestamp, body, &chain.head, &mut bytes);
            places.push((offset, chain.head));
            chain.next += 1;
        }
        Sealed { bytes, places, chain }
    }
}

/// A group as it is written.
struct Sealed {
    bytes: Vec<u8>,
    /// Of each record its place among the bytes, and its hash.
    places: Vec<(u64, Hash)>,
    /// The chain after it.
    chain: Chain,
}

/// Writes a small file in place of the one of this name, whole or not at all.
fn replace(folder: &Path, name: &str, content: &str) -> io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(new, folder.join(name))?;
    std::fs::File::open(folder)?.sync_all()
}

fn receipt(seq: u64, timestamp: Timestamp, hash: &Hash) -> Receipt {
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
