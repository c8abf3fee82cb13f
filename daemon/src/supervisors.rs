//! Supervisors: started ahead of time, so that a run need not wait for one.
//!
//! A supervisor waits on its control socket until it gets a plan; closing the
//! socket ends it. Once it has a plan it needs us no more.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::channel::Channel;
use crate::sys::process;

/// How many wait ahead of time.
const WARM: usize = 2;

/// A supervisor that waits for its plan.
#[derive(Debug)]
pub(crate) struct Supervisor {
    /// Its process id.
    pub(crate) pid: i32,
    /// When it started, in clock ticks since boot.
    pub(crate) started: u64,
    /// The socket to it.
    pub(crate) control: Channel,
    /// The process, to be reaped.
    pub(crate) child: Child,
}

/// Starts supervisors.
#[derive(Debug, Clone)]
pub(crate) struct Supervisors {
    program: PathBuf,
    warm: Arc<Mutex<VecDeque<Supervisor>>>,
}

impl Supervisors {
    /// Starts this program.
    pub(crate) fn new(program: PathBuf) -> Self {
        Self { program, warm: Arc::default() }
    }

    /// A supervisor that is ready; another is started in its place.
    pub(crate) fn take(&self) -> io::Result<Supervisor> {
        let ready = self.warm.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let ready = match ready {
            Some(ready) => ready,
            None => self.start()?,
        };
        let refill = self.clone();
        tokio::spawn(async move { refill.refill() });
        Ok(ready)
    }

    /// Starts supervisors up to [`WARM`].
    pub(crate) fn refill(&self) {
        while self.warm.lock().unwrap_or_else(PoisonError::into_inner).len() < WARM {
            match self.start() {
                Ok(ready) => self.warm.lock().unwrap_or_else(PoisonError::into_inner).push_back(ready),
                // Whoever needs one next is told.
                Err(cause) => return tracing::error!(%cause, program = %self.program.display(), "cannot start"),
            }
        }
    }

    /// Whether this process is one that waits for its plan.
    pub(crate) fn is_one(&self, pid: i32) -> bool {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|ready| ready.pid == pid)
    }

    fn start(&self) -> io::Result<Supervisor> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(&self.program);
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null()).env_clear();
        #[cfg(feature = "sabotage")]
        command.envs(std::env::vars_os().filter(|(name, _)| name == "TOLLGATE_SABOTAGE"));
        let child = command.spawn()?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
        let started = process::standing(pid)?.started;
        Ok(Supervisor { pid, started, control: Channel::new(UnixStream::from_std(ours)?), child })
    }
}
