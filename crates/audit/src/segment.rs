//! The folder of segments: which files they are, in which order, line by line.
//!
//! ```text
//! audit/
//!   lock                              held by the one writer
//!   000000000001.jsonl                named by its first record's number
//!   000000051234.jsonl
//!   000000051300.01J....torn          what a writer cut off after a crash
//! ```
//! Anything else in the folder is no part of the log.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::line::MAX_LINE;

const BUFFER: usize = 256 * 1024;

/// One segment's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Its first record's number, by its name.
    pub(crate) first: u64,
    /// Where it is.
    pub(crate) path: PathBuf,
}

/// The file name of the segment that begins with this record.
pub(crate) fn name(first: u64) -> String {
    format!("{first:012}.jsonl")
}

/// The first record's number of the segment of this name, where it is one.
pub(crate) fn number(file: &Path) -> Option<u64> {
    let written = file.file_name()?.to_str()?;
    let first = written.strip_suffix(".jsonl")?.parse().ok()?;
    (first > 0 && name(first) == written).then_some(first)
}

/// All segments of a folder, the oldest first.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for found in std::fs::read_dir(folder)? {
        let found = found?;
        let path = found.path();
        if let Some(first) = number(&path)
            && found.file_type()?.is_file()
        {
            segments.push(Segment { first, path });
        }
    }
    segments.sort_by_key(|segment| segment.first);
    Ok(segments)
}

/// The segments of a folder, or the one that a file is.
pub(crate) fn of(folder_or_file: &Path) -> io::Result<Vec<Segment>> {
    if std::fs::metadata(folder_or_file)?.is_dir() {
        return list(folder_or_file);
    }
    Ok(vec![Segment { first: number(folder_or_file).unwrap_or(1), path: folder_or_file.to_owned() }])
}

/// How a call of [`Lines::next`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A whole line stands in the buffer, without its end.
    Line,
    /// There is no more.
    File,
    /// The file ends without a line's end; so many bytes are left.
    Unfinished(u64),
    /// The line is longer than any record.
    TooLong,
}

/// The lines of one file, forwards, none held but the current one.
#[derive(Debug)]
pub(crate) struct Lines {
    file: BufReader<File>,
    /// Bytes before the next line.
    pub(crate) offset: u64,
    /// Lines that were read.
    pub(crate) count: u64,
}

impl Lines {
    pub(crate) fn of(file: File, offset: u64) -> Self {
        Self { file: BufReader::with_capacity(BUFFER, file), offset, count: 0 }
    }

    /// Reads the next line into `line`. After an unfinished one the file may have
    /// grown: reading on needs a new [`Lines`] at the offset.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Ending> {
        line.clear();
        let most = MAX_LINE as u64 + 1;
        let read = self.file.by_ref().take(most).read_until(b'\n', line)? as u64;
        if line.pop_if(|last| *last == b'\n').is_some() {
            self.offset += read;
            self.count += 1;
            return Ok(Ending::Line);
        }
        Ok(match read {
            0 => Ending::File,
            _ if read == most => Ending::TooLong,
            _ => Ending::Unfinished(read),
        })
    }
}
