//! Starting another program in a way that no shell can: `launch HOW... -- NAME ARG...`.
//!
//! HOW is any of `block=SIGNAL`, `ignore=SIGNAL`, `odd-environment`, `no-arguments`
//! (not even the name: NAME is only what is executed), `session` (of
//! its own), `orphan` (by a double fork; the caller goes on at once), `under=COUNT`
//! (processes above one another), `under-dying=COUNT` (such that end meanwhile),
//! `terminal` (a new one, what is shown there is copied to descriptor 1; it comes last).
//! NAME is looked for on PATH, as a shell would.

use std::ffi::{CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;

use nix::libc;

use crate::children::Birth;
use crate::output::{Report, c_string, complain, error};
use crate::{children, signals, terminal};

/// Executes; comes back only where that fails.
pub fn launch(operands: &[&[u8]]) -> c_int {
    let Some(end) = operands.iter().position(|word| *word == b"--") else { return complain("no `--`") };
    let (how, command) = operands.split_at(end);
    let mut odd = false;
    for (place, word) in how.iter().enumerate() {
        if let Some(name) = word.strip_prefix(b"block=") {
            block(name);
        } else if let Some(name) = word.strip_prefix(b"ignore=") {
            ignore(name);
        } else if let Some(count) = word.strip_prefix(b"under=") {
            let rest: Vec<_> = operands.iter().copied().skip(place + 1).collect();
            return children::descend(crate::number_of(count), &|| launch(&rest));
        } else if let Some(count) = word.strip_prefix(b"under-dying=")
            && !children::descend_under_dying(crate::number_of(count))
        {
            return 0;
        }
        match *word {
            b"odd-environment" => odd = true,
            b"no-arguments" => return execute_bare(command.get(1).copied().unwrap_or_default()),
            b"session" => new_session(),
            b"orphan" if !children::become_orphan() => return 0,
            b"terminal" => {
                if let Some(code) = terminal::take_new() {
                    return code;
                }
            }
            _ => {}
        }
    }
    let arguments: Vec<CString> = command.iter().skip(1).map(|word| c_string(word)).collect();
    if odd { execute(&arguments, &pointers(&odd_environment())) } else { execute_here(&arguments) }
}

fn block(name: &[u8]) {
    let mut set = signals::empty_set();
    // SAFETY: the set is a whole one.
    unsafe { libc::sigaddset(&raw mut set, signals::of_name(name).unwrap_or(0)) };
    // SAFETY: the set is a whole one.
    unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
}

fn new_session() {
    // SAFETY: a session of this process's own, where it leads no group yet.
    unsafe { libc::setsid() };
}

fn ignore(name: &[u8]) {
    // SAFETY: no handler is given.
    unsafe { libc::signal(signals::of_name(name).unwrap_or(0), libc::SIG_IGN) };
}

/// PATH (and a sabotage) as it is, and what no shell would make: no `=`, twice the same name, no
/// name, no UTF-8, an empty string. Not in alphabetical order.
fn odd_environment() -> Vec<CString> {
    let kept = ["PATH", "TOLLGATE_SABOTAGE"].into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        Some(c_string(&[name.as_bytes(), b"=", value.as_bytes()].concat()))
    });
    let odd: [&[u8]; 9] = [
        b"ZED=1",
        b"TWICE=one",
        b"no equals sign",
        b"TWICE=two",
        b"=nameless",
        b"",
        b"BYTES=\xff\xfe\x01",
        b"EMPTY=",
        b"A=last",
    ];
    kept.chain(odd.into_iter().map(c_string)).collect()
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

fn execute(arguments: &[CString], environment: &[*const c_char]) -> c_int {
    let list = pointers(arguments);
    let Some(first) = list.first().filter(|first| !first.is_null()) else { return complain("no command") };
    // SAFETY: both lists end with a null and outlive the call.
    unsafe { libc::execvpe(*first, list.as_ptr(), environment.as_ptr()) };
    complain(&format!("exec error {}", error()))
}

fn execute_bare(name: &[u8]) -> c_int {
    let list = pointers(&[]);
    // SAFETY: the list is a null alone, and the name a string.
    unsafe { libc::execvp(c_string(name).as_ptr(), list.as_ptr()) };
    complain(&format!("exec error {}", error()))
}

/// Runs a command and says everything that the
/// kernel tells a parent. Where it stops, it is continued.
pub fn witness(command: &[&[u8]], report: &mut Report) -> c_int {
    let child = match children::fork() {
        Err(code) => return code,
        Ok(Birth::Child) => return execute_here(&command.iter().map(|word| c_string(word)).collect::<Vec<_>>()),
        Ok(Birth::Parent(child)) => child,
    };
    loop {
        let mut status = 0;
        // SAFETY: the status is ours to write.
        if unsafe { libc::waitpid(child, &raw mut status, libc::WUNTRACED) } != child {
            return complain(&format!("wait error {}", error()));
        }
        if libc::WIFSTOPPED(status) {
            report.line(format!("stopped {}", libc::WSTOPSIG(status)));
            // SAFETY: a signal to a child that was not reaped.
            unsafe { libc::kill(child, libc::SIGCONT) };
        } else if libc::WIFSIGNALED(status) {
            report.line(format!("killed {}", libc::WTERMSIG(status)));
            return 0;
        } else {
            report.line(format!("exited {}", libc::WEXITSTATUS(status)));
            return 0;
        }
    }
}

fn execute_here(arguments: &[CString]) -> c_int {
    let list = pointers(arguments);
    let Some(first) = list.first().filter(|first| !first.is_null()) else { return complain("no command") };
    // SAFETY: the list ends with a null and outlives the call.
    unsafe { libc::execvp(*first, list.as_ptr()) };
    complain(&format!("exec error {}", error()))
}
