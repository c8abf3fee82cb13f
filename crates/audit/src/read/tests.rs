//! What was written is found again, from either end and while it grows.

use super::*;
use crate::line::{self, Hash};
use crate::samples::{self, SMALL};
use crate::{Entry, Kind, Options};

fn numbers(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

fn all(path: &Path) -> Vec<u64> {
    records(path).unwrap().map(|record| record.unwrap().seq).collect()
}

#[test]
fn records_come_in_order_over_all_segments_and_backwards() {
    let folder = samples::log(10, SMALL);
    assert_eq!(all(folder.path()), (1..=10).collect::<Vec<_>>());
    let back: Vec<u64> = backwards(folder.path()).unwrap().map(|record| record.unwrap().seq).collect();
    assert_eq!(back, (1..=10).rev().collect::<Vec<_>>());
    assert_eq!(numbers(&tail(folder.path(), 4).unwrap()), [7, 8, 9, 10]);
    assert_eq!(numbers(&tail(folder.path(), 40).unwrap()).len(), 10);
    assert_eq!(all(&samples::segments(folder.path())[1].path), [4, 5, 6]);
}

#[test]
fn a_line_that_is_no_record_is_told_with_its_place_and_reading_goes_on() {
    let folder = samples::log(3, Options::default());
    let path = samples::segments(folder.path())[0].path.clone();
    let mut lines = samples::split(&std::fs::read(&path).unwrap());
    let at = lines[0].len() + 1;
    lines[1] = b"nonsense".to_vec();
    std::fs::write(&path, [samples::join(&lines), b"unfinished".to_vec()].concat()).unwrap();
    let told = |records: &mut dyn Iterator<Item = Result<Record, Error>>| {
        records.map(|record| record.map(|record| record.seq).map_err(|error| error.to_string())).collect::<Vec<_>>()
    };
    let wrong = format!(
        "`{}` holds no record at byte {at}: it has not the form of a version that this program knows",
        path.display()
    );
    let forwards = told(&mut records(folder.path()).unwrap());
    assert_eq!(forwards, [Ok(1), Err(wrong.clone()), Ok(3)]);
    assert_eq!(told(&mut backwards(folder.path()).unwrap()), [Ok(3), Err(wrong), Ok(1)]);
}

#[test]
fn records_are_found_by_their_id_or_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = samples::open(folder.path(), SMALL);
    for id in ["AB1", "AB2", "AB1", "C"] {
        writer.append_blocking(Entry::of(Kind::Intent, id)).unwrap();
    }
    assert_eq!(numbers(&find(folder.path(), "AB1").unwrap()), [1, 3]);
    assert_eq!(numbers(&find(folder.path(), "AB").unwrap()), [1, 2, 3]);
    assert_eq!(numbers(&find(folder.path(), "B").unwrap()).len(), 0);
}

#[test]
fn intents_without_an_end_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = samples::open(folder.path(), SMALL);
    let kinds = [
        (Kind::Intent, "Z"),
        (Kind::Intent, "B"),
        (Kind::Intent, "C"),
        (Kind::Intent, "A"),
        (Kind::Outcome, "B"),
        (Kind::Interrupted, "C"),
        (Kind::Refused, "D"),
    ];
    for (kind, id) in kinds {
        writer.append_blocking(Entry::of(kind, id)).unwrap();
    }
    assert_eq!(numbers(&unended(folder.path()).unwrap()), [1, 4]);
}

#[test]
fn a_growing_log_is_followed_over_its_segments() {
    let folder = tempfile::tempdir().unwrap();
    let mut follow = Follow::from_now(folder.path()).unwrap();
    assert_eq!(follow.poll().unwrap(), None);
    let (writer, _) = samples::open(folder.path(), SMALL);
    for n in 1..=8 {
        writer.append_blocking(samples::entry(n)).unwrap();
        assert_eq!(follow.poll().unwrap().unwrap().seq, n);
        assert_eq!(follow.poll().unwrap(), None);
    }
    let mut later = Follow::after(folder.path(), 5);
    let rest: Vec<u64> = std::iter::from_fn(|| later.poll().unwrap()).map(|record| record.seq).collect();
    assert_eq!(rest, [6, 7, 8]);
    assert_eq!(Follow::from_now(folder.path()).unwrap().poll().unwrap(), None);
}

/// The content of a segment with records of these times, in seconds.
fn content(seconds: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (second, seq) in seconds.iter().zip(1..) {
        let time = jiff::Timestamp::from_second(*second).unwrap();
        let body = line::body(&Entry::of(Kind::Intent, format!("AT{second}"))).unwrap();
        line::seal(seq, time, &body, &Hash::ZERO, &mut bytes);
    }
    bytes
}

#[test]
fn a_record_is_given_only_when_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(segment::name(1));
    let whole = content(&[1, 2]);
    let mut follow = Follow::after(folder.path(), 0);
    let mut given = Vec::new();
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        given.extend(follow.poll().unwrap().map(|record| (record.seq, length)));
    }
    assert_eq!(given, [(1, content(&[1]).len()), (2, whole.len())]);
}

#[test]
fn a_log_whose_end_was_cut_back_is_followed_further() {
    let cases: [(&[i64], &[i64]); 3] = [(&[1, 5], &[5]), (&[1, 55_555, 66_666], &[55_555, 66_666]), (&[1], &[])];
    for (then, new) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(segment::name(1));
        std::fs::write(&path, content(&[1, 2, 3])).unwrap();
        let mut follow = Follow::after(folder.path(), 0);
        assert_eq!(std::iter::from_fn(|| follow.poll().unwrap()).count(), 3);
        std::fs::write(&path, content(then)).unwrap();
        let found = std::iter::from_fn(|| follow.poll().unwrap());
        assert_eq!(found.map(|record| record.timestamp.as_second()).collect::<Vec<_>>(), new, "{then:?}");
    }
}

#[test]
fn state_is_the_kinds_that_are_asked_for_and_intents_that_used_something_up() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = samples::open(folder.path(), Options::default());
    let forged = Entry { message: Some(r#","taken":[{"from":"grant","id":"G"}]"#.into()), ..samples::entry(1) };
    let taking = Entry { taken: vec![crate::Taken::Grant { id: "G".into() }], ..samples::entry(2) };
    let outcome = Entry { kind: Kind::Outcome, ..taking.clone() };
    for entry in [forged, taking, outcome, Entry::of(Kind::Granted, "G"), Entry::of(Kind::Started, "S")] {
        writer.append_blocking(entry).unwrap();
    }
    drop(writer);
    assert_eq!(numbers(&state(folder.path(), &[Kind::Granted]).unwrap()), [2, 4]);
}

#[test]
fn a_record_that_somebody_changed_is_no_state() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = samples::open(folder.path(), Options::default());
    writer.append_blocking(Entry { agent: Some("b".into()), ..Entry::of(Kind::Granted, "G") }).unwrap();
    drop(writer);
    let path = samples::segments(folder.path())[0].path.clone();
    let text = std::fs::read_to_string(&path).unwrap().replace(r#""agent":"b""#, r#""agent":"c""#);
    std::fs::write(&path, text).unwrap();
    assert!(state(folder.path(), &[Kind::Granted]).unwrap().is_empty());
}
