//! How the probe speaks: lines gathered and written by plain `write(2)`.
//!
//! Not std's streams: they hide a closed descriptor and buffer by the line.

use std::ffi::{CString, c_int};

use nix::libc;

/// Lines for one descriptor.
pub struct Report {
    descriptor: c_int,
    text: Vec<u8>,
}

impl Report {
    /// Nothing yet, for `descriptor`.
    pub fn to(descriptor: c_int) -> Self {
        Self { descriptor, text: Vec::new() }
    }

    /// Adds a line.
    pub fn line(&mut self, line: impl AsRef<[u8]>) {
        self.text.extend_from_slice(line.as_ref());
        self.text.push(b'\n');
    }

    /// Writes what was gathered; false where it could not be.
    pub fn write(&mut self) -> bool {
        let text = std::mem::take(&mut self.text);
        text.is_empty() || write_all(self.descriptor, &text)
    }
}

/// Writes everything; false on the first error.
pub fn write_all(descriptor: c_int, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: the pointer and length are one slice's.
        let written = unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(_) if error() == libc::EINTR => {}
            Err(_) => return false,
        }
    }
    true
}

/// A message on descriptor 2, and the code of a failed probe.
pub fn complain(what: &str) -> c_int {
    write_all(2, format!("probe: {what}\n").as_bytes());
    3
}

/// The last system call's error number.
pub fn error() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// A path for the kernel.
pub fn c_string(bytes: &[u8]) -> CString {
    CString::new(bytes).unwrap_or_default()
}
