//! Continuing a shim that stopped as its tool did, and no other.
//!
//! Whoever continues the tool mostly continues the shim too (`fg` signals the whole
//! group), and may have stopped both again before that is heard here: a SIGCONT for
//! the shim would then wake a job that its shell has stopped. So it is sent only
//! where the shim stands still while the tool does not.

use core::time::Duration;

use tollgate_bare::process::{self, kill_by_descriptor};
use tollgate_bare::signals::SIGCONT;
use tollgate_bare::{Descriptor, Errno, Text, files};

/// A shim that was about to stop when its tool went on has stopped by then.
const AGAIN: Duration = Duration::from_millis(20);

/// The shim, as one who may have to be woken.
pub(super) struct Sleeper {
    shim: Descriptor,
    id: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was not told to stop, or goes on.
    Awake,
    /// It was told to stop.
    Told,
    /// Its tool goes on and it seemed to; to be looked at once more.
    Doubted(Duration),
}

impl Sleeper {
    /// The shim is our parent.
    pub(super) fn new(shim: Descriptor) -> Self {
        Self { shim, id: process::parent(), state: State::Awake }
    }

    /// It was told to stop.
    pub(super) fn is_told(&mut self) {
        self.state = State::Told;
    }

    /// Whether it was told to stop.
    pub(super) fn may_sleep(&self) -> bool {
        self.state == State::Told
    }

    /// The tool goes on.
    pub(super) fn tool_goes_on(&mut self, tool: i32, now: Duration) {
        if self.state == State::Told && is_stopped(tool.cast_unsigned()) != Ok(true) {
            self.state = if self.wake_where_it_sleeps() { State::Awake } else { State::Doubted(now) };
        }
    }

    /// Looks again where that is due.
    pub(super) fn settle(&mut self, tool: i32, now: Duration) {
        if self.patience(now) == Some(Duration::ZERO) {
            if is_stopped(tool.cast_unsigned()) != Ok(true) {
                self.wake_where_it_sleeps();
            }
            self.state = State::Awake;
        }
    }

    /// How long until [`Sleeper::settle`] has something to do.
    pub(super) fn patience(&self, now: Duration) -> Option<Duration> {
        match self.state {
            State::Doubted(since) => Some(since.saturating_add(AGAIN).saturating_sub(now)),
            State::Awake | State::Told => None,
        }
    }

    /// The tool has ended, so nothing keeps the shim.
    pub(super) fn tool_ended(&mut self) {
        if core::mem::replace(&mut self.state, State::Awake) != State::Awake {
            self.wake();
        }
    }

    /// Where nothing can be seen it is woken: better awake once too often than never.
    fn wake_where_it_sleeps(&self) -> bool {
        let sleeps = is_stopped(self.id) != Ok(false);
        if sleeps {
            self.wake();
        }
        sleeps
    }

    fn wake(&self) {
        let _ = kill_by_descriptor(&self.shim, SIGCONT);
    }
}

/// Whether a process is stopped. An error where `/proc` cannot tell: not there,
/// or one of other process ids than ours.
fn is_stopped(id: u32) -> Result<bool, Errno> {
    let mut own = Text::<20>::new();
    own.number(process::id().into());
    if files::link_text(c"/proc/self", &mut [0; 20])? != own.as_bytes() {
        return Err(Errno::ENOENT);
    }
    let mut number = Text::<20>::new();
    number.number(id.into());
    let path = files::Path::of(&[b"/proc/", number.as_bytes(), b"/stat"])?;
    let file = files::open(path.as_c_str(), 0)?;
    let mut line = [0; 128];
    let length = files::read(file.number(), &mut line)?;
    // The name, in brackets, may hold any byte, brackets too; no number behind it does.
    let line = line.get(..length).unwrap_or_default();
    let name = line.iter().rposition(|byte| *byte == b')').ok_or(Errno::EINVAL)?;
    Ok(line.get(name..).is_some_and(|rest| rest.starts_with(b") T")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_bare::signals::{SIGKILL, SIGSTOP};
    use tollgate_bare::spawn::fork;

    #[test]
    fn a_process_that_stands_still_is_told_from_one_that_does_not() {
        assert_eq!(is_stopped(process::id()), Ok(false));
        let child = fork(|| {
            loop {
                std::thread::park();
            }
        })
        .unwrap();
        let id = child.id.cast_unsigned();
        assert_eq!(is_stopped(id), Ok(false));
        kill_by_descriptor(&child.pidfd, SIGSTOP).unwrap();
        while is_stopped(id) == Ok(false) {
            std::thread::yield_now();
        }
        assert_eq!(is_stopped(id), Ok(true));
        kill_by_descriptor(&child.pidfd, SIGKILL).unwrap();
        process::wait_for(child.id).unwrap();
        is_stopped(id).unwrap_err();
    }
}
