//! Open sessions: each is one `tollgate run`, alive as long as its keeper's
//! connection to the admin door.
//!
//! An id belongs to the keeper and the agent that it was given to: it is opened
//! again by that process alone, after a restart of the daemon, and never once it
//! was closed. Not here: who may open one (`admin`).

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_audit::{Entry, Kind, Record};
use tollgate_policies::policy::Policy;

use crate::identify::Name;
use crate::sys::peer::Peer;
use crate::sys::process;

/// One open session.
#[derive(Debug)]
pub(crate) struct Session {
    /// The process that keeps it.
    pub(crate) keeper: Peer,
    /// The keeper's controlling terminal, 0 without one.
    pub(crate) terminal: i32,
    /// What its calls are judged as.
    pub(crate) standing: Standing,
}

/// What the calls of a session are judged as.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// The agent that it was opened for, then those of the sessions around it.
    pub(crate) names: Vec<Name>,
    /// Policies beside the daemon's own; each can only tighten.
    pub(crate) policies: Vec<Policy>,
    /// The outermost session around it, or itself.
    pub(crate) root: String,
}

impl Session {
    /// A session kept by `keeper`.
    pub(crate) fn new(keeper: Peer, standing: Standing) -> Self {
        let terminal = process::standing(keeper.pid).map_or(0, |standing| standing.terminal);
        Self { keeper, terminal, standing }
    }
}

/// All open sessions, by id.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<String, Session>>,
    /// Those that an earlier daemon had open, as it recorded them.
    earlier: Mutex<HashMap<String, Entry>>,
}

impl Sessions {
    /// The kinds of records that tell which sessions were open.
    pub(crate) const KINDS: [Kind; 2] = [Kind::SessionOpened, Kind::SessionClosed];

    /// None open, and those remembered that no record closes.
    pub(crate) fn remembered(records: &[Record]) -> Self {
        let earlier = opened(records).into_iter().map(|(id, record)| (id.to_owned(), record.entry.clone()));
        Self { open: Mutex::default(), earlier: Mutex::new(earlier.collect()) }
    }

    /// The records that say nothing any more: the session is closed, or its keeper gone.
    pub(crate) fn spent(records: &[Record]) -> Vec<u64> {
        let open: HashSet<u64> = opened(records).values().map(|record| record.seq).collect();
        let ours = records.iter().filter(|record| Self::KINDS.contains(&record.entry.kind)).map(|record| record.seq);
        ours.filter(|seq| !open.contains(seq)).collect()
    }

    /// What an earlier daemon recorded of this session, which is open no more.
    pub(crate) fn earlier(&self, id: &str) -> Option<Entry> {
        lock(&self.earlier).get(id).cloned()
    }

    /// Opens a session; false where one of this id is open.
    pub(crate) fn open(&self, id: &str, session: Session) -> bool {
        let mut open = lock(&self.open);
        let free = !open.contains_key(id);
        if free {
            open.insert(id.to_owned(), session);
        }
        free
    }

    /// Closes it.
    pub(crate) fn close(&self, id: &str) {
        lock(&self.open).remove(id);
        lock(&self.earlier).remove(id);
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        lock(&self.open).len()
    }

    /// The agents that they were opened for: one each.
    pub(crate) fn agents(&self) -> Vec<String> {
        lock(&self.open).values().filter_map(|session| Some(session.standing.names.first()?.agent.clone())).collect()
    }

    /// Whether this one is open.
    pub(crate) fn is_open(&self, id: &str) -> bool {
        lock(&self.open).contains_key(id)
    }

    /// Whether none is.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.open).is_empty()
    }

    /// What the calls of a session are judged as; `None` where it is not open.
    pub(crate) fn standing(&self, id: &str) -> Option<Standing> {
        lock(&self.open).get(id).map(|session| session.standing.clone())
    }

    /// The session that this process keeps, also one that it has not opened again
    /// since the daemon was started.
    pub(crate) fn of_keeper(&self, pid: i32) -> Option<String> {
        let open = lock(&self.open);
        let kept = open.iter().find(|(_, session)| session.keeper.pid == pid && session.keeper.is_alive());
        let kept = kept.map(|(id, _)| id.clone());
        kept.or_else(|| {
            let earlier = lock(&self.earlier);
            let is = |entry: &Entry| {
                entry.process.as_ref().is_some_and(|keeper| keeper.pid == pid && process::is_alive(keeper))
            };
            earlier.iter().find(|(_, entry)| is(entry)).map(|(id, _)| id.clone())
        })
    }

    /// Whether a session's keeper is on this terminal.
    pub(crate) fn uses_terminal(&self, terminal: i32) -> bool {
        let keepers = lock(&self.earlier).values().filter_map(|entry| entry.process.clone()).collect::<Vec<_>>();
        let of = |pid: i32| process::standing(pid).is_ok_and(|standing| standing.terminal == terminal);
        lock(&self.open).values().any(|session| session.terminal == terminal)
            || keepers.iter().any(|keeper| process::is_alive(keeper) && of(keeper.pid))
    }
}

/// By id, the records of those that no other record closes.
fn opened(records: &[Record]) -> HashMap<&str, &Record> {
    let mut opened: HashMap<&str, &Record> = HashMap::new();
    for record in records {
        let id = record.entry.id.as_str();
        match record.entry.kind {
            Kind::SessionOpened => drop(opened.insert(id, record)),
            Kind::SessionClosed => drop(opened.remove(id)),
            _ => {}
        }
    }
    // Whose keeper is gone is opened by nobody again.
    opened.retain(|_, record| record.entry.process.as_ref().is_some_and(process::is_alive));
    opened
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_audit::Process;

    fn record(kind: Kind, id: &str, process: Option<Process>) -> Record {
        let entry = Entry { process, ..Entry::of(kind, id) };
        Record {
            seq: 1,
            timestamp: tollgate_audit::Timestamp::UNIX_EPOCH,
            entry,
            prev_hash: String::new(),
            hash: String::new(),
            text: String::new(),
        }
    }

    #[test]
    fn only_what_nobody_closed_and_a_living_keeper_held_is_remembered() {
        let own = process::named(i32::try_from(std::process::id()).unwrap()).unwrap();
        let gone = Process { started: own.started + 1, ..own.clone() };
        let sessions = Sessions::remembered(&[
            record(Kind::SessionOpened, "A", Some(own.clone())),
            record(Kind::SessionOpened, "B", Some(own.clone())),
            record(Kind::SessionClosed, "B", None),
            record(Kind::SessionOpened, "C", Some(gone)),
            record(Kind::SessionOpened, "D", None),
        ]);
        let known = ["A", "B", "C", "D"].map(|id| sessions.earlier(id).is_some());
        assert_eq!(known, [true, false, false, false]);
        assert_eq!(sessions.of_keeper(own.pid).as_deref(), Some("A"));
        sessions.close("A");
        assert_eq!(sessions.of_keeper(own.pid), None);
    }
}
