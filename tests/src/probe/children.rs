//! What a tool leaves behind: a grandchild with its stdout, a daemon.

use std::ffi::c_int;

use nix::libc;

use crate::output::{c_string, complain, error, write_all};
use crate::streams::{open, wait};

/// Ends at once; a child holds stdout until the FIFO is written to, then says `late`.
pub fn hold(gate: &[u8]) -> c_int {
    match fork() {
        Err(code) => code,
        Ok(Birth::Parent(_)) => 0,
        Ok(Birth::Child) => {
            wait(gate);
            write_all(1, b"late\n");
            0
        }
    }
}

/// Becomes a daemon; once the first FIFO is written to, it says in the second
/// whether it leads its session and who its parent is.
pub fn daemonise(gate: &[u8], done: &[u8]) -> c_int {
    match fork() {
        Err(code) => return code,
        Ok(Birth::Parent(_)) => return 0,
        Ok(Birth::Child) => {}
    }
    // SAFETY: a new session for this process.
    let session = unsafe { libc::setsid() };
    match fork() {
        Err(code) => return code,
        Ok(Birth::Parent(_)) => return 0,
        Ok(Birth::Child) => {}
    }
    detach();
    wait(gate);
    let Some(done) = open(done, libc::O_WRONLY) else { return 3 };
    // SAFETY: asks only.
    let (own, parent) = unsafe { (libc::getsid(0), libc::getppid()) };
    let kept = if own == session { "kept" } else { "lost" };
    let parent = std::fs::read_to_string(format!("/proc/{parent}/comm")).unwrap_or_default();
    write_all(done, format!("session {kept}\nparent {parent}").as_bytes());
    0
}

/// Goes on in a grandchild whose parents are gone; false in those that are to end.
pub fn become_orphan() -> bool {
    let own = std::process::id().cast_signed();
    if !matches!(fork(), Ok(Birth::Child)) {
        return false;
    }
    let between = std::process::id().cast_signed();
    if !matches!(fork(), Ok(Birth::Child)) {
        return false;
    }
    // SAFETY: asks only.
    while [own, between].contains(&unsafe { libc::getppid() }) {
        std::thread::yield_now();
    }
    true
}

/// To the root folder, on `/dev/null`.
fn detach() {
    // SAFETY: a constant path.
    unsafe { libc::chdir(c"/".as_ptr()) };
    for descriptor in 0..3 {
        // SAFETY: the number is free or to be freed, and `open` takes the lowest.
        unsafe { libc::close(descriptor) };
        // SAFETY: the path is a string.
        unsafe { libc::open(c_string(b"/dev/null").as_ptr(), libc::O_RDWR) };
    }
}

/// On which side of a fork a process is.
pub enum Birth {
    /// The one that was there; the new one's process id.
    Parent(c_int),
    /// The new one.
    Child,
}

/// `fork(2)`; the probe's exit code where it fails.
pub fn fork() -> Result<Birth, c_int> {
    // SAFETY: this process has one thread.
    match unsafe { libc::fork() } {
        0 => Ok(Birth::Child),
        child if child > 0 => Ok(Birth::Parent(child)),
        _ => Err(complain(&format!("fork error {}", error()))),
    }
}
