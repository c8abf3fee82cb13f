//! The exit record: one line that a supervisor leaves in `runs/ID`.
//!
//! `tollgate-run 1 exited 7` or `tollgate-run 1 killed 15`, with `timed-out` before
//! the third word where the time was over, ended by a newline: readable by a person, and whole or absent. Written before anyone is told.

use crate::message::{End, Finish, Why};
use crate::{Error, Writer};

/// Most bytes of a record.
pub const MAX: usize = 40;

/// Writes the record; gives its length.
pub fn encode(finish: Finish, out: &mut [u8]) -> Result<usize, Error> {
    let (word, number): (&[u8], u8) = match finish.end {
        End::Exited(code) => (b"exited ", code),
        End::Killed(signal) => (b"killed ", signal),
    };
    let mut writer = Writer::new(out);
    writer.put(HEAD)?;
    writer.put(if finish.why == Why::TimeLimit { TIMED_OUT } else { b"" })?;
    writer.put(word)?;
    for (scale, always) in [(100, false), (10, false), (1, true)] {
        if always || number >= scale {
            writer.u8(b'0' + number / scale % 10)?;
        }
    }
    writer.u8(b'\n')?;
    Ok(writer.written())
}

/// Reads a record; `None` unless it is whole and exactly as [`encode`] writes it.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Finish> {
    let line = bytes.strip_prefix(HEAD)?.strip_suffix(b"\n")?;
    let (why, line) = match line.strip_prefix(TIMED_OUT) {
        Some(line) => (Why::TimeLimit, line),
        None => (Why::Itself, line),
    };
    let end = if let Some(digits) = line.strip_prefix(b"exited ") {
        End::Exited(number(digits)?)
    } else {
        End::Killed(number(line.strip_prefix(b"killed ")?)?)
    };
    Some(Finish { end, why })
}

/// `str::parse` would take `+7` and `007` as well.
fn number(digits: &[u8]) -> Option<u8> {
    let plain = digits.iter().all(u8::is_ascii_digit) && (digits.len() == 1 || digits.first() != Some(&b'0'));
    if plain { core::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

const TIMED_OUT: &[u8] = b"timed-out ";
const HEAD: &[u8] = b"tollgate-run 1 ";
