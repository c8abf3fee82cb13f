//! What a process does with descriptors.

use std::ffi::c_int;

use nix::libc;

use crate::output::{Report, c_string, complain, error, write_all};

/// Copies until the end of input; 3 on an error.
pub fn copy(from: c_int, to: c_int) -> c_int {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        // SAFETY: the pointer and length are the buffer's.
        let count = unsafe { libc::read(from, buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(count) {
            Ok(0) => return 0,
            Ok(count) if write_all(to, buffer.get(..count).unwrap_or_default()) => {}
            Ok(_) => return complain(&format!("write error {}", error())),
            Err(_) if error() == libc::EINTR => {}
            Err(_) => return complain(&format!("read error {}", error())),
        }
    }
}

/// Copies what a terminal shows to descriptor 1, until nobody has it open (EIO).
pub fn copy_terminal(master: c_int) {
    let mut buffer = [0; 4096];
    let mut read = || {
        // SAFETY: the pointer and length are the buffer's.
        let count = unsafe { libc::read(master, buffer.as_mut_ptr().cast(), buffer.len()) };
        let shown = buffer.get(..usize::try_from(count).unwrap_or(0)).unwrap_or_default();
        write_all(1, shown);
        !shown.is_empty()
    };
    // Linux looks for bytes and then whether the other end is closed: who writes and
    // closes in between is told closed with its last words unread. The next read has them.
    while read() || read() {}
}

/// A file's bytes on descriptor 1.
pub fn cat(path: &[u8]) -> c_int {
    match open(path, libc::O_RDONLY) {
        Some(file) => copy(file, 1),
        None => complain(&format!("open error {}", error())),
    }
}

/// Writes `text` for ever: ends by SIGPIPE, or with 3 where that is ignored.
pub fn repeat(text: &[u8]) -> c_int {
    let block = text.repeat(4096);
    while write_all(1, &block) {}
    complain(&format!("write error {}", error()))
}

/// So many bytes that look random and are always the same.
pub fn generate(bytes: c_int) -> c_int {
    let mut left = usize::try_from(bytes).unwrap_or(0);
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut block = Vec::with_capacity(64 * 1024);
    while left > 0 {
        block.clear();
        while block.len() < left.min(64 * 1024) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            block.extend_from_slice(&state.to_le_bytes());
        }
        block.truncate(left);
        left -= block.len();
        if !write_all(1, &block) {
            return complain(&format!("write error {}", error()));
        }
    }
    0
}

/// Lines on descriptors 1 and 2 in turn.
pub fn interleave(lines: c_int) -> c_int {
    for line in 0..lines {
        write_all(1, format!("out {line}\n").as_bytes());
        write_all(2, format!("err {line}\n").as_bytes());
    }
    0
}

/// Reads at most so many bytes by one call, and says them.
pub fn take(descriptor: c_int, most: c_int, report: &mut Report) -> c_int {
    let mut buffer = vec![0; usize::try_from(most).unwrap_or(0)];
    // SAFETY: the pointer and length are the buffer's.
    let count = unsafe { libc::read(descriptor, buffer.as_mut_ptr().cast(), buffer.len()) };
    let Ok(count) = usize::try_from(count) else {
        return complain(&format!("read error {}", error()));
    };
    report.line(format!("read {}", buffer.get(..count).unwrap_or_default().escape_ascii()));
    0
}

/// Writes a text as it is.
pub fn write_text(descriptor: c_int, text: &[u8]) -> c_int {
    if write_all(descriptor, text) { 0 } else { complain(&format!("write error {}", error())) }
}

/// Makes a file with every permission that the umask leaves.
pub fn create(path: &[u8]) -> c_int {
    // SAFETY: the path is a string.
    let file = unsafe { libc::open(c_string(path).as_ptr(), libc::O_CREAT | libc::O_WRONLY, 0o777) };
    if file < 0 { complain(&format!("open error {}", error())) } else { 0 }
}

/// `lseek(2)` to where it stands.
pub fn offset(descriptor: c_int, report: &mut Report) {
    // SAFETY: moves nothing.
    report.line(format!("offset {}", unsafe { libc::lseek(descriptor, 0, libc::SEEK_CUR) }));
}

/// `F_GETFL`, and whether O_NONBLOCK is among them.
pub fn flags(descriptor: c_int, report: &mut Report) {
    // SAFETY: asks only.
    let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFL) };
    let blocks = if flags & libc::O_NONBLOCK == 0 { "blocking" } else { "nonblocking" };
    report.line(format!("flags {flags:o} {blocks}"));
}

/// Sets O_NONBLOCK, or takes it away.
pub fn set_nonblock(descriptor: c_int, on: bool) {
    // SAFETY: asks only.
    let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFL) };
    let flags = if on { flags | libc::O_NONBLOCK } else { flags & !libc::O_NONBLOCK };
    // SAFETY: sets flags only.
    unsafe { libc::fcntl(descriptor, libc::F_SETFL, flags) };
}

/// Tries an exclusive lock: it is granted to the open file that has it already.
pub fn lock(descriptor: c_int, report: &mut Report) {
    // SAFETY: a lock on a descriptor.
    let result = unsafe { libc::flock(descriptor, libc::LOCK_EX | libc::LOCK_NB) };
    report.line(if result == 0 { "locked".to_owned() } else { format!("lock error {}", error()) });
}

/// Closes a descriptor and lives on until the FIFO is written to and closed.
pub fn close_then_wait(descriptor: c_int, gate: &[u8]) -> c_int {
    // SAFETY: the descriptor is not used again.
    unsafe { libc::close(descriptor) };
    wait(gate)
}

/// Says a word, if there is one, and waits.
pub fn say_and_wait(word: &[u8], gate: &[u8]) -> c_int {
    if !word.is_empty() {
        write_all(1, &[word, b"\n"].concat());
    }
    wait(gate)
}

/// Lives until the FIFO is written to and closed; then says what was written, on descriptor 2.
pub fn wait(gate: &[u8]) -> c_int {
    match open(gate, libc::O_RDONLY) {
        Some(gate) => copy(gate, 2),
        None => complain(&format!("open error {}", error())),
    }
}

/// Opens a file; none where it cannot.
pub fn open(path: &[u8], flags: c_int) -> Option<c_int> {
    // SAFETY: the path is a string.
    let file = unsafe { libc::open(c_string(path).as_ptr(), flags | libc::O_CLOEXEC) };
    (file >= 0).then_some(file)
}
