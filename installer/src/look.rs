//! What stands where a thing belongs, and what follows from it.
//!
//! Only reads. What a person changed is never followed by a step, only by a note.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::lines::{self, Found};
use crate::manifest::Standing;
use crate::step::{Purpose, Step};
use crate::thing::{Digest, Owner, Position, Thing, staged};

/// A file of a person's own is not read past this, in bytes.
const MOST: u64 = 4 << 20;

/// Why something is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is left.
    pub at: PathBuf,
    /// Why.
    pub why: Why,
}

/// Why something is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is not as it was made.
    Changed,
    /// Something that we did not make has the place.
    Taken,
    /// It belongs to another user.
    Foreign,
    /// It cannot be read.
    Unreadable,
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.display();
        match self.why {
            Why::Changed => write!(out, "`{at}` was changed since it was made, and is left as it is"),
            Why::Taken => write!(out, "`{at}` is not ours, and is left as it is"),
            Why::Foreign => write!(out, "`{at}` belongs to another user, and is left as it is"),
            Why::Unreadable => write!(out, "`{at}` cannot be read, and is left as it is"),
        }
    }
}

/// What is to be done for one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// It stands, and is ours.
    Stands,
    /// It stands, and somebody else made it.
    Theirs,
    /// This makes it so.
    Do(Step),
    /// It is left.
    Leave(Why),
}

/// What makes `wanted` so. `before` is what we made at this place, as far as is
/// known; where that installation was not finished, it may never have been.
pub(crate) fn wanted(wanted: &Thing, before: &[&Thing], standing: Standing) -> Action {
    match wanted {
        // What was made once and is gone by now, the person removed.
        Thing::File { at, owner: Owner::Person, .. }
            if standing == Standing::Whole && !before.is_empty() && at.symlink_metadata().is_err() =>
        {
            Action::Stands
        }
        Thing::Folder { at } => folder(at, before),
        Thing::File { at, sha256, owner, bytes } => file(at, sha256, *owner, bytes, before),
        Thing::Lines { at, position, text } => put(at, *position, text, before),
        Thing::Link { at, to } => link(at, to, before),
    }
}

/// What takes a thing away of which any of `records` may have been made.
pub(crate) fn unwanted(records: &[&Thing]) -> Option<Action> {
    match records.first()? {
        Thing::Folder { at } => at.is_dir().then(|| Action::Do(Step::RemoveFolder(at.clone()))),
        Thing::File { at, .. } => match read(at) {
            Err(why) => Some(Action::Leave(why)),
            Ok(None) => None,
            Ok(Some(bytes)) => {
                let was = Digest::of(&bytes);
                Some(if is_made(&was, records) {
                    Action::Do(Step::Remove { at: at.clone(), was })
                } else {
                    Action::Leave(Why::Changed)
                })
            }
        },
        Thing::Lines { at, position, .. } => take(at, *position, records),
        Thing::Link { at, .. } => {
            let to = fs::read_link(at).ok()?;
            let ours = records.iter().any(|record| matches!(record, Thing::Link { to: made, .. } if *made == to));
            Some(if ours { Action::Do(Step::Unlink { at: at.clone(), to }) } else { Action::Leave(Why::Changed) })
        }
    }
}

/// What a broken-off change of this thing left beside its place.
pub(crate) fn left_beside(thing: &Thing) -> Option<Step> {
    let beside = staged(thing.at());
    beside.symlink_metadata().is_ok().then_some(Step::RemoveStaged(beside))
}

fn folder(at: &Path, before: &[&Thing]) -> Action {
    match fs::metadata(at) {
        Ok(found) if found.is_dir() => stands(before),
        Ok(_) => Action::Leave(Why::Taken),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Action::Do(Step::Folder(at.to_owned())),
        Err(_) => Action::Leave(Why::Unreadable),
    }
}

