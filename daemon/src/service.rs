//! The service manager: sockets that it holds for us, and what it is told.
//!
//! A socket that came from the manager stays when this daemon ends: whoever
//! connects meanwhile waits for the next one. The sockets of sessions are made here,
//! given to the manager to keep, and come back from it after a restart. What is told
//! goes to `NOTIFY_SOCKET`: ready, stopping, and, while the daemon answers, that it
//! is alive. Without a manager all of this is nothing.
//!
//! Protocols: sd_listen_fds(3), sd_notify(3), FileDescriptorStoreMax= of
//! systemd.service(5). Not here: starting or stopping anything.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sys::descriptors;

/// More sockets than this are of no unit of ours: what `tollgated.service` lets the
/// manager keep, and those of `tollgated.socket`.
const MOST: i32 = 1024 + 16;

/// What a session's socket is called where the manager keeps it, before its id.
const SESSION: &str = "session-";

/// How long a kept socket waits for its session: its keeper comes at once, and who
/// called there meanwhile must not wait for ever.
const UNCLAIMED: Duration = Duration::from_secs(20);

/// How long the manager may take to read what it is told.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why what the manager gave cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A descriptor that was announced is no listening socket with a path.
    #[error("descriptor {0} from the service manager is no listening socket with a path: see `tollgated.socket`")]
    NoSocket(i32),
    /// A socket that nothing here serves.
    #[error("the service manager listens at `{}`, where no socket of this daemon belongs: see `tollgated.socket`", .0.display())]
    Stray(PathBuf),
}

/// What the manager gave.
#[derive(Debug, Default)]
pub(crate) struct Service {
    sockets: Mutex<Vec<(PathBuf, OwnedFd)>>,
    /// Those that an earlier daemon had it keep, by the session's id.
    sessions: Mutex<HashMap<String, OwnedFd>>,
    tell: Option<SocketAddr>,
    watchdog: Option<Duration>,
}

impl Service {
    /// Takes what was announced in the environment. Called once, before anything
    /// else is opened.
    pub(crate) fn take() -> Result<Self, Error> {
        let variable = |name| std::env::var_os(name);
        let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
        let own = u64::from(std::process::id());
        let count = number("LISTEN_FDS").filter(|_| number("LISTEN_PID") == Some(own)).unwrap_or(0);
        let count = i32::try_from(count).unwrap_or(MOST).min(MOST);
        let names = variable("LISTEN_FDNAMES").and_then(|names| names.into_string().ok()).unwrap_or_default();
        let mut names = names.split(':');
        let (mut sockets, mut sessions) = (Vec::new(), HashMap::new());
        for number in 3..3 + count {
            match names.next().and_then(|name| name.strip_prefix(SESSION)) {
                Some(id) => drop(sessions.insert(id.to_owned(), listening(number)?.into())),
                None => sockets.push(socket(number)?),
            }
        }
        let watched = number("WATCHDOG_PID").is_none_or(|process| process == own);
        let watchdog = number("WATCHDOG_USEC").filter(|limit| watched && *limit > 0).map(Duration::from_micros);
        let tell = variable("NOTIFY_SOCKET").and_then(|name| address(name.as_bytes()).ok());
        Ok(Self { sockets: Mutex::new(sockets), sessions: Mutex::new(sessions), tell, watchdog })
    }

    /// The socket that the manager holds at `path`, if it does.
    pub(crate) fn socket(&self, path: &Path) -> Option<OwnedFd> {
        let mut sockets = lock(&self.sockets);
        let place = sockets.iter().position(|(held, _)| held == path)?;
        Some(sockets.swap_remove(place).1)
    }

    /// The socket that was kept for this session, if one was.
    pub(crate) fn session(&self, id: &str) -> Option<OwnedFd> {
        lock(&self.sessions).remove(id)
    }

    /// Has a session's socket kept: it stays when this daemon ends.
    pub(crate) fn keep_session(&self, id: &str, socket: BorrowedFd<'_>) {
        self.tell(&format!("FDSTORE=1\nFDNAME={SESSION}{id}\n"), &[socket.as_raw_fd()]);
    }

    /// The session is over.
    pub(crate) fn drop_session(&self, id: &str) {
        self.tell(&format!("FDSTOREREMOVE=1\nFDNAME={SESSION}{id}\n"), &[]);
    }

    /// Gives up the sockets of sessions that do not come again.
    pub(crate) async fn drop_unclaimed(&self) {
        tokio::time::sleep(UNCLAIMED).await;
        let unclaimed = std::mem::take(&mut *lock(&self.sessions));
        unclaimed.into_keys().for_each(|id| self.drop_session(&id));
    }

    /// Every socket must have been asked for by now: one that nobody serves would
    /// leave its callers waiting for ever.
    pub(crate) fn all_used(&self) -> Result<(), Error> {
        lock(&self.sockets).first().map_or(Ok(()), |(path, _)| Err(Error::Stray(path.clone())))
    }

    /// Says that the daemon serves.
    pub(crate) fn ready(&self) {
        self.tell("READY=1\nSTATUS=serving\n", &[]);
    }

    /// Says that it ends.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=recording what has ended\n", &[]);
    }

    /// Says again and again that it is alive, for as long as tasks are run at all.
    pub(crate) async fn stay_alive(&self) {
        let Some(limit) = self.watchdog else { return };
        loop {
            self.tell("WATCHDOG=1\n", &[]);
            tokio::time::sleep(limit / 2).await;
        }
    }

    fn tell(&self, text: &str, with: &[RawFd]) {
        let Some(address) = &self.tell else { return };
        let told = UnixDatagram::unbound().and_then(|socket| {
            socket.set_write_timeout(Some(PATIENCE))?;
            socket.connect_addr(address)?;
            descriptors::send(socket.as_fd(), text.as_bytes(), with)
        });
        if let Err(cause) = told {
            tracing::warn!(%cause, "the service manager cannot be told");
        }
    }
}

/// An announced descriptor and the path that it listens at.
fn socket(number: i32) -> Result<(PathBuf, OwnedFd), Error> {
    let listener = listening(number)?;
    let path = listener.local_addr().ok().and_then(|address| address.as_pathname().map(Path::to_owned));
    Ok((path.ok_or(Error::NoSocket(number))?, listener.into()))
}

fn listening(number: i32) -> Result<UnixListener, Error> {
    use nix::sys::socket::{getsockopt, sockopt};
    let socket = descriptors::announced(number).ok_or(Error::NoSocket(number))?;
    let listens = getsockopt(&socket, sockopt::AcceptConn).unwrap_or(false);
    if listens { Ok(socket.into()) } else { Err(Error::NoSocket(number)) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A path, or a name in the abstract name space behind an `@`.
fn address(name: &[u8]) -> io::Result<SocketAddr> {
    match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_is_told_at_a_path_or_an_abstract_name() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("notify");
        let abstract_name = format!("@tollgate-test-{}", std::process::id());
        for name in [path.as_os_str().as_bytes(), abstract_name.as_bytes()] {
            let address = address(name).unwrap();
            let hears = UnixDatagram::bind_addr(&address).unwrap();
            Service { tell: Some(address), ..Service::default() }.ready();
            let mut heard = [0; 64];
            let length = hears.recv(&mut heard).unwrap();
            assert!(heard[..length].starts_with(b"READY=1\n"));
        }
    }

    #[test]
    fn a_manager_that_is_gone_stops_nothing() {
        let gone = address(b"/nowhere/notify").unwrap();
        Service { tell: Some(gone), ..Service::default() }.stopping();
    }
}
