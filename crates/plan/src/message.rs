//! The wire form of protocol buffers: a message as its fields, in order.
//!
//! Strict where readers could differ: a number that overflows, a field numbered
//! 0, a group and a length beyond the end are errors.
//! Deliberately not here: what a field means.

use crate::LONGEST;

/// One field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    /// A number, and what is made of one.
    Number(u64),
    /// A text, bytes, or a message.
    Bytes(&'a [u8]),
    /// Four or eight bytes, which no field of a plan is.
    Fixed,
}

/// Why a message cannot be read.
pub(crate) const DAMAGED: &str = "is damaged";

/// The fields of a message, each with its number. Ends at the first that is damaged,
/// with the error.
pub(crate) fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u64, Field<'_>), &'static str>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((number, field, after)) = field(rest) else {
            rest = &[];
            return Some(Err(DAMAGED));
        };
        rest = after;
        Some(Ok((number, field)))
    })
}

fn field(bytes: &[u8]) -> Option<(u64, Field<'_>, &[u8])> {
    let (key, after) = number(bytes)?;
    let number_of = key >> 3;
    if number_of == 0 || number_of > MOST_FIELDS {
        return None;
    }
    let (field, after) = match key & 7 {
        0 => {
            let (value, after) = number(after)?;
            (Field::Number(value), after)
        }
        1 => (Field::Fixed, after.get(8..)?),
        2 => {
            let (length, after) = number(after)?;
            let (value, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
            (Field::Bytes(value), after)
        }
        5 => (Field::Fixed, after.get(4..)?),
        _ => return None,
    };
    Some((number_of, field, after))
}

/// The highest number that a field may have.
const MOST_FIELDS: u64 = (1 << 29) - 1;

/// A number of up to 64 bits, seven a byte, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        let low = u64::from(byte & 0x7f);
        if at == 9 && low > 1 {
            return None;
        }
        value |= low << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

/// A text that is short enough to be shown.
pub(crate) fn text(bytes: &[u8]) -> Result<String, &'static str> {
    if bytes.len() > LONGEST {
        return Err("holds a longer text than it may");
    }
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| DAMAGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(message: &[u8]) -> Result<Vec<(u64, Field<'_>)>, &'static str> {
        fields(message).collect()
    }

    #[test]
    fn numbers_and_bytes_are_read_in_order() {
        let read = all(b"\x08\x96\x01\x1a\x02hi\x15abcd\x11abcdefgh").unwrap();
        let wanted = [(1, Field::Number(150)), (3, Field::Bytes(b"hi")), (2, Field::Fixed), (2, Field::Fixed)];
        assert_eq!(read, wanted);
        assert_eq!(all(b""), Ok(vec![]));
    }

    #[test]
    fn what_readers_could_differ_about_is_damaged() {
        let overflow = [&b"\x08"[..], &[0xff; 9], b"\x02"].concat();
        let endless = [&b"\x08"[..], &[0xff; 11]].concat();
        for message in [&b"\x08"[..], b"\x1a\x05hi", b"\x00\x01", b"\x0b", b"\x0c", b"\x15abc", &overflow, &endless] {
            assert_eq!(all(message), Err(DAMAGED), "{message:?}");
        }
        let largest = [&b"\x08"[..], &[0xff; 9], b"\x01"].concat();
        assert_eq!(all(&largest), Ok(vec![(1, Field::Number(u64::MAX))]));
    }

    #[test]
    fn a_text_is_short_and_unicode() {
        assert_eq!(text("é".as_bytes()), Ok(String::from("é")));
        assert_eq!(text(b"\xff"), Err(DAMAGED));
        assert!(text(&vec![b'x'; LONGEST + 1]).is_err());
    }
}
