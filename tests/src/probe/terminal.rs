//! A terminal of the process's own, as an agent may make one.

use std::ffi::{CStr, c_int};

use nix::libc;

use crate::children::{Birth, fork};
use crate::output::{Report, complain, error, write_all};
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

/// Whether each standard descriptor is a terminal and which; whether this process
/// is in its session and in its foreground.
pub fn stand(report: &mut Report) {
    for descriptor in 0..3 {
        // SAFETY: asks only.
        let (is_terminal, foreground) = unsafe { (libc::isatty(descriptor), libc::tcgetpgrp(descriptor)) };
        // SAFETY: asks only.
        let (session, own) = unsafe { (libc::tcgetsid(descriptor), libc::getsid(0)) };
        // SAFETY: asks only.
        let front = foreground == unsafe { libc::getpgrp() };
        report.line(format!("{descriptor} terminal {is_terminal} ours {} front {front}", session == own));
    }
    // SAFETY: a constant path.
    let own = unsafe { libc::open(c"/dev/tty".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
    report.line(format!("own {}", own >= 0));
}

/// The window of descriptor 0: rows and columns.
pub fn size() -> String {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel writes one size.
    unsafe { libc::ioctl(0, libc::TIOCGWINSZ, &raw mut size) };
    format!("{}x{}", size.ws_row, size.ws_col)
}

/// The terminal and its modes before the question: what an interrupt gives back.
static ASKED: std::sync::OnceLock<(c_int, libc::termios)> = std::sync::OnceLock::new();

extern "C" fn interrupted(_: c_int) {
    give_echo_back();
    crate::signals::die(b"INT");
}

fn give_echo_back() {
    if let Some((terminal, modes)) = ASKED.get() {
        // SAFETY: sets modes of the terminal.
        unsafe { libc::tcsetattr(*terminal, libc::TCSAFLUSH, modes) };
    }
}

/// Asks on `/dev/tty` without echo and says how long the answer was; on an
/// interrupt it gives the echo back and dies of it.
pub fn password() -> c_int {
    let Some(terminal) = streams::open(b"/dev/tty", libc::O_RDWR) else {
        return complain(&format!("open error {}", error()));
    };
    // SAFETY: all bytes zero is a value of this plain type.
    let mut modes: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel's answer is written into it.
    unsafe { libc::tcgetattr(terminal, &raw mut modes) };
    let _ = ASKED.set((terminal, modes));
    // SAFETY: the handler makes system calls only.
    unsafe { libc::signal(libc::SIGINT, interrupted as *const () as libc::sighandler_t) };
    let quiet = libc::termios { c_lflag: modes.c_lflag & !libc::ECHO, ..modes };
    // SAFETY: sets modes of the terminal.
    unsafe { libc::tcsetattr(terminal, libc::TCSAFLUSH, &raw const quiet) };
    write_all(terminal, b"secret: ");
    let mut answer = [0; 100];
    // SAFETY: the pointer and length are the buffer's.
    let count = unsafe { libc::read(terminal, answer.as_mut_ptr().cast(), answer.len()) };
    give_echo_back();
    write_all(terminal, format!("\n{} letters\n", count - 1).as_bytes());
    0
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
