//! Lines from the last to the first.
//!
//! What a person asks for is nearly always near the end; nothing before it is
//! read. Not here: what a line says.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{Error, Here};
use crate::Record;
use crate::line::MAX_LINE;
use crate::segment::{self, Content, Segment};

const BLOCK: usize = 64 * 1024;

/// See [`super::backwards()`].
#[derive(Debug)]
pub struct Records {
    segments: Vec<Segment>,
    current: Option<(PathBuf, SegmentBackwards)>,
}

impl Records {
    pub(super) fn of(folder_or_file: &Path) -> Result<Self, Error> {
        let segments = segment::of(folder_or_file).map_err(Error::unreadable(folder_or_file))?;
        Ok(Self { segments, current: None })
    }

    fn step(&mut self) -> Result<Option<(Here, Vec<u8>)>, Error> {
        loop {
            let Some((path, lines)) = &mut self.current else {
                let Some(Segment { path, .. }) = self.segments.pop() else { return Ok(None) };
                let lines = SegmentBackwards::open(&path).map_err(Error::unreadable(&path))?;
                self.current = Some((path, lines));
                continue;
            };
            match lines.next().map_err(Error::unreadable(path)) {
                Ok(Some(line)) => return Ok(Some((Here { segment: path.clone(), at: lines.at() }, line))),
                Ok(None) => self.current = None,
                Err(error) => {
                    self.current = None;
                    return Err(error);
                }
            }
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.step() {
            Ok(found) => found.map(|(here, line)| here.record(&line)),
            Err(error) => Some(Err(error)),
        }
    }
}

/// One file's whole lines, the last first.
#[derive(Debug)]
pub(crate) struct SegmentBackwards {
    content: Content,
    /// Where `buffer` begins in the file.
    start: u64,
    /// What was read and not given yet; it ends with a line's end.
    buffer: Vec<u8>,
}

impl SegmentBackwards {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let content = Content::open(path)?;
        let start = content.length()?;
        let mut lines = Self { content, start, buffer: Vec::new() };
        lines.skip_unfinished()?;
        Ok(lines)
    }

    /// Where the line that was given last begins.
    pub(crate) fn at(&self) -> u64 {
        self.start + self.buffer.len() as u64
    }

    /// The line before, without its end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            let before = self.buffer.len().saturating_sub(1 + searched);
            let found = last_line_end(self.buffer.get(..before).unwrap_or_default());
            if let Some(end) = found.or((self.start == 0).then_some(0)) {
                let mut line = self.buffer.split_off(end);
                return Ok(line.pop().map(|_| line));
            }
            searched = self.buffer.len().saturating_sub(1);
            self.read_before()?;
        }
    }

    fn skip_unfinished(&mut self) -> io::Result<()> {
        while self.start > 0 {
            self.read_before()?;
            if let Some(end) = last_line_end(&self.buffer) {
                self.buffer.truncate(end);
                return Ok(());
            }
        }
        self.buffer.clear();
        Ok(())
    }

    /// Reads as much again as is there already, so that a long line costs no more
    /// than its length.
    fn read_before(&mut self) -> io::Result<()> {
        if self.buffer.len() > MAX_LINE + BLOCK {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than any record"));
        }
        let mut block = match &mut self.content {
            Content::Plain(file) => {
                let more = self.start.min(self.buffer.len().max(BLOCK) as u64);
                let mut block = vec![0; usize::try_from(more).unwrap_or(BLOCK)];
                self.start -= more;
                file.read_exact_at(&mut block, self.start)?;
                block
            }
            Content::Packed(packed) => {
                let (start, lines) = packed.before(self.start)?;
                self.start = start;
                lines
            }
        };
        block.append(&mut self.buffer);
        self.buffer = block;
        Ok(())
    }
}

/// Where the last line of these bytes begins that a line's end stands before.
fn last_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(content: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("f");
        std::fs::write(&path, content).unwrap();
        let mut lines = SegmentBackwards::open(&path).unwrap();
        std::iter::from_fn(|| lines.next().unwrap().map(|line| (lines.at(), line))).collect()
    }

    #[test]
    fn whole_lines_come_last_first() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"unfinished"), []);
        assert_eq!(lines(b"a\n"), [(0, b"a".to_vec())]);
        assert_eq!(lines(b"a\n\nbc\nunfinished"), [(3, b"bc".to_vec()), (2, b"".to_vec()), (0, b"a".to_vec())]);
    }

    #[test]
    fn lines_longer_than_a_block_come_whole() {
        let mut content = Vec::new();
        let lengths = [10, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK, 0, 3];
        for length in lengths {
            content.extend(vec![b'x'; length]);
            content.push(b'\n');
        }
        let found: Vec<usize> = lines(&content).iter().rev().map(|(_, line)| line.len()).collect();
        assert_eq!(found, lengths);
    }
}
