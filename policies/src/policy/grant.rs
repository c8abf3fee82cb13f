//! A time-limited exception that a person gave: where a rule would ask a person,
//! it has been answered already.
//!
//! A grant turns an escalate into an allow, never a deny. Deliberately not here:
//! whether it is in force (its time, its count): that is the caller's.

use super::glob::Glob;
use super::rule::{Case, Of, TargetCondition, is_unknown};
use crate::Dimension;

/// One grant.
#[derive(Debug, Clone)]
pub struct Grant {
    id: String,
    agent: String,
    operations: Glob,
    targets: Vec<TargetCondition>,
}

/// Why a grant cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It would be for whoever could not be identified.
    #[error("a grant is for an agent that is known by its name, not for `unknown`")]
    NoAgent,
    /// The glob over the operation cannot be read.
    #[error("the operation {glob} cannot be read: {why}")]
    Operation {
        /// The glob, as a message quotes it.
        glob: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such dimension.
    #[error("a target has no {name}; {fix}")]
    Dimension {
        /// The name, as a message quotes it.
        name: String,
        /// What could have been meant.
        fix: String,
    },
    /// The glob over a target cannot be read.
    #[error("the target {glob} cannot be read: {why}")]
    Target {
        /// The glob, as a message quotes it.
        glob: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Grant {
    /// A grant for exactly this agent, for operations and targets like these.
    ///
    /// # Errors
    /// Says what cannot be read, and what to write instead.
    pub fn new(
        id: impl Into<String>,
        agent: &str,
        operation: &str,
        target: &[(String, String)],
    ) -> Result<Self, GrantError> {
        if agent.is_empty() || agent == super::Subject::UNKNOWN {
            return Err(GrantError::NoAgent);
        }
        let operations = glob(operation).map_err(|(glob, why)| GrantError::Operation { glob, why })?;
        let targets = target.iter().map(|(name, value)| condition(name, value)).collect::<Result<_, _>>()?;
        Ok(Self { id: id.into(), agent: agent.to_owned(), operations, targets })
    }

    /// Its id, as it was given.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it speaks of this meaning. What is not understood must be named
    /// outright, and a target must be known.
    pub(super) fn covers(&self, case: &Case<'_>) -> bool {
        let operation = case.meaning.operation.as_ref();
        let named = self.operations.exact() == Some(operation) || !is_unknown(case.meaning);
        named
            && case.asked.subject.agent == self.agent
            && self.operations.matches(operation.as_bytes())
            && self.targets.iter().all(|condition| condition.surely_holds(&case.meaning.target, Of::Every))
    }
}

/// The glob that matches this value and no other; none where there is no such glob.
#[must_use]
pub fn exactly(value: &str) -> Option<String> {
    let escaped = value.chars().flat_map(|character| {
        let escape = super::glob::special(character).then_some('\\');
        escape.into_iter().chain([character])
    });
    let pattern: String = escaped.collect();
    Glob::new(&pattern).is_ok_and(|glob| !pattern.is_empty() && glob.matches(value.as_bytes())).then_some(pattern)
}

fn condition(name: &str, value: &str) -> Result<TargetCondition, GrantError> {
    let dimension = Dimension::of_name(name).ok_or_else(|| GrantError::Dimension {
        name: super::problem::quoted(name),
        fix: super::problem::meant(name, Dimension::ALL.map(Dimension::name)),
    })?;
    let glob = glob(value).map_err(|(glob, why)| GrantError::Target { glob, why })?;
    Ok(TargetCondition { dimension, globs: vec![glob], unknown: false })
}

fn glob(pattern: &str) -> Result<Glob, (String, String)> {
    let failed = |why: String| (super::problem::quoted(pattern), why);
    if pattern.is_empty() {
        return Err(failed("it is empty".to_owned()));
    }
    Glob::new(pattern).map_err(failed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_a_value_is_turned_into_matches_it_and_nothing_else(
            value in r"[a*?\[\]{}\\,!é/-]{1,6}", other in r"[a*?\[\]{}\\,!é/-]{0,6}"
        ) {
            if let Some(pattern) = exactly(&value) {
                let glob = Glob::new(&pattern).unwrap();
                prop_assert!(glob.matches(value.as_bytes()));
                prop_assert_eq!(glob.matches(other.as_bytes()), value == other);
            }
        }
    }

    #[test]
    fn a_name_that_looks_like_a_pattern_is_a_name() {
        assert_eq!(exactly("prod"), Some("prod".to_owned()));
        assert_eq!(exactly("prod-*"), Some("prod-\\*".to_owned()));
        assert_eq!(exactly(""), None);
    }
}
