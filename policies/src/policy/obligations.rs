//! What an allow or an escalate still owes if it runs.
//!
//! Several rules may ask for something: everything that any of them asks for is
//! owed. Deliberately not here: doing it, and counting (that is the caller's).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Bucket, RuleReference};

/// What is still owed. Empty for most calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Obligations {
    /// How long it may run: the shortest that was asked for.
    pub timeout: Option<Duration>,
    /// Buckets that must each give a token, in the order of their rules.
    pub rates: Vec<Rate>,
    /// What its output must not show, in the order of the names.
    pub redact: Vec<Redaction>,
    /// How its argv must be changed, in the order of their rules.
    pub corrections: Vec<Correction>,
    /// The tool's whole environment, where it gets one of its own. The call must
    /// have been judged with it already, so it is applied before it is classified.
    pub environment: Option<Environment>,
    /// The folder that it runs in, absolute; judged with it as well.
    pub working_dir: Option<String>,
    /// The binary that must be what runs.
    pub pin: Option<Pin>,
    /// What a person's yes takes, where one is asked.
    pub consent: Consent,
}

impl Obligations {
    /// Everything that either of the two asks for. Where only one folder,
    /// environment or binary can be had, the first word holds.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.timeout = [self.timeout, other.timeout].into_iter().flatten().min();
        add_new(&mut self.rates, other.rates);
        add_new(&mut self.redact, other.redact);
        add_new(&mut self.corrections, other.corrections);
        self.environment = self.environment.or(other.environment);
        self.working_dir = self.working_dir.or(other.working_dir);
        self.pin = self.pin.or(other.pin);
        self.consent = self.consent.join(other.consent);
        self
    }
}

/// Adds what is not there yet: two policies may bring the same rule.
fn add_new<T: PartialEq>(here: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !here.contains(&one) {
            here.push(one);
        }
    }
}

/// What a person's yes takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Consent {
    /// How many different people must give it.
    pub people: u8,
    /// How each shows who they are.
    pub confirm: Confirm,
}

impl Default for Consent {
    fn default() -> Self {
        Self { people: 1, confirm: Confirm::default() }
    }
}

impl Consent {
    /// Most people that a rule may ask for.
    pub const MOST: u8 = 2;

    fn join(self, other: Self) -> Self {
        Self { people: self.people.max(other.people), confirm: self.confirm.max(other.confirm) }
    }
}

/// How a person shows who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Confirm {
    /// By a terminal outside of every session.
    #[default]
    Terminal,
    /// By a passphrase as well, typed there.
    Passphrase,
}

impl Confirm {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Terminal, Self::Passphrase];

    /// Its name in policies: `passphrase`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Passphrase => "passphrase",
        }
    }
}

/// A token to take from a bucket. Buckets are told apart by the rule, and by
/// whatever `per` names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rate {
    /// The rule's name.
    pub rule: String,
    /// Who shares a bucket.
    pub per: Per,
    /// The bucket.
    pub bucket: Bucket,
}

/// Who shares a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Per {
    /// Each agent has its own.
    #[default]
    Agent,
    /// Each session has its own, child sessions included.
    Session,
    /// Each clearance has its own.
    Clearance,
    /// Everybody shares one.
    Rule,
}

impl Per {
    /// Every way to share.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Session, Self::Clearance, Self::Rule];

    /// Its name in policies and records: `agent`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Session => "session",
            Self::Clearance => "clearance",
            Self::Rule => "rule",
        }
    }
}

/// A pattern that the output must not show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Redaction {
    /// The pattern's name: it is shown in place of what matched.
    pub name: String,
    /// A regular expression over bytes.
    pub pattern: String,
}

/// A change of the argv that a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The rule.
    pub rule: RuleReference,
    /// What becomes of the changed argv.
    pub mode: Mode,
    /// The changes.
    pub edits: Vec<Edit>,
}

/// What becomes of a corrected argv.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Mode {
    /// It runs instead, and the caller is told.
    #[default]
    Run,
    /// The call is refused, and the corrected argv offered.
    Suggest,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Run, Self::Suggest];

    /// Its name in policies: `suggest`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Suggest => "suggest",
        }
    }
}

/// One change. A flag is named with its dashes, in any of its forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Edit {
    /// It stands in the argv, with this value where it takes one.
    On {
        /// The flag.
        flag: String,
        /// Its value.
        value: Option<String>,
    },
    /// It does not stand in the argv.
    Off {
        /// The flag.
        flag: String,
    },
    /// Where it is given, another stands in its place.
    Instead {
        /// The flag.
        flag: String,
        /// The other flag.
        by: String,
        /// The other flag's value; what was given where there is none.
        value: Option<String>,
    },
    /// Where its value is a greater number, it is this one.
    AtMost {
        /// The flag.
        flag: String,
        /// The greatest number.
        number: u64,
    },
    /// Where a value is like this, it is that one.
    Narrow {
        /// The flag; every operand where there is none.
        flag: Option<String>,
        /// A glob over the value.
        from: String,
        /// What stands in its place.
        to: String,
    },
}

/// A tool's environment: what is kept of the caller's, and what is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// Variables that are set, by name.
    pub set: BTreeMap<String, String>,
}

impl Environment {
    /// The caller's variables that are kept; all others are not.
    pub const KEPT: [&str; 4] = ["PATH", "HOME", "LANG", "TERM"];
}

/// The binary that a tool must be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pin {
    /// A path, or a name that is looked up on PATH.
    pub bin: String,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: Option<String>,
}
