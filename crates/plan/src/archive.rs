//! One entry of a ZIP archive.
//!
//! As Go's `archive/zip` finds it: by the directory at the end. Stored and
//! deflated entries only. Anything unusual is an error, above all what lets two
//! readers see two archives in the same bytes: something before the archive or
//! after it, a directory that ends elsewhere than it says, two entries of one name,
//! the 64-bit form.

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::LARGEST_UNPACKED;

/// The bytes of the only entry of this name.
pub(crate) fn entry(archive: &[u8], name: &[u8]) -> Result<Vec<u8>, &'static str> {
    let directory = Directory::of(archive).ok_or("it is no archive")?;
    let mut at = directory.start;
    let mut found = None;
    for _ in 0..directory.count {
        let header = Header::at(archive, at).ok_or(DAMAGED)?;
        at = header.next;
        if header.name == name && found.replace(header).is_some() {
            return Err("it has two entries of one name");
        }
    }
    if at != directory.end {
        return Err(DAMAGED);
    }
    content(archive, &found.ok_or("it has no such entry")?)
}

const DAMAGED: &str = "its directory is damaged";

/// Where the directory lies, and how many entries it has.
struct Directory {
    start: usize,
    end: usize,
    count: usize,
}

impl Directory {
    fn of(archive: &[u8]) -> Option<Self> {
        const SIGNATURE: &[u8] = b"PK\x05\x06";
        let last = archive.len().checked_sub(22)?;
        let first = last.saturating_sub(usize::from(u16::MAX));
        let end = (first..=last).rev().find(|at| archive.get(*at..*at + 4) == Some(SIGNATURE))?;
        let stated = |at| short(archive, end + at).map(usize::from);
        let (disk, of_directory) = (stated(4)?, stated(6)?);
        let (here, count) = (stated(8)?, stated(10)?);
        let size = usize::try_from(long(archive, end + 12)?).ok()?;
        let start = usize::try_from(long(archive, end + 16)?).ok()?;
        let whole = end + 22 + stated(20)? == archive.len() && start.checked_add(size)? == end;
        let usual = disk == 0 && of_directory == 0 && here == count && count != usize::from(u16::MAX);
        (whole && usual).then_some(Self { start, end, count })
    }
}

/// An entry of the directory.
struct Header<'a> {
    name: &'a [u8],
    method: u16,
    packed: usize,
    size: usize,
    offset: usize,
    next: usize,
}

impl<'a> Header<'a> {
    fn at(archive: &'a [u8], at: usize) -> Option<Self> {
        if archive.get(at..at + 4)? != b"PK\x01\x02" {
            return None;
        }
        let length = |offset| short(archive, at + offset).map(usize::from);
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        Some(Self {
            name: archive.get(at + 46..at + 46 + name)?,
            method: short(archive, at + 10)?,
            packed: usize::try_from(long(archive, at + 20)?).ok()?,
            size: usize::try_from(long(archive, at + 24)?).ok()?,
            offset: usize::try_from(long(archive, at + 42)?).ok()?,
            next: at + 46 + name + extra + comment,
        })
    }
}

fn content(archive: &[u8], header: &Header<'_>) -> Result<Vec<u8>, &'static str> {
    let packed = packed(archive, header).ok_or("its entry is damaged")?;
    match header.method {
        0 if packed.len() == header.size => Ok(packed.to_vec()),
        8 => unpacked(packed, header.size),
        _ => Err("its entry is packed in an unusual way"),
    }
}

/// An entry is as long as its directory says: a reader may stop there.
fn unpacked(packed: &[u8], size: usize) -> Result<Vec<u8>, &'static str> {
    if size > LARGEST_UNPACKED {
        return Err("its entry is larger than a plan may be");
    }
    let bytes = decompress_to_vec_with_limit(packed, size).map_err(|_| "its entry cannot be unpacked")?;
    if bytes.len() == size { Ok(bytes) } else { Err("its entry is shorter than it says") }
}

fn packed<'a>(archive: &'a [u8], header: &Header<'_>) -> Option<&'a [u8]> {
    let at = header.offset;
    if archive.get(at..at.checked_add(4)?)? != b"PK\x03\x04" {
        return None;
    }
    let start = at + 30 + usize::from(short(archive, at + 26)?) + usize::from(short(archive, at + 28)?);
    archive.get(start..start.checked_add(header.packed)?)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{archive, packed};

    #[test]
    fn an_entry_is_found_stored_or_packed() {
        assert_eq!(entry(&archive("tfplan", b"hello", 0), b"tfplan"), Ok(b"hello".to_vec()));
        assert_eq!(entry(&packed(b"hello"), b"tfplan"), Ok(b"hello".to_vec()));
        assert_eq!(entry(&archive("other", b"", 0), b"tfplan"), Err("it has no such entry"));
    }

    #[test]
    fn what_two_readers_could_see_differently_is_refused() {
        let plain = archive("tfplan", b"hello", 0);
        let before = [b"#!/bin/sh\n", &plain[..]].concat();
        let after = [&plain[..], b"x"].concat();
        let mut fewer = plain.clone();
        let count = fewer.len() - 12;
        fewer[count] = 0;
        for bytes in [before, after, fewer, Vec::new(), b"PK".to_vec()] {
            assert!(entry(&bytes, b"tfplan").is_err());
        }
    }

    #[test]
    fn an_entry_that_unpacks_to_more_than_it_says_is_refused() {
        let bomb = miniz_oxide::deflate::compress_to_vec(&vec![0; 1 << 20], 6);
        let mut archive = archive("tfplan", &bomb, 8);
        assert_eq!(entry(&archive, b"tfplan"), Err("its entry cannot be unpacked"));
        let size = archive.len() - 22 - 52 + 24;
        archive[size..size + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(entry(&archive, b"tfplan"), Err("its entry is larger than a plan may be"));
    }
}
