//! Reading saved plans of terraform and tofu: what applying one would do.
//!
//! A plan is a ZIP archive with an entry `tfplan`, a protocol buffer whose public
//! description is `planfile.proto` in terraform's sources. Any bytes give a plan or
//! an error, within [`LARGEST`] and the limits beside it; where terraform's own
//! readers and this one could disagree about the same bytes, it is an error here.
//! Deliberately not here: values of resources, providers, opening files, and what a
//! policy makes of a plan.
#![forbid(unsafe_code)]

mod archive;
mod message;
mod plan;
mod values;

#[cfg(test)]
mod samples;

pub use plan::{Act, Backend, Change, Mode, Plan};

/// The most that a plan file may hold, in bytes.
pub const LARGEST: usize = 16 << 20;

/// The most that its entry may unpack to, in bytes.
pub const LARGEST_UNPACKED: usize = 64 << 20;

/// The most changes that are read of one plan.
pub const MOST_CHANGES: usize = 100_000;

/// The longest address, name or version that is read, in bytes.
pub const LONGEST: usize = 4096;

/// The format that this reader knows; terraform has written no other since 0.14.
pub const FORMAT: u64 = 3;

/// Why bytes are no plan that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no archive, or one that readers differ about.
    #[error("{0}")]
    Archive(&'static str),
    /// The message in it is damaged or larger than it may be.
    #[error("its plan {0}")]
    Message(&'static str),
    /// It is a plan, of a format that this reader does not know.
    #[error("its plan is of format {0}, and only {FORMAT} is known")]
    Format(u64),
}

/// What the plan in this file would do.
///
/// # Errors
/// Where the bytes are no plan, are damaged, break a limit, or state another format.
pub fn read(file: &[u8]) -> Result<Plan, Error> {
    if file.len() > LARGEST {
        return Err(Error::Archive("it is larger than a plan may be"));
    }
    let message = archive::entry(file, b"tfplan").map_err(Error::Archive)?;
    plan::read(&message)
}
