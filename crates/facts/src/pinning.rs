//! Which targets a run must carry, so that it cannot end up at others.
//!
//! Deliberately not here: how a target is written out (a grammar says), and doing it.

use tollgate_policies::classify::Pinned;
use tollgate_policies::policy::{Judgement, Policy, Verdict};

use crate::Judgeable;

/// Who let the command pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// Rules alone.
    Rules,
    /// A person, or a grant or runbook in a person's place: they were told of
    /// every target.
    Person,
}

impl Judgeable {
    /// The targets that this judgement depended on, among those that can be written
    /// out and could be others by the time the command runs.
    pub fn to_pin<'p>(&self, judgement: &Judgement, policies: impl Iterator<Item = &'p Policy>) -> Vec<&Pinned> {
        let pins = &self.operation.pins;
        if pins.is_empty() || judgement.verdict == Verdict::Deny {
            return Vec::new();
        }
        if basis(judgement) == Basis::Person {
            return pins.iter().collect();
        }
        let of_projects = self.projects.iter().flat_map(|project| project.looks_at(&self.operation));
        let dimensions: Vec<_> =
            policies.flat_map(|policy| policy.looks_at(&self.operation)).chain(of_projects).collect();
        pins.iter().filter(|pin| dimensions.contains(&pin.dimension)).collect()
    }
}

fn basis(judgement: &Judgement) -> Basis {
    let allowed = judgement.verdict == Verdict::Allow && judgement.covers.is_empty();
    if allowed { Basis::Rules } else { Basis::Person }
}
