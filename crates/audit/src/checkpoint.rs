//! Checkpoints: signed heads of the tree over a log, in the form of
//! <https://c2sp.org/tlog-checkpoint>.
//!
//! ```text
//! tollgate/01K...                  the log, named by its key
//! 20852163                         how many records
//! CsUYapGGPo4dkMgIAUqom/Xajj7...   the root over them
//!
//! — tollgate/01K... Az3grlgtz...
//! ```
//! They lie beside their segment, in `000000000001.notes`; the last one of a closed
//! segment has a line more, with the digest of its index (`index 000000000001 3f0c...`). Where the oldest
//! segments were removed, `beginning` holds one with more lines: what the chain and
//! the tree were like before the first record that is left.

use std::path::Path;

use crate::base64;
use crate::chain::Chain;
use crate::line::Hash;
use crate::note::{self, Signed, SigningKey};
use crate::tree::{Node, Tree};

pub use note::PublicKey;

const BEGINNING: &str = "beginning";
const HEAD: &str = "head ";
const PEAK: &str = "subtree ";
const INDEX: &str = "index ";

/// A signed head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many records it covers, from the very first.
    pub size: u64,
    /// The root over them.
    pub(crate) root: Node,
    /// The note that it was read from.
    pub note: String,
}

/// Where a log begins whose oldest segments were removed.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    pub(crate) checkpoint: Checkpoint,
    /// The chain before the first record that is left.
    pub(crate) chain: Chain,
    /// The tree before it.
    pub(crate) tree: Tree,
}

impl Checkpoint {
    /// Signs the head of a tree.
    pub(crate) fn sign(tree: &Tree, key: &SigningKey) -> Self {
        Self::signed(tree, key, "")
    }

    /// The same, with the digest of the index of the segment that begins with this
    /// record.
    pub(crate) fn sign_with_index(tree: &Tree, key: &SigningKey, first: u64, digest: &Hash) -> Self {
        Self::signed(tree, key, &format!("{INDEX}{first:012} {}\n", digest.as_str()))
    }

    /// The digest that the index of the segment should have, if this says one.
    pub(crate) fn index(&self, first: u64) -> Option<Hash> {
        let line = note::text(&self.note)?.lines().skip(3).find_map(|line| line.strip_prefix(INDEX))?;
        let (segment, digest) = line.split_once(' ')?;
        Hash::parse(digest).filter(|_| segment == format!("{first:012}"))
    }

    fn signed(tree: &Tree, key: &SigningKey, more: &str) -> Self {
        let origin = key.public().name().to_owned();
        let (size, root) = (tree.size(), tree.root());
        let note = key.sign(&format!("{origin}\n{size}\n{}\n{more}", base64::encode(&root)));
        Self { origin, size, root, note }
    }

    /// Reads a note; `None` where it is no checkpoint.
    #[must_use]
    pub fn parse(note: &str) -> Option<Self> {
        let mut lines = note::text(note)?.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let good = !origin.is_empty() && (size == "0" || !size.starts_with('0'));
        let digits = size.bytes().all(|digit| digit.is_ascii_digit());
        let root = base64::decode(root)?.try_into().ok()?;
        let size = size.parse().ok().filter(|_| good && digits)?;
        Some(Self { origin: origin.to_owned(), size, root, note: note.to_owned() })
    }

    /// Whether this key has signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signature(key) == Signed::Well && self.origin == key.name()
    }

    /// What its signature comes to.
    pub(crate) fn signature(&self, key: &PublicKey) -> Signed {
        note::signed(&self.note, key)
    }

    /// Whether this is what the tree was like.
    pub(crate) fn fits(&self, tree: &Tree) -> bool {
        self.size == tree.size() && self.root == tree.root()
    }
}

impl Beginning {
    /// Signs a new beginning.
    pub(crate) fn sign(tree: &Tree, head: &Hash, key: &SigningKey) -> Self {
        let peaks: String = tree.peaks().iter().map(|peak| format!("{PEAK}{}\n", base64::encode(peak))).collect();
        let checkpoint = Checkpoint::signed(tree, key, &format!("{BEGINNING}\n{HEAD}{}\n{peaks}", head.as_str()));
        let chain = Chain { next: tree.size() + 1, head: *head };
        Self { checkpoint, chain, tree: tree.clone() }
    }

