//! The judgement: what a command would do and to what, and whether it may.
//!
//! Pure: no files, clock, environment or threads; what must be read is asked for
//! ([`classify::Classified::Needs`]) and comes back as a value. It cannot fail
//! either: "I do not understand this" is an answer that the policy rules on.
//!
//! Two halves: [`classify`] turns argv, environment and facts into an
//! [`Operation`]; [`policy`] turns an operation and an agent into a
//! [`policy::Judgement`].
#![forbid(unsafe_code)]

pub mod agents;
mod bytes;
pub mod changes;
pub mod classify;
pub mod correct;
pub mod operation;
pub mod policy;
pub mod scrub;
pub mod show;
pub mod target;

pub use bytes::Bytes;
pub use changes::Changes;
pub use operation::{Meaning, Operation, Tier};
pub use target::{Dimension, Target, Text, Value};
