//! A shell script to run, and everything that came of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::sys;

/// What `bash -c` gets.
#[derive(Debug, Clone)]
pub struct Script {
    pub(crate) text: OsString,
    pub(crate) variables: Vec<(OsString, OsString)>,
    pub(crate) limit: Duration,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl Script {
    /// A script that may take ten seconds.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), variables: Vec::new(), limit: Duration::from_secs(10), files: Vec::new() }
    }

    /// With a file in its folder.
    #[must_use]
    pub fn file(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.to_owned(), bytes.into()));
        self
    }

    /// With a variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// With another time limit.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

impl From<&str> for Script {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By `exit`.
    Exited(i32),
    /// By a signal.
    Killed(i32),
    /// Not within its time; it was killed then.
    Late,
}

/// A file of the script's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// `file 644`, `link`, `fifo`, `folder 755`.
    pub kind: String,
    /// A file's bytes, a link's target.
    pub bytes: Vec<u8>,
}

/// What came of a script.
#[derive(Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it ended, with all its output closed.
    pub ending: Ending,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it complained.
    pub stderr: Vec<u8>,
    /// What its folder holds after it.
    pub files: BTreeMap<String, Kept>,
}

impl std::fmt::Debug for Ran {
    /// As a person reads it.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (stdout, stderr) = (self.stdout_text(), self.stderr_text());
        write!(out, "{:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---", self.ending)
    }
}

impl Ran {
    /// Its exit code; none where it was killed or late.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        if let Ending::Exited(code) = self.ending { Some(code) } else { None }
    }

    /// Its stdout as text.
    #[must_use]
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Its stderr as text.
    #[must_use]
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// One file's text; empty where there is none.
    #[must_use]
    pub fn file_text(&self, name: &str) -> String {
        self.files.get(name).map_or_else(String::new, |kept| String::from_utf8_lossy(&kept.bytes).into_owned())
    }
}

/// A command on its way, in a session of its own.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        sys::in_new_session(&mut command);
        let mut child = command.spawn().expect("the command starts");
        let (stdout, stderr) = (Stream::of(child.stdout.take()), Stream::of(child.stderr.take()));
        Self { child, stdout, stderr }
    }

    /// Its process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until its stdout has said `text`; gives everything that it said so far.
    ///
    /// # Panics
    /// When that does not come.
    pub fn until_stdout(&mut self, text: &str) -> String {
        self.stdout.until(text).unwrap_or_else(|| panic!("`{text}` never came on stdout:\n{self}"))
    }

    /// Waits until its stderr has said `text`; gives everything that it said so far.
    ///
    /// # Panics
    /// When that does not come.
    pub fn until_stderr(&mut self, text: &str) -> String {
        self.stderr.until(text).unwrap_or_else(|| panic!("`{text}` never came on stderr:\n{self}"))
    }

    /// Waits for a line on stderr that holds `text`; gives that line.
    ///
    /// # Panics
    /// When that does not come.
    pub fn line_on_stderr(&mut self, text: &str) -> String {
        let said = self.until_stderr(text);
        let before = said.find(text).unwrap_or(0);
        let said = if said[before..].contains('\n') { said } else { self.until_stderr_line(before) };
        said.lines().find(|line| line.contains(text)).unwrap_or_default().to_owned()
    }

    fn until_stderr_line(&mut self, from: usize) -> String {
        loop {
            let said = self.stderr.more().unwrap_or_else(|| panic!("the line never ended:\n{self}"));
            if said[from..].contains('\n') {
                return said;
            }
        }
    }

    /// Types a line, where its stdin is a pipe.
    ///
    /// # Panics
    /// When it no longer reads.
    pub fn type_line(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("a pipe as stdin");
        std::io::Write::write_all(stdin, format!("{line}\n").as_bytes()).expect("somebody who reads");
    }

    /// Waits for the end of the process and of all its output, or kills it at the limit.
    pub fn finish(mut self, limit: Duration) -> Ran {
        let end = Instant::now() + limit;
        let pidfd = sys::pidfd(self.child.id()).expect("a child that was not waited for");
        sys::ready(&[pidfd.as_fd()], end.saturating_duration_since(Instant::now()));
        let status = self.child.try_wait().expect("a child of ours");
        let whole = self.stdout.reached_end(end) && self.stderr.reached_end(end);
        let ending = match status {
            Some(status) if whole => ending(status),
            _ => {
                self.kill();
                Ending::Late
            }
        };
        let take = std::mem::take::<Vec<u8>>;
        Ran { ending, stdout: take(&mut self.stdout.said), stderr: take(&mut self.stderr.said), files: BTreeMap::new() }
    }

    fn kill(&mut self) {
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

impl std::fmt::Display for Running {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy;
        write!(out, "stdout:\n{}\nstderr:\n{}", text(&self.stdout.said), text(&self.stderr.said))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// How long a test waits for a text.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream that a thread of its own reads.
#[derive(Debug)]
struct Stream {
    pieces: Receiver<Vec<u8>>,
    said: Vec<u8>,
}

impl Stream {
    fn of(stream: Option<impl Read + Send + 'static>) -> Self {
        let (sender, pieces) = channel();
        let mut stream = stream.expect("piped");
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { pieces, said: Vec::new() }
    }

    fn until(&mut self, text: &str) -> Option<String> {
        let mut said = String::from_utf8_lossy(&self.said).into_owned();
        while !said.contains(text) {
            said = self.more()?;
        }
        Some(said)
    }

    /// Everything that was said, after at least one piece more.
    fn more(&mut self) -> Option<String> {
        self.said.extend(self.pieces.recv_timeout(PATIENCE).ok()?);
        Some(String::from_utf8_lossy(&self.said).into_owned())
    }

    /// Whether it ended in time.
    fn reached_end(&mut self, end: Instant) -> bool {
        loop {
            match self.pieces.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(piece) => self.said.extend(piece),
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Killed(signal.unwrap_or(0)),
    }
}

/// Every file below `folder`, by its path from there.
pub(crate) fn files_of(folder: &Path) -> BTreeMap<String, Kept> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(data) = path.symlink_metadata() else { continue };
            let mode = data.permissions().mode() & 0o7777;
            let kept = if data.is_dir() {
                folders.push(path.clone());
                Kept { kind: format!("folder {mode:o}"), bytes: Vec::new() }
            } else if data.is_symlink() {
                let target = std::fs::read_link(&path).unwrap_or_default();
                Kept { kind: "link".to_owned(), bytes: target.into_os_string().into_vec() }
            } else if data.file_type().is_fifo() {
                Kept { kind: "fifo".to_owned(), bytes: Vec::new() }
            } else {
                Kept { kind: format!("file {mode:o}"), bytes: std::fs::read(&path).unwrap_or_default() }
            };
            let name = path.strip_prefix(folder).unwrap_or(&path).as_os_str().as_bytes().escape_ascii().to_string();
            found.insert(name, kept);
        }
    }
    found
}
