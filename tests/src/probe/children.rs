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

/// Does `leaf` under `count` processes more, each the child of the one before and
/// standing still until that has ended or executed a program; gives the last one's code.
///
/// They share one memory, for a fork costs the kernel more with every fork before it.
pub fn descend(count: c_int, leaf: &dyn Fn() -> c_int) -> c_int {
    let descent = Descent { left: count, leaf };
    below((&raw const descent).cast_mut().cast())
}

struct Descent<'a> {
    left: c_int,
    leaf: &'a dyn Fn() -> c_int,
}

extern "C" fn below(descent: *mut libc::c_void) -> c_int {
    const STACK: usize = 64 * 1024;
    // SAFETY: whoever calls stands still and keeps it.
    let descent = unsafe { &*descent.cast::<Descent<'_>>() };
    if descent.left <= 0 {
        return (descent.leaf)();
    }
    let mut next = Descent { left: descent.left - 1, leaf: descent.leaf };
    let mut stack = vec![0_u128; STACK / size_of::<u128>()];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let top = stack.as_mut_ptr_range().end;
    // SAFETY: the stack is the child's alone, and this process waits until it has left it.
    let child = unsafe { libc::clone(below, top.cast(), flags, (&raw mut next).cast()) };
    if child < 0 { complain(&format!("clone error {}", error())) } else { code_of(child) }
}

fn code_of(child: c_int) -> c_int {
    let mut status = 0;
    // SAFETY: the status is ours to write.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 3 }
}

/// Goes on under `count` processes more, each the child of the one before, that
/// end by and by in the milliseconds that follow; false in those.
pub fn descend_under_dying(count: c_int) -> bool {
    for place in 0..count {
        match fork() {
            Err(_) => return false,
            Ok(Birth::Child) => {}
            Ok(Birth::Parent(_)) => {
                // Neither from the top nor from below: 17 and 40 have no common divisor.
                let place = u64::try_from(place).unwrap_or_default();
                std::thread::sleep(std::time::Duration::from_micros(500 * (place * 17 % 40)));
                return false;
            }
        }
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
