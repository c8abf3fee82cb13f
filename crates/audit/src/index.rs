//! Where in a segment a record is, by id, time and what people filter by.
//!
//! A help and no evidence: it is made from the records, and can be thrown away. The
//! writer appends a row a record, without a sync; when the segment is closed, the
//! rows' order by id and a summary follow, and the last checkpoint of the segment
//! holds the file's digest: so `verify`, and the writer when it starts, notice one
//! that somebody else has made.
//! ```text
//! tollgate-index 1\n   rows and texts as they come   [order by id, summary, its length, magic]
//! ```
//! A row that says what is not so costs time, never truth: what it points to is
//! read. Not here: filters (`query`).

mod columns;
mod file;
mod writing;

use std::path::Path;

use crate::line::Hash;

pub(crate) use columns::{Columns, TEXTS, Text};
pub(crate) use file::{Index, Place, Row, Summary};
pub(crate) use writing::Writing;

/// How every index begins.
const START: &[u8] = b"tollgate-index 1\n";
/// How a closed one ends.
const END: &[u8; 8] = b"tgindex1";

/// The digest of the index of the segment that begins with this record; none where it
/// has none that can be read.
pub(crate) fn digest(folder: &Path, first: u64) -> Option<Hash> {
    file::content(folder, first).ok().map(|content| Hash::of(&content))
}

/// An id's first 26 bytes: all of a ULID.
pub(crate) type Key = [u8; 26];

/// The file name of the index of the segment that begins with this record.
pub(crate) fn name(first: u64) -> String {
    format!("{first:012}.index")
}

/// The key of an id, or of its start: zeros fill it.
pub(crate) fn key(id: &str) -> Key {
    let mut key = [0; 26];
    key.iter_mut().zip(id.bytes()).for_each(|(to, from)| *to = from);
    key
}

/// What stands before a row or a text.
const TEXT: u8 = 0;
const ROW: u8 = 1;
const WITH_PARENT: u8 = 2;
const TAKING: u8 = 4;
const WITH_EXIT: u8 = 8;

/// In the order: this place is by the row's parent, not by its own id.
const BY_PARENT: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;
    use crate::tree::Tree;

    fn columns(n: u32) -> Columns {
        let mut columns = Columns::of(&crate::samples::entry(n.into()));
        columns.parent = (n.is_multiple_of(3)).then(|| format!("PARENT{:020}", n / 6));
        columns.exit = (n.is_multiple_of(2)).then_some(-(n as i32));
        columns.taking = n.is_multiple_of(5);
        columns
    }

    fn written(folder: &Path, rows: u32, closed: bool) {
        let mut index = Writing::create(folder, 1).unwrap();
        for n in 0..rows {
            index.add(&columns(n), jiff::Timestamp::from_second(i64::from(n)).unwrap(), u64::from(n) * 100);
        }
        index.flush().unwrap();
        if closed {
            index.close(u64::from(rows) * 100, &Chain::START, &Tree::default()).unwrap();
        }
    }

    #[test]
    fn rows_come_back_open_and_closed() {
        for closed in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            written(folder.path(), 50, closed);
            let index = Index::read(folder.path(), 1).unwrap();
            assert_eq!(index.rows.len(), 50);
            for (n, row) in index.rows.iter().enumerate() {
                let columns = columns(n as u32);
                assert_eq!((row.id, row.offset, row.exit), (key(&columns.id), n as u64 * 100, columns.exit));
                assert_eq!((row.parent, row.taking), (columns.parent.as_deref().map(key), columns.taking));
                assert_eq!(index.text(row.text(Text::Agent)), "claude-code");
            }
            assert_eq!(Summary::read(folder.path(), 1).is_some(), closed);
        }
    }

    #[test]
    fn ids_and_parents_are_found_by_their_start() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), 50, true);
        let places = |start: &str| -> Vec<u64> {
            let found = Index::places(folder.path(), 1, start.as_bytes()).unwrap().unwrap();
            found.into_iter().map(|place| place.offset).collect()
        };
        assert_eq!(places(&columns(7).id), [700]);
        assert_eq!(places(&format!("PARENT{:020}", 1)), [600, 900]);
        assert_eq!(places("ID").len(), 50);
        assert_eq!(places("nothing"), [0; 0]);
    }

    #[test]
    fn a_torn_or_damaged_index_gives_what_makes_sense_and_never_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), 20, true);
        let path = folder.path().join(name(1));
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let rows = Index::read(folder.path(), 1).map_or(0, |index| index.rows.len());
            assert!(rows <= 40);
            let mut flipped = whole.clone();
            flipped[cut] ^= 0x55;
            std::fs::write(&path, flipped).unwrap();
            let _ = (Index::read(folder.path(), 1), Index::places(folder.path(), 1, b"ID"));
        }
    }
}
