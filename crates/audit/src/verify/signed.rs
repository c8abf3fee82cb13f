//! Checkpoints held against the tree as it grows.
//!
//! Every checkpoint in the folder must be what the tree was like at its size. With
//! a key, the last of each segment must carry its signature; where one does not fit,
//! the signatures tell whether the log or the note is the forged one.

use std::path::{Path, PathBuf};

use super::{Broken, Check, Error, unreadable};
use crate::chain::Chain;
use crate::checkpoint::{self, Checkpoint};
use crate::index;
use crate::line::Hash;
use crate::note::Signed;
use crate::segment::Segment;
use crate::tree::Tree;

/// See the module.
pub(super) struct Notes<'a> {
    check: &'a Check,
    folder: PathBuf,
    /// The first records of segments that have notes.
    firsts: Vec<u64>,
    /// None for a single file, of which nothing before is known.
    tree: Option<Tree>,
    /// The segment that is read: its first record, its notes, and how many of them were reached.
    first: u64,
    here: Vec<Checkpoint>,
    reached: usize,
    fitting: u64,
    signed: Option<u64>,
    /// Whether the checkpoint that was kept elsewhere was reached.
    compared: bool,
}

/// The chain and the tree where a log begins, and the last record that the signed
/// beginning covers.
pub(super) fn beginning(folder: &Path, check: &Check) -> Result<(Chain, Tree, Option<u64>), Error> {
    let path = folder.join(checkpoint::BEGINNING_NAME);
    let broken = |what: &str| Error::Broken(Broken { segment: path.clone(), line: 1, what: what.to_owned() });
    let Some(found) = checkpoint::beginning(folder).map_err(unreadable(&path))? else {
        return Ok((Chain::START, Tree::default(), None));
    };
    let found = found.map_err(|_| broken("this is no beginning of a log, or its parts do not fit each other"))?;
    match &check.key {
        None => Ok((found.chain, found.tree, None)),
        Some(key) if found.checkpoint.is_signed_by(key) => {
            let size = found.tree.size();
            Ok((found.chain, found.tree, Some(size)))
        }
        Some(_) => Err(broken("the key has not signed this beginning: records before it may have been cut off")),
    }
}

impl<'a> Notes<'a> {
    /// For a folder.
    pub(super) fn of(check: &'a Check, folder: &Path, firsts: Vec<u64>, tree: Tree) -> Result<Self, Error> {
        let mut notes = Self {
            check,
            folder: folder.to_owned(),
            firsts,
            tree: None,
            first: 0,
            here: Vec::new(),
            reached: 0,
            fitting: 0,
            signed: None,
            compared: check.against.is_none(),
        };
        notes.kept_is_ours()?;
        if let Some(against) = &check.against {
            if against.size < tree.size() {
                let (size, removed) = (against.size, tree.size());
                let what = format!("the checkpoint given covers {size} records, but the first {removed} were removed");
                return Err(notes.broken(what));
            }
            notes.compare(&tree, &notes.folder, 1)?;
            notes.compared = notes.compared || against.size == tree.size();
        }
        notes.tree = Some(tree);
        Ok(notes)
    }

    /// For a single file: its records are a part, of which no root is known.
    pub(super) fn none(check: &'a Check, file: &Path) -> Result<Self, Error> {
        let folder = file.to_owned();
        if check.key.is_some() || check.against.is_some() {
            let what = "a single segment has no checkpoints of its own: give the whole folder";
            return Err(Error::Broken(Broken { segment: folder, line: 1, what: what.to_owned() }));
        }
        let (firsts, here) = (Vec::new(), Vec::new());
        Ok(Self {
            check,
            folder,
            firsts,
            tree: None,
            first: 0,
            here,
            reached: 0,
            fitting: 0,
            signed: None,
            compared: true,
        })
    }

    /// Whether the checkpoint that was kept elsewhere is this key's.
    fn kept_is_ours(&self) -> Result<(), Error> {
        match (&self.check.against, &self.check.key) {
            (Some(against), Some(key)) if !against.is_signed_by(key) => {
                Err(self.broken(format!("the checkpoint given is not signed by the key of `{}`", key.name())))
            }
            _ => Ok(()),
        }
    }

    fn broken(&self, what: String) -> Error {
        Error::Broken(Broken { segment: self.folder.clone(), line: 1, what })
    }

    /// How many fitted.
    pub(super) fn fitting(&self) -> u64 {
        self.fitting
    }

    /// A segment begins.
    pub(super) fn begin(&mut self, segment: &Segment) -> Result<(), Error> {
        self.check_index()?;
        self.here.clear();
        self.reached = 0;
        self.first = segment.first;
        let Some(tree) = self.tree.as_ref().filter(|_| self.firsts.contains(&segment.first)) else { return Ok(()) };
        let path = self.folder.join(checkpoint::name(segment.first));
        self.here = checkpoint::read(&self.folder, segment.first).map_err(unreadable(&path))?.0;
        let sizes = std::iter::once(tree.size()).chain(self.here.iter().map(|note| note.size));
        let sizes: Vec<u64> = sizes.collect();
        let grows = sizes.windows(2).all(|pair| matches!(pair, [one, next] if one <= next));
        let what = "the checkpoints are not in the order of their segment: one is moved or of another log";
        if grows { Ok(()) } else { Err(Broken { segment: path, line: 1, what: what.to_owned() }.into()) }
    }

