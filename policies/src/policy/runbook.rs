//! Named budgets that a policy gives: so much of a routine, without a person.
//!
//! A runbook covers what a rule would ask a person about, as a grant does, up to
//! its highest tier and as often as its count says within its window.
//! Deliberately not here: counting, which the audit's intents tell.

use std::time::Duration;

use super::rule::{Case, Conditions, Holds, Of, is_unknown};
use crate::Tier;

/// One runbook.
#[derive(Debug)]
pub struct Runbook {
    /// Its name.
    pub name: String,
    /// How often it may be used within its window; at least 1.
    pub count: u32,
    /// The window, which slides.
    pub window: Duration,
    /// The highest tier that it covers.
    pub highest: Tier,
    pub(super) when: Conditions,
}

/// What is left of one runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget<'a> {
    /// Its name.
    pub runbook: &'a str,
    /// How often it may still be used now.
    pub left: u32,
}

impl Runbook {
    /// Whether it speaks of this meaning, which must be understood.
    pub(super) fn covers(&self, case: &Case<'_>) -> bool {
        !is_unknown(case.meaning)
            && case.meaning.tier.is_some_and(|tier| tier <= self.highest)
            && self.when.hold(case, Of::Every) == Holds::Yes
    }
}
