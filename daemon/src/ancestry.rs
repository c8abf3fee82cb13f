//! Which session or run stands above a process.
//!
//! A keeper and a supervisor are subreapers: whatever is started under one stays
//! under it, also after `setsid` or a double fork. Both are known by process id
//! and start time. The daemon is a subreaper too: what a killed supervisor leaves
//! comes to it. What cannot be told is an error, never "nobody".

use std::fmt;
use std::sync::OnceLock;

use crate::gate::Gate;
use crate::identify::Name;
use crate::sys::peer::Chain;

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
        /// What that caller was judged as.
        names: Vec<Name>,
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

/// The nearest keeper or supervisor in a chain, its first process included.
pub(crate) fn nearest(gate: &Gate, chain: &Chain) -> Option<Above> {
    chain.all().find_map(|pid| above(gate, pid))
}

fn above(gate: &Gate, pid: i32) -> Option<Above> {
    // What comes to the daemon itself was left by a supervisor that was killed.
    let stray = || {
        (pid == own_pid()).then(|| Above::Run {
            id: "of a killed supervisor".to_owned(),
            session: None,
            names: Vec::new(),
        })
    };
    let run = gate.runs.of_supervisor(pid).or_else(stray);
    run.or_else(|| gate.sessions.of_keeper(pid).map(|session| Above::Keeper { session }))
}

/// Asked for once: it is compared with every process above every caller.
fn own_pid() -> i32 {
    static OWN: OnceLock<i32> = OnceLock::new();
    *OWN.get_or_init(|| i32::try_from(std::process::id()).unwrap_or_default())
}
