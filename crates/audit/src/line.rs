//! One record as one line: made here, and taken apart by position alone.
//!
//! ```text
//! {"v":1,"seq":17,"timestamp":"2026-02-12T14:30:22.123456789Z",BODY,"prev_hash":"64 hex","hash":"64 hex"}
//! ```
//! BODY is the entry's JSON without its braces. JSON escapes every `"` inside a
//! string, so no caller's text can hold `,"hash":`, and no field but the last has
//! that name: counted from the end, the hash is always in the same place.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::Entry;

/// The version of the format that is written.
pub const VERSION: u8 = 1;

/// Most bytes of one line, without its end: 64 MiB. The longest argv that the
/// kernel takes (6 MiB, all of it control characters) stays below.
pub const MAX_LINE: usize = 64 << 20;

/// More than the bytes that a line has around its body.
pub(crate) const AROUND: usize = 256;

const START: &[u8] = br#"{"v":1,"seq":"#;
const TIME: &[u8] = br#","timestamp":""#;
const PREVIOUS: &[u8] = br#","prev_hash":""#;
const HASH: &[u8] = br#"","hash":""#;
const END: &[u8] = br#""}"#;

/// A SHA-256 in small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash([u8; 64]);

impl Hash {
    /// What stands before the very first record.
    pub(crate) const ZERO: Self = Self([b'0'; 64]);

    /// Of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::written(Sha256::digest(bytes))
    }

    /// Of all that a hasher was given.
    pub(crate) fn finish(hasher: Sha256) -> Self {
        Self::written(hasher.finalize())
    }

    fn written(digest: impl IntoIterator<Item = u8>) -> Self {
        let mut text = [b'0'; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Reads 64 small hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        last_hash(text.as_bytes()).filter(|(before, _)| before.is_empty()).map(|(_, hash)| hash)
    }

    /// The 32 bytes that the digits stand for.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(self.0.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |high, digit| high << 4 | nibble(*digit));
        }
        bytes
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

/// The value of a small hexadecimal digit.
fn nibble(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { digit.wrapping_sub(b'a').wrapping_add(10) & 15 }
}

/// The body of an entry's line.
pub(crate) fn body(entry: &Entry) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = serde_json::to_vec(entry)?;
    json.pop();
    if !json.is_empty() {
        json.remove(0);
    }
    Ok(json)
}

/// Appends one line with its end to `to`, and gives its hash.
pub(crate) fn seal(seq: u64, time: Timestamp, body: &[u8], previous: &Hash, to: &mut Vec<u8>) -> Hash {
    let start = to.len();
    to.extend_from_slice(START);
    to.extend_from_slice(seq.to_string().as_bytes());
    to.extend_from_slice(TIME);
    to.extend_from_slice(format!("{time:.9}").as_bytes());
    to.extend_from_slice(b"\",");
    to.extend_from_slice(body);
    to.extend_from_slice(PREVIOUS);
    to.extend_from_slice(&previous.0);
    to.push(b'"');
    let hash = Hash::of(to.get(start..).unwrap_or_default());
    to.extend_from_slice(HASH.get(1..).unwrap_or_default());
    to.extend_from_slice(&hash.0);
    to.extend_from_slice(END);
    to.push(b'\n');
    hash
}

/// A line taken apart by position.
#[derive(Debug)]
pub(crate) struct Sealed<'a> {
    pub(crate) seq: u64,
    pub(crate) previous: Hash,
    pub(crate) hash: Hash,
    /// What the hash is over.
    hashed: &'a [u8],
    /// From the time's first digit to the end of the body.
    rest: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Takes a line (without its end) apart; `None` where it has not the form.
    pub(crate) fn of(line: &'a [u8]) -> Option<Self> {
        let (front, hash) = last_hash(line.strip_suffix(END)?)?;
        let inner = front.strip_suffix(HASH)?;
        let hashed = line.get(..=inner.len())?;
        let (front, previous) = last_hash(inner)?;
        let front = front.strip_suffix(PREVIOUS)?.strip_prefix(START)?;
        let digits = front.iter().take_while(|letter| letter.is_ascii_digit()).count();
        let (seq, rest) = front.split_at_checked(digits)?;
        Some(Self { seq: number(seq)?, previous, hash, hashed, rest: rest.strip_prefix(TIME)? })
    }

    /// Whether the bytes are those that the hash was made of.
    pub(crate) fn is_whole(&self) -> bool {
        Hash::of(self.hashed) == self.hash
    }

    /// When it was written, as text.
    pub(crate) fn time(&self) -> &'a [u8] {
        self.rest.split(|letter| *letter == b'"').next().unwrap_or_default()
    }

    /// The names of kind and id, which stand first in every body.
    pub(crate) fn kind_and_id(&self) -> Option<(&'a [u8], &'a [u8])> {
        let rest = self.rest.get(self.time().len()..)?.strip_prefix(br#"","kind":""#)?;
        let kind = rest.split(|letter| *letter == b'"').next()?;
        let rest = rest.get(kind.len()..)?.strip_prefix(br#"","id":""#)?;
        Some((kind, rest.split(|letter| *letter == b'"').next()?))
    }
}

fn last_hash(bytes: &[u8]) -> Option<(&[u8], Hash)> {
    let (front, hash) = bytes.split_last_chunk::<64>()?;
    let small_hex = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    hash.iter().all(small_hex).then_some((front, Hash(*hash)))
}

/// A number as it is written: no sign, no zero in front.
fn number(digits: &[u8]) -> Option<u64> {
    let text = str::from_utf8(digits).ok()?;
    (!text.starts_with('0')).then_some(text)?.parse().ok()
}

#[cfg(test)]
mod tests;
