//! Questions: escalations that wait for a person.
//!
//! A question is bound to what would run and for whom; equal calls share one. An
//! answer is good for one run and for a while. All of it is rebuilt from the audit's
//! records ([`remembered`]): there is no other store, so nothing that somebody writes
//! beside the audit is ever an answer. Who may answer is decided in
//! [`crate::person`]; this only keeps.

mod open;
mod remembered;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tollgate_admin::ENOUGH;
use tollgate_audit::Taken;
use ulid::Ulid;

use crate::settings::Approvals;
pub(crate) use open::{Answered, Claim, Counts, Heard, Open, PASSPHRASE, now};

/// What comes of looking for a question by its id.
#[derive(Debug)]
pub(crate) enum Found {
    /// There is exactly one such question, and it is open.
    Open(Arc<Open>),
    /// None of that id is open.
    None,
    /// The start of an id fits several.
    Several,
    /// The start of an id is so short that another question may come to fit it.
    Short,
}

/// All questions that are open, or answered and not yet used.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    kept: Mutex<Kept>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Kept {
    by_id: BTreeMap<Ulid, Arc<Open>>,
    by_binding: HashMap<String, Vec<Ulid>>,
}

impl Questions {
    /// Whoever asks or answers takes their turn first: what they record stands in the
    /// audit in the order in which it counts, and never twice.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The question bound to this: one whose approval nobody has used, else one that
    /// is open.
    pub(crate) fn bound_to(&self, binding: &str, bounds: &Approvals) -> Option<Arc<Open>> {
        let kept = self.lock();
        let ids = kept.by_binding.get(binding).map(Vec::as_slice).unwrap_or_default();
        let mut equal: Vec<_> = ids.iter().filter_map(|id| kept.by_id.get(id)).collect();
        equal.retain(|open| !open.is_claimed() && !open.is_over(bounds));
        equal.sort_by_key(|open| !open.is_answered());
        equal.first().map(|open| Arc::clone(open))
    }

    /// Keeps one more.
    pub(crate) fn keep(&self, question: Open) -> Arc<Open> {
        self.lock().keep(question)
    }

    /// How many wait for an answer that come from the same session, or from outside all.
    pub(crate) fn beside(&self, question: &Open) -> usize {
        let kept = self.lock();
        let equal = |other: &&Arc<Open>| !other.is_answered() && other.root() == question.root();
        kept.by_id.values().filter(equal).count()
    }

    /// The open question whose id starts so.
    pub(crate) fn find(&self, start: &str) -> Found {
        if start.len() < ENOUGH {
            return Found::Short;
        }
        let start = start.to_ascii_uppercase();
        let kept = self.lock();
        let mut fitting =
            kept.by_id.values().filter(|open| !open.is_answered() && open.id.to_string().starts_with(&start));
        match (fitting.next(), fitting.next()) {
            (Some(open), None) => Found::Open(Arc::clone(open)),
            (None, _) => Found::None,
            (Some(_), Some(_)) => Found::Several,
        }
    }

    /// What the one who waits hears: an approval goes to the first who comes for it,
    /// and is theirs until it is used or the claim is dropped.
    pub(crate) fn hear(&self, question: &Arc<Open>) -> Heard {
        let kept = self.lock();
        if kept.by_id.contains_key(&question.id) { question.claim() } else { Heard::Nothing }
    }

    /// An intent is on record that used these up.
    pub(crate) fn used(&self, taken: &[Taken]) {
        for id in taken.iter().filter_map(approval) {
            self.lock().remove(id);
        }
    }

    /// Removes and gives the questions whose time is over.
    pub(crate) fn expire(&self, bounds: &Approvals) -> Vec<Arc<Open>> {
        let mut kept = self.lock();
        let over = kept.by_id.values().filter(|open| !open.is_claimed() && open.is_over(bounds));
        let over: Vec<_> = over.map(Arc::clone).collect();
        for question in &over {
            kept.remove(question.id);
        }
        over
    }

    /// Removes and gives the unanswered questions of a session that is over: nobody is
    /// there any more whom an answer would reach.
    pub(crate) fn close(&self, session: &str) -> Vec<Arc<Open>> {
        let mut kept = self.lock();
        let of_it = |open: &&Arc<Open>| !open.is_answered() && open.entry.session.as_deref() == Some(session);
        let closed: Vec<_> = kept.by_id.values().filter(of_it).map(Arc::clone).collect();
        for question in &closed {
            kept.remove(question.id);
        }
        closed
    }

    /// Every question that nobody has answered, oldest first.
    pub(crate) fn unanswered(&self) -> Vec<Arc<Open>> {
        self.lock().by_id.values().filter(|open| !open.is_answered()).cloned().collect()
    }

    /// How many calls wait for an answer.
    pub(crate) fn callers(&self) -> usize {
        self.lock().by_id.values().map(|open| open.waiting()).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The question whose answer this is.
fn approval(taken: &Taken) -> Option<Ulid> {
    match taken {
        Taken::Approval { id } => id.parse().ok(),
        Taken::Rate { .. } | Taken::Grant { .. } | Taken::Runbook { .. } => None,
    }
}

impl Kept {
    fn keep(&mut self, question: Open) -> Arc<Open> {
        let question = Arc::new(question);
        self.by_binding.entry(question.binding().to_owned()).or_default().push(question.id);
        self.by_id.insert(question.id, Arc::clone(&question));
        question
    }

    fn remove(&mut self, id: Ulid) {
        let Some(question) = self.by_id.remove(&id) else { return };
        if let Some(ids) = self.by_binding.get_mut(question.binding()) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_binding.remove(question.binding());
            }
        }
    }
}

#[cfg(test)]
mod tests;
