//! What a child is between fork and exec.
//!
//! Everything that runs there is async-signal-safe: system calls on values that
//! were made before the fork, no allocation.
//!
//! Not here: which program, argv and environment; `std::process::Command` has them.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::setsid;

use super::Entry;

/// The command gets mask, dispositions and closed descriptors as this process
/// found them. Works for `exec` as well.
pub(crate) fn keep_as_found(command: &mut Command, entry: Entry) {
    // SAFETY: `restore` is async-signal-safe.
    unsafe { command.pre_exec(move || Ok(entry.restore()?)) };
}

/// The child inherits this descriptor under its own number.
pub(crate) fn hand_down(command: &mut Command, descriptor: BorrowedFd<'_>) {
    let number = descriptor.as_raw_fd();
    let clear = move || {
        // SAFETY: F_SETFD takes a number; the parent holds the descriptor over the fork.
        let done = unsafe { libc::fcntl(number, libc::F_SETFD, 0) };
        Ok(nix::errno::Errno::result(done).map(drop)?)
    };
    // SAFETY: one system call.
    unsafe { command.pre_exec(clear) };
}

/// Takes over a descriptor that [`hand_down`] passed, by its number; no program
/// started from here inherits it. None where there is no such descriptor.
pub(crate) fn adopt(number: RawFd) -> Option<OwnedFd> {
    if number < 3 {
        return None;
    }
    // SAFETY: F_SETFD takes a number and fails on one that is not open.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return None;
    }
    // SAFETY: it is open, and named on our command line for us alone.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// The child leads a session of its own, hears every signal, and inherits no
/// descriptor above 2.
pub(crate) fn detach(command: &mut Command) {
    let apart = || {
        setsid()?;
        hear_all()?;
        // SAFETY: takes numbers; only marks descriptors of this child.
        let marked = unsafe { libc::close_range(3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as i32) };
        Ok(nix::errno::Errno::result(marked).map(drop)?)
    };
    // SAFETY: system calls alone.
    unsafe { command.pre_exec(apart) };
}

/// Signals that the caller ignored (`nohup`, `&` in a script) or that we blocked
/// are neither.
fn hear_all() -> nix::Result<()> {
    SigSet::empty().thread_set_mask()?;
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
        // SAFETY: SIG_DFL runs no code of ours.
        unsafe { sigaction(signal, &default) }?;
    }
    Ok(())
}

/// The child leads a session whose controlling terminal is its standard input.
pub(crate) fn lead_terminal(command: &mut Command) {
    let lead = || {
        setsid()?;
        // SAFETY: TIOCSCTTY takes a number; descriptor 0 is the terminal by then.
        let taken = unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) };
        Ok(nix::errno::Errno::result(taken).map(drop)?)
    };
    // SAFETY: system calls alone.
    unsafe { command.pre_exec(lead) };
}