    /// The next record, in this line of a segment.
    pub(super) fn take(&mut self, hash: &Hash, segment: &Segment, line: u64) -> Result<(), Error> {
        let Some(mut tree) = self.tree.take() else { return Ok(()) };
        tree.push(hash);
        while let Some(note) = self.here.get(self.reached).filter(|note| note.size <= tree.size()) {
            if note.size == tree.size() && !note.fits(&tree) {
                return Err(self.misfit(note, segment, line));
            }
            self.fitting += 1;
            self.reached += 1;
        }
        if !self.compared {
            self.compare(&tree, &segment.path, line)?;
            self.compared = self.check.against.as_ref().is_some_and(|against| against.size == tree.size());
        }
        self.tree = Some(tree);
        Ok(())
    }

    /// The checkpoint that was kept elsewhere, where the tree has its size.
    fn compare(&self, tree: &Tree, path: &Path, line: u64) -> Result<(), Error> {
        match &self.check.against {
            Some(against) if against.size == tree.size() && !against.fits(tree) => {
                let what = format!(
                    "the checkpoint given does not fit: some of the first {} records were changed",
                    tree.size()
                );
                Err(Broken { segment: path.to_owned(), line, what }.into())
            }
            _ => Ok(()),
        }
    }

    /// A checkpoint that is not what the tree is like.
    fn misfit(&self, note: &Checkpoint, segment: &Segment, line: u64) -> Error {
        let good = self.reached.checked_sub(1).and_then(|at| self.here.get(at));
        let from = good.map_or(segment.first, |good| good.size + 1);
        let to = note.size;
        let forged = self.check.key.as_ref().map(|key| note.signature(key));
        let what = match forged {
            Some(Signed::Badly) => format!("a checkpoint over {to} records is forged: its signature is not the key's"),
            _ => format!("records {from} to {to} do not fit the checkpoint over {to} records: they were written anew"),
        };
        Broken { segment: segment.path.clone(), line, what }.into()
    }

    /// A segment is at its end. Its last fitting checkpoint must be the key's.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        let Some(key) = &self.check.key else { return Ok(()) };
        let fitting = self.here.get(..self.reached).unwrap_or_default();
        let ours = |note: &&Checkpoint| note.signature(key) != Signed::Not;
        let Some(last) = fitting.iter().rev().find(ours) else { return Ok(()) };
        if last.is_signed_by(key) {
            self.signed = Some(last.size);
            return Ok(());
        }
        let forged =
            fitting.iter().find(|note| note.signature(key) == Signed::Badly).map_or(last.size, |note| note.size);
        let first = self.signed.map_or(1, |signed| signed + 1);
        let what = format!(
            "the checkpoint over {forged} records is forged: records from {first} on may have been written anew"
        );
        Err(self.broken(what))
    }

    /// The index of the segment that was read, which another one follows: that it is
    /// not there hides nothing; another one may.
    fn check_index(&self) -> Result<(), Error> {
        let fitting = self.here.get(..self.reached).unwrap_or_default();
        let counts = |note: &&Checkpoint| self.check.key.as_ref().is_none_or(|key| note.is_signed_by(key));
        let said = fitting.iter().rev().filter(counts).find_map(|note| note.index(self.first));
        let Some(said) = said else { return Ok(()) };
        if index::digest(&self.folder, self.first).is_none_or(|found| found == said) {
            return Ok(());
        }
        let segment = self.folder.join(index::name(self.first));
        let what = "this index is not the one that was made of the records, and may hide some from `list`; \
                    the records are as they were: remove the index";
        Err(Broken { segment, line: 1, what: what.to_owned() }.into())
    }

    /// The log is at its end, after so many records. Gives the last record that is
    /// covered by a signature.
    pub(super) fn end(&self, path: &Path, records: u64) -> Result<Option<u64>, Error> {
        let cut = |size: u64, which: &str| {
            let what = format!("the log ends with record {records}, but {which} covers {size}: its end was cut off");
            Error::Broken(Broken { segment: path.to_owned(), line: 1, what })
        };
        if self.tree.is_none() {
            return Ok(None);
        }
        if let Some(against) = self.check.against.as_ref().filter(|against| against.size > records) {
            return Err(cut(against.size, "the checkpoint given"));
        }
        if let Some(beyond) = self.beyond()?.filter(|size| *size > records) {
            return Err(cut(beyond, "a checkpoint"));
        }
        match &self.check.key {
            Some(key)
                if self.signed.is_none() && records > 0 && !self.folder.join(checkpoint::BEGINNING_NAME).exists() =>
            {
                Err(Error::Unsigned { path: self.folder.clone(), name: key.name().to_owned() })
            }
            _ => Ok(self.signed),
        }
    }

    /// The most that any checkpoint covers which was there before the segments were read.
    fn beyond(&self) -> Result<Option<u64>, Error> {
        let unread = self.here.get(self.reached..).unwrap_or_default().iter().map(|note| note.size).max();
        let Some(newest) = self.firsts.last().filter(|newest| **newest > self.first) else { return Ok(unread) };
        let path = self.folder.join(checkpoint::name(*newest));
        let notes = checkpoint::read(&self.folder, *newest).map_err(unreadable(&path))?.0;
        Ok(notes.iter().map(|note| note.size).chain(unread).max())
    }
}
