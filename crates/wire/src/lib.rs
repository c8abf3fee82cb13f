//! What the programs say to each other: frames, limits, exit codes.
//!
//! One frame format serves every pair: shim and daemon, daemon and supervisor,
//! supervisor and shim, the person's command and the daemon. Everything here is
//! `no_std` and allocates nothing: a decoder gets bytes and gives views into
//! them or an [`Error`]; it never panics and never believes a length.
//!
//! Not here: sockets and descriptors themselves (each program moves its own),
//! and what the JSON bodies of the admin door mean (`tollgate-admin`).
//!
//! Deliberately without: a negotiation of versions (a frame of a version that is
//! neither ours nor the previous one is refused by its third byte), check sums and encryption (Unix sockets of one
//! machine), identities (the kernel tells who a peer is, a peer never does),
//! stream bytes (the tool has the caller's own descriptors), owned values (a
//! decoder borrows its input), and the meaning of a number: a signal 0 or 200, a
//! umask with high bits or a descriptor that is named twice decodes, and whoever
//! acts on it decides what it is worth.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod bytes;
pub mod exit;
pub mod frame;
pub mod launch;
pub mod message;
pub mod plan;
pub mod record;
pub mod request;

pub use bytes::{Error, Reader, Writer};

/// The version that this build speaks. A frame's header says the version in which
/// its kind got its form ([`frame::Kind::form`]), so that a program of the previous
/// version understands every frame that has not changed since.
pub const VERSION: u8 = 2;
/// The oldest version that this build understands: a daemon is replaced while
/// shims wait and supervisors run.
pub const PREVIOUS: u8 = 1;

/// Most bytes in one frame's body: 64 KiB.
pub const MAX_BODY: usize = 64 * 1024;
/// Most descriptors on one message: the kernel's `SCM_MAX_FD`.
pub const MAX_DESCRIPTORS_A_FRAME: usize = 253;
/// Most descriptors of one request, over all its frames.
pub const MAX_DESCRIPTORS: usize = 1024;
/// Most bytes of arguments and environment together, NULs counted: 8 MiB. The
/// kernel itself stops at a quarter of the stack limit, never above 6 MiB (`execve(2)`).
pub const MAX_BLOCK: usize = 8 * 1024 * 1024;
/// Most strings in the arguments, and again in the environment.
pub const MAX_STRINGS: usize = 1024 * 1024;
/// Most bytes of a tool's name: `NAME_MAX`.
pub const MAX_TOOL: usize = 255;
/// Most bytes of a path that travels: `PATH_MAX`.
pub const MAX_PATH: usize = 4096;
/// Most bytes that are told where a time limit ends a command.
pub const MAX_WORDS: usize = 1024;
/// Bytes of a run's or a question's id: a ULID in its printed form.
pub const ID_LENGTH: usize = 26;
