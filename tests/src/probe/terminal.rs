//! A terminal of the process's own, as an agent may make one.

use std::ffi::{CStr, c_int};

use nix::libc;

use crate::children::{Birth, fork};
use crate::output::{complain, error};
use crate::streams;

/// Goes on in a child that leads a session on a new terminal. The parent copies
/// what is shown to descriptor 1 and gives the child's exit code.
pub fn take_new() -> Option<c_int> {
    // SAFETY: asks for a new descriptor.
    let master = unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) };
    // SAFETY: the master is open.
    if master < 0 || unsafe { libc::unlockpt(master) } != 0 {
        return Some(complain(&format!("terminal error {}", error())));
    }
    match fork() {
        Err(code) => Some(code),
        Ok(Birth::Child) => {
            enter(master);
            None
        }
        Ok(Birth::Parent(_)) => {
            streams::copy_terminal(master);
            let mut status = 0;
            // SAFETY: the status is ours to write.
            unsafe { libc::wait(&raw mut status) };
            Some(libc::WEXITSTATUS(status))
        }
    }
}

fn enter(master: c_int) {
    let mut name = [0; 64];
    // SAFETY: the buffer's length is given.
    unsafe { libc::ptsname_r(master, name.as_mut_ptr(), name.len()) };
    // SAFETY: a new session for this process.
    unsafe { libc::setsid() };
    // SAFETY: `ptsname_r` ended the name with a NUL; opening makes it the controlling terminal.
    let terminal = unsafe { libc::open(CStr::from_ptr(name.as_ptr()).as_ptr(), libc::O_RDWR) };
    for descriptor in 0..3 {
        // SAFETY: both descriptors are this process's.
        unsafe { libc::dup2(terminal, descriptor) };
    }
}
