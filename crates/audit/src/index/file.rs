//! An index as it is read back: whole, or by id alone.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{BY_PARENT, END, Key, ROW, START, TAKING, TEXT, TEXTS, Text, WITH_EXIT, WITH_PARENT, name};
use crate::base64;
use crate::line::Hash;
use crate::segment::open_plain;
use crate::tree::Tree;

/// Most bytes of an index: more than the largest segment could need.
const MOST: u64 = 1 << 30;

/// What the end of a closed segment's index says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// The segment's first record.
    pub(crate) first: u64,
    /// Its records.
    pub(crate) rows: u64,
    /// Bytes of its lines.
    pub(crate) bytes: u64,
    pub(super) order_at: u64,
    pub(super) order: u64,
    /// The least and the greatest time, in microseconds since 1970.
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    /// The hash of its last record.
    pub(crate) head: String,
    pub(super) tree: Vec<String>,
}

impl Summary {
    /// Reads it from the end of an index; none where the segment is not closed.
    pub(crate) fn read(folder: &Path, first: u64) -> Option<Self> {
        Self::of(&open_plain(&folder.join(name(first))).ok()?).filter(|summary| summary.first == first)
    }

    fn of(file: &File) -> Option<Self> {
        let length = file.metadata().ok()?.len();
        let mut end = [0; 12];
        let end_at = length.checked_sub(12)?;
        file.read_exact_at(&mut end, end_at).ok()?;
        let (size, magic) = end.split_first_chunk::<4>()?;
        if magic != END {
            return None;
        }
        let size = u32::from_le_bytes(*size).min(1 << 16);
        let mut json = vec![0; size as usize];
        file.read_exact_at(&mut json, end_at.checked_sub(size.into())?).ok()?;
        let summary: Self = serde_json::from_slice(&json).ok()?;
        let fits = summary.order_at.checked_add(summary.order.checked_mul(4)?)? <= length;
        fits.then_some(summary)
    }

    /// The chain's head after the segment.
    pub(crate) fn head(&self) -> Option<Hash> {
        Hash::parse(&self.head)
    }

    /// The tree after it.
    pub(crate) fn tree(&self) -> Option<Tree> {
        let peaks = self.tree.iter().map(|peak| base64::decode(peak)?.try_into().ok());
        Tree::of(self.first.checked_add(self.rows)?.checked_sub(1)?, peaks.collect::<Option<_>>()?)
    }
}

/// One record's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: Key,
    pub(crate) parent: Option<Key>,
    /// Microseconds since 1970.
    pub(crate) time: i64,
    /// Where its line begins in the segment.
    pub(crate) offset: u64,
    pub(crate) tier: Option<u8>,
    pub(crate) exit: Option<i32>,
    pub(crate) taking: bool,
    /// The numbers of its texts; 0 for none.
    texts: [u32; TEXTS],
}

impl Row {
    /// The number of a text in [`Index::texts`], from 1; 0 for none.
    pub(crate) fn text(&self, which: Text) -> u32 {
        self.texts.get(which as usize).copied().unwrap_or(0)
    }
}

/// A whole index.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) rows: Vec<Row>,
    pub(crate) texts: Vec<String>,
}

/// Where a record is that was asked for by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where its line begins in the segment.
    pub(crate) offset: u64,
}

impl Index {
    /// Reads the index of the segment that begins with this record, as far as it
    /// makes sense; none where there is none.
    pub(crate) fn read(folder: &Path, first: u64) -> Option<Self> {
        let content = content(folder, first).ok()?;
        let end = Summary::read(folder, first).map_or(content.len(), |summary| summary.order_at as usize);
        let mut bytes = Bytes(content.get(..end)?.strip_prefix(START)?);
        let mut index = Self::default();
        while let Some(kind) = bytes.byte() {
            let more = match kind {
                TEXT => bytes.text().map(|text| index.texts.push(text)),
                _ => bytes.row(kind).map(|row| index.rows.push(row)),
            };
            if more.is_none() {
                break;
            }
        }
        // A row after a lost write would point anywhere: only what grows is believed.
        let grows = index.rows.windows(2).position(|pair| matches!(pair, [one, next] if one.offset >= next.offset));
        index.rows.truncate(grows.map_or(usize::MAX, |at| at + 1));
        Some(index)
    }

    /// The text of this number, from 1; empty for 0.
    pub(crate) fn text(&self, number: u32) -> &str {
        (number as usize).checked_sub(1).and_then(|at| self.texts.get(at)).map_or("", String::as_str)
    }

    /// Where the records of a closed segment are whose id, or whose parent's, begins
    /// so; none where the segment has no index that is closed. Reads what it needs.
    pub(crate) fn places(folder: &Path, first: u64, start: &[u8]) -> Option<io::Result<Vec<Place>>> {
        let file = open_plain(&folder.join(name(first))).ok()?;
        let summary = Summary::of(&file).filter(|summary| summary.first == first)?;
        Some(Ordered { file, summary }.places(start))
    }
}

/// All of the index of the segment that begins with this record.
pub(super) fn content(folder: &Path, first: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_plain(&folder.join(name(first)))?.take(MOST).read_to_end(&mut content)?;
    Ok(content)
}

/// The rows of a closed index, in the order of their ids.
struct Ordered {
    file: File,
    summary: Summary,
}

impl Ordered {
    fn places(&self, start: &[u8]) -> io::Result<Vec<Place>> {
        let (mut low, mut high) = (0, self.summary.order);
        while low < high {
            let middle = low + (high - low) / 2;
            let (key, _) = self.get(middle)?;
            if key.as_slice() < start { low = middle + 1 } else { high = middle }
        }
        let mut places = Vec::new();
        for number in low..self.summary.order {
            let (key, row) = self.get(number)?;
            if !key.starts_with(start) {
                break;
            }
            places.push(Place { offset: row.offset });
        }
        places.sort_by_key(|place| place.offset);
        places.dedup();
        Ok(places)
    }

    /// The key at this place of the order, and the row that has it.
    fn get(&self, number: u64) -> io::Result<(Key, Row)> {
        let mut place = [0; 4];
        self.file.read_exact_at(&mut place, self.summary.order_at + number * 4)?;
        let place = u32::from_le_bytes(place);
        let mut bytes = [0; 160];
        let read = self.file.read_at(&mut bytes, (place & !BY_PARENT).into())?;
        let mut bytes = Bytes(bytes.get(..read).unwrap_or_default());
        let row = bytes.byte().and_then(|kind| bytes.row(kind)).ok_or(io::ErrorKind::InvalidData)?;
        let key = if place & BY_PARENT == 0 { row.id } else { row.parent.ok_or(io::ErrorKind::InvalidData)? };
        Ok((key, row))
    }
}

/// Bytes that are taken apart from the front.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn varint(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = self.varint()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn row(&mut self, kind: u8) -> Option<Row> {
        if kind & ROW == 0 {
            return None;
        }
        let id = self.array()?;
        let parent = if kind & WITH_PARENT == 0 { None } else { Some(self.array()?) };
        let time = i64::from_le_bytes(self.array()?);
        let offset = u32::from_le_bytes(self.array()?).into();
        let tier = Some(self.byte()?).filter(|tier| *tier != u8::MAX);
        let exit = if kind & WITH_EXIT == 0 { None } else { Some(i32::from_le_bytes(self.array()?)) };
        let mut texts = [0; TEXTS];
        for text in &mut texts {
            *text = self.varint()?;
        }
        Some(Row { id, parent, time, offset, tier, exit, taking: kind & TAKING != 0, texts })
    }
}
