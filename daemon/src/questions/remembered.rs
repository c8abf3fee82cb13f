//! The questions that an earlier daemon has left, as the audit tells them.
//!
//! A question is open until its record is followed by an answer that decides it, its
//! expiry, or an intent that used the answer up. Nothing else is read: a file that
//! somebody writes beside the audit says nothing.

use std::sync::Mutex;

use tollgate_admin::Answer;
use tollgate_audit::{Decision, Entry, Kind, Record};

use super::{Answered, Kept, Open, Questions, approval};

impl Questions {
    /// The kinds of records, beside intents, that tell of questions.
    pub(crate) const KINDS: [Kind; 3] = [Kind::Question, Kind::Answer, Kind::Expired];

    /// What the records leave open, or answered and unused.
    pub(crate) fn remembered(records: &[Record]) -> Self {
        Self { kept: Mutex::new(Kept::of(records)), ..Self::default() }
    }

    /// The records that say nothing any more: of questions that are over.
    pub(crate) fn spent(records: &[Record]) -> Vec<u64> {
        let kept = Kept::of(records);
        let matters = |record: &Record| record.entry.id.parse().is_ok_and(|id| kept.by_id.contains_key(&id));
        let ours = records.iter().filter(|record| Self::KINDS.contains(&record.entry.kind));
        ours.filter(|record| !matters(record)).map(|record| record.seq).collect()
    }
}

impl Kept {
    fn of(records: &[Record]) -> Self {
        let mut kept = Self::default();
        for record in records {
            let entry = &record.entry;
            let id = entry.id.parse().ok();
            match (entry.kind, id) {
                // What an earlier version asked is bound to nothing, and answers nothing.
                (Kind::Question, Some(id)) if entry.asked.is_some() => drop(kept.keep(Open::new(id, entry.clone()))),
                (Kind::Answer, Some(id)) => {
                    if let (Some(question), Some(answered)) = (kept.by_id.get(&id), answered(entry)) {
                        let at = u64::try_from(record.timestamp.as_millisecond()).unwrap_or_default();
                        question.answer(answered, at);
                    }
                }
                (Kind::Expired, Some(id)) => kept.remove(id),
                (Kind::Intent, _) => entry.taken.iter().filter_map(approval).for_each(|id| kept.remove(id)),
                _ => {}
            }
        }
        kept
    }
}

/// The answer that a record tells.
fn answered(entry: &Entry) -> Option<Answered> {
    let answer = match entry.decision? {
        Decision::Allow => Answer::Approve,
        Decision::Deny => Answer::Deny,
        Decision::Escalate | Decision::None => return None,
    };
    let added = entry.added.iter().map(|flag| String::from_utf8(flag.as_slice().to_vec()));
    Some(Answered {
        answer,
        by: entry.approved_by.clone()?,
        reason: entry.message.clone(),
        added: added.collect::<Result<_, _>>().ok()?,
    })
}
