//! What installing changes on a machine: planned, shown, applied, undone.
//!
//! Every change is a list of [`Step`]s first, so that a person can read it
//! before it happens; it is applied beside its place and renamed into it, so
//! that nobody ever sees half of it.
//!
//! Not here: where things belong (`tollgate-places`), and what the shims do.
#![forbid(unsafe_code)]

pub mod home;
mod lines;
mod look;
pub mod manifest;
pub mod plan;
pub mod shell;
mod shims;
mod step;
mod thing;
mod tool;

pub use home::{Home, PROBE, Service};
pub use look::{Note, Why};
pub use manifest::Manifest;
pub use plan::{Plan, Wanted};
pub use shell::Shell;
pub use shims::ShimFolder;
pub use step::{Error, Purpose, Step};
pub use thing::{Digest, Owner, Position, Thing};
pub use tool::{Tool, Wrong};
