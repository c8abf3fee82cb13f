//! An index as its segment is written.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{BY_PARENT, Columns, END, Key, ROW, START, Summary, TAKING, TEXT, WITH_EXIT, WITH_PARENT, key, name};
use crate::chain::Chain;
use crate::line::Hash;
use crate::tree::Tree;

/// Most texts that are remembered as written; a segment with more writes some twice.
const REMEMBERED: usize = 100_000;

/// The index of the segment that is written. Memory: 30 bytes a record, and its texts.
#[derive(Debug)]
pub(crate) struct Writing {
    file: File,
    /// Rows that are not in the file yet.
    buffer: Vec<u8>,
    /// Over what is in the file.
    hasher: Sha256,
    /// Bytes of the file, those of the buffer too.
    length: u64,
    texts: HashMap<String, u32>,
    /// How many texts were written.
    written: u32,
    order: Vec<(Key, u32)>,
    first: u64,
    rows: u64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Writing {
    /// A new index for the segment that begins with this record; an old one goes.
    pub(crate) fn create(folder: &Path, first: u64) -> io::Result<Self> {
        let path = folder.join(name(first));
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        Ok(Self {
            file,
            buffer: START.to_vec(),
            hasher: Sha256::new(),
            length: START.len() as u64,
            texts: HashMap::new(),
            written: 0,
            order: Vec::new(),
            first,
            rows: 0,
            from: None,
            to: None,
        })
    }

    /// Adds the next record, whose line begins at `offset`.
    pub(crate) fn add(&mut self, columns: &Columns, time: Timestamp, offset: u64) {
        let numbers = columns.texts.each_ref().map(|text| self.number(text));
        let at = u32::try_from(self.length).unwrap_or(u32::MAX);
        let flags = ROW
            | if columns.parent.is_some() { WITH_PARENT } else { 0 }
            | if columns.taking { TAKING } else { 0 }
            | if columns.exit.is_some() { WITH_EXIT } else { 0 };
        let mut row = vec![flags];
        row.extend(key(&columns.id));
        row.extend(columns.parent.iter().flat_map(|parent| key(parent)));
        row.extend(time.as_microsecond().to_le_bytes());
        row.extend(u32::try_from(offset).unwrap_or(u32::MAX).to_le_bytes());
        row.push(columns.tier.unwrap_or(u8::MAX));
        row.extend(columns.exit.iter().flat_map(|exit| exit.to_le_bytes()));
        numbers.iter().for_each(|number| varint(*number, &mut row));
        self.put(&row);
        self.order.push((key(&columns.id), at));
        self.order.extend(columns.parent.iter().map(|parent| (key(parent), at | BY_PARENT)));
        self.rows += 1;
        self.from = Some(self.from.map_or(time, |from| from.min(time)));
        self.to = Some(self.to.map_or(time, |to| to.max(time)));
    }

    /// The number of a text, which is written before its first use; 0 for none.
    fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(number) = self.texts.get(text) {
            return *number;
        }
        let mut row = vec![TEXT];
        varint(u32::try_from(text.len()).unwrap_or(u32::MAX), &mut row);
        row.extend(text.bytes());
        self.put(&row);
        self.written += 1;
        if self.texts.len() < REMEMBERED {
            self.texts.insert(text.to_owned(), self.written);
        }
        self.written
    }

    fn put(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.length += bytes.len() as u64;
    }

    /// Hands what was added to the file; nothing is synced.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.hasher.update(&self.buffer);
        self.buffer.clear();
        Ok(())
    }

    /// Closes the index of a segment of so many bytes, after which chain and tree
    /// are these. Gives the digest of its file.
    pub(crate) fn close(mut self, bytes: u64, chain: &Chain, tree: &Tree) -> io::Result<Hash> {
        let at = self.length;
        self.order.sort_unstable();
        for (_, row) in std::mem::take(&mut self.order) {
            self.put(&row.to_le_bytes());
        }
        let summary = Summary {
            first: self.first,
            rows: self.rows,
            bytes,
            order_at: at,
            order: (self.length - at) / 4,
            from: self.from.map(Timestamp::as_microsecond),
            to: self.to.map(Timestamp::as_microsecond),
            head: chain.head.as_str().to_owned(),
            tree: tree.peaks().iter().map(|peak| crate::base64::encode(peak)).collect(),
        };
        let summary = serde_json::to_vec(&summary)?;
        self.put(&summary);
        self.put(&u32::try_from(summary.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.put(END);
        self.flush()?;
        self.file.sync_data()?;
        Ok(Hash::finish(self.hasher))
    }
}

/// LEB128: seven bits a byte, the low ones first.
fn varint(mut number: u32, to: &mut Vec<u8>) {
    while number > 0x7f {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}
