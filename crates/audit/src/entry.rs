//! What one record says: everything but its place in the chain.
//!
//! Every field stands in every record, `null` or `[]` where there is nothing, so
//! that readers need no special cases. Secrets are scrubbed before they come here.

use serde::{Deserialize, Serialize};

use crate::{Also, Asked, Bytes, Carried, Changed, Described, Enrolled, Grant, Kind, Process, Taken, Targets, Token};

/// What is written; the writer adds number, time and chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// The command as it runs, where targets were written out that it was judged by, or
    /// files bound to what was judged; `env` holds the variables that were set for that.
    #[serde(default)]
    pub pinned: Option<Command>,
    /// The keyed digest of the whole argv, secrets included: `hmac-sha256:...`.
    #[serde(default)]
    pub argv_hash: Option<String>,
    /// The keyed digests of what was taken out of argv and environment.
    #[serde(default)]
    pub scrubbed: Vec<Scrubbed>,
    /// What runs, or is offered, in the place of what was called.
    #[serde(default)]
    pub corrected: Option<Corrected>,
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
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, crate::Found>"))]
    pub target: Targets,
    /// Why that tier.
    pub rationale: Option<String>,
    /// What files that it brings along say it would change.
    #[serde(default)]
    pub changes: Option<Changed>,
    /// The verdict.
    pub decision: Option<Decision>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// The reason, as in the table of exit codes: `rule`, `person`, `pending`, `gate`.
    pub reason: Option<String>,
    /// Where the policy only observes: what it would have said. The command ran.
    #[serde(default)]
    pub would: Option<Decision>,
    /// Who answered a question.
    pub approved_by: Option<Approver>,
    /// Of a question and its answers: what it asks of people.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// Of an answer and what runs by it: the flags that the person added.
    #[serde(default)]
    pub added: Vec<Bytes>,
    /// Whose passphrase was set or taken away.
    #[serde(default)]
    pub enrolled: Option<Enrolled>,
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
    /// The status that a caller over HTTP was given.
    #[serde(default)]
    pub status_code: Option<u16>,
    /// The digest of what the tool wrote to its standard output, where it was captured.
    #[serde(default)]
    pub stdout_hash: Option<String>,
    /// The same of its standard error.
    #[serde(default)]
    pub stderr_hash: Option<String>,
    /// Whether something was taken out of its standard output on the way.
    #[serde(default)]
    pub stdout_redacted: Option<bool>,
    /// The same of its standard error.
    #[serde(default)]
    pub stderr_redacted: Option<bool>,
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
    /// The digest of further opinions on the command, where there were any.
    #[serde(default)]
    pub opinions_hash: Option<String>,
    /// The files that were read to judge.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// Of a foreign record: the recorder's name, as `--source` gave it.
    #[serde(default)]
    pub source: Option<String>,
    /// Of a foreign record: what it says, with secrets scrubbed.
    #[serde(default)]
    pub foreign: Option<serde_json::Value>,
    /// Of a foreign record: the keyed digest of its line as it came.
    #[serde(default)]
    pub foreign_hash: Option<String>,
    /// Of a gap: how many records could not be written.
    pub lost: Option<u64>,
    /// Of a carried record: what it says again.
    #[serde(default)]
    pub carried: Option<Carried>,
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
            tool: Some(described.tool.into_owned()),
            operation: Some(described.operation.into_owned()),
            also: described.also,
            tier: described.tier,
            target: described.target,
            rationale: Some(described.rationale.into_owned()),
            changes: described.changes,
            ..self
        }
    }
}

/// The verdict on a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Deny, Self::Escalate, Self::None];

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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Command {
    /// The arguments, `argv[0]` first.
    pub argv: Vec<Bytes>,
    /// The working directory.
    pub cwd: Option<Bytes>,
    /// The variables that count in the judgement, `NAME=value`.
    #[serde(default)]
    pub env: Vec<Bytes>,
}

/// A command that rules have changed, with secrets scrubbed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Corrected {
    /// The arguments, `argv[0]` first.
    pub argv: Vec<Bytes>,
    /// The rules that changed something.
    pub rules: Vec<String>,
}

/// A secret that was taken out, so that equal ones can still be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Scrubbed {
    /// Where it stood: `argv[3]`, `env AWS_SECRET_ACCESS_KEY`.
    pub place: String,
    /// Its keyed digest: `hmac-sha256:...`.
    pub hash: String,
}

/// Who answered a question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Approver {
    /// The person's name.
    pub name: String,
    /// The user, where one is known.
    pub uid: Option<u32>,
    /// How the answer was given: `terminal`.
    pub how: String,
    /// From where: a terminal, a host.
    pub from: Option<String>,
    /// The name under which a passphrase was given, where one was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A file that was read to judge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fact {
    /// Its path.
    pub path: Bytes,
    /// The SHA-256 of what was read, in hexadecimal.
    pub sha256: String,
}
