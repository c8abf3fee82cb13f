//! The values of a configuration block, as plans hold them: MessagePack.
//!
//! Only the texts right inside the outermost map are of interest (a backend's
//! `bucket` and `key`); everything else is stepped over, no deeper than [`DEEPEST`].

use crate::message::{DAMAGED, text};

/// How deep values may lie in each other.
const DEEPEST: usize = 32;

/// The most settings that a block may have.
const MOST: usize = 256;

/// The settings of a block that are texts, by name.
pub(crate) fn texts(bytes: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let mut rest = bytes;
    let Head::Map(count) = head(&mut rest).ok_or(DAMAGED)? else { return Ok(Vec::new()) };
    if count > MOST {
        return Err("has a backend with too many settings");
    }
    let mut texts = Vec::new();
    for _ in 0..count {
        let Head::Text(name) = head(&mut rest).ok_or(DAMAGED)? else { return Err(DAMAGED) };
        let name = text(name)?;
        match head(&mut rest).ok_or(DAMAGED)? {
            Head::Text(value) => texts.push((name, text(value)?)),
            other => skip_inside(&other, &mut rest, DEEPEST).ok_or(DAMAGED)?,
        }
    }
    Ok(texts)
}

/// How a value begins.
enum Head<'a> {
    Text(&'a [u8]),
    List(usize),
    Map(usize),
    /// A number, nothing, true or false, bytes, an extension: read to its end.
    Other,
}

fn head<'a>(rest: &mut &'a [u8]) -> Option<Head<'a>> {
    let kind = *take(rest, 1)?.first()?;
    Some(match kind {
        0x80..=0x8f => Head::Map(usize::from(kind & 0x0f)),
        0x90..=0x9f => Head::List(usize::from(kind & 0x0f)),
        0xa0..=0xbf => Head::Text(take(rest, usize::from(kind & 0x1f))?),
        0xc4..=0xc6 => {
            let length = length(rest, 1 << (kind - 0xc4))?;
            other(take(rest, length)?)
        }
        0xc7..=0xc9 => {
            let length = length(rest, 1 << (kind - 0xc7))?;
            other(take(rest, length.checked_add(1)?)?)
        }
        0xca | 0xce | 0xd2 => other(take(rest, 4)?),
        0xcb | 0xcf | 0xd3 => other(take(rest, 8)?),
        0xcc | 0xd0 => other(take(rest, 1)?),
        0xcd | 0xd1 => other(take(rest, 2)?),
        0xd4..=0xd8 => other(take(rest, 1 + (1 << (kind - 0xd4)))?),
        0xd9..=0xdb => {
            let length = length(rest, 1 << (kind - 0xd9))?;
            Head::Text(take(rest, length)?)
        }
        0xdc | 0xdd => Head::List(length(rest, 2 << (kind - 0xdc))?),
        0xde | 0xdf => Head::Map(length(rest, 2 << (kind - 0xde))?),
        0xc1 => return None,
        _ => Head::Other,
    })
}

fn other<'a>(_: &'a [u8]) -> Head<'a> {
    Head::Other
}

/// Steps over what a list or a map holds. Every value takes a byte or more, so the
/// bytes bound the steps whatever count is stated.
fn skip_inside(head: &Head<'_>, rest: &mut &[u8], depth: usize) -> Option<()> {
    let count = match head {
        Head::List(count) => *count,
        Head::Map(count) => count.checked_mul(2)?,
        Head::Text(_) | Head::Other => return Some(()),
    };
    let deeper = depth.checked_sub(1)?;
    for _ in 0..count {
        let inner = self::head(rest)?;
        skip_inside(&inner, rest, deeper)?;
    }
    Some(())
}

fn length(rest: &mut &[u8], bytes: usize) -> Option<usize> {
    let stated = take(rest, bytes)?;
    Some(stated.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_a_block_are_read_and_the_rest_is_stepped_over() {
        let block =
            b"\x85\xa3key\xa1k\xa4list\x92\x01\x81\xa1a\xc0\xa1n\xcd\x01\x02\xa1u\xd4\x00\x00\xd9\x01z\xd9\x01y";
        let wanted = [("key", "k"), ("z", "y")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(texts(block).unwrap(), wanted);
        assert_eq!(texts(b"\xc0"), Ok(vec![]));
    }

    #[test]
    fn damage_and_depth_are_errors() {
        let deep = [&b"\x81\xa1a"[..], &[0x91; 100], b"\xc0"].concat();
        for block in [&b""[..], b"\x81", b"\x81\x01\x01", b"\x81\xa1a\xdd\xff\xff\xff\xff\xc0", b"\xc1", &deep] {
            assert!(texts(block).is_err(), "{block:?}");
        }
    }
}
