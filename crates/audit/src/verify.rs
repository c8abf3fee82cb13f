//! Whether a log is as it was written.
//!
//! Found, and located to the line: a changed byte; a record that is missing,
//! moved, inserted or repeated; another log's records; a segment that is missing
//! or exchanged; records that a checkpoint was signed over and that are gone from
//! the end, or are others now. With the public key nobody else can have made those
//! checkpoints. Not found: what was cut from the end together with its checkpoints,
//! and what came after the last one; whoever needs that keeps a checkpoint elsewhere
//! and gives it to [`Check::against`].
//!
//! Verifying parses no JSON and prints none again: places and hashes only.

mod signed;

use std::path::{Path, PathBuf};

use crate::chain::Chain;
use crate::checkpoint::{self, Checkpoint};
use crate::line::{MAX_LINE, Sealed};
use crate::note::PublicKey;
use crate::segment::{self, Ending, Lines, Segment};
use signed::Notes;

/// What a log is held against beside itself.
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// The key that must have signed its checkpoints.
    pub key: Option<PublicKey>,
    /// A checkpoint that was kept elsewhere.
    pub against: Option<Checkpoint>,
}

/// What was found in a whole log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Segments, empty ones too.
    pub segments: u64,
    /// Records.
    pub records: u64,
    /// Their bytes, unpacked.
    pub bytes: u64,
    /// The first record's number; none where there is no record. Above 1 where the
    /// oldest segments were removed, and for a single file that is not a log's first:
    /// what stood before it is taken on trust.
    pub first: Option<u64>,
    /// The last record's number.
    pub last: Option<u64>,
    /// The last record's hash: the head of the chain; 64 zeros where there is none.
    pub hash: String,
    /// Bytes after the last record that are no whole line: a record that is being
    /// written now, or torn by a crash (the writer cuts it when it starts again).
    pub unfinished: u64,
    /// Checkpoints that fit.
    pub checkpoints: u64,
    /// The last record that a checkpoint covers whose signature was verified; none
    /// without a key.
    pub signed: Option<u64>,
}

/// How far verifying has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that were checked.
    pub done: u64,
    /// Bytes in all, when verifying began; a packed segment's are not known before.
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
    /// The key that was given has signed nothing in it.
    #[error("`{}` holds no checkpoint that the key of `{name}` has signed: it is another log, or was written anew", path.display())]
    Unsigned {
        /// The folder.
        path: PathBuf,
        /// The key's name.
        name: String,
    },
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
const STEP: u64 = 1 << 20;

/// Verifies a folder of segments, or one segment's file. `progress` is called now
/// and then, and at the end.
pub fn verify(folder_or_file: &Path, progress: impl FnMut(Progress)) -> Result<Report, Error> {
    verify_with(folder_or_file, &Check::default(), progress)
}

/// The same, held against a key and a checkpoint.
pub fn verify_with(folder_or_file: &Path, check: &Check, progress: impl FnMut(Progress)) -> Result<Report, Error> {
    let Begun { segments, chain, notes, signed } = begin(folder_or_file, check)?;
    let mut of = 0;
    for segment in &segments {
        of +=
            segment::Content::open(&segment.path).and_then(|file| file.length()).map_err(unreadable(&segment.path))?;
    }
    let first = chain.next;
    let mut pass = Pass { chain, done: 0, told: 0, of, unfinished: 0, notes, progress };
    for (at, segment) in segments.iter().enumerate() {
        pass.segment(segment, at + 1 == segments.len())?;
    }
    let last = segments.last().map_or(folder_or_file, |last| &last.path);
    let signed = pass.notes.end(last, pass.chain.next - 1)?.or(signed);
    Ok(pass.report(segments.len(), first, signed))
}

/// What a pass begins with.
struct Begun<'a> {
    segments: Vec<Segment>,
    /// The chain before the first of them.
    chain: Chain,
    notes: Notes<'a>,
    /// The last record that the signed beginning covers.
    signed: Option<u64>,
}

fn begin<'a>(folder_or_file: &Path, check: &'a Check) -> Result<Begun<'a>, Error> {
    if !folder_or_file.is_dir() {
        let chain = before(folder_or_file)?;
        let segments = vec![Segment { first: chain.next, path: folder_or_file.to_owned() }];
        return Ok(Begun { segments, chain, notes: Notes::none(check, folder_or_file)?, signed: None });
    }
    let unreadable = |source| Error::Unreadable { path: folder_or_file.to_owned(), source };
    // Before the segments: one that is begun meanwhile would look as if it were gone.
    let firsts = checkpoint::firsts(folder_or_file).map_err(unreadable)?;
    let mut segments = segment::list(folder_or_file).map_err(unreadable)?;
    let (chain, tree, signed) = signed::beginning(folder_or_file, check)?;
    segments.retain(|segment| segment.first >= chain.next);
    if segments.is_empty() && chain.next > 1 {
        // What is removed leaves at least the record of that.
        let what = format!("the log begins with record {}, and no segment holds it", chain.next);
        let segment = folder_or_file.join(checkpoint::BEGINNING_NAME);
        return Err(Broken { segment, line: 1, what }.into());
    }
    let notes = Notes::of(check, folder_or_file, firsts, tree)?;
    Ok(Begun { segments, chain, notes, signed })
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

struct Pass<'a, F> {
    chain: Chain,
    done: u64,
    told: u64,
    of: u64,
    unfinished: u64,
    notes: Notes<'a>,
    progress: F,
}

impl<F: FnMut(Progress)> Pass<'_, F> {
    fn segment(&mut self, segment: &Segment, last: bool) -> Result<(), Error> {
        let broken = |line, what: String| Broken { segment: segment.path.clone(), line, what };
        if segment.first != self.chain.next {
            return Err(broken(1, misplaced(segment, self.chain.next)).into());
        }
        self.notes.begin(segment)?;
        let mut lines = open(&segment.path)?;
        let mut line = Vec::new();
        loop {
            let ending = lines.next(&mut line).map_err(unreadable(&segment.path))?;
            match ending {
                Ending::Line => {
                    self.chain.take(&line).map_err(|what| broken(lines.count, what))?;
                    self.notes.take(&self.chain.head, segment, lines.count)?;
                }
                Ending::File => return self.notes.close(),
                Ending::Unfinished(bytes) if last => {
                    self.unfinished = bytes;
                    return self.notes.close();
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

    fn report(mut self, segments: usize, first: u64, signed: Option<u64>) -> Report {
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
            checkpoints: self.notes.fitting(),
            signed,
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
    Lines::open(file).map_err(unreadable(file))
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Unreadable { path: path.clone(), source }
}

#[cfg(test)]
mod tests;
