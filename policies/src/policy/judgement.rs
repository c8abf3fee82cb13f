//! What a policy says to one command.
//!
//! Deliberately not here: how it comes to that (that is `judge`).

use std::fmt;
use std::sync::Arc;

use super::{Layer, Obligations};

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
    /// Every verdict, mildest first.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Escalate, Self::Deny];

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
    /// No rule speaks of it, and this is the tool's default or there is none.
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
    /// The rule that decided; none where no rule did. Where a grant or a runbook
    /// stands for a person, the rule that would have asked one.
    pub rule: Option<Arc<RuleReference>>,
    /// The meaning that decided, as an index into [`crate::Operation::meanings`].
    pub meaning: usize,
    /// What a constraint has against the arguments.
    pub objection: Option<String>,
    /// What stood for a person's answer: each is used up by one if this runs.
    pub covers: Vec<Cover>,
    /// What is still owed if it runs.
    pub obligations: Obligations,
}

/// What stands for a person's answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cover {
    /// The grant of this id.
    Grant(String),
    /// The runbook of this name.
    Runbook(String),
}

impl Judgement {
    /// Of two policies that are both in force, the stricter word holds; where they
    /// agree, the one that a rule says before a default, else this one. What either of
    /// them asks for is owed.
    pub fn stricter(self, other: Self) -> Self {
        let (holds, yields) = if other.weight() > self.weight() { (other, self) } else { (self, other) };
        let mut covers = holds.covers;
        covers.extend(yields.covers);
        covers.sort();
        covers.dedup();
        Self { obligations: holds.obligations.join(yields.obligations), covers, ..holds }
    }

    fn weight(&self) -> (Verdict, bool) {
        (self.verdict, matches!(self.reason, Some(Reason::Rule | Reason::Argument)))
    }
}

/// A rule, as it is named to people and in records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RuleReference {
    /// Its name; of what a tool's table says, `tools.NAME`.
    pub name: String,
    /// The source it stands in, as shown to people.
    pub file: String,
    /// The line it starts at, from 1.
    pub line: usize,
    /// Whose source that is.
    pub layer: Layer,
    /// What it wants said to whoever is refused.
    pub reason: Option<String>,
    /// What programs should know it by, where it denies.
    pub code: Option<String>,
}

impl fmt::Display for RuleReference {
    /// `prod-no-destroy (~/.config/tollgate/policy.d/10-infra.toml:14)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({}:{})", self.name, self.file, self.line)
    }
}
