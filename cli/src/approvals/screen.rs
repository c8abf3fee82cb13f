//! `tollgate approvals` on a terminal: look at what waits, and answer it there.
//!
//! One thread: it waits for a key, a signal, the daemon's list or the next look at it,
//! makes of that what `state` says, and draws what `view` shows. Not here: what an
//! answer is worth; this process is asked for proof by the daemon like any other.

mod fit;
mod keys;
mod state;
mod terminal;
mod view;
mod word;

use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Instant;

use nix::libc;
use nix::sys::termios::{FlushArg, tcflush};
use tollgate_admin::{Ask, Question, Reply};
use tollgate_places::Places;

use super::{LOOK, open};
use crate::colour::Colours;
use crate::door::Door;
use crate::error::Error;
use crate::sys::{self, Signals};
use crate::waiting;
use keys::Keys;
use state::{Do, State};
use terminal::Screen;

/// Why the screen ends.
enum Left {
    /// The person has seen enough, or their terminal is gone.
    ByPerson,
    /// A signal asks for it.
    BySignal(i32),
}

/// The screen, what it waits for, and where answers go.
struct Sitting<'a> {
    places: &'a Places,
    screen: Screen,
    signals: Signals,
    keys: Keys,
    state: State,
    look: Look,
}

/// A look at the daemon's list.
enum Look {
    /// The next one begins then.
    At(Instant),
    /// It comes, one question after the other.
    Coming(Door, Vec<Question>),
}

/// Stays until the person leaves; the terminal is then as it was.
pub(super) fn answer(places: &Places) -> Result<ExitCode, Error> {
    // While this process speaks for a person, no other of the same uid may attach to it.
    sys::keep_out()?;
    let questions = open(places)?;
    let signals = Signals::hear().map_err(Error::kernel("hear signals"))?;
    let mut sitting = Sitting {
        places,
        screen: Screen::enter()?,
        signals,
        keys: Keys::default(),
        state: State::default(),
        look: Look::At(Instant::now() + LOOK),
    };
    forget_typed();
    sitting.state.arrived(questions);
    let left = sitting.stay();
    drop(sitting);
    if let Left::BySignal(signal) = left? {
        sys::die_of(signal);
    }
    Ok(ExitCode::SUCCESS)
}

impl Sitting<'_> {
    fn stay(&mut self) -> Result<Left, Error> {
        let colours = Colours::of_output();
        loop {
            self.screen.0.draw(|frame| view::draw(frame, &mut self.state, colours))?;
            if let Some(left) = self.next()? {
                return Ok(left);
            }
        }
    }

    /// Waits until there is something to draw, or to leave for.
    fn next(&mut self) -> Result<Option<Left>, Error> {
        loop {
            let (coming, until) = match &self.look {
                Look::At(until) => (None, Some(*until)),
                Look::Coming(door, _) => (Some(door), None),
            };
            let input = io::stdin();
            let awaited = [Some(input.as_fd()), Some(self.signals.as_fd()), coming.map(AsFd::as_fd)];
            let [typed, signalled, listed] = waiting::first(awaited, until).map_err(Error::kernel("wait for keys"))?;
            if typed {
                return self.typed();
            }
            if signalled {
                return self.signalled();
            }
            if (listed || coming.is_none()) && self.looked() {
                return Ok(None);
            }
        }
    }

    fn typed(&mut self) -> Result<Option<Left>, Error> {
        let mut bytes = [0; 1024];
        // Not through the standard library's buffer: what waits there shows in no `poll`.
        let count = match nix::unistd::read(io::stdin(), &mut bytes) {
            Ok(0) | Err(nix::errno::Errno::EIO) => return Ok(Some(Left::ByPerson)),
            Ok(count) => count,
            Err(cause) => return Err(Error::kernel("read the terminal")(cause)),
        };
        for key in self.keys.read(bytes.get(..count).unwrap_or_default()) {
            match self.state.pressed(key) {
                None => {}
                Some(Do::Leave) => return Ok(Some(Left::ByPerson)),
                Some(Do::Say(wish, proof)) => {
                    let heard = word::say(self.places, &wish, proof);
                    self.state.heard(wish, heard);
                    self.look = Look::At(Instant::now());
                    self.keys = Keys::default();
                    forget_typed();
                    break;
                }
            }
        }
        Ok(None)
    }

    fn signalled(&mut self) -> Result<Option<Left>, Error> {
        while let Some(arrived) = self.signals.next().map_err(Error::kernel("read a signal"))? {
            match arrived.number {
                libc::SIGHUP | libc::SIGINT | libc::SIGQUIT | libc::SIGTERM => {
                    return Ok(Some(Left::BySignal(arrived.number)));
                }
                libc::SIGCONT => self.screen.enter_again()?,
                // Of another size, it is drawn anew.
                _ => {}
            }
        }
        Ok(None)
    }

    /// Goes on with the look at the list; whether there is something new to show.
    fn looked(&mut self) -> bool {
        let look = std::mem::replace(&mut self.look, Look::At(Instant::now() + LOOK));
        let went = match look {
            Look::At(_) => Door::ask(&self.places.admin(), &Ask::Questions {}).map(|door| (door, Vec::new(), false)),
            Look::Coming(door, questions) => heard(door, questions),
        };
        match went {
            Ok((_, questions, true)) => self.state.arrived(questions),
            Ok((door, questions, false)) => {
                self.look = Look::Coming(door, questions);
                return false;
            }
            Err(error) => self.state.away = Some(error.sentence()),
        }
        true
    }
}

/// What was typed before the screen showed what it shows now, was meant for something
/// else.
fn forget_typed() {
    // What cannot be forgotten is read next; it answers nothing that is not in sight.
    let _ = tcflush(io::stdin(), FlushArg::TCIFLUSH);
}

/// One more reply; whether it was the last.
fn heard(mut door: Door, mut questions: Vec<Question>) -> Result<(Door, Vec<Question>, bool), Error> {
    match door.granted()? {
        Reply::Question(question) => questions.push(*question),
        Reply::End {} => return Ok((door, questions, true)),
        _ => return Err(Error::Reply),
    }
    Ok((door, questions, false))
}
