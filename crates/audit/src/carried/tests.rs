//! What is carried reads like what stood there, wherever a removal was broken off.

use std::path::Path;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::*;
use crate::disk::faulty::{Fault, Faulty, Left, Plan};
use crate::samples::{self, SMALL};
use crate::upkeep::{Removal, remove_before};
use crate::verify::{Check, verify_with};
use crate::{Options, SigningKey, opening, read};

/// Everything is needed but refusals to name whoever is called `over`.
const STATE: State = State { kinds, needed };

fn kinds() -> Vec<Kind> {
    vec![Kind::PolicyAccepted, Kind::TokenIssued]
}

fn needed(records: &[Record], _: Timestamp) -> Vec<Record> {
    records.iter().filter(|record| record.entry.agent.as_deref() != Some("over")).cloned().collect()
}

fn options(key: &Arc<SigningKey>) -> Options {
    Options { key: Some(Arc::clone(key)), state: Some(STATE), keep_bytes: Some(0), checkpoint_records: 3, ..SMALL }
}

fn entry(n: u64) -> Entry {
    let taken = |n: u64| Taken::Runbook { name: format!("b{n}") };
    match n % 4 {
        0 => Entry { policy_hash: Some(format!("sha256:{n}")), ..Entry::of(Kind::PolicyAccepted, format!("P{n}")) },
        1 => Entry { kind: Kind::Outcome, ..samples::entry(n) },
        2 => Entry { agent: Some("over".into()), ..Entry::of(Kind::TokenIssued, format!("T{n}")) },
        _ => Entry { taken: vec![taken(n), taken(n)], ..samples::entry(n) },
    }
}

/// Twenty records in segments of three; every run has ended.
fn twenty() -> (TempDir, Arc<SigningKey>) {
    let (folder, key) = (tempfile::tempdir().unwrap(), Arc::new(SigningKey::generate("k").unwrap()));
    let unbounded = Options { keep_bytes: None, ..options(&key) };
    let (writer, _) = samples::open(folder.path(), unbounded);
    for n in 1..=20 {
        writer.append_blocking(entry(n)).unwrap();
        if n % 4 == 3 {
            writer.append_blocking(Entry { kind: Kind::Outcome, ..samples::entry(n) }).unwrap();
        }
    }
    drop(writer);
    (folder, key)
}

/// What a carried record tells of another.
type Told = (u64, Timestamp, String, Kind, Vec<Taken>, Option<String>);

/// The state, as far as a carried record tells it.
fn state(folder: &Path) -> Vec<Told> {
    let still = needed(&read::state(folder, &kinds()).unwrap(), Timestamp::now());
    let told = |Record { seq, timestamp, entry, hash, .. }: Record| {
        (seq, timestamp, hash, entry.kind, entry.taken, entry.policy_hash)
    };
    still.into_iter().map(told).collect()
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for found in std::fs::read_dir(from).unwrap() {
        let path = found.unwrap().path();
        std::fs::copy(&path, to.path().join(path.file_name().unwrap())).unwrap();
    }
    to
}

fn due(folder: &Path, key: &Arc<SigningKey>) -> Removal {
    Removal::due(folder, &options(key), Timestamp::now()).unwrap()
}

fn journal(folder: &Path, key: &Arc<SigningKey>) -> opening::Opened {
    opening::open(Box::new(Faulty::at(folder, Arc::default())), folder, &options(key)).unwrap()
}

/// A writer opens it, the state is `expected`, and a removal leaves that so.
fn goes_on(folder: &Path, key: &Arc<SigningKey>, expected: &[Told]) {
    assert_eq!(state(folder), expected, "as it was found");
    let mut opened = journal(folder, key);
    assert_eq!(state(folder), expected, "opened");
    if let Some(removal) = Removal::due(folder, &options(key), Timestamp::now()) {
        opened.journal.trim(&removal).unwrap();
    }
    opened.journal.checkpoint().unwrap();
    assert_eq!(state(folder), expected, "trimmed");
    let check = Check { key: Some(key.public().clone()), against: None };
    let report = verify_with(folder, &check, |_| ()).unwrap();
    assert!(report.first > Some(18) && report.signed == report.last, "{report:?}");
}

