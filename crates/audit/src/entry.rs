//! What one record says: everything but its place in the chain.
//!
//! Every field stands in every record, `null` or `[]` where there is nothing, so
//! that readers need no special cases. Secrets are scrubbed before they come here.

use serde::{Deserialize, Serialize};

use crate::{Also, Bytes, Described, Grant, Process, Taken, Targets, Token};

/// What is written; the writer adds number, time and chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    pub kind: Kind,
    /// The request's id, a ULID; outcome, question and answer carry their intent's.
    pub id: String,
    /// The id of the run that this call came from, where a tool called a tool.
    pub parent: Option<String>,
    /// The door that it came through: `shim`, `exec`.
    pub door: Option<String>,
    /// The caller's user.
    pub uid: Option<u32>,
    /// The caller's process.
    pub pid: Option<u32>,
    /// Who called.
    pub agent: Option<String>,
    /// The evidence for that: `session`, `ancestry`, `token`, `uid`.
    #[serde(default)]
    pub agent_known_by: Vec<String>,
    /// Its clearance, 0 to 4, as far as it counted: the least of all evidence.
    #[serde(default)]
    pub clearance: Option<u8>,
    /// The session's id.
    pub session: Option<String>,
    /// The token that was shown, made, bound or revoked.
    #[serde(default)]
    pub token: Option<Token>,
    /// Of a session its keeper; of a token the process whose descendants may use it.
    #[serde(default)]
    pub process: Option<Process>,
    /// What was called.
    pub command: Option<Command>,
    /// The tool's canonical name.
    pub tool: Option<String>,
    /// What its words say: `terraform.apply`.
    pub operation: Option<String>,
    /// What it does as well.
    #[serde(default)]
    pub also: Vec<Also>,
    /// The tier, 0 to 4: the highest of all operations; none when unknown.
    pub tier: Option<u8>,
    /// What the operation touches.
    #[serde(default)]
    pub target: Targets,
    /// Why that tier.
    pub rationale: Option<String>,
    /// The verdict.
    pub decision: Option<Decision>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// The reason, as in the table of exit codes: `rule`, `person`, `pending`, `gate`.
    pub reason: Option<String>,
    /// Who answered a question.
    pub approved_by: Option<Approver>,
    /// The exception that was made, used or revoked.
    #[serde(default)]
    pub grant: Option<Grant>,
    /// Of an intent: what it used up of rates, grants and budgets.
    #[serde(default)]
    pub taken: Vec<Taken>,
    /// The tool's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// How long it ran, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The real program's path.
    pub binary: Option<Bytes>,
    /// Its SHA-256, in hexadecimal.
    pub binary_sha256: Option<String>,
    /// Whether the caller could have changed it.
    pub binary_writable_by_caller: Option<bool>,
    /// The policy that is accepted, `sha256:...`.
    pub policy_hash: Option<String>,
    /// The policy that judges beside it until it is accepted, `sha256:...`.
    #[serde(default)]
    pub policy_pending: Option<String>,
    /// The files that were read to judge.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// Of a gap: how many records could not be written.
    pub lost: Option<u64>,
    /// What a person should know: a start, a gap, a refused attempt.
    pub message: Option<String>,
}

impl Entry {
    /// An entry of this kind, about the request with this id.
    #[must_use]
    pub fn of(kind: Kind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into(), ..Self::default() }
    }

    /// An entry about no request: it gets an id of its own.
    #[must_use]
    pub fn about_us(kind: Kind, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::of(kind, ulid::Ulid::generate().to_string()) }
    }

    /// The same, with what the command would do.
    #[must_use]
    pub fn describing(self, described: Described) -> Self {
        Self {
            tool: Some(described.tool),
            operation: Some(described.operation),
            also: described.also,
            tier: described.tier,
            target: described.target,
            rationale: Some(described.rationale),
            ..self
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A command is allowed and about to run: durable before it does.
    #[default]
    Intent,
    /// It has ended.
    Outcome,
    /// A command is refused.
    Refused,
    /// A person is asked.
    Question,
    /// A person has answered.
    Answer,
    /// An answer is refused: whoever gave it may not.
    RefusedAnswer,
    /// A question's time is over.
    Expired,
    /// Another attempt is refused: a session, a looser policy.
    RefusedAttempt,
    /// An agent's session begins.
    SessionOpened,
    /// It ends.
    SessionClosed,
    /// A policy is accepted: by a person, or as the first of all.
    PolicyAccepted,
    /// The policy has changed: it tightens at once, and loosens once accepted.
    PolicyPending,
    /// The policy has changed and cannot be used.
    PolicyRefused,
    /// A person made an exception.
    Granted,
    /// A person took one back.
    GrantRevoked,
    /// A person made a token for an agent.
    TokenIssued,
    /// A token was used first: it belongs to that process's descendants.
    TokenBound,
    /// A person took a token back.
    TokenRevoked,
    /// The daemon starts.
    Started,
    /// The daemon stops.
    Stopped,
    /// The daemon holds a run again that its predecessor started.
    Adopted,
    /// A run's end is not known: daemon and supervisor both went away.
    Interrupted,
    /// A crash had torn the log's end; the writer has cut it.
    Recovered,
    /// Records could not be written.
    Gap,
    /// A kind of a later version; never written.
    #[serde(other)]
    Other,
}

impl Kind {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Refused => "refused",
            Self::Question => "question",
            Self::Answer => "answer",
            Self::RefusedAnswer => "refused_answer",
            Self::Expired => "expired",
            Self::RefusedAttempt => "refused_attempt",
            Self::SessionOpened => "session_opened",
            Self::SessionClosed => "session_closed",
            Self::PolicyAccepted => "policy_accepted",
            Self::PolicyPending => "policy_pending",
            Self::PolicyRefused => "policy_refused",
            Self::Granted => "granted",
            Self::GrantRevoked => "grant_revoked",
            Self::TokenIssued => "token_issued",
            Self::TokenBound => "token_bound",
            Self::TokenRevoked => "token_revoked",
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Adopted => "adopted",
            Self::Interrupted => "interrupted",
            Self::Recovered => "recovered",
            Self::Gap => "gap",
            Self::Other => "other",
        }
    }
}

/// The verdict on a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may run.
    Allow,
    /// It may not.
    Deny,
    /// A person decides.
    Escalate,
    /// There was none: the gate itself failed.
    None,
}

impl Decision {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Escalate => "escalate",
            Self::None => "none",
        }
    }
}

/// A call, with secrets scrubbed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The arguments, `argv[0]` first.
    pub argv: Vec<Bytes>,
    /// The working directory.
    pub cwd: Option<Bytes>,
    /// The variables that count in the judgement, `NAME=value`.
    #[serde(default)]
    pub env: Vec<Bytes>,
}

/// Who answered a question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approver {
    /// The person's name.
    pub name: String,
    /// The user, where one is known.
    pub uid: Option<u32>,
    /// How the answer was given: `terminal`.
    pub how: String,
    /// From where: a terminal, a host.
    pub from: Option<String>,
}

/// A file that was read to judge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Its path.
    pub path: Bytes,
    /// The SHA-256 of what was read, in hexadecimal.
    pub sha256: String,
}
