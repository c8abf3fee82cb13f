//! The caller's standard input, where a command is judged by it (`-f -`).
//!
//! Read to its end, within a size and a time; what was read is gone for everybody
//! else, so the tool gets an equal copy, and where it cannot be read whole nothing
//! runs. Flags that are shared with the caller stay as they are: a pipe is opened
//! anew. Deliberately not here: what it says.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tollgate_facts::MOST_KEPT;

use crate::prepare::failed;
use crate::refuse::Refusal;
use crate::request::{Request, Streams};
use crate::sys::memory::sealed;

/// How long it may take to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at whether the caller still waits, in milliseconds.
const LOOK: u16 = 100;

/// What the tool would read; none where it is no file, pipe or socket, so that
/// nobody can tell (a terminal).
pub(super) async fn read(request: &mut Request) -> Result<Option<Arc<[u8]>>, Refusal> {
    let Streams::Passed(streams) = &request.streams;
    let Some((_, descriptor)) = streams.iter().find(|(number, _)| *number == 0) else { return Ok(None) };
    let unread = |cause: &dyn std::fmt::Display| failed("read the standard input that it is judged by", &cause);
    let Some(source) = source(descriptor).map_err(|cause| unread(&cause))? else { return Ok(None) };
    let gone = Arc::new(AtomicBool::new(false));
    let (told, heard) = tokio::sync::oneshot::channel();
    let stop = gone.clone();
    // A thread of its own: a hostile reader beside it could hold it up.
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || {
            // Nobody listens where the caller has left.
            let _ = told.send(to_its_end(source, PATIENCE, &stop));
        })
        .map_err(|cause| unread(&cause))?;
    let bytes = tokio::select! {
        bytes = heard => bytes.map_err(|cause| unread(&cause))?.map_err(|cause| unread(&cause))?,
        () = request.caller.left() => {
            gone.store(true, Ordering::Relaxed);
            return Err(Refusal::CallerGone);
        }
    };
    let copy = sealed(&bytes).map_err(|cause| unread(&cause))?;
    let Streams::Passed(streams) = &mut request.streams;
    if let Some((_, descriptor)) = streams.iter_mut().find(|(number, _)| *number == 0) {
        *descriptor = copy;
    }
    Ok(Some(bytes.into()))
}

/// Where to read from.
fn source(descriptor: &OwnedFd) -> io::Result<Option<File>> {
    let file = File::from(descriptor.try_clone()?);
    let kind = file.metadata()?.file_type();
    if kind.is_fifo() {
        // With a file description of its own, whose flags nobody shares.
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        return Ok(Some(File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).unwrap_or(file)));
    }
    Ok((kind.is_file() || kind.is_socket()).then_some(file))
}

fn to_its_end(mut source: File, patience: Duration, gone: &AtomicBool) -> io::Result<Vec<u8>> {
    let until = Instant::now() + patience;
    let (mut bytes, mut part) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        if gone.load(Ordering::Relaxed) {
            return Err(io::Error::other("the caller has left"));
        }
        if Instant::now() >= until {
            return Err(io::Error::other(format!("it did not end within {} s", patience.as_secs())));
        }
        if poll(&mut [PollFd::new(source.as_fd(), PollFlags::POLLIN)], PollTimeout::from(LOOK))? == 0 {
            continue;
        }
        let count = match source.read(&mut part) {
            Ok(0) => return Ok(bytes),
            Ok(count) => count,
            Err(cause) if matches!(cause.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => continue,
            Err(cause) => return Err(cause),
        };
        if bytes.len() + count > MOST_KEPT {
            return Err(io::Error::other(format!("it is larger than {MOST_KEPT} bytes; name a file instead")));
        }
        bytes.extend_from_slice(part.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_pipe_is_read_to_its_end_and_its_flags_stay() {
        let (reader, mut writer) = io::pipe().unwrap();
        let descriptor = OwnedFd::from(reader);
        let flags = || nix::fcntl::fcntl(&descriptor, nix::fcntl::FcntlArg::F_GETFL).unwrap();
        let before = flags();
        let source = source(&descriptor).unwrap().unwrap();
        let writing = std::thread::spawn(move || writer.write_all(&vec![b'x'; 300_000]));
        assert_eq!(to_its_end(source, PATIENCE, &AtomicBool::new(false)).unwrap().len(), 300_000);
        writing.join().unwrap().unwrap();
        assert_eq!(flags(), before);
    }

    #[test]
    fn a_device_is_not_read_and_a_caller_that_left_is_not_waited_for() {
        let device = OwnedFd::from(File::open("/dev/null").unwrap());
        assert!(source(&device).unwrap().is_none());
        let (reader, _writer) = io::pipe().unwrap();
        let source = source(&OwnedFd::from(reader)).unwrap().unwrap();
        assert!(to_its_end(source, PATIENCE, &AtomicBool::new(true)).is_err());
    }

    #[test]
    fn what_does_not_end_in_time_is_not_taken_for_all() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"kind: Pod").unwrap();
        let source = source(&OwnedFd::from(reader)).unwrap().unwrap();
        let late = to_its_end(source, Duration::from_millis(300), &AtomicBool::new(false)).unwrap_err();
        assert_eq!(late.to_string(), "it did not end within 0 s");
    }
}
