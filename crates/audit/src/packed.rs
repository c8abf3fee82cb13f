//! Closed segments, packed: Zstandard in frames that each hold whole lines.
//!
//! The form is zstd's own seekable one (`contrib/seekable_format`): frames one
//! after the other, then a table of their lengths in a frame that decompressors
//! skip. `zstd -d` gives the segment back as it was. Lengths in the table are
//! bounded before anything is allocated. Not here: which segments are packed, and
//! when (`upkeep`).

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::os::unix::fs::FileExt;

use crate::line::MAX_LINE;

/// A frame ends with the first line that reaches so many bytes.
const FRAME: usize = 256 * 1024;
/// Most bytes of one frame's lines.
const MOST: usize = FRAME + MAX_LINE + 1;
/// How hard it is tried: zstd's own default.
const LEVEL: i32 = 3;

const SKIPPED: u32 = 0x184D_2A5E;
const SEEKABLE: u32 = 0x8F92_EAB1;
const FOOTER: usize = 9;
const ENTRY: usize = 8;

/// Packs lines into a file. `go_on` is asked between frames; where it says no, an
/// error of kind `Interrupted` comes back.
pub(crate) fn pack(lines: &mut impl BufRead, to: &mut impl Write, mut go_on: impl FnMut() -> bool) -> io::Result<()> {
    let mut table = Vec::new();
    let mut packer = zstd::bulk::Compressor::new(LEVEL)?;
    let mut frame = Vec::with_capacity(FRAME * 2);
    loop {
        if !go_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        frame.clear();
        while frame.len() < FRAME {
            let most = MAX_LINE as u64 + 1;
            if lines.take(most).read_until(b'\n', &mut frame)? == 0 {
                break;
            }
        }
        if frame.is_empty() {
            break;
        }
        let packed = packer.compress(&frame)?;
        to.write_all(&packed)?;
        table.extend([length(packed.len())?, length(frame.len())?]);
    }
    write_table(&table, to)
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn write_table(lengths: &[u32], to: &mut impl Write) -> io::Result<()> {
    let frames = length(lengths.len() / 2)?;
    to.write_all(&SKIPPED.to_le_bytes())?;
    to.write_all(&length(lengths.len() * 4 + FOOTER)?.to_le_bytes())?;
    for length in lengths {
        to.write_all(&length.to_le_bytes())?;
    }
    to.write_all(&frames.to_le_bytes())?;
    to.write_all(&[0])?;
    to.write_all(&SEEKABLE.to_le_bytes())
}

/// A packed segment, read line by line from any place.
pub(crate) struct Packed {
    file: File,
    frames: Vec<Frame>,
    unpacker: zstd::bulk::Decompressor<'static>,
    /// The lines of the frame before `next`, and how far they are read.
    lines: Vec<u8>,
    read: usize,
    next: usize,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Packed({} frames)", self.frames.len())
    }
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Where it lies in the file, and its bytes there.
    at: u64,
    packed: usize,
    /// Where its lines lie in the segment, and their bytes.
    start: u64,
    unpacked: usize,
}

impl Packed {
    /// Reads the table of a packed file.
    pub(crate) fn open(file: File) -> io::Result<Self> {
        let frames = frames(&file)?;
        let unpacker = zstd::bulk::Decompressor::new()?;
        Ok(Self { file, frames, unpacker, lines: Vec::new(), read: 0, next: 0 })
    }

    /// Bytes of all its lines.
    pub(crate) fn length(&self) -> u64 {
        self.frames.last().map_or(0, |last| last.start + last.unpacked as u64)
    }

    /// Goes on reading at this byte of the segment.
    pub(crate) fn seek(&mut self, to: u64) -> io::Result<()> {
        let frame = self.frames.partition_point(|frame| frame.start <= to).saturating_sub(1);
        self.load(frame)?;
        let start = self.frames.get(frame).map_or(0, |frame| frame.start);
        self.read = usize::try_from(to.saturating_sub(start)).unwrap_or(usize::MAX).min(self.lines.len());
        Ok(())
    }

    /// The lines of the frame that ends at this byte, and where it begins.
    pub(crate) fn before(&mut self, end: u64) -> io::Result<(u64, Vec<u8>)> {
        let frame = self.frames.partition_point(|frame| frame.start < end).saturating_sub(1);
        self.load(frame)?;
        let start = self.frames.get(frame).map_or(0, |frame| frame.start);
        if start + self.lines.len() as u64 != end {
            return Err(damaged("a frame ends elsewhere than its table says"));
        }
        Ok((start, std::mem::take(&mut self.lines)))
    }

    fn load(&mut self, number: usize) -> io::Result<()> {
        self.read = 0;
        if number.checked_add(1) == Some(self.next) && !self.lines.is_empty() {
            return Ok(());
        }
        self.lines.clear();
        self.next = number.saturating_add(1);
        let Some(frame) = self.frames.get(number) else { return Ok(()) };
        let mut packed = vec![0; frame.packed];
        self.file.read_exact_at(&mut packed, frame.at)?;
        self.lines = self.unpacker.decompress(&packed, frame.unpacked)?;
        if self.lines.len() == frame.unpacked { Ok(()) } else { Err(damaged("a frame is shorter than its table says")) }
    }
}

impl Read for Packed {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(to)?;
        self.consume(taken);
        Ok(taken)
    }
}

impl BufRead for Packed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read >= self.lines.len() && self.next < self.frames.len() {
            self.load(self.next)?;
        }
        Ok(self.lines.get(self.read..).unwrap_or_default())
    }

    fn consume(&mut self, taken: usize) {
        self.read += taken;
    }
}