    /// Reads one; `None` where the note is no beginning, or not one of its own root.
    pub(crate) fn parse(note: &str) -> Option<Self> {
        let checkpoint = Checkpoint::parse(note)?;
        let mut lines = note::text(note)?.lines().skip(3);
        let head = lines.next().filter(|line| *line == BEGINNING).and_then(|_| lines.next())?;
        let head = Hash::parse(head.strip_prefix(HEAD)?)?;
        let peaks = lines.map(|line| base64::decode(line.strip_prefix(PEAK)?)?.try_into().ok());
        let tree = Tree::of(checkpoint.size, peaks.collect::<Option<_>>()?)?;
        let chain = Chain { next: tree.size().checked_add(1)?, head };
        checkpoint.fits(&tree).then_some(Self { checkpoint, chain, tree })
    }
}

/// The name of the file of a segment's notes.
pub(crate) fn name(first: u64) -> String {
    format!("{first:012}.notes")
}

/// The first records of the segments that there are notes of, in their order.
pub(crate) fn firsts(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for found in std::fs::read_dir(folder)? {
        let written = found?.file_name();
        let number = written.to_str().and_then(|name| name.strip_suffix(".notes")?.parse().ok());
        firsts.extend(number.filter(|first| name(*first).as_str() == written));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// The name of the file of the beginning.
pub(crate) const BEGINNING_NAME: &str = "beginning";

/// Most bytes of a file of notes: those of a segment whose every record has one.
const MOST: u64 = 64 << 20;

/// The notes beside the segment that begins with this record, the oldest first, and
/// the bytes of the file that they take. A file that is not there has none.
pub(crate) fn read(folder: &Path, first: u64) -> std::io::Result<(Vec<Checkpoint>, u64)> {
    let content = text(&folder.join(name(first)))?;
    let (notes, length) = note::split(&content);
    Ok((notes.into_iter().filter_map(Checkpoint::parse).collect(), length as u64))
}

/// The last checkpoint of a log, newest segment first; `None` where none is signed.
pub fn last(folder: &Path) -> std::io::Result<Option<Checkpoint>> {
    for first in firsts(folder)?.into_iter().rev() {
        if let Some(last) = read(folder, first)?.0.pop() {
            return Ok(Some(last));
        }
    }
    Ok(beginning(folder)?.and_then(Result::ok).map(|beginning| beginning.checkpoint))
}

/// Where the log begins, if its oldest segments were removed; an error where the
/// file is there and says nothing that makes sense.
pub(crate) fn beginning(folder: &Path) -> std::io::Result<Option<Result<Beginning, Malformed>>> {
    let note = text(&folder.join(BEGINNING_NAME))?;
    if note.is_empty() && !folder.join(BEGINNING_NAME).exists() {
        return Ok(None);
    }
    Ok(Some(Beginning::parse(&note).ok_or(Malformed)))
}

/// A file of ours says nothing that makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What of a file is text; nothing where it is not there.
fn text(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let file = match crate::segment::open_plain(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.take(MOST).read_to_end(&mut content)?;
    match String::from_utf8(content) {
        Ok(text) => Ok(text),
        Err(error) => {
            let whole = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes.truncate(whole);
            Ok(String::from_utf8(bytes).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(size: u8) -> Tree {
        let mut tree = Tree::default();
        (0..size).for_each(|n| tree.push(&Hash::of(&[n])));
        tree
    }

    #[test]
    fn a_checkpoint_is_three_lines_and_a_signature() {
        let key = SigningKey::generate("tollgate/01K").unwrap();
        let signed = Checkpoint::sign(&tree(5), &key);
        let lines: Vec<&str> = signed.note.lines().collect();
        assert_eq!((lines[0], lines[1], lines[3], lines.len()), ("tollgate/01K", "5", "", 5));
        let read = Checkpoint::parse(&signed.note).unwrap();
        assert_eq!(read, signed);
        assert!(read.is_signed_by(key.public()) && read.fits(&tree(5)) && !read.fits(&tree(4)));
        let forged = Checkpoint::parse(&signed.note.replacen("\n5\n", "\n4\n", 1)).unwrap();
        assert_eq!(forged.signature(key.public()), Signed::Badly);
        for wrong in ["", "a\n1\n\n", "a\n01\nAAAA\n\n", &signed.note.replacen("\n5\n", "\n+5\n", 1)] {
            assert_eq!(Checkpoint::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_beginning_holds_chain_and_tree_and_cannot_be_made_of_a_checkpoint() {
        let key = SigningKey::generate("k").unwrap();
        let signed = Beginning::sign(&tree(6), &Hash::of(b"head"), &key);
        let read = Beginning::parse(&signed.checkpoint.note).unwrap();
        assert_eq!((read.chain.next, &read.tree), (7, &tree(6)));
        assert_eq!(read.chain.head, Hash::of(b"head"));
        assert!(Beginning::parse(&Checkpoint::sign(&tree(6), &key).note).is_none());
        assert!(Beginning::parse(&signed.checkpoint.note.replacen("\n6\n", "\n7\n", 1)).is_none());
    }
}
