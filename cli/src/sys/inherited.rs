//! The caller's descriptors, which are the command's and not ours: as long as
//! we hold one, its other side sees no end of file and no broken pipe.
//!
//! Not here: handing them to the command; it inherits them.

use std::fs::{File, OpenOptions, read_dir};
use std::io::IsTerminal;
use std::os::fd::RawFd;

use nix::unistd::{close, dup2_stderr, dup2_stdin, dup2_stdout};

/// Lets one of descriptors 0 to 2 lead to a file, in this order.
const STREAMS: [fn(&File) -> nix::Result<()>; 3] = [|to| dup2_stdin(to), |to| dup2_stdout(to), |to| dup2_stderr(to)];

/// Descriptors that this process was started with, 0 to 2 beside.
#[derive(Debug)]
pub(crate) struct Inherited(Vec<RawFd>);

impl Inherited {
    /// Takes note of them. Called first, before anything is opened.
    pub(crate) fn take() -> Self {
        let Ok(open) = read_dir("/proc/self/fd") else { return Self(Vec::new()) };
        let names: Vec<_> = open.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        // The folder that was just read was among them and is closed by now.
        let still = |number: &RawFd| std::fs::symlink_metadata(format!("/proc/self/fd/{number}")).is_ok();
        Self(names.into_iter().filter(|number| *number > 2).filter(still).collect())
    }

    /// The same without this one, which is ours.
    pub(crate) fn without(mut self, ours: RawFd) -> Self {
        self.0.retain(|number| *number != ours);
        self
    }

    /// Closes them, and lets standard input and output lead nowhere; standard
    /// error too, unless it is a terminal, where messages are read.
    pub(crate) fn let_go(self) {
        self.let_go_of(if std::io::stderr().is_terminal() { STREAMS.get(..2).unwrap_or(&STREAMS) } else { &STREAMS });
    }

    /// Closes them, and lets standard input, output and error lead nowhere.
    pub(crate) fn let_go_of_all(self) {
        self.let_go_of(&STREAMS);
    }

    fn let_go_of(self, streams: &[fn(&File) -> nix::Result<()>]) {
        self.0.into_iter().for_each(|number| _ = close(number));
        if let Ok(nowhere) = OpenOptions::new().read(true).write(true).open("/dev/null") {
            streams.iter().for_each(|lead| _ = lead(&nowhere));
        }
    }
}
