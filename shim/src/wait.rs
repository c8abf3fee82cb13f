//! From the request to the end: what daemon and supervisor say, and the signals
//! that arrive meanwhile.
//!
//! Until the tool runs nobody but the shim writes to the caller's descriptor 2,
//! and a signal does to the shim what it would do to any program. Once it runs
//! the caller's descriptors are the tool's alone, and signals are passed on.

use core::time::Duration;

use tollgate_bare::descriptor::close_all_but;
use tollgate_bare::{Descriptor, Errno, Start, poll, sabotage, sockets, time};
use tollgate_wire::frame::{HEADER, Header, Kind};
use tollgate_wire::message::{self, End};
use tollgate_wire::{Error, ID_LENGTH};

use crate::birth::{self, Riding};
use crate::held::Held;
use crate::problem::Problem;
use crate::send::Frame;
use crate::voice::Voice;

/// Far above what a supervisor needs from the tool's start to saying so, and no
/// time for whoever interrupts a command that waits.
const GRACE: Duration = Duration::from_millis(200);

/// What waiting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// End like this.
    Ended(End),
    /// The daemon hung up before anything ran.
    Lost,
}

/// The question that a person is asked about this command, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Question {
    pub(crate) id: Option<[u8; ID_LENGTH]>,
    /// Since when the daemon is away.
    pub(crate) lost: Option<Duration>,
}

impl Question {
    /// The daemon hung up: with a question open it may come back.
    pub(crate) fn is_lost(&mut self) -> Result<(), Problem> {
        if self.id.is_none() {
            return Err(Problem::HungUp);
        }
        self.lost.get_or_insert_with(time::now);
        Ok(())
    }
}

/// What waiting needs to know of the caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) start: &'a Start,
    pub(crate) voice: Voice,
    /// The lowest number above the caller's descriptors.
    pub(crate) above: i32,
}

/// Waits for the end.
pub(crate) fn answer(
    socket: &Descriptor,
    question: &mut Question,
    held: &mut Held,
    asker: &Asker<'_>,
    frame: &mut Frame,
) -> Result<Answer, Problem> {
    loop {
        let mut riding = Riding::new();
        let [speaks, signal] = poll::readable([Some(socket), Some(held.descriptor())], None).map_err(Problem::Poll)?;
        // The socket first: where `Started` and a signal are both there, the signal is the tool's.
        if speaks {
            match read(socket, frame, &mut riding)? {
                None => return Ok(Answer::Lost),
                Some((Kind::Say, text)) => held.as_the_caller(|| asker.voice.say(text)),
                Some((Kind::Birth, _)) => held.supervisor = birth::give(riding, asker.above, asker.start)?,
                Some((Kind::Wait, id)) => question.id = Some(id.try_into().map_err(|_| Error::Short)?),
                Some((Kind::Started, _)) => {
                    let_go(socket, held);
                    return until_end(socket, held, frame).map(Answer::Ended);
                }
                Some((Kind::Ended, body)) => return Ok(Answer::Ended(End::decode(body)?)),
                Some((other, _)) => return Err(Error::Unknown(other as u8).into()),
            }
            question.lost = None;
        } else if signal && !speaks_soon(socket)? {
            held.suffer();
        }
    }
}

/// Whether the daemon or the supervisor says something within [`GRACE`]: the tool
/// may run already, and the signal be meant for it, while `Started` is on its way.
fn speaks_soon(socket: &Descriptor) -> Result<bool, Problem> {
    let [speaks] = poll::readable([Some(socket)], Some(GRACE)).map_err(Problem::Poll)?;
    Ok(speaks)
}

/// Readers must see an early end and writers SIGPIPE: from here on the tool alone
/// holds what was the caller's.
fn let_go(socket: &Descriptor, held: &Held) {
    if !sabotage!("keep-descriptors") {
        close_all_but([socket.number(), held.descriptor().number()]);
    }
}

fn until_end(socket: &Descriptor, held: &mut Held, frame: &mut Frame) -> Result<End, Problem> {
    held.tool_runs().map_err(Problem::Poll)?;
    loop {
        let [speaks, signal] = poll::readable([Some(socket), Some(held.descriptor())], None).map_err(Problem::Poll)?;
        if speaks {
            match read(socket, frame, &mut Riding::new())? {
                None => return Err(Problem::Abandoned),
                Some((Kind::Ended, body)) => return Ok(End::decode(body)?),
                Some((Kind::Spawned, body)) => held.tool = message::number(body).ok(),
                Some((Kind::Stopped, body)) => held.stop_like_the_tool(message::number(body)?, socket),
                Some(_) => {}
            }
        } else if signal {
            held.pass_on(socket);
        }
    }
}

/// The next frame; `None` where the peer has hung up, in the middle of one too.
fn read<'a>(socket: &Descriptor, frame: &'a mut Frame, riding: &mut Riding) -> Result<Option<(Kind, &'a [u8])>, Error> {
    let mut header = [0; HEADER];
    if fill(socket, &mut header, riding).is_err() {
        return Ok(None);
    }
    let header = Header::decode(&header)?;
    let body = frame.body().get_mut(..header.body).ok_or(Error::Limit)?;
    if fill(socket, body, riding).is_err() {
        return Ok(None);
    }
    Ok(Some((header.kind, body)))
}

fn fill(socket: &Descriptor, mut into: &mut [u8], riding: &mut Riding) -> Result<(), Errno> {
    while !into.is_empty() {
        match sockets::receive(socket, into, riding) {
            Ok(0) => return Err(Errno::ENOENT),
            Ok(length) => into = into.get_mut(length..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
