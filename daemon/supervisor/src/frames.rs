//! The small frames that a supervisor sends. Nobody who does not listen is
//! waited for: where a frame cannot be sent, the peer's end is seen elsewhere.

use tollgate_bare::{Descriptor, sockets};
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

/// The tool runs: the shim lets go.
pub(crate) fn started(shim: &Descriptor) {
    send(shim, Kind::Started, &[]);
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
    let mut frame = [0; HEADER + 4];
    let Ok(header) = (Header { kind, body: body.len(), descriptors: 0 }).encode() else { return };
    frame.iter_mut().zip(header.iter().chain(body)).for_each(|(place, byte)| *place = *byte);
    let _ = sockets::send_now(to, frame.get(..HEADER + body.len()).unwrap_or_default());
}
