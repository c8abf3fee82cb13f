//! One rule, ready to be asked: what does it say to this meaning of a command?
//!
//! A condition holds, does not hold, or might (the value is not known). An allow
//! needs conditions that hold and exceptions that do not; a deny or an escalate
//! is content with conditions that might, and yields only to an exception that
//! surely holds. So what is unknown never helps.

use std::sync::Arc;

use super::asked::Asked;
use super::glob::Glob;
use super::hours::Hours;
use super::index::Groups;
use super::line::Line;
use super::range::{Levels, UNKNOWN};
use super::{Door, Obligations, RuleReference, Verdict};
use crate::{Dimension, Meaning, Target, Value};

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) reference: Arc<RuleReference>,
    /// What it says to each tier, 0 to 4 and unknown.
    pub(super) verdicts: [Option<Verdict>; UNKNOWN + 1],
    pub(super) when: Conditions,
    pub(super) unless: Vec<Conditions>,
    /// What becomes of a deny that holds only because something is not known.
    pub(super) unsure_deny: Verdict,
    /// What it asks for, and of which tiers.
    pub(super) owes: Option<(Levels, Obligations)>,
}

/// What is judged: one meaning of a command, of one agent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) asked: &'a Asked<'a>,
    /// The whole command line, put together where a rule looks at it.
    pub(super) line: &'a Line,
    pub(super) tool: &'a str,
    pub(super) meaning: &'a Meaning,
    /// The rules that can be about it.
    pub(super) groups: Groups<'a>,
}

/// Conditions that must all hold; one that is left out always does.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) agents: Option<Vec<Glob>>,
    pub(super) clearance: Option<Levels>,
    pub(super) doors: Option<Vec<Door>>,
    pub(super) tools: Option<Vec<Glob>>,
    pub(super) operations: Option<Vec<Glob>>,
    pub(super) tier: Option<Levels>,
    pub(super) targets: Vec<TargetCondition>,
    /// What few rules ask for.
    pub(super) rare: Option<Box<Rare>>,
}

/// Conditions that few rules have.
#[derive(Debug, Default)]
pub(super) struct Rare {
    pub(super) sessions: Option<Vec<Glob>>,
    pub(super) argv: Option<Vec<Glob>>,
    pub(super) arguments: Option<Vec<Glob>>,
    pub(super) wrapped_by: Option<Vec<Glob>>,
    pub(super) time: Option<Vec<Hours>>,
}

/// A condition on one dimension of the target.
#[derive(Debug, Clone)]
pub(super) struct TargetCondition {
    pub(super) dimension: Dimension,
    pub(super) globs: Vec<Glob>,
    /// Whether a value that is not known is asked for by name.
    pub(super) unknown: bool,
}

/// Whether a condition holds, the least sure first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    No,
    Perhaps,
    Yes,
}

/// Of several values of one dimension, how many a condition must hold for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Every,
    Any,
}

impl Rule {
    /// The strictest that it could say to a meaning of this tier, whatever its
    /// conditions; none where it says nothing.
    pub(super) fn at_most(&self, meaning: &Meaning) -> Option<Verdict> {
        let at = |place: usize| self.verdicts.get(place).copied().flatten();
        match meaning.tier {
            None => at(UNKNOWN),
            Some(tier) if !is_unknown(meaning) => at(usize::from(tier.number())),
            Some(tier) => at(usize::from(tier.number())).filter(|said| *said != Verdict::Allow).max(at(UNKNOWN)),
        }
    }

    /// What it says; none where it does not match.
    pub(super) fn says(&self, case: &Case<'_>) -> Option<Verdict> {
        match self.at_most(case.meaning)? {
            Verdict::Allow => self.surely_holds(case).then_some(Verdict::Allow),
            strict => match self.might_hold(case) {
                Holds::No => None,
                Holds::Perhaps if strict == Verdict::Deny => Some(self.unsure_deny),
                Holds::Perhaps | Holds::Yes => Some(strict),
            },
        }
    }

    fn surely_holds(&self, case: &Case<'_>) -> bool {
        self.when.hold(case, Of::Every) == Holds::Yes
            && self.unless.iter().all(|exception| exception.hold(case, Of::Any) == Holds::No)
    }

    pub(super) fn might_hold(&self, case: &Case<'_>) -> Holds {
        let holds = self.when.hold(case, Of::Any);
        let excepted =
            holds != Holds::No && self.unless.iter().any(|exception| exception.hold(case, Of::Every) == Holds::Yes);
        if excepted { Holds::No } else { holds }
    }
}

/// Whether what a meaning does is not known.
pub(super) fn is_unknown(meaning: &Meaning) -> bool {
    meaning.tier.is_none() || meaning.operation.ends_with(".unknown")
}

