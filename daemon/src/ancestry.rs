//! Which session or run stands above a process.
//!
//! A keeper and a supervisor are subreapers: whatever is started under one stays
//! under it, also after `setsid` or a double fork. Both are held by descriptor,
//! so their process ids cannot be anybody else's.

use std::fmt;

use crate::gate::Gate;
use crate::sys::process;

/// What stands above a process, nearest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Above {
    /// The keeper of a session.
    Keeper {
        /// The session's id.
        session: String,
    },
    /// The supervisor of a run: the process was started by a tool.
    Run {
        /// The run's id.
        id: String,
        /// The session that the run's caller was in.
        session: Option<String>,
    },
}

impl Above {
    /// The session that it leads to.
    pub(crate) fn session(&self) -> Option<&str> {
        match self {
            Self::Keeper { session } => Some(session),
            Self::Run { session, .. } => session.as_deref(),
        }
    }
}

impl fmt::Display for Above {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keeper { session } => write!(out, "ancestry under the keeper of session {session}"),
            Self::Run { id, .. } => write!(out, "ancestry under run {id}"),
        }
    }
}

/// The nearest keeper or supervisor above `pid`, itself included.
pub(crate) fn nearest(gate: &Gate, pid: i32) -> Option<Above> {
    if gate.sessions.is_empty() && gate.runs.is_empty() {
        return None;
    }
    std::iter::once(pid).chain(process::ancestors(pid)).find_map(|pid| above(gate, pid))
}

fn above(gate: &Gate, pid: i32) -> Option<Above> {
    gate.runs.of_supervisor(pid).or_else(|| gate.sessions.of_keeper(pid).map(|session| Above::Keeper { session }))
}
