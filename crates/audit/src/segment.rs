//! The folder of segments: which files they are, in which order, line by line.
//!
//! ```text
//! audit/
//!   lock                              held by the one writer
//!   beginning                         where the log begins, once its oldest segments are removed
//!   000000000001.jsonl.zst            a closed segment, packed; named by its first record's number
//!   000000000001.notes                the checkpoints that were signed while it was written
//!   000000000001.index                where in it a record is: a help, no evidence
//!   000000051234.jsonl                the segment that is written
//!   000000051300.01J....torn          what a writer cut off after a crash
//! ```
//! Anything else in the folder is no part of the log.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::line::MAX_LINE;
use crate::packed::Packed;

const BUFFER: usize = 256 * 1024;
const PLAIN: &str = ".jsonl";
const PACKED: &str = ".jsonl.zst";

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
    format!("{first:012}{PLAIN}")
}

/// The same, packed.
pub(crate) fn packed_name(first: u64) -> String {
    format!("{first:012}{PACKED}")
}

/// The first record's number of the segment of this name, where it is one.
pub(crate) fn number(file: &Path) -> Option<u64> {
    let written = file.file_name()?.to_str()?;
    let first = written.strip_suffix(PACKED).or(written.strip_suffix(PLAIN))?.parse().ok()?;
    (first > 0 && (name(first) == written || packed_name(first) == written)).then_some(first)
}

/// Whether it is packed, by its name.
pub(crate) fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "zst")
}

/// All segments of a folder, the oldest first. One that is there in both forms,
/// because packing it was broken off at its very end, is taken unpacked.
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
    segments.sort_by(|one, other| (one.first, &one.path).cmp(&(other.first, &other.path)));
    segments.dedup_by_key(|segment| segment.first);
    Ok(segments)
}

/// The segments of a folder, or the one that a file is.
pub(crate) fn of(folder_or_file: &Path) -> io::Result<Vec<Segment>> {
    if std::fs::metadata(folder_or_file)?.is_dir() {
        return list(folder_or_file);
    }
    Ok(vec![Segment { first: number(folder_or_file).unwrap_or(1), path: folder_or_file.to_owned() }])
}

/// Opens a file of the folder for reading: no link, pipe or device, which a copy from
/// elsewhere may hold, and which leads out of the folder or never ends.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    if std::fs::symlink_metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "it is no plain file"))
}

/// What stands in a segment, whichever form its file has.
#[derive(Debug)]
pub(crate) enum Content {
    /// The lines themselves.
    Plain(File),
    /// Packed.
    Packed(Box<Packed>),
}

impl Content {
    /// Opens a segment's file; where it was packed a moment ago, its packed form.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        match File::open(path) {
            Ok(file) if is_packed(path) => Ok(Self::Packed(Box::new(Packed::open(file)?))),
            Ok(file) => Ok(Self::Plain(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_packed(path) => {
                let packed = number(path).map(|first| path.with_file_name(packed_name(first))).ok_or(error)?;
                Ok(Self::Packed(Box::new(Packed::open(File::open(packed)?)?)))
            }
            Err(error) => Err(error),
        }
    }

    /// Bytes of its lines.
    pub(crate) fn length(&self) -> io::Result<u64> {
        match self {
            Self::Plain(file) => Ok(file.metadata()?.len()),
            Self::Packed(packed) => Ok(packed.length()),
        }
    }
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
    file: Reading,
    /// Bytes before the next line.
    pub(crate) offset: u64,
    /// Lines that were read.
    pub(crate) count: u64,
}

#[derive(Debug)]
enum Reading {
    Plain(BufReader<File>),
    Packed(Box<Packed>),
}

impl Lines {
    /// The lines of a segment's file.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::open_at(path, 0)
    }

    /// The lines from this byte on, or from the start where there are fewer.
    pub(crate) fn open_at(path: &Path, offset: u64) -> io::Result<Self> {
        let content = Content::open(path)?;
        let offset = if content.length()? < offset { 0 } else { offset };
        let file = match content {
            Content::Plain(mut file) => {
                file.seek(SeekFrom::Start(offset))?;
                Reading::Plain(BufReader::with_capacity(BUFFER, file))
            }
            Content::Packed(mut packed) => {
                packed.seek(offset)?;
                Reading::Packed(packed)
            }
        };
        Ok(Self { file, offset, count: 0 })
    }

    /// Goes on at this byte, which is where a line begins.
    pub(crate) fn seek(&mut self, to: u64) -> io::Result<()> {
        match &mut self.file {
            Reading::Plain(file) => {
                let by = i64::try_from(to).unwrap_or(i64::MAX) - i64::try_from(self.offset).unwrap_or(i64::MAX);
                file.seek_relative(by)?;
            }
            Reading::Packed(packed) => packed.seek(to)?,
        }
        self.offset = to;
        Ok(())
    }

    /// Reads the next line into `line`. After an unfinished one the file may have
    /// grown: reading on needs a new [`Lines`] at the offset.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Ending> {
        line.clear();
        let most = MAX_LINE as u64 + 1;
        let read = match &mut self.file {
            Reading::Plain(file) => file.by_ref().take(most).read_until(b'\n', line)?,
            Reading::Packed(packed) => packed.by_ref().take(most).read_until(b'\n', line)?,
        } as u64;
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
