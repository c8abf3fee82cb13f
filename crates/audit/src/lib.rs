//! The hash-chained record of what was asked, decided and run.
//!
//! A log is a folder of segments; a segment is JSON lines; a line is one record,
//! and its last field is the SHA-256 of the line's bytes before that field, which
//! hold the hash of the line before:
//! ```text
//! {"v":1,"seq":1,"timestamp":"...","kind":"started",...,"prev_hash":"000...","hash":"3fa..."}
//! {"v":1,"seq":2,"timestamp":"...","kind":"intent",...,"prev_hash":"3fa...","hash":"9c1..."}
//! ```
//! The first record of a segment goes on with the hash of the last one of the
//! segment before; the very first follows 64 zeros. Anyone can check a line
//! without this program: cut it at the last `,"hash":` and run `sha256sum`.
//!
//! The daemon is the one [`Writer`]; anyone may [`read`] and [`mod@verify`], also a
//! copy. Not here: what is worth a record, and the scrubbing of secrets.
#![forbid(unsafe_code)]

mod asked;
mod base64;
mod beside;
mod bytes;
mod carried;
mod chain;
pub mod checkpoint;
mod described;
mod disk;
mod entry;
mod index;
mod journal;
mod keyed;
mod kind;
mod line;
mod note;
mod opening;
mod packed;
pub mod query;
pub mod read;
mod record;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod schema;
mod segment;
pub mod show;
mod terms;
mod tree;
mod upkeep;
pub mod verify;
mod writer;

pub use asked::{Asked, Enrolled};
pub use bytes::Bytes;
pub use carried::{Carried, State, Use};
pub use checkpoint::Checkpoint;
pub use described::{Also, Changed, Described, Found, OneChange, TargetValue, Targets};
pub use entry::{Approver, Command, Corrected, Decision, Entry, Fact, Scrubbed};
pub use jiff::Timestamp;
pub use keyed::HashKey;
pub use kind::Kind;
pub use line::{MAX_LINE, VERSION};
pub use note::{PublicKey, SigningKey, WrongKey};
pub use opening::{Cut, Recovery};
pub use record::Record;

pub use terms::{Grant, Process, Taken, Token};
pub use verify::verify;
pub use writer::{Error, Options, Receipt, Writer};
