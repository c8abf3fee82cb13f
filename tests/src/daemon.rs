//! One `tollgated` on one root: started, waited for by connecting, ended.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::socket::{getsockopt, sockopt};

use crate::sys;

/// A running daemon; killed on drop.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    root: PathBuf,
}

impl Daemon {
    /// Starts `command` (a `tollgated --root ROOT`), its output going to `log`,
    /// and waits until it answers.
    ///
    /// # Panics
    /// When it ends instead, or does not answer in ten seconds.
    pub fn start(mut command: Command, root: &Path, log: &Path) -> Self {
        let log_file = File::options().create(true).append(true).open(log).expect("log");
        command.stdin(Stdio::null()).stdout(log_file.try_clone().expect("log")).stderr(log_file);
        sys::in_new_session(&mut command);
        let child = command.spawn().expect("tollgated starts");
        let mut daemon = Self { child, root: root.to_owned() };
        let end = Instant::now() + Duration::from_secs(10);
        while !daemon.answers() {
            let ended = daemon.ended_within(Duration::from_millis(2));
            let said = || std::fs::read_to_string(log).unwrap_or_default();
            assert!(ended.is_none(), "tollgated ended with {ended:?}:\n{}", said());
            assert!(Instant::now() < end, "tollgated does not answer:\n{}", said());
        }
        daemon
    }

    /// Its process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// How many descriptors it has open.
    #[must_use]
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process())).map_or(0, Iterator::count)
    }

    /// The processes that it started and has not reaped, whichever thread did.
    #[must_use]
    pub fn children(&self) -> Vec<u32> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process())).into_iter().flatten().flatten();
        let lists = tasks.map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
        lists
            .flat_map(|list| list.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<_>>())
            .collect()
    }

    /// How many of its children have ended and are not reaped.
    #[must_use]
    pub fn zombies(&self) -> usize {
        let states = self.children().into_iter().map(|child| std::fs::read_to_string(format!("/proc/{child}/status")));
        states.filter(|state| state.as_ref().is_ok_and(|state| state.contains("State:\tZ"))).count()
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Panics
    /// When it does not.
    pub fn stop(&mut self) {
        let process = nix::unistd::Pid::from_raw(self.process().cast_signed());
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).expect("a process of ours");
        assert!(self.ended_within(Duration::from_secs(10)).is_some(), "tollgated does not stop");
    }

    /// Ends it at once, without a word.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its status, if it ends within the time.
    pub fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        if let Ok(pidfd) = sys::pidfd(self.child.id()) {
            sys::ready(&[pidfd.as_fd()], limit);
        }
        self.child.try_wait().ok().flatten()
    }

    /// Not where what listens is the copy of a socket whose daemon was killed.
    fn answers(&self) -> bool {
        let Ok(door) = connect(&self.root.join("run"), "admin") else { return false };
        let listens = getsockopt(&door, sockopt::PeerCredentials).map(|peer| peer.pid());
        listens.is_ok_and(|process| Path::new(&format!("/proc/{process}")).exists())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks the admin door of the daemon whose sockets are in `folder`, past every
/// program; gives its first reply.
///
/// # Panics
/// When it does not answer.
#[must_use]
pub fn ask_admin(folder: &Path, ask: &serde_json::Value) -> serde_json::Value {
    use std::io::{Read, Write};
    /// A frame of JSON.
    const JSON: u8 = 13;
    let body = ask.to_string().into_bytes();
    let mut frame = vec![b'T', b'G', 1, JSON];
    frame.extend(u32::try_from(body.len()).expect("a short ask").to_le_bytes());
    frame.extend([0; 4]);
    let mut door = connect(folder, "admin").expect("an admin door");
    door.write_all(&[frame, body].concat()).expect("a daemon that listens");
    let mut header = [0; 12];
    door.read_exact(&mut header).expect("a reply");
    let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let mut reply = vec![0; length as usize];
    door.read_exact(&mut reply).expect("a whole reply");
    serde_json::from_slice(&reply).expect("JSON")
}

/// Connects to a socket in a folder whose path may be longer than an address.
pub(crate) fn connect(folder: &Path, name: &str) -> std::io::Result<UnixStream> {
    let folder = File::open(folder)?;
    UnixStream::connect(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()))
}
