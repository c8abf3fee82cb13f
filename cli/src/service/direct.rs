//! The daemon without a service manager: a process of its own, found by asking it.
//!
//! Not here: its start; `tollgate run` has that too.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tollgate_admin::{Ask, Reply, Status};

use super::Logs;
use crate::door::Door;
use crate::error::Error;
use crate::installed::Installed;
use crate::programs;
use crate::run::Daemon;

/// How long a daemon may take to end: it records what has ended first.
const ENDING: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// The daemon that answers, if one does.
pub(super) fn running(installed: &Installed) -> Result<Option<Status>, Error> {
    match Door::ask(&installed.places.admin(), &Ask::Status {}).and_then(|mut door| door.granted()) {
        Ok(Reply::Status(status)) => Ok(Some(*status)),
        Ok(_) => Err(Error::Reply),
        Err(Error::Door(tollgate_admin::Error::NoDaemon(_))) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether another one could start.
pub(crate) fn check_settings(installed: &Installed) -> Result<(), Error> {
    Daemon::for_good(programs::daemon()?, installed.places.clone(), installed.root.clone())?.check_settings()
}

/// Starts one that stays; returns when it answers.
pub(super) fn start(installed: &Installed) -> Result<(), Error> {
    let mut daemon = Daemon::for_good(programs::daemon()?, installed.places.clone(), installed.root.clone())?;
    daemon.bring_up().map(drop)
}

/// Asks it to end; returns when it has.
pub(super) fn stop(running: &Status, installed: &Installed) -> Result<(), Error> {
    let process = Pid::from_raw(i32::try_from(running.pid).map_err(|_| Error::Reply)?);
    kill(process, Signal::SIGTERM).map_err(Error::kernel("ask the daemon to end"))?;
    let end = Instant::now() + ENDING;
    while kill(process, None).is_ok() && !is_ended(running.pid) {
        if Instant::now() >= end {
            return Err(Error::DaemonStays { process: running.pid, log: installed.places.log() });
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// One that nobody waited for has ended all the same.
fn is_ended(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

/// Becomes `tail` on its log.
pub(super) fn logs(installed: &Installed, logs: &Logs) -> Result<(), Error> {
    let mut tail = Command::new("tail");
    tail.arg("-n").arg(logs.lines.to_string());
    if logs.follow {
        tail.arg("-F");
    }
    Err(Error::Service { what: "tail".to_owned(), source: tail.arg(installed.places.log()).exec() })
}
