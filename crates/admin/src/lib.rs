//! What the person's command and the daemon say at the admin door.
//!
//! One [`Ask`] a connection, then [`Reply`]s up to the last one that the ask
//! calls for; each is a JSON value in a frame of kind `Json`. Whoever connects is
//! identified by the kernel (uid, pidfd, ancestry), never by what it says here.
#![forbid(unsafe_code)]

mod door;

pub use door::{Connection, Error, read_frame, write_frame};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// How the daemon does: answered by one [`Reply::Status`].
    Status {},
    /// The open questions: a [`Reply::Question`] each, then [`Reply::End`].
    Questions {},
    /// A person's answer to one question: [`Reply::Done`], [`Reply::Partly`],
    /// [`Reply::Passphrase`] or [`Reply::Refused`].
    Answer {
        /// The question's id, or the start of one: [`ENOUGH`] letters or more.
        id: String,
        /// What the person says.
        answer: Answer,
        /// Why, in the person's words.
        #[serde(default)]
        reason: Option<String>,
        /// Who it is, by a passphrase; needed where the question says so.
        #[serde(default)]
        approver: Option<Proof>,
        /// Flags that an approval adds, each with its value: `--dry-run=server`.
        #[serde(default)]
        add: Vec<String>,
    },
    /// A person gives somebody a passphrase to answer with: [`Reply::Done`],
    /// [`Reply::Passphrase`] or [`Reply::Refused`].
    SetPassphrase {
        /// Whose it shall be, with the passphrase.
        approver: Proof,
        /// Somebody who has one already; needed where anybody has.
        #[serde(default)]
        by: Option<Proof>,
    },
    /// A person takes a passphrase away: as [`Ask::SetPassphrase`].
    RemovePassphrase {
        /// Whose.
        name: String,
        /// Somebody who has one.
        #[serde(default)]
        by: Option<Proof>,
    },
    /// Who has a passphrase: a [`Reply::Approver`] each, then [`Reply::End`].
    Approvers {},
    /// What the policies say: a [`Reply::PolicyText`] for each text, then [`Reply::End`].
    Policies {},
    /// A person takes the policy that waits: [`Reply::Done`] or [`Reply::Refused`].
    AcceptPolicy {
        /// Its hash, `sha256:...`: another one that came meanwhile is not meant.
        hash: String,
    },
    /// The head of the audit, signed now: [`Reply::Checkpoint`].
    Checkpoint {},
    /// Another recorder's lines follow: [`Reply::Done`] or [`Reply::Refused`], then
    /// [`Lines`] from the recorder, each answered by [`Reply::Ingested`] or
    /// [`Reply::Failed`].
    Ingest {
        /// The recorder's name.
        source: String,
    },
    /// A person gives an agent a token: [`Reply::Token`] or [`Reply::Refused`].
    IssueToken {
        /// The agent's name.
        agent: String,
        /// How long it is good for, in seconds.
        ttl_s: u64,
        /// The clearance that it claims, 0 to 4.
        #[serde(default)]
        clearance: Option<u8>,
    },
    /// The tokens whose time is not over: a [`Reply::TokenState`] each, then [`Reply::End`].
    Tokens {},
    /// A person takes a token back: [`Reply::Done`] or [`Reply::Refused`].
    RevokeToken {
        /// Its id.
        id: String,
    },
    /// A person answers in advance, for a while: [`Reply::Grant`] or [`Reply::Refused`].
    Grant {
        /// The agent that it is for.
        agent: String,
        /// The operations: a glob.
        operation: String,
        /// What they must touch: a glob for each dimension named.
        #[serde(default)]
        target: BTreeMap<String, String>,
        /// How long it is good for, in seconds.
        for_s: u64,
        /// How many commands it is good for.
        #[serde(default)]
        count: Option<u32>,
    },
    /// The grants that are in force: a [`Reply::Grant`] each, then [`Reply::End`].
    Grants {},
    /// A person takes a grant back: [`Reply::Done`] or [`Reply::Refused`].
    RevokeGrant {
        /// Its id.
        id: String,
    },
    /// Something was tried inside of a session that only works outside of one:
    /// [`Reply::Done`], once that is recorded.
    Tried {
        /// Which option, as it was written.
        option: TriedOption,
    },
    /// Opens a session that lasts as long as this connection:
    /// [`Reply::Session`] or [`Reply::Refused`].
    OpenSession {
        /// The agent's name.
        agent: String,
        /// The session's id, when it is registered again after the daemon restarted.
        #[serde(default)]
        id: Option<String>,
        /// A further policy file's path; it can only tighten.
        #[serde(default)]
        policy: Option<String>,
    },
}

