//! The small frames that a supervisor sends. Nobody who does not listen is
//! waited for: where a frame cannot be sent, the peer's end is seen elsewhere.

use tollgate_bare::{Descriptor, Text, sockets};
use tollgate_wire::frame::{HEADER, Header, Kind};
use tollgate_wire::message::{End, Finish};

/// A frame whose body is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// The tool runs as this process.
    Spawned,
    /// It could not be started: a failure's number.
    NotSpawned,
    /// It was stopped by this signal.
    Stopped,
}

/// Sends a number.
pub(crate) fn number(to: &Descriptor, what: Number, number: i32) {
    let kind = match what {
        Number::Spawned => Kind::Spawned,
        Number::NotSpawned => Kind::NotSpawned,
        Number::Stopped => Kind::Stopped,
    };
    send(to, kind, &number.to_le_bytes());
}

/// Born at a shim, we wait for the plan.
pub(crate) fn ready(control: &Descriptor) {
    send(control, Kind::Ready, &[]);
}

/// The tool runs, as this process: the shim lets go. One of version 1 does so as well,
/// and passes over what it did not ask for.
pub(crate) fn started(shim: &Descriptor, tool: i32) {
    send_all(shim, [(Kind::Started, &[]), (Kind::Spawned, &tool.to_le_bytes())]);
}

/// The shim ends like this.
pub(crate) fn ended(shim: &Descriptor, end: End) {
    send(shim, Kind::Ended, &end.encode());
}

/// The daemon knows how it ended.
pub(crate) fn finished(control: &Descriptor, finish: Finish) {
    send(control, Kind::Finished, &finish.encode());
}

fn send(to: &Descriptor, kind: Kind, body: &[u8]) {
    send_all(to, [(kind, body)]);
}

/// At once, so that the peer wakes up once.
fn send_all<const FRAMES: usize>(to: &Descriptor, frames: [(Kind, &[u8]); FRAMES]) {
    let mut text = Text::<{ 2 * (HEADER + 4) }>::new();
    for (kind, body) in frames {
        let Ok(header) = (Header { kind, body: body.len(), descriptors: 0 }).encode() else { return };
        text.put_bytes(&header);
        text.put_bytes(body);
    }
    let _ = sockets::send_now(to, text.as_bytes());
}
