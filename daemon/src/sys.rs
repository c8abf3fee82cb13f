//! Platform facts: descriptors over sockets, peers, `/proc`, pidfds.
//!
//! The daemon's only room with `unsafe`. Nothing here knows what a command or a
//! policy is.

pub(crate) mod above;
pub(crate) mod cgroup;
pub(crate) mod descriptors;
pub(crate) mod memory;
pub(crate) mod peer;
pub(crate) mod process;
