//! What outlives its segment: records that the daemon's state is made of, said again
//! before the segment that they stand in is removed.
//!
//! A carried record keeps number, time and hash of the first one, so that reading
//! the state gives the same records in the same order as if nothing were removed,
//! and an archived copy can be held against it. Of an intent only what it used up is
//! carried. Not here: which records are still needed ([`State::needed`] says that),
//! and when segments are removed (`upkeep`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Entry, Kind, Record, Taken};

/// Most intents of one record.
const USES: usize = 500;

/// Which records somebody's state is made of.
#[derive(Debug, Clone, Copy)]
pub struct State {
    /// Their kinds; every intent that used something up belongs to them as well.
    pub kinds: fn() -> Vec<Kind>,
    /// Those of them that still matter at this time. Of an intent `taken` may be less
    /// than it was; nothing else of a record may be another.
    pub needed: fn(&[Record], Timestamp) -> Vec<Record>,
}

/// What a record says again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Carried {
    /// A record: every other field of this one is as it stood there.
    Record {
        /// Its kind.
        kind: Kind,
        /// Its number.
        seq: u64,
        /// Its time.
        #[cfg_attr(test, schemars(with = "String"))]
        timestamp: Timestamp,
        /// Its hash.
        hash: String,
    },
    /// What intents used up.
    Uses {
        /// An item for each intent.
        uses: Vec<Use>,
    },
}

/// What one intent used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Use {
    /// The intent's number.
    pub seq: u64,
    /// Its time.
    #[cfg_attr(test, schemars(with = "String"))]
    pub timestamp: Timestamp,
    /// Its hash.
    pub hash: String,
    /// What of it still counts.
    pub taken: Vec<Taken>,
}

/// The entries that say these records again.
pub(crate) fn entries(records: &[Record]) -> Vec<Entry> {
    let (intents, others): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.entry.kind == Kind::Intent);
    let uses: Vec<Use> = intents.into_iter().map(used).collect();
    let uses = uses.chunks(USES).map(|uses| Entry {
        carried: Some(Carried::Uses { uses: uses.to_vec() }),
        ..Entry::about_us(Kind::Carried, format!("what {} commands used up", uses.len()))
    });
    others.into_iter().map(again).chain(uses).collect()
}

fn again(record: &Record) -> Entry {
    let Record { seq, timestamp, ref entry, ref hash, .. } = *record;
    let carried = Carried::Record { kind: entry.kind, seq, timestamp, hash: hash.clone() };
    Entry { kind: Kind::Carried, carried: Some(carried), ..entry.clone() }
}

fn used(record: &Record) -> Use {
    let Record { seq, timestamp, ref entry, ref hash, .. } = *record;
    Use { seq, timestamp, hash: hash.clone(), taken: entry.taken.clone() }
}

/// The records that one says again; itself, where it says none.
pub(crate) fn originals(record: Record) -> Vec<Record> {
    let at = record.seq;
    let mut originals = match record.entry.carried {
        None => return vec![record],
        Some(Carried::Record { kind, seq, timestamp, hash }) => {
            let entry = Entry { kind, carried: None, ..record.entry };
            vec![original(seq, timestamp, hash, entry)]
        }
        Some(Carried::Uses { uses }) => uses.into_iter().map(intent).collect(),
    };
    originals.retain(|original| original.seq < at);
    originals
}

fn intent(Use { seq, timestamp, hash, taken }: Use) -> Record {
    original(seq, timestamp, hash, Entry { kind: Kind::Intent, taken, ..Entry::default() })
}

/// Its line is gone, and with it the hash before.
fn original(seq: u64, timestamp: Timestamp, hash: String, entry: Entry) -> Record {
    Record { seq, timestamp, entry, prev_hash: String::new(), hash, text: String::new() }
}

#[cfg(test)]
mod tests;
