//! The Merkle tree over a log's records, as RFC 6962 makes it (section 2.1).
//!
//! The leaf of a record is its hash, 32 bytes; so the tree is over the chain, and
//! costs a fraction of it. Only the roots of its whole subtrees are held: 64 at
//! most, however long the log. Not here: signing a root (`checkpoint`).

use sha2::{Digest, Sha256};

use crate::line::Hash;

/// 32 bytes of SHA-256.
pub(crate) type Node = [u8; 32];

/// A tree that only grows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    size: u64,
    /// The roots of the whole subtrees, the largest first: one for each bit of `size`.
    peaks: Vec<Node>,
}

impl Tree {
    /// A tree of so many leaves with these subtrees; none where they are not as many
    /// as that size has.
    pub(crate) fn of(size: u64, peaks: Vec<Node>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// How many leaves.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its whole subtrees, the largest first.
    pub(crate) fn peaks(&self) -> &[Node] {
        &self.peaks
    }

    /// Adds the record with this hash.
    pub(crate) fn push(&mut self, record: &Hash) {
        let mut node: Node = Sha256::new().chain_update([0]).chain_update(record.bytes()).finalize().into();
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = inner(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root.
    pub(crate) fn root(&self) -> Node {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Sha256::digest([]).into() };
        peaks.fold(*last, |right, left| inner(left, &right))
    }
}

fn inner(left: &Node, right: &Node) -> Node {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962, word for word.
    fn defined(leaves: &[Hash]) -> Node {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => Sha256::new().chain_update([0]).chain_update(leaf.bytes()).finalize().into(),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                inner(&defined(&leaves[..split]), &defined(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_definition_at_every_size() {
        let leaves: Vec<Hash> = (0..70u8).map(|n| Hash::of(&[n])).collect();
        let mut tree = Tree::default();
        for (size, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), defined(&leaves[..size]), "{size}");
            assert_eq!(Tree::of(tree.size(), tree.peaks().to_vec()).as_ref(), Some(&tree));
            tree.push(leaf);
        }
        assert_eq!(Tree::of(3, vec![[0; 32]]), None);
    }
}
