//! Buckets: who has taken which tokens, and when.
//!
//! Who shares a bucket is told by the rule. A call that is judged under several names
//! takes a token of each, so that no other name brings a fresh bucket.

use std::collections::HashMap;
use std::time::Duration;

use tollgate_audit::Taken;
use tollgate_policies::policy::{Bucket, Per, Rate};

use super::Short;
use crate::identify::Agent;
use crate::policies::InForce;

/// A token that a call needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    rule: String,
    of: String,
    bucket: Bucket,
}

impl Wanted {
    /// One of this limit.
    #[cfg(test)]
    pub(super) fn of_text(rule: &str, of: &str, limit: &str) -> Self {
        Self { rule: rule.to_owned(), of: of.to_owned(), bucket: Bucket::read(limit).unwrap() }
    }

    /// As the intent's record says it.
    pub(super) fn taken(&self) -> Taken {
        Taken::Rate { rule: self.rule.clone(), of: self.of.clone(), limit: limit(&self.bucket) }
    }
}

/// `10/300s burst 3`.
fn limit(bucket: &Bucket) -> String {
    let Bucket { tokens, window, burst } = bucket;
    match window.subsec_millis() {
        0 => format!("{tokens}/{}s burst {burst}", window.as_secs()),
        _ => format!("{tokens}/{}ms burst {burst}", window.as_millis()),
    }
}

/// The tokens that these rates ask of this agent.
pub(super) fn wanted(rates: &[Rate], agent: &Agent, in_force: &InForce) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for Rate { rule, per, bucket } in rates {
        for of in whose(*per, agent, in_force) {
            let one = Wanted { rule: rule.clone(), of, bucket: *bucket };
            if !wanted.contains(&one) {
                wanted.push(one);
            }
        }
    }
    wanted
}

/// Whose buckets: `agent claude-code`, `session 01K...`, `clearance 2`, `rule`.
fn whose(per: Per, agent: &Agent, in_force: &InForce) -> Vec<String> {
    match per {
        Per::Agent => agent.names.iter().map(|name| format!("agent {}", name.agent)).collect(),
        Per::Session => {
            let token = agent.token.as_ref().map(|token| format!("token {}", token.id));
            let session = agent.root.as_ref().map(|root| format!("session {root}"));
            // Whatever is in no session shares one bucket.
            vec![session.or(token).unwrap_or_else(|| "no session".to_owned())]
        }
        Per::Clearance => {
            let clearance = agent.clearance(in_force).map_or("unknown".to_owned(), |clearance| clearance.to_string());
            vec![format!("clearance {clearance}")]
        }
        Per::Rule => vec!["rule".to_owned()],
    }
}

/// Moments at which tokens were taken, in milliseconds since 1970, by rule and sharer.
#[derive(Debug, Default)]
pub(super) struct Rates(HashMap<(String, String), Vec<u64>>);

impl Rates {
    /// The first of these buckets that is empty.
    pub(super) fn short(&self, wanted: &[Wanted], now: u64) -> Option<Short> {
        wanted.iter().find_map(|Wanted { rule, of, bucket }| {
            let wait = bucket.wait(self.moments(rule, of).iter().copied(), now)?;
            Some(Short::Rate { rule: rule.clone(), wait })
        })
    }

    /// Takes a token. What was taken before a bucket was last full counts no more.
    pub(super) fn take(&mut self, rule: &str, of: &str, limit: &str, now: u64) {
        let moments = self.0.entry((rule.to_owned(), of.to_owned())).or_default();
        if Bucket::read(limit).is_ok_and(|bucket| is_full(&bucket, moments, now)) {
            moments.clear();
        }
        moments.push(now);
    }

    /// Forgets what cannot count any more: every bucket has been full for long.
    pub(super) fn forget(&mut self, limits: &HashMap<(&str, &str), &str>, now: u64) {
        self.0.retain(|(rule, of), moments| {
            let bucket = limits.get(&(rule.as_str(), of.as_str())).and_then(|limit| Bucket::read(limit).ok());
            !bucket.is_some_and(|bucket| is_full(&bucket, moments, now))
        });
    }

    /// How many tokens of this bucket are remembered.
    pub(super) fn count(&self, rule: &str, of: &str) -> usize {
        self.moments(rule, of).len()
    }

    /// The token that was taken last is back.
    pub(super) fn give_back(&mut self, rule: &str, of: &str) {
        if let Some(moments) = self.0.get_mut(&(rule.to_owned(), of.to_owned())) {
            moments.pop();
        }
    }

    fn moments(&self, rule: &str, of: &str) -> &[u64] {
        self.0.get(&(rule.to_owned(), of.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Whether all but one of its tokens could be taken now, and still one more.
fn is_full(bucket: &Bucket, moments: &[u64], now: u64) -> bool {
    let others = std::iter::repeat_n(now, usize::try_from(bucket.burst).unwrap_or(usize::MAX).saturating_sub(1));
    // A limit that is changed later may remember longer than this one.
    let long_ago = moments.last().is_none_or(|last| now.saturating_sub(*last) > LONG.as_millis() as u64);
    long_ago && bucket.wait(moments.iter().copied().chain(others), now).is_none()
}

/// No moment younger than this is forgotten: a day.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::Name;

    const HOUR: u64 = 3_600_000;

    fn wanted_of(of: &str, limit: &str) -> Vec<Wanted> {
        vec![Wanted::of_text("r", of, limit)]
    }

    #[test]
    fn an_empty_bucket_says_when_it_has_a_token_again() {
        let mut rates = Rates::default();
        let one = wanted_of("agent a", "1/h");
        assert_eq!(rates.short(&one, HOUR), None);
        rates.take("r", "agent a", "1/h", HOUR);
        let wait = Duration::from_secs(3599);
        assert_eq!(rates.short(&one, HOUR + 1000), Some(Short::Rate { rule: "r".into(), wait }));
        assert_eq!(rates.short(&wanted_of("agent b", "1/h"), HOUR + 1000), None);
        assert_eq!(rates.short(&one, 2 * HOUR), None);
        rates.give_back("r", "agent a");
        assert_eq!(rates.short(&one, HOUR + 1000), None);
    }

    #[test]
    fn moments_are_forgotten_only_once_the_bucket_was_full_for_long() {
        let mut rates = Rates::default();
        for moment in [HOUR, 2 * HOUR, 30 * HOUR, 31 * HOUR] {
            rates.take("r", "rule", "1/h", moment);
        }
        assert_eq!(rates.moments("r", "rule"), [30 * HOUR, 31 * HOUR]);
    }

    #[test]
    fn every_name_has_its_bucket_and_a_child_session_its_parents() {
        let rate = |per| Rate { rule: "r".into(), per, bucket: Bucket::read("1/h").unwrap() };
        let agent = Agent {
            names: vec![Name::of("child"), Name::of("parent")],
            session: Some("C".into()),
            root: Some("P".into()),
            ..Agent::default()
        };
        let rates = Per::ALL.map(rate);
        let of: Vec<_> = wanted(&rates, &agent, &InForce::none()).into_iter().map(|wanted| wanted.of).collect();
        assert_eq!(of, ["agent child", "agent parent", "session P", "clearance unknown", "rule"]);
    }

    #[test]
    fn a_limit_is_recorded_as_a_policy_writes_it() {
        for text in ["10/300s burst 3", "1/3600s burst 1", "1/1500ms burst 2"] {
            assert_eq!(limit(&Bucket::read(text).unwrap()), text);
        }
    }
}
