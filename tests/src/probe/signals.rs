//! Dying of signals, and counting them.

use std::ffi::c_int;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::libc;

use crate::output::{Report, complain, write_all};
use crate::{number_of, terminal};

/// The signals by name that scripts use.
const NAMES: [(&str, c_int); 16] = [
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ABRT", libc::SIGABRT),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("CHLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("WINCH", libc::SIGWINCH),
];

/// The number of a signal's name.
pub fn of_name(name: &[u8]) -> Option<c_int> {
    NAMES.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, number)| *number)
}

/// Dies of the signal, without a core dump on any machine.
pub fn die(name: &[u8]) -> c_int {
    let Some(number) = of_name(name) else { return complain("no such signal") };
    // SAFETY: sets a flag of this process.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    // SAFETY: no handler of ours is in the way.
    unsafe { libc::signal(number, libc::SIG_DFL) };
    let mut set = empty_set();
    // SAFETY: the set is a whole one, the number a signal's.
    unsafe { libc::sigaddset(&raw mut set, number) };
    // SAFETY: the set is a whole one.
    unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut()) };
    // SAFETY: a signal to this process.
    unsafe { libc::raise(number) };
    complain("still alive")
}

/// Dies of SIGABRT with words in memory that are in no file: put together here.
pub fn dump() -> c_int {
    let words = ["memory", "of", "the", "tool", "itself"].join("-");
    std::hint::black_box(&words);
    // SAFETY: a signal to this process.
    unsafe { libc::raise(libc::SIGABRT) };
    complain(&words)
}

/// Sends a signal twice, a millisecond apart: both times it is handled.
pub fn pester(process: c_int, name: &[u8]) {
    for _ in 0..2 {
        // SAFETY: a signal to another process.
        unsafe { libc::kill(process, of_name(name).unwrap_or(0)) };
        let sent = std::time::Instant::now();
        while sent.elapsed() < std::time::Duration::from_millis(1) {
            std::hint::spin_loop();
        }
    }
}

/// Stops itself by the signal, and says when it goes on.
pub fn stop(name: &[u8], report: &mut Report) -> c_int {
    let Some(number) = of_name(name) else { return complain("no such signal") };
    // SAFETY: a signal to this process.
    unsafe { libc::raise(number) };
    report.line("goes on");
    0
}

static COUNTS: [AtomicU32; 65] = [const { AtomicU32::new(0) }; 65];

extern "C" fn count(number: c_int) {
    if let Some(count) = usize::try_from(number).ok().and_then(|number| COUNTS.get(number)) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Says `ready`, waits for a signal, watches for so many milliseconds whether
/// more come, and says how many came of each.
pub fn first(milliseconds: &[u8], report: &mut Report) -> c_int {
    report.line("ready");
    first_after(milliseconds, report, |report| {
        report.write();
    });
    for (name, seen) in counted() {
        report.line(format!("{name} {seen}"));
    }
    0
}

/// As [`first`], without saying how many came.
pub fn heard(report: &mut Report) -> c_int {
    report.line("ready");
    first_after(b"100", report, |report| {
        report.write();
    });
    for (name, _) in counted() {
        report.line(format!("{name} heard"));
    }
    0
}

fn counted() -> impl Iterator<Item = (&'static str, u32)> {
    let seen = |number: c_int| usize::try_from(number).ok().and_then(|number| COUNTS.get(number));
    let all = NAMES.iter().filter_map(move |(name, number)| Some((*name, seen(*number)?.load(Ordering::Relaxed))));
    all.filter(|(_, count)| *count > 0)
}

/// Sends a signal to a process that passes it on to this one, and reports as [`first`].
pub fn echo(process: c_int, name: &[u8], report: &mut Report) -> c_int {
    first_after(b"0", report, |_| {
        // SAFETY: a signal to another process, or to this one.
        unsafe { libc::kill(process, of_name(name).unwrap_or(0)) };
    });
    for (name, seen) in counted() {
        report.line(format!("{name} {seen}"));
    }
    0
}

extern "C" fn say_continued(_: c_int) {
    write_all(1, b"continued\n");
}

/// Says `runs`, and `continued` whenever it goes on; lives until a signal ends it.
pub fn steady() -> c_int {
    // SAFETY: the handler writes a constant only.
    unsafe { libc::signal(libc::SIGCONT, say_continued as *const () as libc::sighandler_t) };
    write_all(1, b"runs\n");
    loop {
        // SAFETY: waits only.
        unsafe { libc::pause() };
    }
}

/// Reads a line and says it; says `continued` whenever it goes on.
pub fn ask() -> c_int {
    // SAFETY: the handler writes a constant only; a read goes on after it.
    unsafe { libc::signal(libc::SIGCONT, say_continued as *const () as libc::sighandler_t) };
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    write_all(1, format!("got {answer}").as_bytes());
    if read.is_ok() { 0 } else { 3 }
}

/// Says the window's size, waits for SIGWINCH, watches for more, and says how many
/// came and the size by then.
pub fn window(report: &mut Report) -> c_int {
    // SAFETY: the handler adds to an atomic number only.
    unsafe { libc::signal(libc::SIGWINCH, count as *const () as libc::sighandler_t) };
    report.line(format!("size {}", terminal::size()));
    report.write();
    let winch = usize::try_from(libc::SIGWINCH).ok().and_then(|number| COUNTS.get(number));
    let seen = || winch.map_or(0, |winch| winch.load(Ordering::Relaxed));
    while seen() == 0 {
        watch(5);
    }
    watch(300);
    report.line(format!("WINCH {} size {}", seen(), terminal::size()));
    0
}

/// Computes for so many milliseconds.
pub fn burn(milliseconds: c_int) {
    let start = std::time::Instant::now();
    while start.elapsed().as_millis() < u128::try_from(milliseconds).unwrap_or(0) {
        std::hint::spin_loop();
    }
}

fn first_after(milliseconds: &[u8], report: &mut Report, handled: impl FnOnce(&mut Report)) {
    let watched = [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2];
    let mut set = empty_set();
    for number in watched {
        // SAFETY: the set is a whole one, the number a signal's.
        unsafe { libc::sigaddset(&raw mut set, number) };
    }
    let mut before = empty_set();
    // SAFETY: the sets are whole ones.
    unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, &raw mut before) };
    for number in watched {
        // SAFETY: the handler adds to an atomic number only.
        unsafe { libc::signal(number, count as *const () as libc::sighandler_t) };
    }
    handled(report);
    // SAFETY: the set is a whole one.
    unsafe { libc::sigsuspend(&raw const before) };
    // SAFETY: the set is a whole one.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut()) };
    watch(u64::try_from(number_of(milliseconds)).unwrap_or(0));
}

fn watch(milliseconds: u64) {
    let end = std::time::Instant::now() + std::time::Duration::from_millis(milliseconds);
    while let Some(left) = end.checked_duration_since(std::time::Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::sleep(left);
    }
}

/// A set without signals.
pub fn empty_set() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: `sigemptyset` writes the whole set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}
