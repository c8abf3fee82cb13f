//! Unix stream sockets: connecting, sending and receiving bytes with descriptors.
//!
//! Every received descriptor is close-on-exec and owned the moment it arrives;
//! what the kernel had to cut off, or what has no room, is an error after the
//! rest was closed. Nothing here raises SIGPIPE.

use core::ffi::CStr;
use core::time::Duration;

use linux_raw_sys::errno::{EMFILE, ENAMETOOLONG};
use linux_raw_sys::general::O_CLOEXEC;
use linux_raw_sys::net::{
    AF_UNIX, MSG_CMSG_CLOEXEC, MSG_CTRUNC, MSG_DONTWAIT, MSG_NOSIGNAL, SCM_RIGHTS, SO_SNDTIMEO, SOCK_STREAM,
};

use crate::call::call;
use crate::descriptor::Descriptors;
use crate::{Descriptor, Errno};

/// Most bytes of a socket's path: `sun_path` less its NUL.
pub const MAX_PATH: usize = 107;
/// Most descriptors on one message: the kernel's `SCM_MAX_FD`.
pub const MAX_DESCRIPTORS: usize = 253;

/// `SOL_SOCKET` of x86-64.
const SOL_SOCKET: u32 = 1;

/// A socket that is not connected yet.
pub fn socket() -> Result<Descriptor, Errno> {
    // `SOCK_CLOEXEC` is `O_CLOEXEC` (socket(2)).
    // SAFETY: no memory is involved.
    let number = unsafe { call!(__NR_socket, AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0) }?;
    Ok(Descriptor::own(number as i32))
}

/// How long connecting and sending may stand still before they fail with [`Errno::EAGAIN`].
pub fn limit_sending(socket: &Descriptor, patience: Duration) -> Result<(), Errno> {
    // The kernel's `struct timeval`: seconds, microseconds.
    let time = [patience.as_secs(), u64::from(patience.subsec_micros())];
    // SAFETY: the kernel reads one timeval.
    unsafe { call!(__NR_setsockopt, socket.number(), SOL_SOCKET, SO_SNDTIMEO, time.as_ptr(), size_of_val(&time)) }
        .map(drop)
}

/// Connects to the socket at `path`, of at most [`MAX_PATH`] bytes.
pub fn connect(socket: &Descriptor, path: &CStr) -> Result<(), Errno> {
    let mut address = [0u8; 2 + MAX_PATH + 1];
    let (family, place) = address.split_at_mut(2);
    family.copy_from_slice(&(AF_UNIX as u16).to_ne_bytes());
    let bytes = path.to_bytes_with_nul();
    place.get_mut(..bytes.len()).ok_or(Errno(ENAMETOOLONG as i32))?.copy_from_slice(bytes);
    // SAFETY: the kernel reads the address and no more.
    unsafe { call!(__NR_connect, socket.number(), address.as_ptr(), 2 + bytes.len()) }.map(drop)
}

/// The kernel's `struct iovec`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: *mut u8,
    length: usize,
}

/// The kernel's `struct user_msghdr`.
#[repr(C)]
#[derive(Debug)]
struct Message {
    name: usize,
    name_length: u32,
    pieces: *mut Piece,
    count: usize,
    control: *mut Rights,
    control_length: usize,
    flags: u32,
}

/// A control message of descriptors: `struct cmsghdr`, then the numbers.
#[repr(C)]
#[derive(Debug)]
struct Rights {
    length: usize,
    level: u32,
    kind: u32,
    numbers: [i32; MAX_DESCRIPTORS],
}

const RIGHTS_HEAD: usize = 16;

impl Rights {
    fn empty() -> Self {
        Self { length: 0, level: 0, kind: 0, numbers: [0; MAX_DESCRIPTORS] }
    }

    fn of(descriptors: &[i32]) -> Result<Self, Errno> {
        let mut rights = Self { level: SOL_SOCKET, kind: SCM_RIGHTS, ..Self::empty() };
        let places = rights.numbers.get_mut(..descriptors.len()).ok_or(Errno::ETOOMANYREFS)?;
        places.copy_from_slice(descriptors);
        rights.length = RIGHTS_HEAD + size_of_val(descriptors);
        Ok(rights)
    }

    fn received(&self) -> &[i32] {
        if self.level != SOL_SOCKET || self.kind != SCM_RIGHTS {
            return &[];
        }
        self.numbers.get(..self.length.saturating_sub(RIGHTS_HEAD) / 4).unwrap_or_default()
    }
}

