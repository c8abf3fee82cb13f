//! What is asked for is found, with an index and without one.

use jiff::Timestamp;

use super::*;
use crate::samples::{self, SMALL};
use crate::{Also, Decision, Entry, Found, Kind, Options, TargetValue, Targets, Writer};

fn entry(n: u64) -> Entry {
    let value = TargetValue::Known { value: format!("ws-{}", n % 4).into(), source: "TF_WORKSPACE".into() };
    let refused = n.is_multiple_of(7);
    Entry {
        kind: if refused { Kind::Refused } else { Kind::Intent },
        agent: Some(format!("agent-{}", n % 3)),
        tool: Some("terraform".into()),
        operation: Some(if n.is_multiple_of(2) { "terraform.apply" } else { "terraform.plan" }.into()),
        also: if n.is_multiple_of(10) {
            vec![Also { operation: "terraform.destroy".into(), ..Also::default() }]
        } else {
            Vec::new()
        },
        tier: (n % 5 != 4).then_some((n % 5) as u8),
        decision: Some(if refused { Decision::Deny } else { Decision::Allow }),
        target: Targets::from([("workspace".into(), Found::One(value))]),
        exit_code: (n.is_multiple_of(11)).then_some(3),
        ..samples::entry(n)
    }
}

fn log() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = samples::open(folder.path(), Options { pack: true, ..SMALL });
    (0..60).for_each(|n| drop(writer.append_blocking(entry(n)).unwrap()));
    folder
}

fn pattern(text: &str) -> Vec<Pattern> {
    vec![text.parse().unwrap()]
}

fn numbers(folder: &Path, filter: &Filter, most: usize, help: Help) -> Vec<u64> {
    newest(folder, filter, most, help).unwrap().iter().map(|record| record.seq - 1).collect()
}

fn all(fits: impl Fn(u64) -> bool) -> Vec<u64> {
    (0..60).filter(|n| fits(*n)).collect()
}

#[test]
fn every_filter_finds_what_fits_and_nothing_else() {
    let folder = log();
    let none = Filter::default();
    let cases: [(Filter, Vec<u64>); 12] = [
        (none.clone(), all(|_| true)),
        (Filter { agent: pattern("agent-1"), ..none.clone() }, all(|n| n % 3 == 1)),
        (Filter { agent: pattern("agent-[01]"), ..none.clone() }, all(|n| n % 3 < 2)),
        (Filter { kind: pattern("refused"), ..none.clone() }, all(|n| n % 7 == 0)),
        (Filter { operation: pattern("*.destroy"), ..none.clone() }, all(|n| n % 10 == 0)),
        (Filter { target: pattern("workspace=ws-2"), ..none.clone() }, all(|n| n % 4 == 2)),
        (
            Filter { target: pattern("ws-2"), tier: vec![Some(0), None], ..none.clone() },
            all(|n| n % 4 == 2 && [0, 4].contains(&(n % 5))),
        ),
        (Filter { verdict: pattern("deny"), exit: vec![3], ..none.clone() }, all(|n| n % 77 == 0)),
        (Filter { text: Some("module.number_12\"".into()), ..none.clone() }, vec![12]),
        (Filter { session: pattern("*"), ..none.clone() }, vec![]),
        (Filter { until: Some(Timestamp::UNIX_EPOCH), ..none.clone() }, vec![]),
        (Filter { since: Some(Timestamp::UNIX_EPOCH), ..none }, all(|_| true)),
    ];
    for (filter, expected) in &cases {
        for help in [Help::Index, Help::None] {
            assert_eq!(numbers(folder.path(), filter, 100, help), *expected, "{filter:?} {help:?}");
        }
        let last = expected.iter().rev().take(2).rev().copied().collect::<Vec<_>>();
        assert_eq!(numbers(folder.path(), filter, 2, Help::Index), last);
        let mut counted = 0;
        each(folder.path(), filter, 0, |_| {
            counted += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(counted, expected.len());
        assert_eq!(stats(folder.path(), filter).unwrap().records, expected.len() as u64);
    }
}

#[test]
fn stats_count_commands_by_what_they_were() {
    let folder = log();
    let stats = stats(folder.path(), &Filter::default()).unwrap();
    assert_eq!((stats.records, stats.kinds["refused"], stats.kinds["intent"]), (60, 9, 51));
    assert_eq!((stats.tiers["unknown"], stats.tiers["T0"], stats.agents["agent-0"]), (12, 12, 20));
    assert_eq!((stats.operations["terraform.plan"], stats.verdicts["deny"]), (30, 9));
}

#[test]
fn a_log_without_indexes_answers_as_well() {
    let folder = log();
    for found in std::fs::read_dir(folder.path()).unwrap() {
        let path = found.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "index") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let filter = Filter { agent: pattern("agent-1"), ..Filter::default() };
    assert_eq!(numbers(folder.path(), &filter, 100, Help::Index), all(|n| n % 3 == 1));
    assert_eq!(read::find(folder.path(), &samples::entry(7).id).unwrap().len(), 1);
    // The next writer makes them again.
    drop(Writer::open(folder.path(), SMALL).unwrap());
    assert!(crate::index::Summary::read(folder.path(), 1).is_some());
}

#[test]
fn export_goes_on_after_any_record() {
    let folder = log();
    for after in [0, 1, 29, 59, 60, 99] {
        let mut seen = Vec::new();
        each(folder.path(), &Filter::default(), after, |record| {
            seen.push(record.seq);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(seen, (after + 1..=60).collect::<Vec<_>>());
    }
}
