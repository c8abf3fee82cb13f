//! The caller's descriptor 2, and its terminal where nothing else is left.

use tollgate_bare::descriptor::is_open;
use tollgate_bare::files::{self, O_NOCTTY, O_WRONLY};
use tollgate_bare::{Errno, poll};

const ERRORS: i32 = 2;

/// Whether the caller has a descriptor 2. Asked before the shim opens anything,
/// which could get that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// It has.
    Heard,
    /// It was closed: whatever is said is dropped.
    Mute,
}

impl Voice {
    /// Looks.
    pub(crate) fn of_caller() -> Self {
        if is_open(ERRORS) { Self::Heard } else { Self::Mute }
    }

    /// Writes all of `text`, or as much as anybody reads.
    pub(crate) fn say(self, text: &[u8]) {
        if self == Self::Heard {
            write(ERRORS, text);
        }
    }
}

/// Writes to the controlling terminal, if there is one.
pub(crate) fn say_on_terminal(text: &[u8]) {
    if let Ok(terminal) = files::open(c"/dev/tty", O_WRONLY | O_NOCTTY) {
        write(terminal.number(), text);
    }
}

/// The caller's descriptor may be non-blocking, and stays so.
fn write(number: i32, mut text: &[u8]) {
    while !text.is_empty() {
        match files::write(number, text) {
            Ok(0) => return,
            Ok(written) => text = text.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) if poll::writable(number).is_ok() => {}
            Err(_) => return,
        }
    }
}