/// What `tollgate run` and `exec` do not take inside of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriedOption {
    /// `--root`: another gate.
    Root,
    /// `--policy`: another policy.
    Policy,
}

impl TriedOption {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "--root",
            Self::Policy => "--policy",
        }
    }
}

/// Letters of an id that mean one question: they hold the second in which it was asked.
/// With less somebody answers what came after the question that they read.
pub const ENOUGH: usize = 8;

/// Who somebody is, by a passphrase.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The name that they were given.
    pub name: String,
    /// The passphrase, as it was typed.
    pub passphrase: String,
}

impl std::fmt::Debug for Proof {
    /// The name alone.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Proof({:?})", self.name)
    }
}

/// A person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It may run, once.
    Approve,
    /// It may not.
    Deny,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// How the daemon does.
    Status(Box<Status>),
    /// One open question.
    Question(Box<Question>),
    /// One text of a policy, or a part of a long one.
    PolicyText {
        /// Whose.
        whose: Whose,
        /// That policy's hash, `sha256:...`.
        hash: String,
        /// The file.
        name: String,
        /// What it says; a long text comes in several parts, in order.
        text: String,
    },
    /// The head of the audit.
    Checkpoint {
        /// The signed note; none where nothing is recorded.
        note: Option<String>,
        /// The public key that signs.
        key: String,
    },
    /// Lines are recorded.
    Ingested {
        /// How many of this connection so far.
        records: u64,
        /// The number of the last record of these lines; none where none ended.
        last: Option<u64>,
    },
    /// A token that was made.
    Token {
        /// What the agent shows in `TOLLGATE_TOKEN`.
        token: String,
        /// Its id.
        id: String,
        /// When it ends: RFC 3339.
        until: String,
    },
    /// One grant.
    Grant(GrantState),
    /// One token, without its secret.
    TokenState(TokenState),
    /// One who answers with a passphrase.
    Approver {
        /// Who.
        name: String,
    },
    /// There is no more.
    End {},
    /// It is done.
    Done {},
    /// The approval counts, and so many more people must approve.
    Partly {
        /// How many.
        missing: u8,
    },
    /// It needs somebody's passphrase: ask again with it.
    Passphrase {
        /// Those who have one.
        names: Vec<String>,
    },
    /// The session is open.
    Session {
        /// Its id.
        id: String,
        /// The socket that its shims ask.
        gate: String,
        /// The folder that is the session's own (the caller makes its shims there).
        folder: String,
    },
    /// It may not be, and this is recorded.
    Refused {
        /// Why, for a person.
        message: String,
    },
    /// It could not be.
    Failed {
        /// Why, for a person.
        message: String,
    },
}

/// Most bytes of one foreign line: 1 MiB.
pub const MAX_FOREIGN: usize = 1 << 20;

/// Most bytes of lines in one frame: escaped as JSON they still fit.
pub const PIECE: usize = 24 * 1024;

/// Lines of another recorder, a JSON object each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// The lines, without their ends.
    pub lines: Vec<String>,
    /// Whether the last of them goes on in the next frame.
    pub more: bool,
}

/// Which policy a text is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The accepted one.
    Accepted,
    /// The one that waits.
    Pending,
}

/// A grant as a person is shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantState {
    /// Its id.
    pub id: String,
    /// The agent that it is for.
    pub agent: String,
    /// The operations: a glob.
    pub operation: String,
    /// What they must touch: a glob for each dimension named.
    pub target: BTreeMap<String, String>,
    /// When it ends: RFC 3339.
    pub until: String,
    /// How many commands it is good for.
    pub count: Option<u32>,
    /// How many it was used for.
    pub used: u32,
}

