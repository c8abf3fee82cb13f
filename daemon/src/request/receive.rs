//! Reads one request off a shim's connection.
//!
//! A request may take several frames: one, and more for its descriptors. All of
//! them together are bounded in size and time before anything is believed.

use std::collections::VecDeque;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use tollgate_wire::frame::Kind;
use tollgate_wire::launch::{Block, Launch};
use tollgate_wire::request::Request as Body;
use ulid::Ulid;

use super::{Folder, Listener, Request, Streams, Strings};
use crate::caller::Caller;
use crate::channel::{self, Channel};

/// How long a caller may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why no request came of a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The frames are not as they should be.
    #[error(transparent)]
    Channel(#[from] channel::Error),
    /// The body is not as it should be.
    #[error(transparent)]
    Body(#[from] tollgate_wire::Error),
    /// It is another kind of frame.
    #[error("expected a request, got a frame of kind {0:?}")]
    Kind(Kind),
    /// A tool's name is a name, not a path.
    #[error("a tool's name is not empty and holds no slash")]
    Tool,
    /// Fewer or more descriptors came than the request says.
    #[error("the request says that {expected} descriptors come along, {came} did")]
    Descriptors {
        /// What the body says.
        expected: usize,
        /// What came.
        came: usize,
    },
    /// The memory with the arguments cannot be read.
    #[error("cannot read the arguments from the memory that came along")]
    Memory(#[source] std::io::Error),
    /// Nobody waited so long.
    #[error("no whole request came within {} s", PATIENCE.as_secs())]
    Late,
}

/// Reads one request; `None` where the caller closed without asking. The channel
/// is given back with an error, so that the caller can be told.
pub(crate) async fn receive(
    channel: &Channel,
) -> Result<Option<impl FnOnce(Caller, Listener) -> Request + use<>>, Error> {
    tokio::time::timeout(PATIENCE, read(channel)).await.map_err(|_| Error::Late)?
}

async fn read(channel: &Channel) -> Result<Option<impl FnOnce(Caller, Listener) -> Request + use<>>, Error> {
    let Some(frame) = channel.receive().await? else { return Ok(None) };
    if frame.kind != Kind::Request {
        return Err(Error::Kind(frame.kind));
    }
    let body = Body::decode(&frame.body)?;
    if matches!(body.tool, b"" | b"." | b"..") || body.tool.contains(&b'/') {
        return Err(Error::Tool);
    }
    let riders = riders(channel, &body.launch, frame.descriptors).await?;
    let (strings, folder, streams) = unpack(&body.launch, riders)?;
    let (door, state, tool) = (body.door, body.launch.state, body.tool.to_vec());
    let resumes = body.resumes.and_then(|id| std::str::from_utf8(&id).ok()?.parse().ok());
    Ok(Some(move |caller, listener| Request {
        id: Ulid::generate(),
        caller,
        listener,
        resumes,
        door,
        tool,
        strings,
        folder,
        streams,
        state,
    }))
}

/// All descriptors of the request: those of its frame, and of the frames after it.
async fn riders(channel: &Channel, launch: &Launch<'_>, first: Vec<OwnedFd>) -> Result<VecDeque<OwnedFd>, Error> {
    let in_memory = usize::from(matches!(launch.block, Block::Memory(_)));
    let expected = in_memory + usize::from(launch.folder_rides) + launch.numbers.len();
    let mut riders = VecDeque::from(first);
    while riders.len() < expected {
        let frame = channel.receive().await?.filter(|frame| !frame.descriptors.is_empty());
        match frame {
            Some(frame) if frame.kind == Kind::Descriptors => riders.extend(frame.descriptors),
            Some(frame) => return Err(Error::Kind(frame.kind)),
            None => return Err(Error::Descriptors { expected, came: riders.len() }),
        }
    }
    if riders.len() > expected {
        return Err(Error::Descriptors { expected, came: riders.len() });
    }
    Ok(riders)
}

fn unpack(launch: &Launch<'_>, mut riders: VecDeque<OwnedFd>) -> Result<(Strings, Folder, Streams), Error> {
    let short = Error::Body(tollgate_wire::Error::Short);
    let block = match launch.block {
        Block::Inline(bytes) => bytes.to_vec(),
        Block::Memory(length) => from_memory(riders.pop_front().ok_or(short)?, length)?,
    };
    let strings = Strings::of_block(block, launch.arguments, launch.variables)?;
    let opened = if launch.folder_rides { riders.pop_front() } else { None };
    let folder = Folder { text: opened.as_ref().map(path).unwrap_or_default(), opened };
    Ok((strings, folder, Streams::Passed(launch.numbers.iter().zip(riders).collect())))
}

/// The folder's path in the kernel's word: what the caller says of it could lead
/// the judgement elsewhere than the tool.
pub(super) fn path(folder: &OwnedFd) -> Vec<u8> {
    let link = std::fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    link.map(|path| path.into_os_string().into_encoded_bytes()).unwrap_or_default()
}

/// Copies the block out of a sealed memory file: a read never waits there, and
/// what comes later cannot change what was judged.
fn from_memory(memory: OwnedFd, length: usize) -> Result<Vec<u8>, Error> {
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    let sealed = fcntl(&memory, FcntlArg::F_GET_SEALS).map_err(|errno| Error::Memory(errno.into()))?;
    if !SealFlag::from_bits_truncate(sealed).contains(SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SHRINK) {
        return Err(Error::Memory(std::io::Error::other("it is not sealed")));
    }
    let mut block = vec![0; length];
    let mut memory = std::fs::File::from(memory);
    std::io::Seek::rewind(&mut memory).map_err(Error::Memory)?;
    memory.read_exact(&mut block).map_err(Error::Memory)?;
    Ok(block)
}
