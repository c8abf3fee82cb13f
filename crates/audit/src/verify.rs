//! Whether a log is as it was written.
//!
//! Found, and located to the line: a changed byte; a record that is missing,
//! moved, inserted or repeated; another log's records; a segment that is missing
//! or exchanged. Not found: records cut from the end, and a log written anew from
//! the first record on; a chain alone cannot know that there was more. Whoever
//! needs that keeps the head's hash elsewhere and compares [`Report::hash`].
//!
//! Verifying parses no JSON and prints none again: places and hashes only.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::chain::Chain;
use crate::line::{MAX_LINE, Sealed};
use crate::segment::{self, Ending, Lines, Segment};

/// What was found in a whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Segments, empty ones too.
    pub segments: u64,
    /// Records.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The first record's number; none where there is no record. Above 1 only for
    /// a single file that is not a log's first: what stood before it is taken on trust.
    pub first: Option<u64>,
    /// The last record's number.
    pub last: Option<u64>,
    /// The last record's hash: the head of the chain; 64 zeros where there is none.
    pub hash: String,
    /// Bytes after the last record that are no whole line: a record that is being
    /// written now, or torn by a crash (the writer cuts it when it starts again).
    pub unfinished: u64,
}

/// How far verifying has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that were checked.
    pub done: u64,
    /// Bytes in all, when verifying began.
    pub of: u64,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}`, line {line}: {what}", segment.display())]
pub struct Broken {
    /// The segment's file.
    pub segment: PathBuf,
    /// The line in it, from 1.
    pub line: u64,
    /// What is wrong, in a sentence.
    pub what: String,
}

/// Why a log is not found whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not as it was written.
    #[error("the audit is broken at {0}")]
    Broken(#[from] Broken),
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Bytes between two calls of `progress`.
const STEP: u64 = 8 << 20;

/// Verifies a folder of segments, or one segment's file. `progress` is called now
/// and then, and at the end.
pub fn verify(folder_or_file: &Path, progress: impl FnMut(Progress)) -> Result<Report, Error> {
    let (segments, chain) = begin(folder_or_file)?;
    let mut of = 0;
    for segment in &segments {
        of += segment.path.metadata().map_err(unreadable(&segment.path))?.len();
    }
    let first = chain.next;
    let mut pass = Pass { chain, done: 0, told: 0, of, unfinished: 0, progress };
    for (at, segment) in segments.iter().enumerate() {
        pass.segment(segment, at + 1 == segments.len())?;
    }
    Ok(pass.report(segments.len(), first))
}

/// The segments, and the chain before the first of them.
fn begin(folder_or_file: &Path) -> Result<(Vec<Segment>, Chain), Error> {
    if folder_or_file.is_dir() {
        let segments = segment::list(folder_or_file).map_err(unreadable(folder_or_file))?;
        return Ok((segments, Chain::START));
    }
    let chain = before(folder_or_file)?;
    Ok((vec![Segment { first: chain.next, path: folder_or_file.to_owned() }], chain))
}

/// The chain before one file, as its name and its first line say: there is
/// nothing to hold them against.
fn before(file: &Path) -> Result<Chain, Error> {
    let mut line = Vec::new();
    open(file)?.next(&mut line).map_err(unreadable(file))?;
    let sealed = Sealed::of(&line);
    let next = segment::number(file).or(sealed.as_ref().map(|sealed| sealed.seq)).unwrap_or(1);
    let head = sealed.filter(|_| next > 1).map_or(Chain::START.head, |sealed| sealed.previous);
    Ok(Chain { next, head })
}

struct Pass<F> {
    chain: Chain,
    done: u64,
    told: u64,
    of: u64,
    unfinished: u64,
    progress: F,
}

impl<F: FnMut(Progress)> Pass<F> {
    fn segment(&mut self, segment: &Segment, last: bool) -> Result<(), Error> {
        let broken = |line, what: String| Broken { segment: segment.path.clone(), line, what };
        if segment.first != self.chain.next {
            return Err(broken(1, misplaced(segment, self.chain.next)).into());
        }
        let mut lines = open(&segment.path)?;
        let mut line = Vec::new();
        loop {
            let ending = lines.next(&mut line).map_err(unreadable(&segment.path))?;
            match ending {
                Ending::Line => self.chain.take(&line).map_err(|what| broken(lines.count, what))?,
                Ending::File => return Ok(()),
                Ending::Unfinished(bytes) if last => {
                    self.unfinished = bytes;
                    return Ok(());
                }
                Ending::Unfinished(bytes) => {
                    let what = format!("the record is cut off after {bytes} bytes, and a segment follows");
                    return Err(broken(lines.count + 1, what).into());
                }
                Ending::TooLong => {
                    let what = format!("the line is longer than {MAX_LINE} bytes: no record is");
                    return Err(broken(lines.count + 1, what).into());
                }
            }
            self.passed(line.len() as u64 + 1);
        }
    }

    fn passed(&mut self, bytes: u64) {
        self.done += bytes;
        if self.done - self.told >= STEP {
            self.told = self.done;
            (self.progress)(Progress { done: self.done, of: self.of.max(self.done) });
        }
    }

    fn report(mut self, segments: usize, first: u64) -> Report {
        (self.progress)(Progress { done: self.done, of: self.done });
        let records = self.chain.next - first;
        Report {
            segments: segments as u64,
            records,
            bytes: self.done,
            first: (records > 0).then_some(first),
            last: (records > 0).then_some(self.chain.next - 1),
            hash: self.chain.head.as_str().to_owned(),
            unfinished: self.unfinished,
        }
    }
}

/// A segment's name that does not fit its place.
fn misplaced(segment: &Segment, next: u64) -> String {
    let first = segment.first;
    let why = match next {
        _ if first < next => "it overlaps the segment before it",
        1 => "the segments before it are missing",
        _ => "a segment between is missing",
    };
    format!("the segment begins with record {first}, but record {next} comes next: {why}")
}

fn open(file: &Path) -> Result<Lines, Error> {
    Ok(Lines::of(File::open(file).map_err(unreadable(file))?, 0))
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Unreadable { path: path.clone(), source }
}

#[cfg(test)]
mod tests;
