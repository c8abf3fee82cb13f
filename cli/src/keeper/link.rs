//! The session's link to the daemon: open as long as the session is.
//!
//! Not here: starting a daemon; when this one is lost, the front brings it up
//! and the session is registered again under its id.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tollgate_admin::{Ask, Reply};

use crate::door::Door;
use crate::error::Error;

/// Between two tries to register again, at first and at most.
const FIRST: Duration = Duration::from_millis(20);
const MOST: Duration = Duration::from_secs(1);

/// What the daemon said of a session that it opened.
#[derive(Debug)]
pub(super) struct Opened {
    /// The socket that its shims ask.
    pub(super) gate: PathBuf,
    /// The folder that is its own.
    pub(super) folder: PathBuf,
}

#[derive(Debug)]
enum State {
    Open(Door),
    /// Registered again at the moment `next`.
    Lost {
        next: Instant,
        wait: Duration,
    },
    /// The daemon will not have it again.
    Refused,
}

/// What became of a try to register again.
#[derive(Debug)]
pub(super) enum Again {
    /// It is open, or it is not yet time.
    Quiet,
    /// The daemon refused: its sentence.
    Refused(String),
}

/// The link.
#[derive(Debug)]
pub(super) struct Link {
    admin: PathBuf,
    agent: String,
    policy: Option<String>,
    id: String,
    state: State,
}

impl Link {
    /// Opens the session.
    pub(super) fn open(admin: &Path, agent: &str, policy: Option<&str>) -> Result<(Self, Opened), Error> {
        let (agent, policy) = (agent.to_owned(), policy.map(str::to_owned));
        let ask = Ask::OpenSession { agent: agent.clone(), id: None, policy: policy.clone() };
        let (door, id, opened) = register(admin, &ask)?;
        Ok((Self { admin: admin.to_owned(), agent, policy, id, state: State::Open(door) }, opened))
    }

    /// The session's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What can be waited on while the link is open.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Open(door) => Some(door.as_fd()),
            _ => None,
        }
    }

    /// The daemon spoke or left, and nothing was asked: either way it is lost.
    pub(super) fn lost(&mut self, now: Instant) {
        self.state = State::Lost { next: now, wait: FIRST };
    }

    /// When to try again; none where there is nothing to try.
    pub(super) fn next(&self) -> Option<Instant> {
        match self.state {
            State::Lost { next, .. } => Some(next),
            _ => None,
        }
    }

    /// Tries to register again, if it is time.
    pub(super) fn tend(&mut self, now: Instant) -> Again {
        let State::Lost { next, wait } = self.state else { return Again::Quiet };
        if now < next {
            return Again::Quiet;
        }
        let again =
            Ask::OpenSession { agent: self.agent.clone(), id: Some(self.id.clone()), policy: self.policy.clone() };
        match register(&self.admin, &again) {
            Ok((door, id, _)) if id == self.id => self.state = State::Open(door),
            Ok(_) => return self.refused("another session was opened in its place".to_owned()),
            Err(Error::Refused(message)) => return self.refused(message),
            Err(_) => self.state = State::Lost { next: now + wait, wait: (wait * 2).min(MOST) },
        }
        Again::Quiet
    }

    fn refused(&mut self, message: String) -> Again {
        self.state = State::Refused;
        Again::Refused(message)
    }
}

fn register(admin: &Path, ask: &Ask) -> Result<(Door, String, Opened), Error> {
    let mut door = Door::ask(admin, ask)?;
    match door.granted()? {
        Reply::Session { id, gate, folder } => Ok((door, id, Opened { gate: gate.into(), folder: folder.into() })),
        _ => Err(Error::Reply),
    }
}
