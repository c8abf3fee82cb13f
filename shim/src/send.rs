//! The request: one frame with as many descriptors as fit, then the rest of them.

use core::time::Duration;

use tollgate_bare::memory::sealed_file;
use tollgate_bare::{Descriptor, Errno, Mapping, sockets, time};
use tollgate_wire::frame::{HEADER, Header, Kind};
use tollgate_wire::launch::{self, Launch};
use tollgate_wire::request::{MAX_INLINE, Request};
use tollgate_wire::{Error, ID_LENGTH, MAX_BODY, MAX_DESCRIPTORS, MAX_DESCRIPTORS_A_FRAME};

use crate::call::Call;
use crate::collect::Caller;
use crate::problem::Problem;

/// How long other senders' descriptors may be in the way of ours.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(2);

/// Room for one frame, either way.
#[derive(Debug)]
pub(crate) struct Frame(Mapping);

impl Frame {
    pub(crate) fn new() -> Result<Self, Problem> {
        Mapping::zeroed(HEADER + MAX_BODY).map(Self).map_err(Problem::Memory)
    }

    /// Room for the body alone.
    pub(crate) fn body(&mut self) -> &mut [u8] {
        self.0.get_mut(HEADER..).unwrap_or_default()
    }

    /// The frame of this kind whose body is already there.
    fn finished(&mut self, header: &Header) -> Result<&[u8], Error> {
        self.0.first_chunk_mut::<HEADER>().ok_or(Error::Full)?.copy_from_slice(&header.encode()?);
        self.0.get(..HEADER + header.body).ok_or(Error::Full)
    }
}

/// Sends the request; `resumes` is the question that it continues. Where the
/// daemon hangs up meanwhile, what it said is still to be read.
pub(crate) fn request(
    socket: &Descriptor,
    call: &Call,
    caller: &Caller,
    resumes: Option<[u8; ID_LENGTH]>,
    frame: &mut Frame,
) -> Result<(), Problem> {
    let inline = launch(caller, launch::Block::Inline(caller.block.bytes()));
    let request = Request { door: call.door, resumes, tool: call.tool, launch: inline };
    let inline_room = frame.body().get_mut(..MAX_INLINE).unwrap_or_default();
    let (length, memory) = match request.encode(inline_room) {
        Ok(length) => (length, None),
        Err(Error::Full) => {
            let memory = sealed_file(caller.block.bytes()).map_err(Problem::Memory)?;
            let launch = launch(caller, launch::Block::Memory(caller.block.bytes().len()));
            let length = Request { launch, ..request }.encode(frame.body()).map_err(|_| Problem::TooLong)?;
            (length, Some(memory))
        }
        Err(_) => return Err(Problem::TooLong),
    };
    let riding = Riding::of(memory.as_ref(), caller);
    match riding.send(socket, frame, length) {
        Err(error) if error == Errno::EAGAIN || error == Errno::ETOOMANYREFS => Err(Problem::Stuck(error)),
        Err(Errno::EINVAL) => Err(Problem::Unpassable),
        // Hung up: the answer, or its absence, is read next.
        _ => Ok(()),
    }
}

fn launch<'a>(caller: &'a Caller, block: launch::Block<'a>) -> Launch<'a> {
    Launch {
        state: caller.state,
        arguments: caller.block.arguments,
        variables: caller.block.variables,
        block,
        folder: caller.folder.text(),
        folder_rides: caller.folder.number.is_some(),
        numbers: caller.inherited.numbers(),
    }
}

/// Every descriptor that rides, in the request's order.
struct Riding {
    numbers: [i32; MAX_DESCRIPTORS + 2],
    count: usize,
}

impl Riding {
    fn of(memory: Option<&Descriptor>, caller: &Caller) -> Self {
        let mut riding = Self { numbers: [-1; MAX_DESCRIPTORS + 2], count: 0 };
        let first = memory.map(Descriptor::number).into_iter().chain(caller.folder.number);
        for (number, place) in first.chain(caller.inherited.numbers().iter()).zip(&mut riding.numbers) {
            *place = number;
            riding.count += 1;
        }
        riding
    }

    fn send(&self, socket: &Descriptor, frame: &mut Frame, body: usize) -> Result<(), Errno> {
        let numbers = self.numbers.get(..self.count).unwrap_or_default();
        let (first, rest) = numbers.split_at(numbers.len().min(MAX_DESCRIPTORS_A_FRAME));
        send_frame(socket, frame, &Header { kind: Kind::Request, body, descriptors: first.len() }, first)?;
        for some in rest.chunks(MAX_DESCRIPTORS_A_FRAME) {
            send_frame(socket, frame, &Header { kind: Kind::Descriptors, body: 0, descriptors: some.len() }, some)?;
        }
        Ok(())
    }
}

fn send_frame(socket: &Descriptor, frame: &mut Frame, header: &Header, descriptors: &[i32]) -> Result<(), Errno> {
    let bytes = frame.finished(header).map_err(|_| Errno::EINVAL)?;
    let deadline = time::now() + PATIENCE;
    loop {
        match sockets::send(socket, bytes, descriptors) {
            // The kernel counts the descriptors of all this user's messages that nobody
            // has read yet, and refuses before a byte is sent (unix(7)): daemon busy.
            Err(Errno::ETOOMANYREFS) if time::now() < deadline => time::sleep(PAUSE),
            done => return done,
        }
    }
}
