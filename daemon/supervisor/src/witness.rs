//! The witness: a process that does nothing but stand in the shim's process
//! group, so that it can be told what was sent to the group and what to the shim.
//!
//! What is sent to the group (by a terminal, by `kill %1`) the tool gets itself;
//! what is sent to the shim alone has to be passed on. A receiver cannot tell the
//! two apart; a third process in the group can. It holds nothing of the caller's
//! and ends when its supervisor does.

use tollgate_bare::descriptor::close_all_but;
use tollgate_bare::signals::{Inbox, SIGCHLD, Set};
use tollgate_bare::sockets::{self, receive_now};
use tollgate_bare::spawn::{Child, fork};
use tollgate_bare::{Descriptor, Errno, poll, process};
use tollgate_wire::message::Signal;

/// The witness, as its supervisor has it.
#[derive(Debug)]
pub(crate) struct Witness {
    child: Child,
    socket: Descriptor,
}

/// What the witness says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Testimony {
    /// This was sent to the group.
    Seen(Signal),
    /// It was asked, and everything that it saw before is told.
    NothingMore,
    /// Nothing yet.
    Nothing,
    /// It is gone.
    Gone,
}

impl Witness {
    /// Starts it in our own process group; all signals are blocked already.
    pub(crate) fn post() -> Result<Self, Errno> {
        let [ours, its] = sockets::pair()?;
        let child = fork(|| {
            watch(&its);
            0
        })?;
        Ok(Self { child, socket: ours })
    }

    /// Whether it is this process.
    pub(crate) fn is(&self, id: i32) -> bool {
        self.child.id == id
    }

    /// Where it is heard.
    pub(crate) fn socket(&self) -> &Descriptor {
        &self.socket
    }

    /// Asks it to tell everything that it has seen.
    pub(crate) fn ask(&self) {
        // Where it is gone, that is heard.
        let _ = sockets::send_now(&self.socket, &[0]);
    }

    /// The next thing that it says.
    pub(crate) fn hear(&self) -> Testimony {
        let mut body = [0; Signal::LENGTH];
        match receive_now(&self.socket, &mut body) {
            Err(Errno::EAGAIN | Errno::EINTR) => Testimony::Nothing,
            Ok(Signal::LENGTH) => match Signal::decode(&body) {
                Ok(Signal { number: 0, .. }) => Testimony::NothingMore,
                Ok(signal) => Testimony::Seen(signal),
                Err(_) => Testimony::Gone,
            },
            _ => Testimony::Gone,
        }
    }
}

impl Drop for Witness {
    /// Also where it is stopped and would not see that we are gone.
    fn drop(&mut self) {
        let _ = process::kill_by_descriptor(&self.child.pidfd, tollgate_bare::signals::SIGKILL);
    }
}

/// Tells every signal that arrives, until the supervisor is gone.
fn watch(supervisor: &Descriptor) {
    close_all_but([supervisor.number()]);
    let Ok(inbox) = Inbox::of(Set::ALL.without(Set::of(&[SIGCHLD]))) else { return };
    loop {
        let watched = [Some(supervisor), Some(inbox.descriptor())];
        let Ok([asked, _]) = poll::readable(watched, None) else { return };
        while let Some(seen) = inbox.arrival() {
            tell(supervisor, Signal { number: seen.number, code: seen.code, sender: seen.sender });
        }
        if asked {
            match receive_now(supervisor, &mut [0; 64]) {
                Ok(0) => return,
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(_) => return,
                Ok(_) => tell(supervisor, Signal { number: 0, code: 0, sender: 0 }),
            }
        }
    }
}

/// One that is not taken in time is as one that was not sent to the group.
fn tell(supervisor: &Descriptor, signal: Signal) {
    if let Ok(body) = signal.encode() {
        let _ = sockets::send_now(supervisor, &body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use tollgate_bare::signals;

    fn next(witness: &Witness) -> Testimony {
        poll::readable([Some(witness.socket())], Some(Duration::from_secs(5))).unwrap();
        witness.hear()
    }

    #[test]
    fn a_witness_tells_what_it_gets_and_when_that_was_all() {
        let before = signals::block_exactly(Set::ALL);
        let witness = Witness::post().unwrap();
        witness.ask();
        assert_eq!(next(&witness), Testimony::NothingMore);
        process::kill_by_descriptor(&witness.child.pidfd, signals::SIGUSR1).unwrap();
        let Testimony::Seen(seen) = next(&witness) else { panic!("nothing seen") };
        assert_eq!((seen.number, seen.sender), (signals::SIGUSR1, std::process::id()));
        process::kill_by_descriptor(&witness.child.pidfd, signals::SIGKILL).unwrap();
        assert_eq!(next(&witness), Testimony::Gone);
        signals::block_exactly(before);
    }
}
