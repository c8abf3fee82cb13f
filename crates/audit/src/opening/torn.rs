//! What a crash leaves behind the last whole record: told from tampering, kept,
//! and recorded.
//!
//! A crash can tear no more than the last group, since a group is written only
//! after the one before is durable: at most [`GROUP_BYTES`], or one longer record
//! alone. Nothing is thrown away: what is cut lies in a file beside the segments,
//! named by the number of the record that says so. Where that record is not there
//! yet, because a crash came in between, it is still owed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ulid::Ulid;

use crate::disk::Disk;
use crate::line::{Hash, MAX_LINE};
use crate::writer::GROUP_BYTES;
use crate::{Entry, Kind, journal};

/// More than a torn end can have: one line with its end, and a byte that shows
/// that there is more.
const MOST: u64 = MAX_LINE as u64 + 2;

/// A torn end that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Where it is kept.
    pub kept: PathBuf,
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
}

/// The bytes after the last whole record, if a crash can have left them.
pub(super) fn end(file: &mut File, length: u64) -> io::Result<Option<Vec<u8>>> {
    file.seek(SeekFrom::Start(length))?;
    let mut torn = Vec::new();
    file.take(MOST).read_to_end(&mut torn)?;
    let one_record = torn.iter().position(|byte| *byte == b'\n').is_none_or(|at| at + 1 == torn.len());
    let possible = torn.len() <= GROUP_BYTES || one_record && torn.len() <= MAX_LINE + 1;
    Ok(possible.then_some(torn))
}

/// Writes torn bytes to a file of their own, durably.
pub(super) fn keep(disk: &mut dyn Disk, next: u64, torn: &[u8]) -> io::Result<()> {
    let mut file = disk.create(&format!("{next:012}.{}.torn", Ulid::generate()))?;
    journal::write_all(file.as_mut(), torn)?;
    file.sync()?;
    disk.sync_names()
}

/// What was cut before the record `next`, which is still to be written.
pub(super) fn not_recorded(folder: &Path, next: u64) -> io::Result<Vec<Cut>> {
    let mut cuts = Vec::new();
    for found in std::fs::read_dir(folder)? {
        let found = found?;
        let kept = found.path();
        let name = kept.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ours = name.starts_with(&format!("{next:012}.")) && name.ends_with(".torn");
        if ours && found.file_type()?.is_file() {
            let mut bytes = Vec::new();
            File::open(&kept)?.take(MOST).read_to_end(&mut bytes)?;
            cuts.push(Cut { bytes: bytes.len() as u64, sha256: Hash::of(&bytes).as_str().to_owned(), kept });
        }
    }
    cuts.sort_by(|one, other| one.kept.cmp(&other.kept));
    Ok(cuts)
}

impl Cut {
    pub(super) fn entry(&self) -> Entry {
        let Self { kept, bytes, sha256 } = self;
        let name = kept.file_name().unwrap_or_default().to_string_lossy();
        let message = format!(
            "the log ended with {bytes} bytes (SHA-256 {sha256}) that were no whole record; they are kept in `{name}`"
        );
        Entry::about_us(Kind::Recovered, message)
    }
}
