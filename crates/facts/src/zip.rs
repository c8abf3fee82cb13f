//! One entry of a ZIP archive.
//!
//! As Go's `archive/zip` finds it: by the directory at the end. Stored and
//! deflated entries only; anything unusual is an error.

use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// The most that an entry may hold, in bytes.
const LARGEST: usize = 16 << 20;

/// The bytes of the only entry of this name.
pub(crate) fn entry(archive: &[u8], name: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (from, count) = directory(archive).ok_or("it is no archive")?;
    let mut at = from;
    let mut found = None;
    for _ in 0..count {
        let header = Header::at(archive, at).ok_or("its directory is damaged")?;
        at = header.next;
        if header.name == name && found.replace(header).is_some() {
            return Err("it has two entries of one name");
        }
    }
    content(archive, &found.ok_or("it has no such entry")?)
}

/// Where the directory starts, and how many entries it has.
fn directory(archive: &[u8]) -> Option<(usize, usize)> {
    const SIGNATURE: &[u8] = b"PK\x05\x06";
    let last = archive.len().checked_sub(22)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let at = (first..=last).rev().find(|at| archive.get(*at..*at + 4) == Some(SIGNATURE))?;
    let comment = usize::from(short(archive, at + 20)?);
    if at + 22 + comment != archive.len() {
        return None;
    }
    Some((usize::try_from(long(archive, at + 16)?).ok()?, usize::from(short(archive, at + 10)?)))
}

/// An entry of the directory.
struct Header<'a> {
    name: &'a [u8],
    method: u16,
    packed: usize,
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
            offset: usize::try_from(long(archive, at + 42)?).ok()?,
            next: at + 46 + name + extra + comment,
        })
    }
}

fn content(archive: &[u8], header: &Header<'_>) -> Result<Vec<u8>, &'static str> {
    let packed = packed(archive, header).ok_or("its entry is damaged")?;
    match header.method {
        0 => Ok(packed.to_vec()),
        8 => decompress_to_vec_with_limit(packed, LARGEST).map_err(|_| "its entry cannot be unpacked"),
        _ => Err("its entry is packed in an unusual way"),
    }
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