/// Sends all of `bytes`, the descriptors with the first of them; stands still
/// while the peer does, as long as [`limit_sending`] lets it.
pub fn send(socket: &Descriptor, bytes: &[u8], descriptors: &[i32]) -> Result<(), Errno> {
    let mut left = bytes;
    let mut riding = descriptors;
    while !left.is_empty() {
        match send_once(socket, left, riding, MSG_NOSIGNAL) {
            Ok(sent) => {
                left = left.get(sent..).unwrap_or_default();
                riding = &[];
            }
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sends `bytes` if there is room for all of them now, else [`Errno::EAGAIN`].
pub fn send_now(socket: &Descriptor, bytes: &[u8]) -> Result<(), Errno> {
    let sent = send_once(socket, bytes, &[], MSG_NOSIGNAL | MSG_DONTWAIT)?;
    if sent == bytes.len() { Ok(()) } else { Err(Errno::EAGAIN) }
}

fn send_once(socket: &Descriptor, bytes: &[u8], descriptors: &[i32], flags: u32) -> Result<usize, Errno> {
    let mut piece = Piece { start: bytes.as_ptr().cast_mut(), length: bytes.len() };
    let mut rights = Rights::of(descriptors)?;
    let control_length = if descriptors.is_empty() { 0 } else { rights.length };
    let message = message(&mut piece, &mut rights, control_length);
    // SAFETY: the kernel reads the message, its one piece and its rights; all are locals or borrowed.
    unsafe { call!(__NR_sendmsg, socket.number(), &raw const message, flags) }
}

/// Receives once, into `into` and `received`; 0 at the end.
pub fn receive<const N: usize>(
    socket: &Descriptor,
    into: &mut [u8],
    received: &mut Descriptors<N>,
) -> Result<usize, Errno> {
    let mut piece = Piece { start: into.as_mut_ptr(), length: into.len() };
    let mut rights = Rights::empty();
    let mut message = message(&mut piece, &mut rights, size_of::<Rights>());
    // SAFETY: the kernel writes into the one piece and the rights, no more than their lengths.
    let length = unsafe { call!(__NR_recvmsg, socket.number(), &raw mut message, MSG_CMSG_CLOEXEC) }?;
    let flags = message.flags;
    // Without SO_PASS* options of ours nothing but rights can come, as one control message.
    let mut owned = Ok(());
    for number in rights.received() {
        owned = received.own(*number).and(owned);
    }
    owned?;
    if flags & MSG_CTRUNC != 0 { Err(Errno(EMFILE as i32)) } else { Ok(length) }
}

/// Receives what is there now, without its descriptors, which the kernel closes; 0 at the end.
pub fn receive_now(socket: &Descriptor, into: &mut [u8]) -> Result<usize, Errno> {
    let (place, length) = (into.as_mut_ptr(), into.len());
    // SAFETY: the kernel writes no more than the slice's length.
    unsafe { call!(__NR_recvfrom, socket.number(), place, length, MSG_DONTWAIT, 0, 0) }
}

fn message(piece: &mut Piece, rights: &mut Rights, control_length: usize) -> Message {
    Message { name: 0, name_length: 0, pieces: piece, count: 1, control: rights, control_length, flags: 0 }
}

/// Two connected sockets.
pub fn pair() -> Result<[Descriptor; 2], Errno> {
    let mut numbers = [-1i32; 2];
    // SAFETY: the kernel writes two ints.
    unsafe { call!(__NR_socketpair, AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0, numbers.as_mut_ptr()) }?;
    Ok(numbers.map(Descriptor::own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;

    #[test]
    fn descriptors_arrive_with_the_first_byte() {
        let [one, other] = pair().unwrap();
        let null = files::open(c"/dev/null", 0).unwrap();
        let many = [null.number(); MAX_DESCRIPTORS];
        send(&one, b"header-body", &many).unwrap();
        let (mut head, mut held) = ([0; 6], Descriptors::<300>::new());
        assert_eq!(receive(&other, &mut head, &mut held), Ok(6));
        assert_eq!(held.numbers().len(), MAX_DESCRIPTORS);
        let mut rest = [0; 10];
        assert_eq!(receive(&other, &mut rest, &mut held), Ok(5));
        assert_eq!((&head, held.numbers().len()), (b"header", MAX_DESCRIPTORS));
    }

    #[test]
    fn too_many_descriptors_are_an_error_and_none_stays_open() {
        let [one, other] = pair().unwrap();
        assert_eq!(send(&one, b"x", &[0; MAX_DESCRIPTORS + 1]), Err(Errno::ETOOMANYREFS));
        let [riding, its_peer] = pair().unwrap();
        send(&one, b"x", &[riding.number(); 3]).unwrap();
        drop(riding);
        let mut held = Descriptors::<2>::new();
        assert_eq!(receive(&other, &mut [0; 1], &mut held), Err(Errno::ETOOMANYREFS));
        assert_eq!(held.numbers().len(), 2);
        drop(held);
        assert_eq!(receive(&its_peer, &mut [0; 1], &mut Descriptors::<1>::new()), Ok(0));
    }

    #[test]
    fn the_end_of_a_peer_is_zero_bytes_and_no_signal() {
        let [one, other] = pair().unwrap();
        drop(other);
        assert_eq!(receive(&one, &mut [0; 1], &mut Descriptors::<1>::new()), Ok(0));
        assert_eq!(send(&one, b"x", &[]), Err(Errno(linux_raw_sys::errno::EPIPE as i32)));
    }

    #[test]
    fn a_path_that_is_too_long_is_refused() {
        let path = std::ffi::CString::new("/x".repeat(54)).unwrap();
        assert_eq!(connect(&socket().unwrap(), &path), Err(Errno::ENAMETOOLONG));
    }
}
