//! Who is at the other end of a socket, as the kernel says it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, sockopt};

use super::above::{self, Link};

/// The process that connected.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Its user at the time of `connect`.
    pub(crate) uid: u32,
    /// Its process id; worth something only while [`Peer::is_alive`].
    pub(crate) pid: i32,
    pidfd: OwnedFd,
}

impl Peer {
    /// Asks the kernel: `SO_PEERCRED` and `SO_PEERPIDFD` (`unix(7)`).
    pub(crate) fn of(socket: &impl AsFd) -> io::Result<Self> {
        let credentials = getsockopt(socket, sockopt::PeerCredentials)?;
        let pidfd = getsockopt(socket, sockopt::PeerPidfd)?;
        Ok(Self { uid: credentials.uid(), pid: credentials.pid(), pidfd })
    }

    /// It itself and the processes above it, nearest first, as they stand now.
    ///
    /// # Errors
    /// Where they cannot be told.
    pub(crate) fn chain(&self) -> io::Result<Chain> {
        Ok(Chain { itself: self.pid, above: above::chain(self.pid, self.pidfd.as_fd())? })
    }

    /// Whether it still runs. What was read from `/proc/PID` before is of this
    /// process only if this is true afterwards.
    pub(crate) fn is_alive(&self) -> bool {
        is_alive(&self.pidfd)
    }
}

/// A process and those above it, as they stood at one moment: whoever asks several
/// things of one caller asks them of the same chain.
#[derive(Debug)]
pub(crate) struct Chain {
    itself: i32,
    above: Vec<Link>,
}

impl Chain {
    /// The processes above it, nearest first.
    pub(crate) fn above(&self) -> impl Iterator<Item = i32> {
        self.links().map(|link| link.pid)
    }

    /// The same, with what makes each of them unique.
    pub(crate) fn links(&self) -> impl Iterator<Item = Link> {
        self.above.iter().copied()
    }

    /// It itself, then those above.
    pub(crate) fn all(&self) -> impl Iterator<Item = i32> {
        std::iter::once(self.itself).chain(self.above())
    }
}

/// A process that is not our child, by its pidfd.
#[derive(Debug)]
pub(crate) struct Stranger(AsyncFd<OwnedFd>);

impl Stranger {
    /// The process of this id, for good.
    pub(crate) fn open(pid: i32) -> io::Result<Self> {
        // SAFETY: an `OwnedFd` stays open, at its number, as long as it lives.
        let opened = unsafe { AsyncFd::register_with_interest(above::open(pid)?, Interest::READABLE) };
        opened.map(Self).map_err(io::Error::from)
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&self) -> bool {
        is_alive(self.0.get_ref())
    }

    /// Returns once it has ended.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        self.0.readable().await.map(drop)
    }
}

/// Whether the process of a pidfd still runs: a pidfd is readable once it ended.
pub(crate) fn is_alive(pidfd: &impl AsFd) -> bool {
    let mut polled = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    matches!(poll(&mut polled, PollTimeout::ZERO), Ok(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn the_kernel_names_the_other_end() {
        let (left, _right) = UnixStream::pair().unwrap();
        let peer = Peer::of(&left).unwrap();
        assert_eq!(peer.pid, i32::try_from(std::process::id()).unwrap());
        assert_eq!(peer.uid, nix::unistd::geteuid().as_raw());
        assert!(peer.is_alive());
    }
}
