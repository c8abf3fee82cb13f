//! The second half of the judgement: may this agent do this operation?
//!
//! [`Policy::parse`] reads every source at once, and refuses them with all of
//! their problems; [`Policy::judge`] cannot fail. Deny beats escalate beats
//! allow, what is unknown never helps, and neither the order of files nor that
//! of rules matters.
//!
//! It reads no files, knows no clock, and asks nobody: grants, rates and answers
//! are for those who call it.

mod asked;
mod at_terminal;
mod compile;
mod constraint;
mod duration;
mod file;
mod glob;
mod grant;
mod hours;
mod index;
mod judge;
mod judgement;
mod line;
mod obligations;
mod pattern;
mod probe;
mod problem;
mod profile;
mod range;
mod rate;
mod read;
mod rule;
mod runbook;
mod tools;
mod warn;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use asked::{Asked, Door, Moment, Subject};
pub use at_terminal::AtTerminal;
pub use duration::read as length_of_time;
pub use grant::{Grant, GrantError, exactly};
pub use judgement::{Cover, Judgement, Reason, RuleReference, Verdict};
pub use obligations::{Confirm, Consent, Correction, Edit, Environment, Mode, Obligations, Per, Pin, Rate, Redaction};
pub use probe::{PROBE, PROBE_RULE};
pub use problem::{Problem, Problems};
pub use profile::{profile, profiles};
pub use rate::Bucket;
pub use runbook::{Budget, Runbook};
pub use tools::Setting;
pub use warn::{Warning, doubt};

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
    /// Given for one session: it judges beside the others.
    Session,
    /// The project's own: it can only tighten.
    Project,
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
            Self::Project => "project",
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
    at_terminal: AtTerminal,
    observes: bool,
    internal_hosts: Vec<glob::Glob>,
    rules: judge::Rules,
}

/// What a policy says of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentEntry {
    /// How far it is trusted, 0 to 4. It does nothing by itself: rules ask for it.
    pub clearance: Option<u8>,
    /// Who it is, in a person's words.
    pub description: Option<String>,
    /// Users who are this agent outside every session and token.
    pub uids: Vec<u32>,
    /// File names of programs that hint at it.
    pub programs: Vec<String>,
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

    /// What a person is who types a command outside every session.
    #[must_use]
    pub fn at_terminal(&self) -> AtTerminal {
        self.0.at_terminal
    }

    /// Whether it is only tried out: its word is recorded, and everything runs. Every
    /// layer that says anything must say so.
    #[must_use]
    pub fn observes(&self) -> bool {
        self.0.observes
    }

    /// Whether this policy calls the host one's own.
    #[must_use]
    pub fn is_internal(&self, host: &[u8]) -> bool {
        self.0.internal_hosts.iter().any(|glob| glob.matches(host))
    }

    /// Whether it calls any host so.
    #[must_use]
    pub fn has_internal_hosts(&self) -> bool {
        !self.0.internal_hosts.is_empty()
    }

    /// The agents that this user is, by name.
    pub fn agents_of_uid(&self, uid: u32) -> impl Iterator<Item = &str> {
        self.0.agents.iter().filter(move |(_, entry)| entry.uids.contains(&uid)).map(|(name, _)| name.as_str())
    }

    /// The agent that a program of this file name hints at.
    #[must_use]
    pub fn agent_of_program(&self, file: &[u8]) -> Option<&str> {
        let has = |entry: &AgentEntry| entry.programs.iter().any(|program| program.as_bytes() == file);
        self.0.agents.iter().find(|(_, entry)| has(entry)).map(|(name, _)| name.as_str())
    }

    /// How many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.0.rules.all().len()
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

    /// The agents that something is said of, by name.
    pub fn agents(&self) -> impl Iterator<Item = &str> {
        self.0.agents.keys().map(String::as_str)
    }

    /// The runbooks, by name.
    #[must_use]
    pub fn runbooks(&self) -> &[Runbook] {
        self.0.rules.runbooks()
    }

    /// Every rule as it is named, with its layer, in the order that breaks ties.
    pub fn references(&self) -> impl Iterator<Item = &RuleReference> {
        self.0.rules.all().iter().map(|rule| &*rule.reference)
    }

    /// How this tool is run; none where nothing is said of it. A call is judged as it
    /// will run, so this is applied before it is classified.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<Setting> {
        self.0.rules.tools().setting(name)
    }

    /// The tools that have a table of their own.
    pub fn tools(&self) -> impl Iterator<Item = &str> {
        self.0.rules.tools().names()
    }

    /// The dimensions of the target that a verdict on this operation depends on.
    #[must_use]
    pub fn looks_at(&self, operation: &crate::Operation) -> Vec<crate::Dimension> {
        self.0.rules.looks_at(operation)
    }

    /// What this policy says to this command.
    pub fn judge(&self, asked: &Asked<'_>) -> Judgement {
        if asked.operation.tool == PROBE {
            return probe::refused();
        }
        self.0.rules.judge(asked, judge::Silence::Denies)
    }
}

/// A project's own policy. It can only tighten what another says.
#[derive(Debug, Clone)]
pub struct Project(Policy);

impl Project {
    /// Reads a project's file, whatever layer the source names.
    ///
    /// # Errors
    /// Every problem, what only a person's own policy may say included.
    pub fn parse(source: &Source) -> Result<Self, Problems> {
        Policy::parse(&[Source { layer: Layer::Project, ..source.clone() }]).map(Self)
    }

    /// What stands for a project's file that cannot be used: it denies everything,
    /// and says why.
    #[must_use]
    pub fn broken(name: &str, why: &str) -> Self {
        let reference = RuleReference {
            name: "project-unreadable".to_owned(),
            file: name.to_owned(),
            line: 1,
            layer: Layer::Project,
            reason: Some(format!("the project's policy cannot be used: {}", crate::show::text(why.as_bytes(), 300))),
            code: None,
        };
        Self(Policy(Arc::new(Contents {
            hash: "sha256:".to_owned(),
            sources: vec![name.to_owned()],
            agents: BTreeMap::new(),
            at_terminal: AtTerminal::default(),
            observes: false,
            internal_hosts: Vec::new(),
            rules: judge::Rules::denying(reference),
        })))
    }

    /// The stricter of this judgement and the project's word on the same question.
    pub fn tighten(&self, judgement: Judgement, asked: &Asked<'_>) -> Judgement {
        judgement.stricter(self.0.0.rules.judge(asked, judge::Silence::Agrees))
    }

    /// As of any policy: see [`Policy::looks_at`].
    #[must_use]
    pub fn looks_at(&self, operation: &crate::Operation) -> Vec<crate::Dimension> {
        self.0.looks_at(operation)
    }

    /// As of any policy: see [`Policy::hash`].
    #[must_use]
    pub fn hash(&self) -> &str {
        self.0.hash()
    }
}

/// Whether a value is like a pattern that a policy was read with.
pub(crate) fn glob_matches(pattern: &str, value: &[u8]) -> bool {
    glob::Glob::new(pattern).is_ok_and(|glob| glob.matches(value))
}

#[cfg(test)]
mod tests;
