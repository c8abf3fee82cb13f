//! The state after a removal is the state before it.

use proptest::prelude::*;
use tollgate_audit::{Entry, Process, Token};
use tollgate_places::Places;

use super::*;
use crate::sys::process;

fn own() -> Process {
    process::named(i32::try_from(std::process::id()).unwrap()).unwrap()
}

fn gone() -> Process {
    Process { started: own().started + 1, ..own() }
}

fn keeper(n: u8) -> Option<Process> {
    Some(if n.is_multiple_of(2) { own() } else { gone() })
}

/// Some tokens are over; which ones follows from the number, as it does outside.
fn token(n: u8) -> Option<Token> {
    let until = if n.is_multiple_of(3) { 1_000 } else { 4_000_000_000 };
    let (id, until) = (format!("T{}", n % 6), Timestamp::from_second(until).unwrap());
    Some(Token { id, agent: "ci".into(), clearance: None, until })
}

fn entry(what: usize, n: u8, m: u8) -> Entry {
    let kind = kinds().into_iter().filter(|kind| !Allowances::KINDS.contains(kind)).nth(what).unwrap();
    let hash = |n: u8| Some(format!("sha256:{n}"));
    let about = Entry { policy_hash: hash(n), policy_pending: hash(m), ..Entry::of(kind, format!("S{}", n % 5)) };
    match kind {
        Kind::SessionOpened => Entry { process: keeper(m), ..about },
        Kind::TokenBound => Entry { process: keeper(m), token: token(n % 6), ..about },
        Kind::TokenIssued | Kind::TokenRevoked => Entry { token: token(n % 6), ..about },
        _ => about,
    }
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let step = (0usize..7, any::<u8>(), any::<u8>());
    proptest::collection::vec(step, 1..40).prop_map(|steps| {
        let entries = steps.into_iter().map(|(what, n, m)| entry(what, n, m));
        let (timestamp, text) = (Timestamp::UNIX_EPOCH, String::new());
        let record = |(seq, entry)| Record {
            seq,
            timestamp,
            entry,
            prev_hash: text.clone(),
            hash: text.clone(),
            text: text.clone(),
        };
        (1..).zip(entries).map(record).collect()
    })
}

/// Everything that a daemon takes from the records.
fn seen(records: &[Record]) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let places = Places::of_root(scratch.path());
    std::fs::create_dir_all(&places.state).unwrap();
    let policies = Policies::told(records);
    let sessions = Sessions::remembered(records);
    let sessions = [0, 1, 2, 3, 4].map(|n| sessions.earlier(&format!("S{n}")));
    let tokens = Tokens::open(&places, records).unwrap();
    format!("{policies:?}\n{sessions:?}\n{:?} {:?}", tokens.all(), tokens.rooted_at(own().pid))
}

fn carry(all: &[Record], keep: u64) -> Vec<Record> {
    let needed = needed(all, Timestamp::now()).into_iter().filter(|record| record.seq < keep);
    needed.chain(all.iter().filter(|record| record.seq >= keep).cloned()).collect()
}

proptest! {
    #[test]
    fn a_daemon_knows_after_a_removal_what_it_knew_before(
        records in records(), cut in 0u64..40, again in 0u64..40,
    ) {
        let once = carry(&records, cut);
        prop_assert_eq!(seen(&once), seen(&records));
        prop_assert_eq!(seen(&carry(&once, cut + again)), seen(&records));
    }
}

#[test]
fn a_kind_that_no_room_speaks_for_is_carried() {
    let timestamp = Timestamp::UNIX_EPOCH;
    let entry = Entry::of(Kind::Started, "S");
    let record =
        Record { seq: 1, timestamp, entry, prev_hash: String::new(), hash: String::new(), text: String::new() };
    assert_eq!(needed(std::slice::from_ref(&record), Timestamp::now()), [record]);
}