impl Conditions {
    /// The cheap ones and those that fail most often come first.
    pub(super) fn hold(&self, case: &Case<'_>, of: Of) -> Holds {
        let tier = case.meaning.tier.map(crate::Tier::number);
        let subject = &case.asked.subject;
        let certain = self.tier.is_none_or(|tiers| tiers.contains(tier))
            && self.doors.as_ref().is_none_or(|doors| doors.contains(&subject.door))
            && any(self.operations.as_deref(), case.meaning.operation.as_bytes())
            && any(self.tools.as_deref(), case.tool.as_bytes())
            && any(self.agents.as_deref(), subject.agent.as_bytes());
        if !certain {
            return Holds::No;
        }
        let mut holds = self.cleared(subject.clearance);
        for condition in &self.targets {
            if holds == Holds::No {
                return holds;
            }
            holds = holds.min(condition.holds(&case.meaning.target, of));
        }
        match &self.rare {
            Some(rare) if holds != Holds::No => holds.min(rare.hold(case, of)),
            _ => holds,
        }
    }

    fn cleared(&self, clearance: Option<u8>) -> Holds {
        match (self.clearance, clearance) {
            (None, _) => Holds::Yes,
            (Some(_), None) => Holds::Perhaps,
            (Some(wanted), Some(_)) => surely(wanted.contains(clearance)),
        }
    }
}

impl Rare {
    fn hold(&self, case: &Case<'_>, of: Of) -> Holds {
        let subject = &case.asked.subject;
        let session = |globs: &Vec<Glob>| surely(subject.session.is_some_and(|id| like(globs, id.as_bytes())));
        let argv = |globs: &Vec<Glob>| match case.line.of(case.asked) {
            Some(line) => surely(like(globs, line)),
            None => Holds::Perhaps,
        };
        let time = |hours: &Vec<Hours>| match case.asked.at {
            Some(at) => surely(hours.iter().any(|hours| hours.contain(at))),
            None => Holds::Perhaps,
        };
        let wrappers = |globs: &Vec<Glob>| {
            let wrapper = case.meaning.wrapped_by.iter().map(|name| surely(like(globs, name.as_bytes())));
            of.several(wrapper)
        };
        [
            self.sessions.as_ref().map(session),
            self.time.as_ref().map(time),
            self.wrapped_by.as_ref().map(wrappers),
            self.arguments.as_ref().map(|globs| arguments(globs, case, of)),
            self.argv.as_ref().map(argv),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(Holds::Yes)
    }
}

fn arguments(globs: &[Glob], case: &Case<'_>, of: Of) -> Holds {
    match &case.asked.operation.arguments {
        Some(arguments) => of.several(arguments.iter().map(|item| surely(like(globs, item.bytes)))),
        None => Holds::Perhaps,
    }
}

impl Of {
    /// Where there is no value at all, nothing holds.
    fn several(self, values: impl Iterator<Item = Holds>) -> Holds {
        match self {
            Self::Every => values.min().unwrap_or(Holds::No),
            Self::Any => values.max().unwrap_or(Holds::No),
        }
    }
}

fn surely(holds: bool) -> Holds {
    if holds { Holds::Yes } else { Holds::No }
}

fn like(globs: &[Glob], value: &[u8]) -> bool {
    globs.iter().any(|glob| glob.matches(value))
}

fn any(globs: Option<&[Glob]>, value: &[u8]) -> bool {
    globs.is_none_or(|globs| like(globs, value))
}

impl TargetCondition {
    /// A dimension that does not apply matches nothing.
    fn holds(&self, target: &Target, of: Of) -> Holds {
        of.several(target.values(self.dimension).map(|value| self.holds_for(value)))
    }

    pub(super) fn surely_holds(&self, target: &Target, of: Of) -> bool {
        self.holds(target, of) == Holds::Yes
    }

    fn holds_for(&self, value: &Value) -> Holds {
        match known(self.dimension, value) {
            None if self.unknown => Holds::Yes,
            None if self.globs.is_empty() => Holds::No,
            None => Holds::Perhaps,
            Some(value) if self.globs.iter().any(|glob| glob.matches(value)) => Holds::Yes,
            Some(_) => Holds::No,
        }
    }
}

/// The value, if it is known. A path that climbs (`/tmp/../etc`) is not what its
/// letters say, so it counts as unknown.
fn known(dimension: Dimension, value: &Value) -> Option<&[u8]> {
    match value {
        Value::Known { value, .. } if dimension == Dimension::Path && climbs(value) => None,
        Value::Known { value, .. } => Some(value),
        Value::Unknown { .. } => None,
    }
}

fn climbs(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/').any(|part| part == b"..")
}
