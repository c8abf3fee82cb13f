//! The admin door, from the person's side.
//!
//! Beside `tollgate_admin::Connection` this one is bounded in time, can be
//! waited on, and reaches sockets whose paths are longer than the kernel takes.
//!
//! Not here: what is asked; each command asks its own.

use std::fs::File;
use std::io::BufReader;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use tollgate_admin::{Ask, Reply, read_frame, write_frame};

use crate::error::Error;

/// How long any one answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a list that are read at once.
const AT_ONCE: usize = 64 * 1024;
/// Bytes of a socket's path with its NUL: `sun_path` in unix(7).
const LONGEST: usize = 108;

/// A connection to the daemon.
#[derive(Debug)]
pub(crate) struct Door(UnixStream);

impl Door {
    /// Connects and asks.
    pub(crate) fn ask(socket: &Path, ask: &Ask) -> Result<Self, Error> {
        Self::ask_within(socket, ask, PATIENCE)
    }

    /// What `pick` takes of everything that comes before [`Reply::End`], each within
    /// `patience`; an error where something is of another kind.
    pub(crate) fn list<T>(
        socket: &Path,
        ask: &Ask,
        patience: Duration,
        pick: impl Fn(Reply) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        // Nothing else is read from this connection: the buffer may run ahead.
        let mut replies = BufReader::with_capacity(AT_ONCE, Self::ask_within(socket, ask, patience)?.0);
        let mut picked = Vec::new();
        loop {
            match granted(read_frame(&mut replies)?)? {
                Reply::End {} => return Ok(picked),
                reply => picked.push(pick(reply).ok_or(Error::Reply)?),
            }
        }
    }

    fn ask_within(socket: &Path, ask: &Ask, patience: Duration) -> Result<Self, Error> {
        let mut stream = connect(socket).map_err(|_| tollgate_admin::Error::NoDaemon(socket.to_owned()))?;
        let broken = tollgate_admin::Error::Broken;
        stream.set_read_timeout(Some(patience)).map_err(broken)?;
        stream.set_write_timeout(Some(patience)).map_err(broken)?;
        write_frame(&mut stream, ask)?;
        Ok(Self(stream))
    }

    /// The next reply; none where the daemon has closed.
    pub(crate) fn reply(&mut self) -> Result<Option<Reply>, Error> {
        Ok(read_frame(&mut self.0)?)
    }

    /// Says something more.
    pub(crate) fn send(&mut self, value: &impl serde::Serialize) -> Result<(), Error> {
        Ok(write_frame(&mut self.0, value)?)
    }

    /// The next reply, which must come, and be neither a refusal nor a failure.
    pub(crate) fn granted(&mut self) -> Result<Reply, Error> {
        granted(self.reply()?)
    }
}

fn granted(reply: Option<Reply>) -> Result<Reply, Error> {
    match reply {
        Some(Reply::Refused { message }) => Err(Error::Refused(message)),
        Some(Reply::Failed { message }) => Err(Error::Failed(message)),
        Some(reply) => Ok(reply),
        None => Err(Error::Reply),
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Connects, through a descriptor of its folder where the path is too long.
fn connect(socket: &Path) -> std::io::Result<UnixStream> {
    if socket.as_os_str().len() < LONGEST {
        return UnixStream::connect(socket);
    }
    let (Some(folder), Some(name)) = (socket.parent(), socket.file_name()) else {
        return Err(std::io::ErrorKind::InvalidInput.into());
    };
    let folder = File::open(folder)?;
    let short = format!("/proc/self/fd/{}", folder.as_raw_fd());
    UnixStream::connect(Path::new(&short).join(std::ffi::OsStr::from_bytes(name.as_bytes())))
}
