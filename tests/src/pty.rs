//! A terminal of the test's own, with a command as its session's leader: a person.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::sys;

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A command on a terminal.
#[derive(Debug)]
pub struct Pty {
    master: File,
    child: Child,
    seen: String,
}

impl Pty {
    /// Starts `command` as the leader of a new session on a new terminal.
    ///
    /// # Panics
    /// When there is no terminal to be had, or the command does not start.
    #[must_use]
    pub fn spawn(mut command: Command) -> Self {
        let (master, terminal) = sys::terminal_pair().expect("a terminal");
        sys::in_terminal_session(&mut command, &terminal);
        let copy = || terminal.try_clone().expect("a descriptor");
        command.stdin(copy()).stdout(copy()).stderr(copy());
        let child = command.spawn().expect("the command starts");
        Self { master, child, seen: String::new() }
    }

    /// The command's process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Types.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn write(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("a terminal");
    }

    /// Waits until the screen shows `text` after what was waited for before; gives all up to it.
    ///
    /// # Panics
    /// When that does not come.
    pub fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.seen.find(text) {
                let after = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, after);
            }
            assert!(self.read_before(end), "`{text}` never came, but:\n{}", self.seen);
        }
    }

    /// As [`Pty::wait_for`], none where it does not come within the time.
    pub fn seen_within(&mut self, text: &str, limit: Duration) -> Option<String> {
        let end = Instant::now() + limit;
        loop {
            if let Some(at) = self.seen.find(text) {
                let after = self.seen.split_off(at + text.len());
                return Some(std::mem::replace(&mut self.seen, after));
            }
            if !self.read_before(end) {
                return None;
            }
        }
    }

    /// What is shown next, and was not waited for; none where nothing comes in time.
    pub(crate) fn more_before(&mut self, end: Instant) -> Option<String> {
        if self.seen.is_empty() && !self.read_before(end) {
            return None;
        }
        Some(std::mem::take(&mut self.seen))
    }

    /// What was shown and not waited for yet.
    pub(crate) fn unread(&self) -> &str {
        &self.seen
    }

    /// Whether the leader gives the terminal to another group within the time. The
    /// kernel tells nobody of that: it is asked again and again.
    pub(crate) fn is_given_within(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let given = || {
            nix::unistd::tcgetpgrp(&self.master).is_ok_and(|front| front.as_raw().cast_unsigned() != self.child.id())
        };
        while Instant::now() < end {
            if given() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }

    /// Makes the window another size.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn resize(&self, rows: u16, columns: u16) {
        sys::resize(&self.master, rows, columns).expect("a terminal");
    }

    /// Closes the window and waits for the end of its shell.
    pub(crate) fn hang_up(mut self) {
        let pidfd = sys::pidfd(self.child.id()).expect("a child that was not waited for");
        let null = File::open("/dev/null").expect("a file");
        drop(std::mem::replace(&mut self.master, null));
        sys::ready(&[pidfd.as_fd()], LIMIT);
    }

    /// Waits for the end; gives the status and what was not yet waited for.
    ///
    /// # Panics
    /// When it does not end.
    pub fn finish(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + LIMIT;
        while self.read_before(end) {}
        let pidfd = sys::pidfd(self.child.id()).expect("a child that was not waited for");
        sys::ready(&[pidfd.as_fd()], end.saturating_duration_since(Instant::now()));
        let status = self.child.try_wait().expect("a child of ours");
        (status.unwrap_or_else(|| panic!("it does not end:\n{}", self.seen)), std::mem::take(&mut self.seen))
    }

    /// False at the end of the terminal or of the time.
    fn read_before(&mut self, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || !sys::ready(&[self.master.as_fd()], left).contains(&true) {
            return false;
        }
        // As in the probe's `copy_terminal`: the first EIO may come before the last words.
        self.read() || self.read()
    }

    /// False where it is closed.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let Ok(count @ 1..) = self.master.read(&mut buffer) else { return false };
        self.seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
        true
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
