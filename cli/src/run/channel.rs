//! What front and keeper say to each other, as JSON frames over a socket pair.
//!
//! Not here: the daemon's side (`tollgate-admin`).

use serde::{Deserialize, Serialize};
use tollgate_wire::message::End;

/// What the keeper reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub(crate) enum Report {
    /// The command runs.
    Started {},
    /// Nothing was started, or nothing is left of it: say this and end so.
    Failed {
        /// The exit code.
        code: u8,
        /// The sentence.
        message: String,
    },
    /// Something that the person should know.
    Note {
        /// The sentence.
        message: String,
    },
    /// The daemon's connection broke.
    Lost {},
    /// The command was stopped.
    Stopped {
        /// By this signal.
        signal: i32,
    },
    /// The command exited.
    Exited {
        /// With this code.
        code: u8,
    },
    /// The command was killed.
    Killed {
        /// By this signal.
        signal: u8,
    },
}

impl Report {
    /// How the command ended.
    pub(crate) fn of_end(end: End) -> Self {
        match end {
            End::Exited(code) => Self::Exited { code },
            End::Killed(signal) => Self::Killed { signal },
        }
    }
}

/// What the front tells its keeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// A process sent the front this signal.
    Signal {
        /// Its number.
        number: i32,
        /// The process that sent it.
        sender: u32,
    },
    /// The front was stopped and goes on.
    Resumed {},
}
