//! Open sessions: each is one `tollgate run`, alive as long as its keeper's
//! connection to the admin door.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_policies::policy::Policy;

use crate::sys::peer::Peer;
use crate::sys::process;

/// One open session.
#[derive(Debug)]
pub(crate) struct Session {
    /// The agent that it was opened for.
    pub(crate) agent: String,
    /// The process that keeps it.
    pub(crate) keeper: Peer,
    /// The keeper's controlling terminal, 0 without one.
    pub(crate) terminal: i32,
    /// Policies beside the daemon's own; each can only tighten.
    pub(crate) policies: Vec<Policy>,
}

impl Session {
    /// A session kept by `keeper`.
    pub(crate) fn new(agent: String, keeper: Peer, policies: Vec<Policy>) -> Self {
        let terminal = process::standing(keeper.pid).map_or(0, |standing| standing.terminal);
        Self { agent, keeper, terminal, policies }
    }
}

/// All open sessions, by id.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    /// Opens a session; false where one of this id is open.
    pub(crate) fn open(&self, id: &str, session: Session) -> bool {
        let mut open = self.lock();
        let free = !open.contains_key(id);
        if free {
            open.insert(id.to_owned(), session);
        }
        free
    }

    /// Closes it.
    pub(crate) fn close(&self, id: &str) {
        self.lock().remove(id);
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Whether this one is open.
    pub(crate) fn is_open(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Whether none is.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The agent of a session and the policies that it adds; `None` where it is
    /// not open.
    pub(crate) fn agent_and_policies(&self, id: &str) -> Option<(String, Vec<Policy>)> {
        self.lock().get(id).map(|session| (session.agent.clone(), session.policies.clone()))
    }

    /// The session that this process keeps.
    pub(crate) fn of_keeper(&self, pid: i32) -> Option<String> {
        let open = self.lock();
        let kept = open.iter().find(|(_, session)| session.keeper.pid == pid && session.keeper.is_alive());
        kept.map(|(id, _)| id.clone())
    }

    /// Whether a session's keeper is on this terminal.
    pub(crate) fn uses_terminal(&self, terminal: i32) -> bool {
        self.lock().values().any(|session| session.terminal == terminal)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
