//! Which records the daemon's state is made of, and which of them still matter.
//!
//! Before the audit removes a segment it carries on what is needed of it, so that a
//! daemon that is started later knows what one that never stopped would know. Each
//! room says what of its own is spent; a kind that no room speaks for stays needed.
//! Not here: how records are carried (`tollgate_audit`).

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use tollgate_audit::{Kind, Record, State, Timestamp};

use crate::allowances::Allowances;
use crate::approvers::Approvers;
use crate::policies::Policies;
use crate::questions::Questions;
use crate::sessions::Sessions;
use crate::tokens::Tokens;

/// For the audit.
pub(crate) const STATE: State = State { kinds, needed };

/// The kinds of records that the daemon's state is rebuilt from, beside intents that
/// used something up.
pub(crate) fn kinds() -> Vec<Kind> {
    [&Policies::KINDS[..], &Sessions::KINDS, &Tokens::KINDS, &Allowances::KINDS, &Questions::KINDS, &Approvers::KINDS]
        .concat()
}

/// Those of the state's records that can still change what is decided, the oldest
/// first. What is spent once stays so.
fn needed(records: &[Record], now: Timestamp) -> Vec<Record> {
    let spent = [
        Policies::spent(records),
        Sessions::spent(records),
        Tokens::spent(records, now),
        Allowances::spent(records, now),
        Questions::spent(records),
        Approvers::spent(records),
    ];
    let spent: HashSet<u64> = spent.concat().into_iter().collect();
    let left = records.iter().filter(|record| !spent.contains(&record.seq));
    Allowances::counting(left, records, now)
}
