//! Grants and how much of each is left.

use std::collections::BTreeMap;

use tollgate_audit::Timestamp;
use tollgate_policies::policy;

/// One grant.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// As it is recorded.
    pub(crate) terms: tollgate_audit::Grant,
    /// As a policy judges with it.
    pub(crate) grant: policy::Grant,
    /// How often it was used.
    pub(crate) used: u32,
}

/// Those that nobody revoked, by id: the oldest first.
#[derive(Debug, Default)]
pub(super) struct Grants(BTreeMap<String, Held>);

impl Held {
    /// A grant that was just made.
    ///
    /// # Errors
    /// Says what cannot be read, and what to write instead.
    pub(crate) fn new(terms: tollgate_audit::Grant) -> Result<Self, policy::GrantError> {
        let target: Vec<_> = terms.target.clone().into_iter().collect();
        let grant = policy::Grant::new(terms.id.clone(), &terms.agent, &terms.operation, &target)?;
        Ok(Self { terms, grant, used: 0 })
    }

    fn is_in_force(&self, at: Timestamp) -> bool {
        self.terms.until > at && self.terms.count.is_none_or(|count| self.used < count)
    }
}

impl Grants {
    /// One more. What cannot be read any more, by a later version, grants nothing.
    pub(super) fn add(&mut self, terms: tollgate_audit::Grant) {
        if let Ok(held) = Held::new(terms) {
            self.0.insert(held.terms.id.clone(), held);
        }
    }

    pub(super) fn revoke(&mut self, id: &str) -> Option<tollgate_audit::Grant> {
        self.0.remove(id).map(|held| held.terms)
    }

    pub(super) fn in_force(&self, at: Timestamp) -> Vec<Held> {
        self.0.values().filter(|held| held.is_in_force(at)).cloned().collect()
    }

    pub(super) fn granted(&self, at: Timestamp) -> Vec<policy::Grant> {
        self.0.values().filter(|held| held.is_in_force(at)).map(|held| held.grant.clone()).collect()
    }

    pub(super) fn is_in_force(&self, id: &str, at: Timestamp) -> bool {
        self.0.get(id).is_some_and(|held| held.is_in_force(at))
    }

    pub(super) fn take(&mut self, id: &str) {
        self.0.entry(id.to_owned()).and_modify(|held| held.used += 1);
    }

    pub(super) fn give_back(&mut self, id: &str) {
        self.0.entry(id.to_owned()).and_modify(|held| held.used = held.used.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_ends_by_time_by_count_or_by_a_persons_word() {
        let second = |second: i64| Timestamp::from_second(second).unwrap();
        let terms = tollgate_audit::Grant {
            id: "G".into(),
            agent: "ci".into(),
            operation: "terraform.*".into(),
            target: BTreeMap::new(),
            until: second(100),
            count: Some(2),
        };
        let mut grants = Grants::default();
        grants.add(terms.clone());
        assert!(grants.is_in_force("G", second(99)) && !grants.is_in_force("G", second(100)));
        grants.take("G");
        assert!(grants.is_in_force("G", second(1)));
        grants.take("G");
        assert!(!grants.is_in_force("G", second(1)));
        grants.give_back("G");
        assert_eq!(grants.in_force(second(1)).len(), 1);
        assert_eq!(grants.revoke("G"), Some(terms));
        assert!(!grants.is_in_force("G", second(1)));
    }
}