#[test]
fn wherever_a_removal_is_broken_off_the_state_is_the_same() {
    let (folder, key) = twenty();
    let expected = state(folder.path());
    assert_eq!(expected.len(), 10);
    let removal = due(folder.path(), &key);
    let mut opened = journal(folder.path(), &key);
    let beginning = opened.journal.beginning(removal.keep).unwrap();
    let mut broken_off = vec![copy(folder.path())];
    opened.journal.carry(&removal).unwrap();
    broken_off.push(copy(folder.path()));
    opened.journal.begin_at(&beginning).unwrap();
    broken_off.push(copy(folder.path()));
    for segment in samples::segments(folder.path()).iter().filter(|segment| segment.first < removal.keep) {
        std::fs::remove_file(&segment.path).unwrap();
        broken_off.push(copy(folder.path()));
    }
    assert!(broken_off.len() > 6);
    remove_before(folder.path(), removal.keep).unwrap();
    broken_off.push(copy(folder.path()));
    for log in broken_off {
        goes_on(log.path(), &key, &expected);
        // Once more, with what was carried before in the oldest segment.
        goes_on(log.path(), &key, &expected);
    }
}

#[test]
fn what_is_carried_a_second_time_is_what_stood_there_first() {
    let (folder, key) = twenty();
    let expected = state(folder.path());
    for _ in 0..5 {
        let mut opened = journal(folder.path(), &key);
        opened.journal.trim(&due(folder.path(), &key)).unwrap();
        assert_eq!(state(folder.path()), expected);
        // The next segment begins, so that this one may go.
        let more = (0..6).map(|_| crate::writer::Line::of(&Entry::about_us(Kind::Started, "again"), Timestamp::now()));
        opened.journal.write(&more.collect::<Result<Vec<_>, _>>().unwrap()).unwrap();
        let begins = crate::writer::Line::of(&Entry::about_us(Kind::Stopped, "again"), Timestamp::now());
        opened.journal.write(&[begins.unwrap()]).unwrap();
        opened.journal.checkpoint().unwrap();
    }
    let records: Vec<_> = read::records(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(records[0].seq > 20 && !records.iter().any(|record| record.entry.agent.as_deref() == Some("over")));
}

#[test]
fn a_disk_that_fails_or_a_power_that_goes_removes_nothing_that_is_not_carried() {
    let (folder, key) = twenty();
    let expected = state(folder.path());
    for operation in 0..8 {
        for fault in [Fault::FullAfter(700), Fault::Lying] {
            for left in [Left::Nothing, Left::Bytes(900)] {
                let log = copy(folder.path());
                let plan = Arc::new(Mutex::new(Plan::default()));
                plan.lock().unwrap().fail = Some((operation..operation + 1, fault));
                let disk = Box::new(Faulty::at(log.path(), Arc::clone(&plan)));
                if let Ok(mut opened) = opening::open(disk, log.path(), &options(&key)) {
                    // It may fail; then nothing is removed.
                    let _ = opened.journal.trim(&due(log.path(), &key));
                }
                plan.lock().unwrap().lose_power(log.path(), left);
                goes_on(log.path(), &key, &expected);
            }
        }
    }
}

#[test]
fn a_record_that_says_a_later_one_again_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = samples::open(folder.path(), Options::PLAIN);
    let later =
        Carried::Record { kind: Kind::PolicyAccepted, seq: 2, timestamp: Timestamp::now(), hash: String::new() };
    writer.append_blocking(Entry { carried: Some(later), ..Entry::of(Kind::Carried, "") }).unwrap();
    drop(writer);
    assert!(read::state(folder.path(), &kinds()).unwrap().is_empty());
}
