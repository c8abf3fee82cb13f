//! The names that a call is judged under.
//!
//! Where the evidence names several (a session inside another agent's, a token
//! shown inside a session), the call is judged as each of them and the strictest
//! word holds: that is the least of them, whatever the policy says of whom.

use tollgate_audit::Token;
use tollgate_policies::agents::PERSON;
use tollgate_policies::policy::Subject;

use crate::policies::InForce;

/// One name, and how far it is trusted beside what the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// The agent.
    pub(crate) agent: String,
    /// A clearance that it has where the policy gives none, and never exceeds.
    pub(crate) claim: Option<u8>,
}

impl Name {
    /// An agent, as far as the policy trusts it.
    pub(crate) fn of(agent: impl Into<String>) -> Self {
        Self { agent: agent.into(), claim: None }
    }

    /// An agent that could not be identified.
    pub(crate) fn unknown() -> Self {
        Self::of(Subject::UNKNOWN)
    }

    /// No agent: a person at a terminal. Nobody is trusted more.
    pub(crate) fn person() -> Self {
        Self { agent: PERSON.to_owned(), claim: Some(4) }
    }

    /// The bearer of a token.
    pub(crate) fn of_token(token: &Token) -> Self {
        Self { agent: token.agent.clone(), claim: token.clearance }
    }

    /// Its clearance: the least that any policy in force gives, and its claim.
    pub(crate) fn clearance(&self, in_force: &InForce) -> Option<u8> {
        let given = in_force.policies().map(|policy| policy.agent(&self.agent).and_then(|entry| entry.clearance));
        match (given.min().flatten(), self.claim) {
            (Some(given), Some(claim)) => Some(given.min(claim)),
            (given, claim) => given.or(claim),
        }
    }
}

/// Adds a name that is not there yet.
pub(crate) fn add(names: &mut Vec<Name>, name: Name) {
    if !names.contains(&name) {
        names.push(name);
    }
}
