//! What a process is born with: strings, descriptors, state, folder.

use std::ffi::{CStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;

use nix::libc;

use crate::output::{Report, error};

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// One hexadecimal line a string, after their number.
pub fn strings(strings: &[Vec<u8>], report: &mut Report) {
    report.line(strings.len().to_string());
    for string in strings {
        let digits: String = string.iter().map(|byte| format!("{byte:02x}")).collect();
        report.line(format!("{digits} {}", string.escape_ascii()));
    }
}

/// The environment in its order, duplicates and all.
pub fn environment(report: &mut Report) {
    let mut found = Vec::new();
    // SAFETY: libc keeps `environ` as a list of strings that ends with a null.
    let mut at = unsafe { environ };
    while let Some(string) = next(&mut at) {
        found.push(string);
    }
    strings(&found, report);
}

fn next(at: &mut *const *const c_char) -> Option<Vec<u8>> {
    if at.is_null() {
        return None;
    }
    // SAFETY: `at` is within the list: the null that ends it was not passed.
    let string = unsafe { **at };
    if string.is_null() {
        return None;
    }
    // SAFETY: not null, so a string; and one further is at most the null.
    let (bytes, following) = unsafe { (CStr::from_ptr(string).to_bytes().to_vec(), at.add(1)) };
    *at = following;
    Some(bytes)
}

/// Every open descriptor: number, what it is, flags, offset, and whose twin it is.
pub fn descriptors(report: &mut Report) {
    let mut open = open_numbers();
    open.sort_unstable();
    for (index, number) in open.iter().copied().enumerate() {
        let link = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap_or_default();
        let link = link.as_os_str().as_bytes();
        let kind = match link.iter().position(|byte| *byte == b':') {
            Some(colon) if !link.starts_with(b"/") => link.get(..colon).unwrap_or_default(),
            _ => link,
        };
        // SAFETY: asks for flags only.
        let flags = unsafe { libc::fcntl(number, libc::F_GETFL) };
        // SAFETY: asks for flags only.
        let close_on_exec = unsafe { libc::fcntl(number, libc::F_GETFD) };
        // SAFETY: moves nothing.
        let offset = unsafe { libc::lseek(number, 0, libc::SEEK_CUR) };
        let twin = open.iter().take(index).copied().find(|other| is_same_open_file(*other, number));
        let twin = twin.map_or_else(String::new, |twin| format!(" twin of {twin}"));
        report.line(format!("{number} {} flags {flags:o} {close_on_exec} offset {offset}{twin}", kind.escape_ascii()));
    }
}

fn open_numbers() -> Vec<c_int> {
    let path = c"/proc/self/fd";
    // SAFETY: a constant path.
    let folder = unsafe { libc::opendir(path.as_ptr()) };
    let mut numbers = Vec::new();
    if folder.is_null() {
        return numbers;
    }
    // SAFETY: the folder is open.
    let own = unsafe { libc::dirfd(folder) };
    loop {
        // SAFETY: the folder is open.
        let entry = unsafe { libc::readdir(folder) };
        if entry.is_null() {
            break;
        }
        // SAFETY: an entry's name is a string until the next `readdir`.
        let name = unsafe { CStr::from_ptr((*entry).d_name.as_ptr()) };
        numbers.extend(name.to_str().ok().and_then(|name| name.parse::<c_int>().ok()).filter(|number| *number != own));
    }
    // SAFETY: the folder is open and not used again.
    unsafe { libc::closedir(folder) };
    numbers
}

/// One open file description under two numbers: `kcmp(2)`, `KCMP_FILE`.
fn is_same_open_file(one: c_int, other: c_int) -> bool {
    let own = std::process::id();
    // SAFETY: compares two descriptors of this process.
    unsafe { libc::syscall(libc::SYS_kcmp, own, own, 0, one, other) == 0 }
}

/// The named fields of `/proc/self/status`.
pub fn status(fields: &[&[u8]], report: &mut Report) {
    let status = std::fs::read("/proc/self/status").unwrap_or_default();
    for line in status.split(|byte| *byte == b'\n') {
        if fields.iter().any(|field| line.strip_prefix(*field).is_some_and(|rest| rest.starts_with(b":"))) {
            report.line(line);
        }
    }
}

/// Every resource limit.
pub fn limits(report: &mut Report) {
    report.line(std::fs::read("/proc/self/limits").unwrap_or_default());
}

/// `umask(2)`.
pub fn umask(report: &mut Report) {
    // SAFETY: sets a number of this process.
    let mask = unsafe { libc::umask(0) };
    report.line(format!("umask {mask:04o}"));
}

/// Nice, io priority, scheduler, and how soon the kernel would kill it.
pub fn nice(report: &mut Report) {
    // SAFETY: asks only.
    report.line(format!("nice {}", unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }));
    // SAFETY: asks only; 1 is IOPRIO_WHO_PROCESS.
    report.line(format!("io priority {}", unsafe { libc::syscall(libc::SYS_ioprio_get, 1, 0) }));
    // SAFETY: asks only.
    report.line(format!("scheduler {}", unsafe { libc::sched_getscheduler(0) }));
    report.line(std::fs::read("/proc/self/oom_score_adj").unwrap_or_default());
}

/// The working directory: by `getcwd(3)`, by its link, and as the caller says it.
pub fn folder(report: &mut Report) {
    match std::env::current_dir() {
        Ok(folder) => report.line(format!("getcwd {}", folder.as_os_str().as_bytes().escape_ascii())),
        Err(_) => report.line(format!("getcwd error {}", error())),
    }
    let link = std::fs::read_link("/proc/self/cwd").unwrap_or_default();
    report.line(format!("link {}", link.as_os_str().as_bytes().escape_ascii()));
    let said = std::env::var_os("PWD").unwrap_or_default();
    report.line(format!("PWD {}", said.as_bytes().escape_ascii()));
}
