//! Frames over one connection, with their descriptors.
//!
//! The async side of `tollgate-wire`: used towards shims and supervisors. What a
//! frame means is the business of whoever reads it.

use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};

use tokio::io::Interest;
use tokio::net::UnixStream;
use tollgate_wire::MAX_DESCRIPTORS_A_FRAME;
use tollgate_wire::frame::{HEADER, Header, Kind};

use crate::sys::descriptors;

/// Why a frame did not come or go.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The other side closed, or the socket broke.
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    /// What came is no frame of ours.
    #[error(transparent)]
    Frame(#[from] tollgate_wire::Error),
    /// More or fewer descriptors came than the frame says.
    #[error("a message announced {announced} descriptors and carried {carried}")]
    Descriptors {
        /// What the header says.
        announced: usize,
        /// What came.
        carried: usize,
    },
}

/// One frame as it came.
#[derive(Debug)]
pub(crate) struct Frame {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its body.
    pub(crate) body: Vec<u8>,
    /// What rode along.
    pub(crate) descriptors: Vec<OwnedFd>,
}

/// Adds one frame.
fn pack(bytes: &mut Vec<u8>, kind: Kind, body: &[u8], descriptors: usize) -> Result<(), Error> {
    bytes.extend_from_slice(&Header { kind, body: body.len(), descriptors }.encode()?);
    bytes.extend_from_slice(body);
    Ok(())
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Channel(UnixStream);

impl Channel {
    /// Speaks frames over `stream`.
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// The next frame; `None` where the other side closed between two frames.
    pub(crate) async fn receive(&self) -> Result<Option<Frame>, Error> {
        let mut descriptors = Vec::new();
        let mut header = [0; HEADER];
        if !self.fill(&mut header, &mut descriptors).await? {
            return Ok(None);
        }
        let header = Header::decode(&header)?;
        let mut body = vec![0; header.body];
        if header.body > 0 && !self.fill(&mut body, &mut descriptors).await? {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        if descriptors.len() != header.descriptors {
            return Err(Error::Descriptors { announced: header.descriptors, carried: descriptors.len() });
        }
        Ok(Some(Frame { kind: header.kind, body, descriptors }))
    }

    /// Fills `buffer`; false where the other side closed before its first byte.
    async fn fill(&self, buffer: &mut [u8], received: &mut Vec<OwnedFd>) -> Result<bool, Error> {
        let mut at = 0;
        while let Some(rest) = buffer.get_mut(at..).filter(|rest| !rest.is_empty()) {
            let read =
                self.0.async_io(Interest::READABLE, || descriptors::receive(self.0.as_fd(), rest, received)).await?;
            match read {
                0 if at == 0 => return Ok(false),
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                read => at += read,
            }
            // A peer that sends more than one frame's worth is not heard out.
            if received.len() > MAX_DESCRIPTORS_A_FRAME {
                return Err(Error::Descriptors { announced: MAX_DESCRIPTORS_A_FRAME, carried: received.len() });
            }
        }
        Ok(true)
    }

    /// Sends one frame.
    pub(crate) async fn send(&self, kind: Kind, body: &[u8], riders: &[RawFd]) -> Result<(), Error> {
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        pack(&mut bytes, kind, body, riders.len())?;
        self.put(&bytes, riders).await
    }

    /// Sends a frame for each body, many at once: a list may have thousands.
    pub(crate) async fn send_all(&self, kind: Kind, bodies: impl Iterator<Item = Vec<u8>>) -> Result<(), Error> {
        const AT_ONCE: usize = 48 * 1024;
        let mut bytes = Vec::new();
        for body in bodies {
            pack(&mut bytes, kind, &body, 0)?;
            if bytes.len() >= AT_ONCE {
                self.put(&bytes, &[]).await?;
                bytes.clear();
            }
        }
        self.put(&bytes, &[]).await
    }

    async fn put(&self, bytes: &[u8], riders: &[RawFd]) -> Result<(), Error> {
        let (mut rest, mut riders) = (bytes, riders);
        while !rest.is_empty() {
            let sent = self.0.async_io(Interest::WRITABLE, || descriptors::send(self.0.as_fd(), rest, riders)).await?;
            riders = &[];
            rest = rest.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    /// Returns once there is something to receive, or nothing ever will be.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        // Readiness may be left over from the last frame: only a look can tell.
        self.0.async_io(Interest::READABLE, || descriptors::peek(self.0.as_fd())).await
    }

    /// The process that sent the next frame, once there is one; only where the
    /// socket has asked for senders.
    pub(crate) async fn sender(&self) -> io::Result<Option<i32>> {
        self.0.async_io(Interest::READABLE, || descriptors::sender(self.0.as_fd())).await
    }

    /// A further descriptor of the same connection, to be handed on.
    pub(crate) fn duplicate(&self) -> io::Result<OwnedFd> {
        self.0.as_fd().try_clone_to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    fn pair() -> (Channel, Channel) {
        let (left, right) = UnixStream::pair().unwrap();
        (Channel::new(left), Channel::new(right))
    }

    #[tokio::test]
    async fn a_frame_arrives_whole_with_its_descriptors() {
        let (left, right) = pair();
        let body = vec![7; 40_000];
        left.send(Kind::Say, &body, &[left.0.as_raw_fd()]).await.unwrap();
        drop(left);
        let frame = right.receive().await.unwrap().unwrap();
        assert_eq!((frame.kind, frame.body, frame.descriptors.len()), (Kind::Say, body, 1));
        drop(frame.descriptors);
        assert!(right.receive().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_channel_is_readable_only_while_there_is_something_to_read() {
        let (left, right) = pair();
        left.send(Kind::Started, &[], &[]).await.unwrap();
        right.readable().await.unwrap();
        right.receive().await.unwrap().unwrap();
        let mut nothing = std::pin::pin!(right.readable());
        for _ in 0..3 {
            tokio::select! {
                biased;
                _ = &mut nothing => panic!("nothing was sent"),
                () = tokio::task::yield_now() => {}
            }
        }
        drop(left);
        nothing.await.unwrap();
    }

    #[tokio::test]
    async fn a_frame_cut_short_is_an_error() {
        let (left, right) = pair();
        let header = Header { kind: Kind::Say, body: 10, descriptors: 0 }.encode().unwrap();
        left.0.async_io(Interest::WRITABLE, || descriptors::send(left.0.as_fd(), &header, &[])).await.unwrap();
        drop(left);
        assert!(matches!(right.receive().await, Err(Error::Broken(_))));
    }

    #[tokio::test]
    async fn descriptors_that_were_not_announced_are_an_error() {
        let (left, right) = pair();
        let header = Header { kind: Kind::Started, body: 0, descriptors: 0 }.encode().unwrap();
        let riders = [left.0.as_raw_fd()];
        left.0.async_io(Interest::WRITABLE, || descriptors::send(left.0.as_fd(), &header, &riders)).await.unwrap();
        assert!(matches!(right.receive().await, Err(Error::Descriptors { announced: 0, carried: 1 })));
    }
}
