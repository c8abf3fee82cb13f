//! One record as it is read back.
//!
//! Reading takes the line's word for it; whether the line is as it was written
//! is `verify`'s question.

use jiff::Timestamp;

use crate::Entry;
use crate::line::Sealed;

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number, from 1. It orders records, the time does not: clocks are set.
    pub seq: u64,
    /// When it was handed to the writer.
    pub timestamp: Timestamp,
    /// What it says.
    pub entry: Entry,
    /// The hash of the record before it.
    pub prev_hash: String,
    /// Its own hash.
    pub hash: String,
    /// The line itself, without its end.
    pub text: String,
}

impl Record {
    /// Reads a line; what is wrong with it where it is no record.
    pub fn of(line: &[u8]) -> Result<Self, String> {
        let sealed = Sealed::of(line).ok_or("it has not the form of a version that this program knows")?;
        let text = str::from_utf8(line).map_err(|error| error.to_string())?;
        let time = str::from_utf8(sealed.time()).map_err(|error| error.to_string())?;
        Ok(Self {
            seq: sealed.seq,
            timestamp: time.parse().map_err(|error: jiff::Error| error.to_string())?,
            entry: serde_json::from_str(text).map_err(|error| error.to_string())?,
            prev_hash: sealed.previous.as_str().to_owned(),
            hash: sealed.hash.as_str().to_owned(),
            text: text.to_owned(),
        })
    }
}
