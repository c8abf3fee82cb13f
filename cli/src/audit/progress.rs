//! How far long work has come, on a terminal alone.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two lines; the first comes after as long, so that short work shows none.
const BETWEEN: Duration = Duration::from_millis(250);

/// One line on standard error, written over and over; wiped when dropped.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    terminal: bool,
    shown: bool,
    last: Instant,
}

impl Progress {
    /// `what` is done: `verified`, `sent`.
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, terminal: io::stderr().is_terminal(), shown: false, last: Instant::now() }
    }

    /// So much is done, of so much where that is known.
    pub(super) fn show(&mut self, done: u64, of: Option<u64>) {
        if !self.terminal || self.last.elapsed() < BETWEEN {
            return;
        }
        self.last = Instant::now();
        self.shown = true;
        let line = match of.filter(|of| *of > 0) {
            Some(of) => format!("{} {} %", self.what, done.saturating_mul(100) / of),
            None => format!("{} {done} records", self.what),
        };
        self.write(&format!("\r\x1b[K{line}"));
    }

    fn write(&self, text: &str) {
        let mut out = io::stderr().lock();
        // Nobody watches any more where this fails.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            self.write("\r\x1b[K");
        }
    }
}
