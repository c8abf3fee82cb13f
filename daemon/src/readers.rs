//! Processes that look at files in the daemon's place, so that no file can hang it.
//!
//! # Theory of operation
//! A network or user-space file system may never answer, and no thread can be taken
//! out of such a wait. So this program, started once more in a mode of its own
//! ([`serve()`]), looks at one file a question, over a socket. A reader that is over
//! its deadline is killed, the answer is "unknown", and the next question starts
//! another. What the kernel knows to be absent without asking a file system never
//! comes here, so most commands need no reader at all.
//!
//! Both ends are the same program: their frames have no version, but every length a
//! limit. Deliberately not here: which files may be looked at, and what they mean.

mod frame;
mod pool;
mod serve;

pub(crate) use pool::Readers;
pub(crate) use serve::serve;
