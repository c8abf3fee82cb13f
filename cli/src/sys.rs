//! The one room with unsafe code and raw system calls of the person's command.
//!
//! Not here: what any of it is for; `run`, `keeper` and `demo` say that.

mod children;
mod entry;
mod inherited;
mod pty;
mod signals;
mod spawn;

pub(crate) use children::{Change, changes};
pub(crate) use entry::Entry;
pub(crate) use inherited::Inherited;
pub(crate) use pty::{Terminal, terminal};
pub(crate) use signals::{Arrived, Signals, die_of, send, stop_by};
pub(crate) use spawn::{adopt, detach, hand_down, keep_as_found, lead_terminal};

/// No other process of the same user may look into this one or act through it
/// (`ptrace(2)`, `/proc/PID/mem`). Ends with the next `execve`.
pub(crate) fn keep_out() -> Result<(), crate::error::Error> {
    nix::sys::prctl::set_dumpable(false).map_err(crate::error::Error::kernel("keep debuggers out"))
}