/// A token as a person is shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenState {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub agent: String,
    /// The clearance that it claims.
    pub clearance: Option<u8>,
    /// When it ends: RFC 3339.
    pub until: String,
    /// The process whose descendants may use it; none before its first use.
    pub bound_to: Option<i32>,
    /// Whether a person took it back.
    pub revoked: bool,
}

/// A policy in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySummary {
    /// Its hash, `sha256:...`.
    pub hash: String,
    /// Its files, or the profile's name where there are none.
    pub files: Vec<String>,
    /// Its rules.
    pub rules: usize,
}

/// One agent that is at the gate now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentState {
    /// Its name.
    pub agent: String,
    /// Its open sessions.
    pub sessions: usize,
    /// Its commands that run.
    pub runs: usize,
}

/// How the daemon does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Seconds since it started.
    pub up_s: u64,
    /// The accepted policy's files, or the profile's name where there are none.
    pub policy: Vec<String>,
    /// The accepted policy's hash, `sha256:...`.
    pub policy_hash: String,
    /// Its rules.
    pub rules: usize,
    /// Whether what the policies say is only recorded, and everything runs.
    #[serde(default)]
    pub observes: bool,
    /// The policy that judges beside it until a person accepts it.
    #[serde(default)]
    pub policy_pending: Option<PolicySummary>,
    /// What is wrong with the policy's files.
    #[serde(default)]
    pub policy_problem: Option<String>,
    /// Open sessions.
    pub sessions: usize,
    /// The agents that are here, with their sessions and running commands; at most 20.
    #[serde(default)]
    pub agents: Vec<AgentState>,
    /// Commands that run now.
    pub runs: usize,
    /// Open questions.
    pub questions: usize,
    /// The audit's folder.
    pub audit: String,
    /// Records in the audit since the daemon started.
    pub records: u64,
    /// How often they were made durable: several at once count once.
    pub syncs: u64,
    /// Supervisors started since the daemon started: one a run, and those that wait.
    pub supervisors: u64,
    /// The last failure to write a record, if there was one.
    pub audit_problem: Option<String>,
    /// Records that could not be written since the daemon started.
    #[serde(default)]
    pub audit_lost: u64,
    /// Records that the newest checkpoint covers, from the very first.
    #[serde(default)]
    pub audit_signed: Option<u64>,
}

/// One open question, as a person is shown it. All texts are escaped already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its id: a ULID.
    pub id: String,
    /// When it was asked: RFC 3339.
    pub asked: String,
    /// Seconds that are left for an answer.
    pub left_s: u64,
    /// Who wants it.
    pub agent: String,
    /// The session, where one is known.
    pub session: Option<String>,
    /// The command as one line, secrets scrubbed.
    pub command: String,
    /// The working directory.
    pub folder: String,
    /// The operation.
    pub operation: String,
    /// Its tier, 0 to 4; none when unknown.
    pub tier: Option<u8>,
    /// Why that tier.
    pub rationale: String,
    /// What else it does.
    pub also: Vec<String>,
    /// Target lines: `workspace staging-web (from TF_WORKSPACE)`.
    pub target: Vec<String>,
    /// What its files say it would change: counts, then names, the dangerous first,
    /// then what else there is to know.
    #[serde(default)]
    pub changes: Vec<String>,
    /// The rule that asks, with its place.
    pub rule: String,
    /// The evidence for who wants it.
    #[serde(default)]
    pub known_by: Vec<String>,
    /// How many calls wait for the answer.
    #[serde(default)]
    pub waiting: usize,
    /// How many different people must approve.
    #[serde(default)]
    pub people: u8,
    /// Those who have approved so far.
    #[serde(default)]
    pub approved: Vec<String>,
    /// Whether each of them must type a passphrase.
    #[serde(default)]
    pub passphrase: bool,
    /// What would change, and what an answer cannot be bound to.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The words of command and notes that destroy: they come first.
    #[serde(default)]
    pub dangerous: Vec<String>,
    /// What grants for more of the same would name, one for each operation; none where
    /// a grant cannot stand for the answer.
    #[serde(default)]
    pub like_this: Vec<Terms>,
}

/// What a grant covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The operations: a glob.
    pub operation: String,
    /// What they must touch: a glob for each dimension named.
    #[serde(default)]
    pub target: BTreeMap<String, String>,
}