/// The table at the end of a file, checked against the file's length.
fn frames(file: &File) -> io::Result<Vec<Frame>> {
    let length = file.metadata()?.len();
    let mut footer = [0; FOOTER];
    let footer_at = length.checked_sub(FOOTER as u64).ok_or_else(|| damaged("it has no table"))?;
    file.read_exact_at(&mut footer, footer_at)?;
    let [n0, n1, n2, n3, 0, m0, m1, m2, m3] = footer else { return Err(damaged("its table has another form")) };
    let count = u64::from(u32::from_le_bytes([n0, n1, n2, n3]));
    let table = count * ENTRY as u64;
    let table_at = footer_at.checked_sub(table).filter(|_| u32::from_le_bytes([m0, m1, m2, m3]) == SEEKABLE);
    let table_at = table_at.ok_or_else(|| damaged("it has no table"))?;
    let mut bytes = vec![0; usize::try_from(table).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, table_at)?;
    let mut found = Vec::with_capacity(bytes.len() / ENTRY);
    let (mut at, mut start) = (0, 0);
    for entry in bytes.chunks_exact(ENTRY) {
        let number =
            |at: usize| entry.get(at..at + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_le_bytes);
        let (packed, unpacked) = (number(0) as usize, number(4) as usize);
        if unpacked > MOST || at + packed as u64 > table_at {
            return Err(damaged("its table says what cannot be"));
        }
        found.push(Frame { at, packed, start, unpacked });
        at += packed as u64;
        start += unpacked as u64;
    }
    // What no row of the table covers `zstd -d` would show, and nobody would verify.
    let mut header = [0; 8];
    file.read_exact_at(&mut header, at)?;
    let [s0, s1, s2, s3, l0, l1, l2, l3] = header;
    let size = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
    let follows = at + 8 == table_at && size == table + FOOTER as u64;
    if !follows || u32::from_le_bytes([s0, s1, s2, s3]) != SKIPPED {
        return Err(damaged("its table does not follow its frames"));
    }
    Ok(found)
}

fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("this is no packed segment: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(content: &[u8]) -> (tempfile::NamedTempFile, Packed) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        pack(&mut &content[..], &mut file, || true).unwrap();
        let packed = Packed::open(file.reopen().unwrap()).unwrap();
        (file, packed)
    }

    fn lines(count: u32) -> Vec<u8> {
        (0..count).flat_map(|n| format!("{n} {}\n", "x".repeat(n as usize % 3000)).into_bytes()).collect()
    }

    #[test]
    fn a_segment_comes_back_whole_and_from_any_place() {
        let content = lines(2000);
        let (_file, mut packed) = packed(&content);
        assert!(packed.frames.len() > 5 && packed.length() == content.len() as u64);
        let mut all = Vec::new();
        packed.read_to_end(&mut all).unwrap();
        assert_eq!(all, content);
        for at in (0..content.len()).step_by(99_991).chain([content.len()]) {
            packed.seek(at as u64).unwrap();
            let mut rest = Vec::new();
            packed.read_to_end(&mut rest).unwrap();
            assert!(rest == content[at..], "{at}");
        }
        let mut end = packed.length();
        while end > 0 {
            let (start, lines) = packed.before(end).unwrap();
            assert!(lines == content[start as usize..end as usize] && lines.ends_with(b"\n"));
            end = start;
        }
    }

    #[test]
    fn nothing_and_a_long_line_are_packed_too() {
        assert_eq!(packed(b"").1.length(), 0);
        let long = [vec![b'x'; 3 * FRAME], b"\n".to_vec(), b"y\n".to_vec()].concat();
        assert_eq!(packed(&long).1.frames.len(), 2);
    }

    #[test]
    fn the_programs_of_zstd_read_it() {
        let content = lines(500);
        let (file, _) = packed(&content);
        assert!(zstd::stream::decode_all(file.reopen().unwrap()).unwrap() == content);
    }

    #[test]
    fn nothing_hides_where_the_table_does_not_look() {
        let (file, _) = packed(&lines(500));
        let whole = std::fs::read(file.path()).unwrap();
        let table = whole.len()
            - (u32::from_le_bytes(*whole[..whole.len() - 5].last_chunk().unwrap()) as usize * ENTRY + FOOTER + 8);
        let forged = zstd::bulk::compress(b"{\"forged\":true}\n", LEVEL).unwrap();
        std::fs::write(file.path(), [&whole[..table], &forged, &whole[table..]].concat()).unwrap();
        let shown = zstd::stream::decode_all(file.reopen().unwrap()).unwrap();
        assert!(shown.ends_with(b"{\"forged\":true}\n"), "a person would read it");
        let refused = Packed::open(file.reopen().unwrap()).unwrap_err().to_string();
        assert!(refused.contains("its table does not follow its frames"), "{refused}");
    }

    #[test]
    fn a_damaged_file_is_an_error_and_never_a_panic() {
        let (file, _) = packed(&lines(300));
        let whole = std::fs::read(file.path()).unwrap();
        for at in (0..whole.len()).step_by(7).chain(whole.len() - 40..whole.len()) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x41;
            std::fs::write(file.path(), &flipped).unwrap();
            if let Ok(mut packed) = Packed::open(file.reopen().unwrap()) {
                let _ = packed.read_to_end(&mut Vec::new());
            }
        }
        for length in 0..40 {
            std::fs::write(file.path(), &whole[..length]).unwrap();
            assert!(Packed::open(file.reopen().unwrap()).is_err());
        }
    }
}
