//! What a reader is asked, and what it answers.
//!
//! A question is a head of fixed length, with the folder's descriptor where the path
//! starts from one, and then the path; an answer is one byte, a length and the bytes.

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::fcntl::ResolveFlag;
use tollgate_facts::disk::{Got, Place, Want};

use crate::sys::descriptors;

/// Longer than any path that the kernel takes, in bytes.
const LONGEST: usize = 64 << 10;
/// More than any file that is read holds, in bytes.
const LARGEST: usize = 64 << 20;
/// What for, how many bytes at most, how to resolve, how long the path is.
const HEAD: usize = 1 + 8 + 8 + 4;

const OF_FOLDER: u8 = 0;
const OF_FILE: u8 = 1;
const OF_EITHER: u8 = 2;

/// A question as it arrived.
pub(super) struct Asked {
    from: Option<OwnedFd>,
    path: Vec<u8>,
    resolve: ResolveFlag,
    pub(super) want: Want,
}

impl Asked {
    pub(super) fn place(&self) -> Place<'_> {
        Place { from: self.from.as_ref().map(AsFd::as_fd), path: &self.path, resolve: self.resolve }
    }
}

/// Asks.
pub(super) fn send(socket: &UnixStream, place: &Place<'_>, want: Want) -> io::Result<()> {
    let length = u32::try_from(place.path.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let (kind, most) = match want {
        Want::Entries => (OF_FOLDER, 0),
        Want::Bytes(most) => (OF_FILE, most),
        Want::BytesOrNames(most) => (OF_EITHER, most),
    };
    let mut bytes = Vec::with_capacity(HEAD + place.path.len());
    bytes.push(kind);
    bytes.extend(most.to_le_bytes());
    bytes.extend(place.resolve.bits().to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(place.path);
    let from: Vec<_> = place.from.iter().map(AsRawFd::as_raw_fd).collect();
    let sent = descriptors::send(socket.as_fd(), &bytes, &from)?;
    let mut socket = socket;
    io::Write::write_all(&mut socket, bytes.get(sent..).unwrap_or_default())
}

/// The next question; none where the other side has closed.
pub(super) fn receive(socket: &mut UnixStream) -> io::Result<Option<Asked>> {
    let (mut head, mut riders) = ([0; HEAD], Vec::new());
    let count = descriptors::receive(socket.as_fd(), &mut head, &mut riders)?;
    if count == 0 {
        return Ok(None);
    }
    socket.read_exact(head.get_mut(count..).unwrap_or_default())?;
    let (want, resolve, length) = fields(&head).ok_or(io::ErrorKind::InvalidData)?;
    let mut path = vec![0; length];
    socket.read_exact(&mut path)?;
    Ok(Some(Asked { from: riders.pop(), path, resolve, want }))
}

fn fields(head: &[u8; HEAD]) -> Option<(Want, ResolveFlag, usize)> {
    let (kind, rest) = head.split_first()?;
    let (most, rest) = rest.split_first_chunk()?;
    let (resolve, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(rest.try_into().ok()?)).ok()?;
    let want = match *kind {
        OF_FOLDER => Want::Entries,
        OF_FILE => Want::Bytes(u64::from_le_bytes(*most)),
        OF_EITHER => Want::BytesOrNames(u64::from_le_bytes(*most)),
        _ => return None,
    };
    let resolve = ResolveFlag::from_bits_retain(u64::from_le_bytes(*resolve));
    (length <= LONGEST).then_some((want, resolve, length))
}

/// An answer's bytes.
pub(super) fn answer(got: Result<Got, String>) -> Vec<u8> {
    let (kind, bytes) = match got {
        Ok(Got::Absent) => (b'a', Vec::new()),
        Ok(Got::Bytes(bytes)) => (b'b', bytes),
        Ok(Got::Entries) => (b'e', Vec::new()),
        Ok(Got::Empty) => (b'n', Vec::new()),
        Ok(Got::Names(names)) => (b'l', names),
        Err(why) => (b'?', why.into_bytes()),
    };
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&[kind][..], &length.to_le_bytes(), &bytes].concat()
}

/// Reads an answer.
pub(super) fn answered(from: &mut impl Read) -> io::Result<Result<Got, String>> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = usize::try_from(u32::from_le_bytes(length)).ok().filter(|length| *length <= LARGEST);
    let mut bytes = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
    from.read_exact(&mut bytes)?;
    Ok(match kind {
        b'a' => Ok(Got::Absent),
        b'b' => Ok(Got::Bytes(bytes)),
        b'e' => Ok(Got::Entries),
        b'n' => Ok(Got::Empty),
        b'l' => Ok(Got::Names(bytes)),
        b'?' => Err(String::from_utf8_lossy(&bytes).into_owned()),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_question_and_its_folder_arrive_as_they_were_sent() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let folder = File::open("/").unwrap();
        let resolve = ResolveFlag::RESOLVE_IN_ROOT;
        send(&ours, &Place { from: Some(folder.as_fd()), path: b"\xff/x", resolve }, Want::Bytes(7)).unwrap();
        send(&ours, &Place { from: None, path: b"/y", resolve: ResolveFlag::empty() }, Want::Entries).unwrap();
        drop(ours);
        let first = receive(&mut theirs).unwrap().unwrap();
        assert!(first.from.is_some());
        assert_eq!((first.path.as_slice(), first.resolve, first.want), (&b"\xff/x"[..], resolve, Want::Bytes(7)));
        let second = receive(&mut theirs).unwrap().unwrap();
        assert!(second.from.is_none());
        assert_eq!((second.path.as_slice(), second.want), (&b"/y"[..], Want::Entries));
        assert!(receive(&mut theirs).unwrap().is_none());
    }

    #[test]
    fn every_answer_arrives_as_it_was_sent() {
        for got in [
            Ok(Got::Absent),
            Ok(Got::Bytes(vec![0, 255])),
            Ok(Got::Entries),
            Ok(Got::Empty),
            Ok(Got::Names(b"a\0".to_vec())),
            Err("no".into()),
        ] {
            assert_eq!(answered(&mut answer(got.clone()).as_slice()).unwrap(), got);
        }
    }

    #[test]
    fn lengths_have_limits_and_torn_frames_are_errors() {
        assert!(answered(&mut &[b'b', 255, 255, 255, 255][..]).is_err());
        assert!(answered(&mut &[b'b', 2, 0, 0, 0, 1][..]).is_err());
        assert!(answered(&mut &[b'z', 0, 0, 0, 0][..]).is_err());
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        io::Write::write_all(&mut ours, &[OF_FILE; HEAD]).unwrap();
        assert!(receive(&mut theirs).is_err(), "a path of 16 MB");
    }
}