fn file(at: &Path, sha256: &Digest, owner: Owner, bytes: &[u8], before: &[&Thing]) -> Action {
    let write = |was, purpose| Action::Do(Step::Write { at: at.to_owned(), bytes: bytes.to_vec(), was, purpose });
    match read(at) {
        Err(why) => Action::Leave(why),
        Ok(None) => write(None, Purpose::Make),
        Ok(Some(found)) => match Digest::of(&found) {
            found if found == *sha256 => stands(before),
            found if is_made(&found, before) => write(Some(found), Purpose::Renew),
            _ if before.is_empty() => Action::Leave(Why::Taken),
            _ if owner == Owner::Person => Action::Stands,
            _ => Action::Leave(Why::Changed),
        },
    }
}

fn put(at: &Path, position: Position, text: &str, before: &[&Thing]) -> Action {
    let found = match read(at) {
        Ok(found) => found,
        Err(why) => return Action::Leave(why),
    };
    let file = found.as_deref().unwrap_or_default();
    let step = |was| Action::Do(Step::PutLines { at: at.to_owned(), position, text: text.to_owned(), was });
    match lines::find(file, position) {
        Found::Nothing => step(None),
        Found::Lines(lines) if lines == text.as_bytes() => Action::Stands,
        Found::Lines(lines) => put_before(lines, before).map_or(Action::Leave(Why::Changed), |was| step(Some(was))),
        Found::Broken => Action::Leave(Why::Changed),
    }
}

fn take(at: &Path, position: Position, records: &[&Thing]) -> Option<Action> {
    let file = match read(at) {
        Ok(found) => found?,
        Err(why) => return Some(Action::Leave(why)),
    };
    let lines = match lines::find(&file, position) {
        Found::Nothing => return None,
        Found::Lines(lines) => put_before(lines, records),
        Found::Broken => None,
    };
    let step = lines.map(|was| Action::Do(Step::TakeLines { at: at.to_owned(), position, was }));
    Some(step.unwrap_or(Action::Leave(Why::Changed)))
}

fn link(at: &Path, to: &Path, before: &[&Thing]) -> Action {
    match fs::read_link(at) {
        Ok(found) if found == to => stands(before),
        Ok(was) if before.iter().any(|made| matches!(made, Thing::Link { to, .. } if *to == was)) => {
            Action::Do(Step::Relink { at: at.to_owned(), to: to.to_owned(), was })
        }
        Ok(_) if before.is_empty() => Action::Leave(Why::Taken),
        Ok(_) => Action::Leave(Why::Changed),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            Action::Do(Step::Link { at: at.to_owned(), to: to.to_owned() })
        }
        Err(_) => Action::Leave(Why::Taken),
    }
}

fn stands(before: &[&Thing]) -> Action {
    if before.is_empty() { Action::Theirs } else { Action::Stands }
}

fn is_made(found: &Digest, records: &[&Thing]) -> bool {
    records.iter().any(|record| matches!(record, Thing::File { sha256, .. } if sha256 == found))
}

/// These lines, if we put them.
fn put_before(found: &[u8], records: &[&Thing]) -> Option<String> {
    let texts = records.iter().filter_map(|record| match record {
        Thing::Lines { text, .. } => Some(text),
        _ => None,
    });
    texts.into_iter().find(|text| text.as_bytes() == found).cloned()
}

/// The file's bytes, if it is a file of our user's that can be read; none where
/// there is nothing.
fn read(at: &Path) -> Result<Option<Vec<u8>>, Why> {
    match fs::metadata(at) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) => Err(Why::Unreadable),
        Ok(found) if !found.is_file() => Err(Why::Taken),
        Ok(found) if found.uid() != nix::unistd::Uid::effective().as_raw() => Err(Why::Foreign),
        Ok(found) if found.len() > MOST => Err(Why::Unreadable),
        Ok(_) => fs::read(at).map(Some).map_err(|_| Why::Unreadable),
    }
}
