//! What can be used up: buckets of rates, grants, and the budgets of runbooks.
//!
//! A use is taken with the intent's record and counted from the records of intents:
//! there is no second store, and what was used stays used whatever ends the daemon.
//! A refused or unanswered call uses nothing. Not here: what a policy asks for, and
//! how a bucket fills (`tollgate-policies`).

mod grants;
mod needed;
mod rates;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tollgate_audit::{Kind, Record, Taken, Timestamp};
use tollgate_policies::policy::{Budget, Cover, Grant, Judgement, Policy, Runbook, Verdict};

use crate::identify::Agent;
use crate::policies::InForce;
use grants::Grants;
pub(crate) use grants::Held;
use rates::Rates;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Allowances(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rates: Rates,
    grants: Grants,
    /// When each runbook was used, in milliseconds since 1970.
    runbooks: HashMap<String, Vec<u64>>,
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Short {
    /// A bucket is empty.
    Rate {
        /// The rule that limits.
        rule: String,
        /// When there is a token again.
        wait: Duration,
    },
    /// What stood for a person's answer was used up by somebody else meanwhile.
    Cover,
}

impl Allowances {
    /// The kinds of records, beside intents, that tell what there is.
    pub(crate) const KINDS: [Kind; 2] = [Kind::Granted, Kind::GrantRevoked];

    /// What the records leave.
    pub(crate) fn remembered(records: &[Record]) -> Self {
        Self(Mutex::new(State::of(records)))
    }

    /// A person has made this one, and it is on record.
    pub(crate) fn add(&self, grant: tollgate_audit::Grant) {
        self.lock().grants.add(grant);
    }

    /// A person takes a grant back; what it was, if there is one.
    pub(crate) fn revoke(&self, id: &str) -> Option<tollgate_audit::Grant> {
        self.lock().grants.revoke(id)
    }

    /// The grants that are in force.
    pub(crate) fn grants(&self) -> Vec<Held> {
        self.lock().grants.in_force(Timestamp::now())
    }

    /// Those as policies judge with them: nothing is copied where there are none.
    pub(crate) fn granted(&self) -> Vec<Grant> {
        self.lock().grants.granted(Timestamp::now())
    }

    /// How often each runbook of a policy may still be used now.
    pub(crate) fn budgets<'a>(&self, policy: &'a Policy) -> Vec<Budget<'a>> {
        if policy.runbooks().is_empty() {
            return Vec::new();
        }
        let state = self.lock();
        let now = milliseconds(Timestamp::now());
        let left = |runbook: &'a Runbook| Budget { runbook: &runbook.name, left: state.left(runbook, now) };
        policy.runbooks().iter().map(left).collect()
    }

    /// Whether a bucket is empty that this call would take from.
    pub(crate) fn short(&self, judgement: &Judgement, agent: &Agent, in_force: &InForce) -> Option<Short> {
        let wanted = rates::wanted(&judgement.obligations.rates, agent, in_force);
        self.lock().rates.short(&wanted, milliseconds(Timestamp::now()))
    }

    /// Uses up everything that a call needs, or nothing.
    pub(crate) fn take(&self, judgement: &Judgement, agent: &Agent, in_force: &InForce) -> Result<Vec<Taken>, Short> {
        let wanted = rates::wanted(&judgement.obligations.rates, agent, in_force);
        let (mut state, at) = (self.lock(), Timestamp::now());
        let now = milliseconds(at);
        if let Some(short) = state.rates.short(&wanted, now) {
            return Err(short);
        }
        let covers = Some(&judgement.covers).filter(|_| judgement.verdict == Verdict::Allow);
        let covers: Vec<&Cover> = covers.into_iter().flatten().collect();
        if !covers.iter().all(|cover| state.covers(cover, in_force, at)) {
            return Err(Short::Cover);
        }
        let taken = wanted.iter().map(rates::Wanted::taken).chain(covers.into_iter().map(taken)).collect::<Vec<_>>();
        state.use_up(&taken, now);
        Ok(taken)
    }

    /// The intent could not be recorded: nothing was used.
    pub(crate) fn give_back(&self, taken: &[Taken]) {
        let mut state = self.lock();
        for one in taken {
            match one {
                Taken::Rate { rule, of, .. } => state.rates.give_back(rule, of),
                Taken::Grant { id } => state.grants.give_back(id),
                Taken::Runbook { name } => drop(state.runbooks.get_mut(name).and_then(Vec::pop)),
                Taken::Approval { .. } => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the records leave.
    fn of(records: &[Record]) -> Self {
        let mut state = Self::default();
        for record in records {
            let entry = &record.entry;
            match (entry.kind, &entry.grant) {
                (Kind::Granted, Some(grant)) => state.grants.add(grant.clone()),
                (Kind::GrantRevoked, Some(grant)) => drop(state.grants.revoke(&grant.id)),
                (Kind::Intent, _) => state.use_up(&entry.taken, milliseconds(record.timestamp)),
                _ => {}
            }
        }
        state
    }

    fn use_up(&mut self, taken: &[Taken], now: u64) {
        for one in taken {
            match one {
                Taken::Rate { rule, of, limit } => self.rates.take(rule, of, limit, now),
                Taken::Grant { id } => self.grants.take(id),
                Taken::Runbook { name } => self.runbooks.entry(name.clone()).or_default().push(now),
                // Kept with the questions.
                Taken::Approval { .. } => {}
            }
        }
    }

    fn left(&self, runbook: &Runbook, now: u64) -> u32 {
        let window = u64::try_from(runbook.window.as_millis()).unwrap_or(u64::MAX);
        let uses = self.runbooks.get(&runbook.name).map(Vec::as_slice).unwrap_or_default();
        // A use from the future, by a clock that was set back, counts as one of now.
        let recent = uses.iter().filter(|used| now.saturating_sub(**used) < window).count();
        runbook.count.saturating_sub(u32::try_from(recent).unwrap_or(u32::MAX))
    }

    /// Whether what stood for a person's answer still does.
    fn covers(&self, cover: &Cover, in_force: &InForce, at: Timestamp) -> bool {
        match cover {
            Cover::Grant(id) => self.grants.is_in_force(id, at),
            Cover::Runbook(name) => {
                let runbooks = in_force.policies().flat_map(Policy::runbooks);
                let mut named = runbooks.filter(|runbook| runbook.name == *name);
                named.all(|runbook| self.left(runbook, milliseconds(at)) > 0)
            }
        }
    }
}

fn taken(cover: &Cover) -> Taken {
    match cover {
        Cover::Grant(id) => Taken::Grant { id: id.clone() },
        Cover::Runbook(name) => Taken::Runbook { name: name.clone() },
    }
}

fn milliseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or_default()
}
