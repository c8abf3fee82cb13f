//! What lies beside the segment that is written: its index and its checkpoints.
//!
//! Neither may keep a record from being written: an index that cannot be written is
//! given up until the next segment, a checkpoint is tried again. Not here: when a
//! checkpoint is due (`writer::keeper`).

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::chain::Chain;
use crate::checkpoint::{self, Checkpoint};
use crate::index::{Columns, Writing};
use crate::line::Hash;
use crate::note::SigningKey;
use crate::tree::Tree;

/// See the module.
#[derive(Debug)]
pub(crate) struct Beside {
    folder: PathBuf,
    /// The first record of the segment that is written.
    first: u64,
    index: Option<Writing>,
    tree: Tree,
    key: Option<Arc<SigningKey>>,
    notes: Option<File>,
    /// The newest checkpoint.
    last: Option<Checkpoint>,
}

impl Beside {
    /// Beside the segment that begins with the record after this tree.
    pub(crate) fn new(folder: &Path, tree: Tree, key: Option<Arc<SigningKey>>) -> Self {
        let folder = folder.to_owned();
        Self { folder, first: tree.size() + 1, index: None, tree, key, notes: None, last: None }
    }

    /// Goes on with a segment that has records already.
    pub(crate) fn go_on(&mut self, first: u64, tree: Tree, index: Option<Writing>) {
        self.first = first;
        self.tree = tree;
        self.index = index;
    }

    /// The newest checkpoint, as it was found.
    pub(crate) fn know(&mut self, last: Option<Checkpoint>) {
        self.last = last;
    }

    /// The key that signs.
    pub(crate) fn key(&self) -> Option<&Arc<SigningKey>> {
        self.key.as_ref()
    }

    /// A record is durable, and its line begins at `offset` of the segment.
    pub(crate) fn add(&mut self, columns: &Columns, time: Timestamp, offset: u64, hash: &Hash) {
        self.tree.push(hash);
        if let Some(index) = &mut self.index {
            index.add(columns, time, offset);
        }
    }

    /// Hands the index's rows to its file.
    pub(crate) fn flush(&mut self) {
        if let Some(index) = &mut self.index
            && let Err(cause) = index.flush()
        {
            tracing::warn!(%cause, "the audit's index cannot be written: searching this segment takes longer");
            self.index = None;
        }
    }

    /// The segment of so many bytes is closed, the one after `chain` begins.
    pub(crate) fn turn(&mut self, bytes: u64, chain: &Chain) {
        if let Err(cause) = self.checkpoint() {
            tracing::warn!(%cause, "a checkpoint could not be written");
        }
        let closed = self.index.take().map(|index| index.close(bytes, chain, &self.tree));
        let signed = closed.map(|digest| digest.and_then(|digest| self.sign_index(&digest)));
        if let Some(Err(cause)) = signed {
            tracing::warn!(%cause, "the audit's index cannot be closed: it is made again at the next start");
        }
        self.begin(chain.next);
    }

    /// Says what index belongs to the segment.
    fn sign_index(&mut self, digest: &Hash) -> io::Result<()> {
        let Some(key) = self.key.clone() else { return Ok(()) };
        let signed = Checkpoint::sign_with_index(&self.tree, &key, self.first, digest);
        self.note(&signed)
    }

    /// Adds a note to those of the segment, durably.
    fn note(&mut self, signed: &Checkpoint) -> io::Result<()> {
        let notes = match &mut self.notes {
            Some(notes) => notes,
            None => self.notes.insert(open(&self.folder, self.first)?),
        };
        notes.write_all(signed.note.as_bytes())?;
        notes.sync_data()
    }

    /// A segment begins with this record.
    pub(crate) fn begin(&mut self, first: u64) {
        self.first = first;
        self.notes = None;
        self.index = Writing::create(&self.folder, first).ok();
    }

    /// Records that no checkpoint covers yet; none are where nothing signs.
    pub(crate) fn unsigned(&self) -> u64 {
        if self.key.is_none() {
            return 0;
        }
        self.tree.size() - self.last.as_ref().map_or(0, |last| last.size.min(self.tree.size()))
    }

    /// Signs what is there, if something is new; gives the newest checkpoint.
    pub(crate) fn checkpoint(&mut self) -> io::Result<Option<Checkpoint>> {
        let Some(key) = self.key.clone().filter(|_| self.unsigned() > 0) else { return Ok(self.last.clone()) };
        let signed = Checkpoint::sign(&self.tree, &key);
        self.note(&signed)?;
        self.last = Some(signed);
        Ok(self.last.clone())
    }
}

/// The file of a segment's notes, without the end that a crash may have torn.
fn open(folder: &Path, first: u64) -> io::Result<File> {
    let (_, whole) = checkpoint::read(folder, first)?;
    let path = folder.join(checkpoint::name(first));
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.set_len(whole)?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}
