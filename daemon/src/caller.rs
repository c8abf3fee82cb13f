//! The one who waits at the other end of a request.
//!
//! Texts go in frames and the shim writes them: the daemon never writes to a
//! caller's descriptor, for a full pipe would hang it.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use tollgate_wire::MAX_BODY;
use tollgate_wire::frame::Kind;
use tollgate_wire::message::End;
use ulid::Ulid;

use crate::channel::{Channel, Error};
use crate::sys::peer::Peer;

/// A shim that waits.
#[derive(Debug)]
pub(crate) struct Caller {
    channel: Channel,
    peer: Peer,
}

impl Caller {
    /// The caller on this channel, who is `peer`.
    pub(crate) fn new(channel: Channel, peer: Peer) -> Self {
        Self { channel, peer }
    }

    /// Who it is, as the kernel says.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Has the shim write `text` to its descriptor 2.
    pub(crate) async fn say(&self, text: &str) -> Result<(), Error> {
        for part in text.as_bytes().chunks(MAX_BODY) {
            self.channel.send(Kind::Say, part, &[]).await?;
        }
        Ok(())
    }

    /// Tells the id under which to ask again should the connection break.
    pub(crate) async fn wait_under(&self, id: Ulid) -> Result<(), Error> {
        self.channel.send(Kind::Wait, id.to_string().as_bytes(), &[]).await
    }

    /// Has the shim start `program` with `plan` as its descriptor 0.
    pub(crate) async fn give_birth(&self, program: BorrowedFd<'_>, plan: BorrowedFd<'_>) -> Result<(), Error> {
        self.channel.send(Kind::Birth, &[], &[program.as_raw_fd(), plan.as_raw_fd()]).await
    }

    /// Has the shim end like this.
    pub(crate) async fn end(&self, end: End) -> Result<(), Error> {
        self.channel.send(Kind::Ended, &end.encode(), &[]).await
    }

    /// Returns once the caller has left. A shim says nothing until the tool runs:
    /// one that does is not waited for either, and not listened to.
    pub(crate) async fn left(&self) {
        // An error is an end as well.
        let _ = self.channel.readable().await;
    }

    /// The connection itself, in blocking mode, for the supervisor.
    pub(crate) fn hand_over(&self) -> std::io::Result<OwnedFd> {
        use nix::fcntl::{FcntlArg, OFlag, fcntl};
        let connection = self.channel.duplicate()?;
        let flags = OFlag::from_bits_retain(fcntl(&connection, FcntlArg::F_GETFL)?);
        fcntl(&connection, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
        Ok(connection)
    }
}
