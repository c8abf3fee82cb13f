//! What installing changes on a machine: planned, shown, applied, undone.
//!
//! Every change is a list of [`Step`]s first, so that a person can read it
//! before it happens; it is applied beside its place and renamed into it, so
//! that nobody ever sees half of it.
//!
//! Not here: where things belong (`tollgate-places`), and what the shims do.
#![forbid(unsafe_code)]

mod shims;
mod step;
mod tool;

pub use shims::ShimFolder;
pub use step::{Error, Step};
pub use tool::{Tool, Wrong};
