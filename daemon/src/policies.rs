//! The policy in force: what a person has accepted, and what waits for that.
//!
//! A change of the files tightens at once and loosens once it is accepted: until
//! then both policies judge, and the stricter word holds. Which policy is accepted
//! is what the audit says last; its text is kept by hash, so that it holds across
//! restarts whatever became of the files. Files with errors change nothing; files
//! that are gone or cannot be read close the gate.
//!
//! Not here: reading the files ([`origin`]), noticing that they change ([`watch`]),
//! keeping texts ([`store`]), and what a policy says to a command.

mod in_force;
pub(crate) mod origin;
mod store;
pub(crate) mod watch;

use std::sync::{Arc, PoisonError, RwLock};

use tollgate_audit::{Approver, Entry, Kind, Record};

use crate::gate::Gate;
use in_force::Trouble;
pub(crate) use in_force::{InForce, Kept};
use origin::{Origin, Unusable};
use store::Store;

/// What the files say now.
type Found = Result<Kept, Unusable>;

/// The policies, and where they come from.
#[derive(Debug)]
pub(crate) struct Policies {
    current: RwLock<Arc<InForce>>,
    origin: Origin,
    store: Store,
    /// Held while they change: one change at a time.
    changing: tokio::sync::Mutex<()>,
}

/// Why a daemon cannot start with these policies.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is none to hold on to.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// Its text cannot be kept.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Policies {
    /// The kinds of records that tell which policy is accepted.
    pub(crate) const KINDS: [Kind; 2] = [Kind::PolicyAccepted, Kind::PolicyPending];

    /// What holds at the start: `records` say what was accepted and what waited.
    pub(crate) fn open(origin: Origin, places: &tollgate_places::Places, records: &[Record]) -> Result<Self, Error> {
        let store = Store::at(&places.state)?;
        let found = origin.load();
        let in_force = match Self::told(records) {
            (None, _) => InForce::first(found?),
            (Some(accepted), waits) => {
                let pending = waits.and_then(|hash| store.load(hash));
                InForce::remembered(accepted, store.load(accepted), pending).after(found)
            }
        };
        for kept in in_force.all() {
            store.save(kept)?;
        }
        Ok(Self { current: RwLock::new(Arc::new(in_force)), origin, store, changing: tokio::sync::Mutex::new(()) })
    }

    /// The hash of the policy that was accepted last, and of the one that waits since.
    pub(crate) fn told(records: &[Record]) -> (Option<&str>, Option<&str>) {
        let accepted = last(records, Kind::PolicyAccepted);
        let at = accepted.map(|(_, at)| at);
        let waits = last(records, Kind::PolicyPending).filter(|(_, since)| Some(*since) > at);
        (accepted.map(|(hash, _)| hash), waits.map(|(hash, _)| hash))
    }

    /// The records that say nothing any more: a policy was accepted, or waits, since.
    pub(crate) fn spent(records: &[Record]) -> Vec<u64> {
        let accepted = last(records, Kind::PolicyAccepted).map(|(_, at)| at);
        let waits = last(records, Kind::PolicyPending).map(|(_, at)| at).filter(|at| Some(*at) > accepted);
        let ours = records.iter().filter(|record| Self::KINDS.contains(&record.entry.kind)).map(|record| record.seq);
        ours.filter(|seq| Some(*seq) != accepted && Some(*seq) != waits).collect()
    }

    /// What judges now. A call holds on to it from its start to its end.
    pub(crate) fn current(&self) -> Arc<InForce> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the files are.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Keeps a session's own policy, so that it is found again as it was.
    pub(crate) fn keep(&self, kept: &Kept) -> Result<(), store::Error> {
        self.store.save(kept)
    }

    /// A policy that was kept.
    pub(crate) fn kept(&self, hash: &str) -> Option<Kept> {
        self.store.load(hash)
    }

    fn set(&self, in_force: InForce) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(in_force);
    }

    /// Puts on record what holds at the start.
    pub(crate) async fn say(&self, gate: &Gate) -> Result<(), Arc<tollgate_audit::Error>> {
        let current = self.current();
        if current.is_first() {
            let message = "the first policy of this state is accepted";
            gate.record(Entry::about_us(Kind::PolicyAccepted, message)).await?;
        }
        tell(gate, &current).await
    }

    /// Reads the files again. What is stricter holds before this returns.
    pub(crate) async fn reload(&self, gate: &Gate) {
        let _one = self.changing.lock().await;
        self.look(gate).await;
    }

    async fn look(&self, gate: &Gate) {
        let found = tokio::task::block_in_place(|| self.origin.load());
        let before = self.current();
        let after = before.as_ref().clone().after(found);
        if after.says_the_same(&before) {
            return;
        }
        for kept in after.all() {
            if let Err(cause) = self.store.save(kept) {
                tracing::error!(%cause, "a policy's text cannot be kept: it holds as long as this daemon lives");
            }
        }
        self.set(after);
        if let Err(cause) = tell(gate, &self.current()).await {
            tracing::error!(%cause, "a change of the policy could not be recorded");
        }
    }

    /// A person takes the policy of this hash, which must be the one that waits.
    pub(crate) async fn accept(&self, gate: &Gate, by: Approver, hash: &str) -> Result<Arc<InForce>, String> {
        let _one = self.changing.lock().await;
        self.look(gate).await;
        let current = self.current();
        if let Some(Trouble::Errors(what)) = &current.trouble {
            return Err(format!("the files have errors, correct them first:\n{what}"));
        }
        let Some(pending) = &current.pending else {
            return Err("no policy waits to be accepted".to_owned());
        };
        if pending.policy.hash() != hash {
            return Err(format!("the policy has changed again: {} waits now, look at it first", pending.policy.hash()));
        }
        self.store.save(pending).map_err(|cause| cause.to_string())?;
        let accepted = InForce::accepted(pending.clone());
        let message = format!("in place of {}", current.hash());
        let entry = Entry { approved_by: Some(by), ..Entry::about_us(Kind::PolicyAccepted, message) };
        gate.record_under(&accepted, entry).await.map_err(|cause| format!("the audit cannot be written: {cause}"))?;
        self.set(accepted);
        tracing::info!(policy = hash, "a person accepted the policy");
        Ok(self.current())
    }
}

/// The hash and the place of the last record of this kind.
fn last(records: &[Record], kind: Kind) -> Option<(&str, u64)> {
    let record = records.iter().rev().find(|record| record.entry.kind == kind)?;
    let hash = match kind {
        Kind::PolicyPending => record.entry.policy_pending.as_deref(),
        _ => record.entry.policy_hash.as_deref(),
    };
    Some((hash.unwrap_or_default(), record.seq))
}

/// Log and record of what has changed.
async fn tell(gate: &Gate, current: &InForce) -> Result<(), Arc<tollgate_audit::Error>> {
    if let Some(pending) = &current.pending {
        let hash = pending.policy.hash();
        tracing::warn!(
            policy = hash,
            "the policy has changed: it tightens now, `tollgate policy accept` lets it loosen"
        );
        let message = format!("{} rules in {}", pending.policy.rules(), pending.policy.sources().join(", "));
        gate.record_under(current, Entry::about_us(Kind::PolicyPending, message)).await?;
    }
    if let Some(trouble) = &current.trouble {
        tracing::error!("{trouble}");
        gate.record_under(current, Entry::about_us(Kind::PolicyRefused, trouble.to_string())).await?;
    }
    Ok(())
}
