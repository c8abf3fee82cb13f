//! What became of children: read without loss, real-time signals included.
//!
//! Not here: which child is whose.

use nix::errno::Errno;
use nix::libc;
use tollgate_wire::message::End;

/// What happened to a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It ended and is reaped.
    Ended(End),
    /// It was stopped by this signal.
    Stopped(i32),
    /// It was continued.
    Continued,
}

/// The next change of any child, with its process id: `Ok(None)` where none
/// has changed; `ECHILD` where there is no child at all.
fn change() -> nix::Result<Option<(u32, Change)>> {
    let mut status = 0;
    let flags = libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
    // SAFETY: `status` is writable for the call; no other pointer.
    let child = Errno::result(unsafe { libc::waitpid(-1, &raw mut status, flags) })?;
    let Some(child) = u32::try_from(child).ok().filter(|child| *child != 0) else { return Ok(None) };
    Ok(Some((child, read(status))))
}

fn read(status: i32) -> Change {
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    if libc::WIFSTOPPED(status) {
        Change::Stopped(libc::WSTOPSIG(status))
    } else if libc::WIFCONTINUED(status) {
        Change::Continued
    } else if libc::WIFSIGNALED(status) {
        Change::Ended(End::Killed(byte(libc::WTERMSIG(status))))
    } else {
        Change::Ended(End::Exited(byte(libc::WEXITSTATUS(status))))
    }
}

/// Every change since the last call, in order; and whether any child is left.
pub(crate) fn changes() -> (Vec<(u32, Change)>, bool) {
    let mut changes = Vec::new();
    loop {
        match change() {
            Ok(Some(found)) => changes.push(found),
            Err(Errno::EINTR) => {}
            Ok(None) => return (changes, true),
            Err(_) => return (changes, false),
        }
    }
}
