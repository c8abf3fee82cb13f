//! The demo's folder, and everything in it that must be gone afterwards.
//!
//! Not here: what is played.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::libc;
use nix::unistd::mkdtemp;
use tollgate_admin::{Ask, Reply};
use tollgate_places::Places;

use crate::door::Door;
use crate::error::Error;
use crate::sys::{self, Entry, Signals};
use crate::waiting;

/// How long a daemon has to leave.
const LEAVE: Duration = Duration::from_secs(5);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);
/// Variables that would make the tools do something else than on a fresh machine.
const FOREIGN: [&str; 3] = ["TF_", "GIT_", "TOLLGATE_"];
/// The policy.
const POLICY: &str = include_str!("policy.toml");

/// The demo's folder.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    places: Places,
    entry: Entry,
    signals: Signals,
}

impl Stage {
    /// Makes it.
    pub(super) fn set() -> Result<Self, Error> {
        let entry = Entry::take().map_err(Error::kernel("read the signal mask"))?;
        let signals = Signals::hear().map_err(Error::kernel("hear signals"))?;
        let folder =
            mkdtemp(&std::env::temp_dir().join("tollgate-demo-XXXXXX")).map_err(Error::kernel("make a folder"))?;
        let stage = Self { places: Places::of_root(&folder.join("root")), folder, entry, signals };
        stage.fill().map_err(|source| Error::SessionFile { path: stage.folder.clone(), source })?;
        Ok(stage)
    }

    fn fill(&self) -> std::io::Result<()> {
        fs::create_dir(self.work())?;
        fs::write(self.policy(), POLICY)?;
        // Whatever the umask is: a policy that others may write is refused.
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.policy(), fs::Permissions::from_mode(0o600))
    }

    /// The whole folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the tools work.
    pub(super) fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// The policy's file.
    pub(super) fn policy(&self) -> PathBuf {
        self.folder.join("policy.toml")
    }

    /// The daemon's admin socket.
    pub(super) fn admin(&self) -> PathBuf {
        self.places.admin()
    }

    /// A tool as it is, with no gate before it.
    pub(super) fn directly(&self, tool: &str) -> Command {
        let mut command = Command::new(tool);
        self.plain(&mut command);
        command
    }

    /// One of our own commands, at this stage's daemon.
    pub(super) fn tollgate(&self, words: &[&str]) -> Command {
        let mut command = Command::new("/proc/self/exe");
        command.arg0("tollgate").args(words).arg("--root").arg(self.folder.join("root"));
        self.plain(&mut command);
        command
    }

    /// In the work folder, with the tools' own settings left out.
    fn plain(&self, command: &mut Command) {
        sys::keep_as_found(command, self.entry);
        command.current_dir(self.work()).env("PATH", path()).env("CHECKPOINT_DISABLE", "1");
        let foreign =
            |name: &OsString| FOREIGN.iter().any(|start| name.as_encoded_bytes().starts_with(start.as_bytes()));
        for (name, _) in std::env::vars_os().filter(|(name, _)| foreign(name)) {
            command.env_remove(name);
        }
    }

    /// An error where somebody wants the demo to end.
    pub(super) fn go_on(&self) -> Result<(), Error> {
        while let Some(arrived) = self.signals.next().map_err(Error::kernel("read signals"))? {
            if [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM].contains(&arrived.number) {
                return Err(Error::DemoBroken);
            }
        }
        Ok(())
    }

    /// Returns when there is something to read.
    pub(super) fn wait_for(&self, descriptor: BorrowedFd<'_>) -> Result<(), Error> {
        loop {
            let ready = waiting::first([Some(descriptor), Some(self.signals.as_fd())], None);
            let [readable, signalled] = ready.map_err(Error::kernel("wait"))?;
            if signalled {
                self.go_on()?;
            }
            if readable {
                return Ok(());
            }
        }
    }

    fn stop_daemon(&self) {
        let asked = Door::ask(&self.admin(), &Ask::Status {}).and_then(|mut door| door.granted());
        if let Ok(Reply::Status(status)) = asked {
            sys::send(status.pid, libc::SIGTERM);
        }
        let until = Instant::now() + LEAVE;
        while self.is_locked() && Instant::now() < until {
            std::thread::sleep(LOOK);
        }
    }

    /// A daemon holds its lock until it is gone.
    fn is_locked(&self) -> bool {
        let Ok(lock) = File::options().write(true).open(self.places.lock()) else { return false };
        Flock::lock(lock, FlockArg::LockExclusiveNonblock).is_err()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop_daemon();
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// PATH without folders of shims: the demo has its own.
fn path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.join(".gate").symlink_metadata().is_err());
    std::env::join_paths(folders).unwrap_or(path)
}
