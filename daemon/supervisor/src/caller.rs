//! The shim's side: the signals that it passes on, and whether it is still there.
//!
//! A shim says nothing but `Signal`; one that says anything else is treated as gone.

use tollgate_bare::{Descriptor, Errno, sockets};
use tollgate_wire::frame::{HEADER, Header, Kind};
use tollgate_wire::message::Signal;

/// Bytes of the one frame that a shim sends.
const FRAME: usize = HEADER + Signal::LENGTH;

/// The shim, as far as it has been heard.
#[derive(Debug)]
pub(crate) struct Caller {
    socket: Descriptor,
    heard: [u8; FRAME],
    length: usize,
}

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Pass this on.
    Signal(Signal),
    /// Nothing whole yet.
    Nothing,
    /// The caller is gone.
    Gone,
}

impl Caller {
    /// At the other end of `socket`.
    pub(crate) fn new(socket: Descriptor) -> Self {
        Self { socket, heard: [0; FRAME], length: 0 }
    }

    /// Where it is told things.
    pub(crate) fn socket(&self) -> &Descriptor {
        &self.socket
    }

    /// Reads what is there, up to one signal.
    pub(crate) fn hear(&mut self) -> Heard {
        let room = self.heard.get_mut(self.length..).unwrap_or_default();
        match sockets::receive_now(&self.socket, room) {
            Ok(0) => Heard::Gone,
            Ok(length) => {
                self.length += length;
                if self.length == FRAME { self.whole() } else { Heard::Nothing }
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Heard::Nothing,
            Err(_) => Heard::Gone,
        }
    }

    fn whole(&mut self) -> Heard {
        self.length = 0;
        let (header, body) = self.heard.split_at(HEADER);
        let header = header.first_chunk::<HEADER>().map(Header::decode);
        match (header, Signal::decode(body)) {
            (Some(Ok(Header { kind: Kind::Signal, body: Signal::LENGTH, .. })), Ok(signal)) => Heard::Signal(signal),
            _ => Heard::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(signal: Signal) -> Vec<u8> {
        let header = Header { kind: Kind::Signal, body: Signal::LENGTH, descriptors: 0 };
        [&header.encode().unwrap()[..], &signal.encode().unwrap()].concat()
    }

    #[test]
    fn signals_are_heard_one_by_one_however_they_arrive() {
        let [shim, ours] = sockets::pair().unwrap();
        let mut caller = Caller::new(ours);
        let (first, second) = (Signal { number: 15, code: 0, sender: 7 }, Signal { number: 2, code: 128, sender: 0 });
        let bytes = [frame(first), frame(second)].concat();
        sockets::send(&shim, &bytes[..5], &[]).unwrap();
        assert_eq!(caller.hear(), Heard::Nothing);
        sockets::send(&shim, &bytes[5..], &[]).unwrap();
        assert_eq!(caller.hear(), Heard::Signal(first));
        assert_eq!(caller.hear(), Heard::Signal(second));
        assert_eq!(caller.hear(), Heard::Nothing);
        drop(shim);
        assert_eq!(caller.hear(), Heard::Gone);
    }

    #[test]
    fn a_shim_that_says_anything_else_is_gone() {
        for bytes in [&[b'x'; FRAME][..], &Header { kind: Kind::Say, body: 12, descriptors: 0 }.encode().unwrap()] {
            let [shim, ours] = sockets::pair().unwrap();
            let mut caller = Caller::new(ours);
            sockets::send(&shim, bytes, &[]).unwrap();
            sockets::send(&shim, &[0; FRAME], &[]).unwrap();
            assert_eq!(caller.hear(), Heard::Gone);
        }
    }
}
