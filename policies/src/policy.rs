//! The second half of the judgement: may this agent do this operation?
//!
//! [`Policy::parse`] reads every source at once, and refuses them with all of
//! their problems; [`Policy::judge`] cannot fail. Deny beats escalate beats
//! allow, what is unknown never helps, and neither the order of files nor that
//! of rules matters.
//!
//! It reads no files, knows no clock, and asks nobody: grants, rates and answers
//! are for those who call it.

mod compile;
mod file;
mod glob;
mod judge;
mod problem;
mod profile;
mod range;
mod read;
mod rule;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use problem::{Problem, Problems};
pub use profile::{profile, profiles};

use crate::Operation;

/// One text of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it is, as shown to people: `~/.config/tollgate/policy.d/10-infra.toml`.
    pub name: String,
    /// What it says: TOML.
    pub text: String,
    /// Whose it is.
    pub layer: Layer,
}

/// Whose a source is. It changes no verdict: a deny holds whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// It came with Tollgate.
    BuiltIn,
    /// The organisation's.
    Organisation,
    /// The person's.
    User,
    /// Given for one session.
    Session,
}

impl Layer {
    /// Its name in records and messages: `built-in`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Organisation => "organisation",
            Self::User => "user",
            Self::Session => "session",
        }
    }
}

/// A policy that has been read and found good. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Policy(Arc<Contents>);

#[derive(Debug)]
struct Contents {
    hash: String,
    sources: Vec<String>,
    agents: BTreeMap<String, AgentEntry>,
    rules: judge::Rules,
}

/// What a policy says of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentEntry {
    /// How far it is trusted, 0 to 4. It does nothing by itself: rules ask for it.
    pub clearance: Option<u8>,
    /// Who it is, in a person's words.
    pub description: Option<String>,
}

/// Who asks, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The agent's name; [`Subject::UNKNOWN`] for one that could not be identified.
    pub agent: &'a str,
    /// Its clearance, 0 to 4; none where none is known.
    pub clearance: Option<u8>,
    /// The session's id, where there is one.
    pub session: Option<&'a str>,
    /// Where the request came in.
    pub door: Door,
}

impl Subject<'_> {
    /// The name of an agent that could not be identified.
    pub const UNKNOWN: &'static str = "unknown";
}

/// Where a request comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// A shim on PATH.
    Shim,
    /// `tollgate exec --`.
    Exec,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 2] = [Self::Shim, Self::Exec];

    /// Its name in policies and records: `shim`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shim => "shim",
            Self::Exec => "exec",
        }
    }
}

/// What may happen, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It may run.
    Allow,
    /// A person decides.
    Escalate,
    /// It may not run.
    Deny,
}

impl Verdict {
    /// Its name in policies and records: `escalate`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Escalate => "escalate",
            Self::Deny => "deny",
        }
    }
}

/// Why something was not simply allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A rule says so.
    Rule,
    /// No rule speaks of it.
    Default,
    /// No rule speaks of it, and what it would do is not known.
    Unknown,
    /// An argument is one that may not be given.
    Argument,
}

impl Reason {
    /// Its name in records and in the line for agents: `rule`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Default => "default",
            Self::Unknown => "unknown",
            Self::Argument => "argument",
        }
    }
}

/// What the policy says to one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Judgement {
    /// What may happen.
    pub verdict: Verdict,
    /// Why it was not simply allowed; none for an allow.
    pub reason: Option<Reason>,
    /// The rule that decided; none where no rule did.
    pub rule: Option<RuleReference>,
    /// The meaning that decided, as an index into [`Operation::meanings`].
    pub meaning: usize,
    /// What is still owed if it runs.
    pub obligations: Obligations,
}

impl Judgement {
    /// Of two policies that are both in force, the stricter word holds (this one
    /// where they agree); what either of them asks for is owed.
    pub fn stricter(self, other: Self) -> Self {
        let obligations = self.obligations.join(other.obligations);
        let holds = if other.verdict > self.verdict { other } else { self };
        Self { obligations, ..holds }
    }
}

/// What an allow or an escalate still owes. It is empty: no key of the language
/// asks for anything, so a policy can ask for nothing that would not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Obligations {}

impl Obligations {
    /// Everything that either of the two asks for.
    #[must_use]
    pub fn join(self, _other: Self) -> Self {
        self
    }
}

/// A rule, as it is named to people and in records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RuleReference {
    /// Its name.
    pub name: String,
    /// The source it stands in, as shown to people.
    pub file: String,
    /// The line it starts at, from 1.
    pub line: usize,
    /// Whose source that is.
    pub layer: Layer,
    /// What it wants said to whoever is refused.
    pub reason: Option<String>,
}

impl fmt::Display for RuleReference {
    /// `prod-no-destroy (~/.config/tollgate/policy.d/10-infra.toml:14)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({}:{})", self.name, self.file, self.line)
    }
}

impl Policy {
    /// Reads all sources as one policy.
    ///
    /// # Errors
    /// Every problem of every source, each with its place and what to do.
    pub fn parse(sources: &[Source]) -> Result<Self, Problems> {
        compile::policy(sources).map(|contents| Self(Arc::new(contents)))
    }

    /// `sha256:` and the hex digest of what the sources say and whose they are:
    /// their names and their order do not count.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    /// How many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.0.rules.len()
    }

    /// The names of the sources, as they were given.
    #[must_use]
    pub fn sources(&self) -> &[String] {
        &self.0.sources
    }

    /// What is said of the agent of exactly this name.
    #[must_use]
    pub fn agent(&self, name: &str) -> Option<&AgentEntry> {
        self.0.agents.get(name)
    }

    /// What this policy says to this operation of this agent.
    pub fn judge(&self, operation: &Operation, subject: &Subject<'_>) -> Judgement {
        self.0.rules.judge(operation, subject)
    }
}

#[cfg(test)]
mod tests;
