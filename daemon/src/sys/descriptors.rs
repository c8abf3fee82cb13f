//! Bytes and descriptors over a Unix socket.
//!
//! Every descriptor that arrives is owned before anything else happens, so that
//! no error path can leak one. Blocking is the caller's matter: these calls
//! return `WouldBlock` on a non-blocking socket.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use tollgate_wire::MAX_DESCRIPTORS_A_FRAME;

/// Receives into `buffer`; descriptors that ride along are added to `descriptors`.
/// Gives the number of bytes, 0 where the other side has closed.
pub(crate) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8], descriptors: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut control = nix::cmsg_space!([RawFd; MAX_DESCRIPTORS_A_FRAME]);
    let mut parts = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    // The space holds as many as the kernel puts on one message (SCM_MAX_FD). Where
    // we are out of descriptors the kernel drops the rest and says so: an error.
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(received) = part {
            // SAFETY: the kernel has just made these for us; nobody else owns them.
            descriptors.extend(received.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    Ok(message.bytes)
}

/// Whether there is something to receive, or the end; `WouldBlock` if not yet.
/// Nothing is taken.
pub(crate) fn peek(socket: BorrowedFd<'_>) -> io::Result<()> {
    nix::sys::socket::recv(socket.as_raw_fd(), &mut [0], MsgFlags::MSG_PEEK)?;
    Ok(())
}

/// The process that sent what can be received next, as the kernel says; nothing is
/// taken. The socket must have asked for it (`SO_PASSCRED`) before that was sent.
pub(crate) fn sender(socket: BorrowedFd<'_>) -> io::Result<Option<i32>> {
    let mut control = nix::cmsg_space!(nix::sys::socket::UnixCredentials);
    let mut byte = [0];
    let mut parts = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    let mut sender = None;
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmCredentials(credentials) = part {
            sender = Some(credentials.pid());
        }
    }
    Ok(sender)
}

/// Sends `bytes` with `descriptors` on their first byte; gives how many bytes went.
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[RawFd]) -> io::Result<usize> {
    let rights = [ControlMessage::ScmRights(descriptors)];
    let control = if descriptors.is_empty() { &[][..] } else { &rights[..] };
    Ok(sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(bytes)], control, MsgFlags::MSG_NOSIGNAL, None)?)
}

/// A descriptor that whoever started us left open under this number, by the word
/// of the environment; no program started from here inherits it. None where
/// nothing is open there.
pub(crate) fn announced(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: F_SETFD takes a number and fails on one that is not open.
    if number < 3 || unsafe { nix::libc::fcntl(number, nix::libc::F_SETFD, nix::libc::FD_CLOEXEC) } == -1 {
        return None;
    }
    // SAFETY: it is open, and was left open for us alone.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_descriptor_arrives_with_its_first_byte_and_is_closed_on_exec() {
        let (left, right) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"hello").unwrap();
        file.rewind().unwrap();
        assert_eq!(send(left.as_fd(), b"ab", &[file.as_raw_fd()]).unwrap(), 2);
        let (mut buffer, mut received) = ([0; 1], Vec::new());
        assert_eq!(receive(right.as_fd(), &mut buffer, &mut received).unwrap(), 1);
        assert_eq!(received.len(), 1);
        let flags = nix::fcntl::fcntl(&received[0], nix::fcntl::FcntlArg::F_GETFD).unwrap();
        assert_eq!(flags & 1, 1);
        let mut text = String::new();
        std::fs::File::from(received.pop().unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
    }
}
