//! JSON values in frames, over any stream; and the person's side of a connection.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tollgate_wire::MAX_BODY;
use tollgate_wire::frame::{HEADER, Header, Kind};

use crate::{Ask, Reply};

/// Why the admin door did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing listens there.
    #[error("no daemon answers at `{}`: start one with `tollgate service start`", .0.display())]
    NoDaemon(PathBuf),
    /// The connection broke.
    #[error("the connection to the daemon broke")]
    Broken(#[from] std::io::Error),
    /// What came is no frame of ours.
    #[error("the daemon speaks another language: is it another version?")]
    Frame(#[from] tollgate_wire::Error),
    /// What came is no value that we know.
    #[error("the daemon said something that this program does not know: is it another version?")]
    Value(#[from] serde_json::Error),
    /// The value does not fit a frame.
    #[error("the message is longer than {MAX_BODY} bytes")]
    TooLong,
    /// The frame is of another kind.
    #[error("the daemon answered with another kind of frame")]
    Kind,
}

/// Reads one JSON frame; `None` where the other side has closed.
pub fn read_frame<T: DeserializeOwned>(stream: &mut impl Read) -> Result<Option<T>, Error> {
    let mut header = [0; HEADER];
    let came = stream.read(&mut header)?;
    if came == 0 {
        return Ok(None);
    }
    stream.read_exact(header.get_mut(came..).unwrap_or_default())?;
    let header = Header::decode(&header)?;
    if header.kind != Kind::Json || header.descriptors != 0 {
        return Err(Error::Kind);
    }
    let mut body = vec![0; header.body];
    stream.read_exact(&mut body)?;
    Ok(Some(serde_json::from_slice(&body)?))
}

/// Writes one JSON frame.
pub fn write_frame(stream: &mut impl Write, value: &impl Serialize) -> Result<(), Error> {
    let body = serde_json::to_vec(value)?;
    if body.len() > MAX_BODY {
        return Err(Error::TooLong);
    }
    let mut frame = Header { kind: Kind::Json, body: body.len(), descriptors: 0 }.encode()?.to_vec();
    frame.extend_from_slice(&body);
    stream.write_all(&frame)?;
    Ok(())
}

/// The person's side: one ask, then the replies.
#[derive(Debug)]
pub struct Connection(UnixStream);

impl Connection {
    /// Connects to the admin socket and asks.
    pub fn ask(socket: &Path, ask: &Ask) -> Result<Self, Error> {
        let mut stream = UnixStream::connect(socket).map_err(|_| Error::NoDaemon(socket.to_owned()))?;
        write_frame(&mut stream, ask)?;
        Ok(Self(stream))
    }

    /// The next reply; `None` where the daemon has closed.
    pub fn reply(&mut self) -> Result<Option<Reply>, Error> {
        read_frame(&mut self.0)
    }
}
