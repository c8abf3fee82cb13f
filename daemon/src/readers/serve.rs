//! The reader's own life: a question, a look, an answer.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::alarm;
use tollgate_facts::disk;

use super::frame;

/// The most seconds that a reader spends on one question, should nobody kill it.
const ALONE: u32 = 10;
/// The most memory that it may have, in bytes.
const MEMORY: u64 = 512 << 20;

/// Answers the questions that come over the socket on standard input, until it closes.
pub(crate) fn serve() -> io::Result<()> {
    let bound = |resource, most| setrlimit(resource, most, most).map_err(io::Error::from);
    bound(Resource::RLIMIT_AS, MEMORY)?;
    bound(Resource::RLIMIT_CORE, 0)?;
    nix::sys::prctl::set_dumpable(false)?;
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    while let Some(asked) = frame::receive(&mut socket)? {
        // Its default action ends this process, in the midst of a hanging call too.
        alarm::set(ALONE);
        let answer = disk::look(&asked.place(), asked.want);
        alarm::cancel();
        socket.write_all(&frame::answer(answer))?;
    }
    Ok(())
}
