//! Supervisors: started ahead of time, so that a run need not wait for one.
//!
//! A supervisor waits on its control socket until it gets a plan; closing the
//! socket ends it. Once it has a plan it needs us no more. Those that are born at
//! a shim are made in `prepare/birth.rs`.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::channel::Channel;
use crate::sys::peer::Stranger;
use crate::sys::process;

/// How many wait ahead of time.
const WARM: usize = 8;
/// How few may be left before others are started.
const FEW: usize = 4;
/// How long a command that was just started is left alone: it is likely to end
/// within this, and needs the processors itself, as does what its caller does next.
const MOMENT: Duration = Duration::from_millis(10);

/// A supervisor that waits for its plan.
#[derive(Debug)]
pub(crate) struct Supervisor {
    /// Its process id.
    pub(crate) pid: i32,
    /// When it started, in clock ticks since boot.
    pub(crate) started: u64,
    /// The socket to it.
    pub(crate) control: Channel,
    /// The process.
    pub(crate) process: Process,
}

/// A supervisor's process, to be waited for.
#[derive(Debug)]
pub(crate) enum Process {
    /// Our child, to be reaped.
    Child(Child),
    /// A shim's child, by its pidfd.
    Other(Stranger),
}

impl Process {
    /// Returns once it has ended.
    pub(crate) async fn ended(self) -> io::Result<()> {
        match self {
            Self::Child(mut child) => child.wait().await.map(drop),
            Self::Other(stranger) => stranger.ended().await,
        }
    }
}

/// Starts supervisors.
#[derive(Debug, Clone)]
pub(crate) struct Supervisors {
    program: PathBuf,
    warm: Arc<Mutex<VecDeque<Supervisor>>>,
    /// Whether [`Supervisors::refill_soon`] was asked already.
    filling: Arc<AtomicBool>,
    started: Arc<AtomicU64>,
}

impl Supervisors {
    /// Starts this program.
    pub(crate) fn new(program: PathBuf) -> Self {
        Self { program, warm: Arc::default(), filling: Arc::default(), started: Arc::default() }
    }

    /// A supervisor that is ready; [`Supervisors::refill_soon`] starts another in its place.
    pub(crate) fn take(&self) -> io::Result<Supervisor> {
        let ready = self.warm.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        ready.map_or_else(|| self.start(), Ok)
    }

    /// Starts as many as are missing after a moment, where few are left.
    pub(crate) fn refill_soon(&self) {
        let is_short = self.warm.lock().unwrap_or_else(PoisonError::into_inner).len() <= FEW;
        if is_short && !self.filling.swap(true, Ordering::Relaxed) {
            let house = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(MOMENT).await;
                house.filling.store(false, Ordering::Relaxed);
                house.refill();
            });
        }
    }

    /// How many were started so far.
    pub(crate) fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
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

    /// The program.
    pub(crate) fn program(&self) -> &Path {
        &self.program
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
        self.started.fetch_add(1, Ordering::Relaxed);
        let control = Channel::new(UnixStream::from_std(ours)?);
        Ok(Supervisor { pid, started, control, process: Process::Child(child) })
    }
}
