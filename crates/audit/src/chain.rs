//! Whether one line follows another.
//!
//! The one judgement that verifying and opening for writing share. It sees lines
//! only; files, and where in them a line stands, are its callers' business.

use crate::line::{Hash, Sealed};

/// The end of a chain so far.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// The number that the next record must have.
    pub(crate) next: u64,
    /// The hash of the last record.
    pub(crate) head: Hash,
}

impl Chain {
    /// The start of every log.
    pub(crate) const START: Self = Self { next: 1, head: Hash::ZERO };

    /// Takes the next line; what is wrong with it, in a sentence, where it does
    /// not follow.
    pub(crate) fn take(&mut self, line: &[u8]) -> Result<(), String> {
        let Some(sealed) = Sealed::of(line) else {
            return Err("this is no record of a version that this program knows".into());
        };
        if !sealed.is_whole() {
            return Err(format!("record {} was changed: its bytes do not give its hash", sealed.seq));
        }
        self.check_place(&sealed)?;
        self.next = sealed.seq.saturating_add(1);
        self.head = sealed.hash;
        Ok(())
    }

    fn check_place(&self, sealed: &Sealed<'_>) -> Result<(), String> {
        let (seq, next) = (sealed.seq, self.next);
        if seq != next {
            return Err(misplaced(seq, next));
        }
        if sealed.previous != self.head {
            return Err(format!("record {seq} does not follow the record before it: one of them is of another log"));
        }
        Ok(())
    }
}

fn misplaced(seq: u64, next: u64) -> String {
    let why = if seq < next {
        "it is repeated or moved".into()
    } else if seq - next == 1 {
        format!("record {next} is missing or moved")
    } else {
        format!("records {next} to {} are missing or moved", seq - 1)
    };
    format!("record {seq} stands where record {next} belongs: {why}")
}
