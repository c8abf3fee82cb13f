//! Which policies judge a call, and what follows from a change of the files.
//!
//! Pure: what is read, kept and recorded is for [`super::Policies`].

use std::fmt;

use tollgate_audit::Entry;
use tollgate_policies::policy::{AtTerminal, Layer, Policy, Source};

use super::Found;
use super::origin::Unusable;

/// A policy with the texts that it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// What it says.
    pub(crate) policy: Policy,
    /// Its texts.
    pub(crate) sources: Vec<Source>,
}

impl Kept {
    /// Whether a person has written something in there.
    fn is_a_persons(&self) -> bool {
        self.sources.iter().any(|source| source.layer != Layer::BuiltIn)
    }
}

const GONE: &str =
    "the policy's files are gone: put them back, or take the built-in policy with `tollgate policy accept`";
const LOST: &str =
    "the text of the accepted policy is lost: look at the policy's files, then take them with `tollgate policy accept`";

/// What is wrong with the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// They have errors: what held before goes on holding.
    Errors(String),
    /// Nobody can tell what holds: nothing runs.
    Closed(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors(what) => write!(out, "the policy has errors, the last good one holds:\n{what}"),
            Self::Closed(why) => write!(out, "nothing may run: {why}"),
        }
    }
}

/// Everything that judges a call.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    /// The hash of what a person has accepted.
    hash: String,
    /// Its text; none where that is lost.
    pub(crate) accepted: Option<Kept>,
    /// What the files say where that is something else. It judges as well.
    pub(crate) pending: Option<Kept>,
    /// What is wrong.
    pub(crate) trouble: Option<Trouble>,
    /// Nothing was accepted before: it is taken as it is.
    is_first: bool,
}

impl InForce {
    /// The first policy of a state.
    pub(super) fn first(kept: Kept) -> Self {
        Self { is_first: true, ..Self::accepted(kept) }
    }

    /// A policy that a person has just accepted.
    pub(super) fn accepted(kept: Kept) -> Self {
        let hash = kept.policy.hash().to_owned();
        Self { hash, accepted: Some(kept), pending: None, trouble: None, is_first: false }
    }

    /// What held before the daemon was started: `accepted` is what the audit says.
    pub(super) fn remembered(accepted: &str, text: Option<Kept>, pending: Option<Kept>) -> Self {
        Self { hash: accepted.to_owned(), accepted: text, pending, trouble: None, is_first: false }
    }

    /// Whether nothing was accepted before.
    pub(super) fn is_first(&self) -> bool {
        self.is_first
    }

    /// What holds after the files were read.
    pub(super) fn after(mut self, found: Found) -> Self {
        let (pending, trouble) = match found {
            Ok(kept) if kept.policy.hash() == self.hash => {
                self.accepted.get_or_insert(kept);
                (None, None)
            }
            Ok(kept) if !kept.is_a_persons() && self.accepted.as_ref().is_some_and(Kept::is_a_persons) => {
                (Some(kept), Some(Trouble::Closed(GONE.to_owned())))
            }
            Ok(kept) => (Some(kept), None),
            Err(Unusable::Errors(problems)) => (self.pending.take(), Some(Trouble::Errors(problems.to_string()))),
            Err(unusable @ Unusable::Files(_)) => (self.pending.take(), Some(Trouble::Closed(unusable.to_string()))),
        };
        let trouble = if self.accepted.is_none() { Some(Trouble::Closed(LOST.to_owned())) } else { trouble };
        Self { pending, trouble, is_first: false, ..self }
    }

    /// Whether nothing has changed between the two.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.pending_hash() == other.pending_hash() && self.trouble == other.trouble && self.hash() == other.hash()
    }

    /// The policies with their texts, the accepted one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Kept> + Clone {
        self.accepted.iter().chain(&self.pending)
    }

    /// The policies that judge, the accepted one first.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Policy> + Clone {
        self.all().map(|kept| &kept.policy)
    }

    /// What a person at a terminal is taken for: the strictest word of all.
    pub(crate) fn at_terminal(&self) -> AtTerminal {
        self.policies().map(Policy::at_terminal).max().unwrap_or_default()
    }

    /// No policy at all.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self::remembered("", None, None)
    }

    /// The accepted policy's hash, `sha256:...`.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// The hash of the one that waits.
    pub(crate) fn pending_hash(&self) -> Option<&str> {
        self.pending.as_ref().map(|kept| kept.policy.hash())
    }

    /// Why nothing may run.
    pub(crate) fn closed(&self) -> Option<&str> {
        match &self.trouble {
            Some(Trouble::Closed(why)) => Some(why),
            _ => None,
        }
    }

    /// The entry with the policies in it, where it names none yet.
    pub(crate) fn stamp(&self, entry: Entry) -> Entry {
        if entry.policy_hash.is_some() {
            return entry;
        }
        let policy_pending = self.pending_hash().map(str::to_owned);
        Entry { policy_hash: Some(self.hash().to_owned()), policy_pending, ..entry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_policies::policy::Layer;

    fn kept(text: &str, layer: Layer) -> Kept {
        let sources = vec![Source { name: "10.toml".to_owned(), text: text.to_owned(), layer }];
        Kept { policy: Policy::parse(&sources).unwrap(), sources }
    }

    fn users(comment: &str) -> Kept {
        kept(&format!("# {comment}\n"), Layer::User)
    }

    fn errors() -> Found {
        let sources = [Source { name: "10.toml".to_owned(), text: "?".to_owned(), layer: Layer::User }];
        Err(Unusable::Errors(Policy::parse(&sources).unwrap_err()))
    }

    fn after(before: &InForce, found: Found) -> InForce {
        before.clone().after(found)
    }

    #[test]
    fn a_change_waits_beside_what_is_accepted_until_it_is_taken_back() {
        let before = InForce::accepted(users("a"));
        let changed = after(&before, Ok(users("b")));
        assert_eq!(changed.pending_hash(), Some(users("b").policy.hash()));
        assert_eq!((changed.hash(), changed.policies().count()), (before.hash(), 2));
        let back = after(&changed, Ok(users("a")));
        assert!(back.says_the_same(&before));
    }

    #[test]
    fn errors_change_nothing_but_are_told() {
        let changed = after(&InForce::accepted(users("a")), Ok(users("b")));
        let wrong = after(&changed, errors());
        assert_eq!(wrong.pending_hash(), changed.pending_hash());
        assert!(matches!(wrong.trouble, Some(Trouble::Errors(_))) && wrong.closed().is_none());
        assert!(after(&wrong, Ok(users("b"))).says_the_same(&changed));
    }

    #[test]
    fn files_that_are_gone_close_the_gate_and_the_built_in_policy_waits() {
        let gone = after(&InForce::accepted(users("a")), Ok(kept("# careful\n", Layer::BuiltIn)));
        assert!(gone.closed().unwrap().contains("gone"));
        assert_eq!(gone.policies().count(), 2);
        assert!(after(&gone, Ok(users("a"))).closed().is_none());
        let never = after(&InForce::accepted(kept("# old\n", Layer::BuiltIn)), Ok(kept("# new\n", Layer::BuiltIn)));
        assert!(never.closed().is_none(), "another version brings another built-in policy");
    }

    #[test]
    fn a_lost_text_closes_the_gate_until_the_files_are_those_that_were_accepted() {
        let lost = InForce::remembered(users("a").policy.hash(), None, None);
        let other = after(&lost, Ok(users("b")));
        assert!(other.closed().is_some() && other.pending.is_some());
        assert!(after(&other, Ok(users("a"))).closed().is_none());
    }
}
