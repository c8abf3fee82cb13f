//! What people allow beside the policy, and what is used up of it, as records
//! say it: the daemon rebuilds its grants, tokens, sessions and rates from these.
//!
//! Not here: what they are worth; the daemon decides that.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A time-limited exception that a person made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Grant {
    /// Its id, a ULID: that of the record that made it.
    pub id: String,
    /// The agent that it is for.
    pub agent: String,
    /// Which operations: a glob.
    pub operation: String,
    /// What they must touch: a glob for each dimension named.
    pub target: BTreeMap<String, String>,
    /// When it ends.
    #[cfg_attr(test, schemars(with = "String"))]
    pub until: Timestamp,
    /// How many commands it is good for; none where only time ends it.
    pub count: Option<u32>,
}

/// A token that a person gave an agent. Its secret is not in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Token {
    /// Its id, a ULID.
    pub id: String,
    /// Whose it is.
    pub agent: String,
    /// The clearance that it claims, 0 to 4, and that its bearer never exceeds.
    pub clearance: Option<u8>,
    /// When it ends.
    #[cfg_attr(test, schemars(with = "String"))]
    pub until: Timestamp,
}

/// A process, told from every other one that has or had its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub started: u64,
    /// Which boot: `/proc/sys/kernel/random/boot_id`.
    pub boot: String,
}

/// What an intent used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Taken {
    /// One token of a rate's bucket.
    Rate {
        /// The rule that limits.
        rule: String,
        /// Whose bucket: `agent claude-code`, `session 01K...`, `clearance 2`, `rule`.
        of: String,
        /// The limit, as the policy writes it: `10/5m burst 3`.
        limit: String,
    },
    /// One use of a grant.
    Grant {
        /// Its id.
        id: String,
    },
    /// One use of a runbook's budget.
    Runbook {
        /// Its name.
        name: String,
    },
    /// A person's answer: it is good for one run.
    Approval {
        /// The question's id.
        id: String,
    },
}
