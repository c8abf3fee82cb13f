//! Durable or told so, whatever the disk does.

use std::sync::{Condvar, mpsc};

use super::*;
use crate::chain::Chain;
use crate::disk::faulty::{Fault, Faulty, Left, Plan};
use crate::journal::Journal;
use crate::samples::{self, SMALL};
use crate::{Kind, Record, read, verify};

type Shared = Arc<Mutex<Plan>>;

fn open(folder: &Path, options: Options) -> (Writer, Shared) {
    let plan = Shared::default();
    let (writer, _) = Writer::open_on(Box::new(Faulty::at(folder, plan.clone())), folder, options).unwrap();
    (writer, plan)
}

fn records(folder: &Path) -> Vec<Record> {
    read::records(folder).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn entries_that_wait_at_once_are_made_durable_by_one_sync() {
    const THREADS: u64 = 32;
    let folder = tempfile::tempdir().unwrap();
    let (writer, plan) = open(folder.path(), Options::default());
    let waiting = Arc::new((Mutex::new(0), Condvar::new()));
    let all_wait = waiting.clone();
    // The first sync lasts until every thread has left its entry.
    plan.lock().unwrap().before_sync = Some(Arc::new(move |syncs| {
        let (count, more) = &*all_wait;
        drop(more.wait_while(count.lock().unwrap(), |count| syncs == 0 && *count < THREADS).unwrap());
    }));
    let (told, receipts) = mpsc::channel();
    std::thread::scope(|scope| {
        for n in 0..THREADS {
            let (told, waiting, writer) = (told.clone(), waiting.clone(), &writer);
            scope.spawn(move || {
                writer.append(samples::entry(n), move |result| told.send((n, result.unwrap())).unwrap());
                *waiting.0.lock().unwrap() += 1;
                waiting.1.notify_all();
            });
        }
    });
    drop(writer);
    drop(told);
    let receipts: Vec<_> = receipts.iter().collect();
    assert_eq!(receipts.len() as u64, THREADS);
    let records = records(folder.path());
    for (n, receipt) in receipts {
        let record = &records[receipt.seq as usize - 1];
        assert_eq!((&record.hash, &record.entry), (&receipt.hash, &samples::entry(n)));
    }
    let plan = plan.lock().unwrap();
    assert!(plan.syncs <= 2 && plan.writes <= 2, "{} syncs, {} writes", plan.syncs, plan.writes);
}

#[test]
fn a_group_is_bounded_but_a_long_record_still_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, plan) = open(folder.path(), Options::default());
    let long = Entry { message: Some("x".repeat(GROUP_BYTES)), ..samples::entry(1) };
    for entry in [samples::entry(0), long, samples::entry(2)] {
        writer.append(entry, |result| drop(result.unwrap()));
    }
    drop(writer);
    assert_eq!(records(folder.path()).len(), 3);
    assert!(plan.lock().unwrap().syncs >= 2);
}

#[test]
fn segments_follow_each_other_at_their_size() {
    let folder = samples::log(7, SMALL);
    let lengths: Vec<usize> = samples::lines(folder.path()).iter().map(Vec::len).collect();
    assert_eq!(lengths, [3, 3, 1]);
    let first = Record::of(&samples::lines(folder.path())[1][0]).unwrap();
    let last = Record::of(&samples::lines(folder.path())[0][2]).unwrap();
    assert_eq!(first.prev_hash, last.hash);
}

#[test]
fn a_log_goes_on_where_it_ended() {
    let folder = samples::log(4, SMALL);
    let (writer, recovery) = Writer::open(folder.path(), SMALL).unwrap();
    assert_eq!(recovery, Recovery { last: 4, cut: vec![] });
    assert_eq!(writer.append_blocking(samples::entry(5)).unwrap().seq, 5);
    assert_eq!(writer.records(), 1);
    assert_eq!(verify(folder.path(), |_| ()).unwrap().last, Some(5));
}

#[test]
fn the_callback_may_hold_the_last_writer() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = Writer::open(folder.path(), Options::default()).unwrap();
    let writer = Arc::new(writer);
    let (told, done) = mpsc::channel();
    let last = writer.clone();
    writer.append(samples::entry(1), move |result| {
        drop(last);
        told.send(result.unwrap().seq).unwrap();
    });
    drop(writer);
    assert_eq!(done.recv(), Ok(1));
}

#[test]
fn a_record_that_is_too_long_is_refused_and_the_next_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = open(folder.path(), Options::default());
    let error = writer.append_blocking(Entry { message: Some("x".repeat(MAX_LINE)), ..samples::entry(1) });
    assert!(matches!(*error.unwrap_err(), Error::TooLong(_)));
    assert_eq!(writer.append_blocking(samples::entry(2)).unwrap().seq, 1);
}

#[test]
fn a_clock_that_goes_backwards_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Box::new(Faulty::at(folder.path(), Shared::default()));
    let beside = crate::beside::Beside::new(folder.path(), crate::tree::Tree::default(), None);
    let mut journal = Journal::new(disk, folder.path().to_owned(), None, Chain::START, beside, 1 << 20);
    for time in ["2026-02-12T14:30:22Z", "2001-01-01T00:00:00Z", "2026-02-12T14:30:23Z"] {
        journal.write(&[Line::of(&samples::entry(1), time.parse().unwrap()).unwrap()]).unwrap();
    }
    verify(folder.path(), |_| ()).unwrap();
    let (writer, _) = Writer::open(folder.path(), Options::default()).unwrap();
    assert_eq!(writer.append_blocking(samples::entry(2)).unwrap().seq, 4);
}

#[test]
fn nothing_is_written_behind_the_bytes_of_another_program() {
    let folder = samples::log(1, Options::default());
    let path = samples::segments(folder.path())[0].path.clone();
    let (writer, _) = open(folder.path(), Options::default());
    let content = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&content, &b"{\"forged\":true}\n"[..]].concat()).unwrap();
    let error = writer.append_blocking(samples::entry(2)).unwrap_err();
    assert!(matches!(*error, Error::Changed { found, written, .. } if found == written + 16), "{error}");
    assert!(writer.problem().unwrap().contains("another program changed it"));
    drop(writer);

    let (writer, recovery) = Writer::open(folder.path(), Options::default()).unwrap();
    assert_eq!(std::fs::read(&recovery.cut[0].kept).unwrap(), b"{\"forged\":true}\n");
    writer.append_blocking(samples::entry(2)).unwrap();
    verify(folder.path(), |_| ()).unwrap();
}

#[test]
fn nothing_is_written_to_a_segment_that_was_removed() {
    let folder = samples::log(1, Options::default());
    let (writer, _) = open(folder.path(), Options::default());
    std::fs::remove_file(&samples::segments(folder.path())[0].path).unwrap();
    let error = writer.append_blocking(samples::entry(2)).unwrap_err();
    assert!(matches!(*error, Error::Write { .. }), "{error}");
}

#[test]
fn a_full_disk_is_told_to_the_caller_and_recorded_as_a_gap_later() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, plan) = open(folder.path(), Options::default());
    writer.append_blocking(samples::entry(1)).unwrap();
    let now = plan.lock().unwrap().operations;
    plan.lock().unwrap().fail = Some((now..u64::MAX, Fault::Full));
    for n in 2..4 {
        let error = writer.append_blocking(samples::entry(n)).unwrap_err();
        assert!(matches!(*error, Error::Write { .. }), "{error}");
    }
    assert!(writer.problem().unwrap().ends_with("no storage space"), "{:?}", writer.problem());
    plan.lock().unwrap().fail = None;
    writer.append_blocking(samples::entry(4)).unwrap();
    assert_eq!(writer.problem(), None);
    assert_eq!(writer.records(), 3);
    drop(writer);
    let records = records(folder.path());
    assert_eq!(
        records.iter().map(|record| record.entry.kind).collect::<Vec<_>>(),
        [Kind::Intent, Kind::Gap, Kind::Intent]
    );
    let gap = &records[1].entry;
    assert_eq!(gap.lost, Some(2));
    assert!(gap.message.as_deref().unwrap().starts_with("2 records could not be written since 2"), "{:?}", gap.message);
}

#[test]
fn what_was_refused_does_not_come_back_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, plan) = open(folder.path(), Options::default());
    writer.append_blocking(samples::entry(1)).unwrap();
    let write = plan.lock().unwrap().operations;
    // The data reaches the disk, but the disk says that it did not.
    plan.lock().unwrap().fail = Some((write + 1..write + 2, Fault::Lying));
    writer.append_blocking(samples::entry(2)).unwrap_err();
    plan.lock().unwrap().lose_power(folder.path(), Left::Nothing);
    assert_eq!(records(folder.path()).len(), 1);
}

/// What a writer told its callers on a disk that fails at some operations.
#[derive(Default)]
struct Told {
    receipts: Vec<(u64, Receipt)>,
    refused: Vec<u64>,
}

impl Told {
    fn hear(&mut self, (n, result): (u64, Result<Receipt, Arc<Error>>)) {
        match result {
            Ok(receipt) => self.receipts.push((n, receipt)),
            Err(_) => self.refused.push(n),
        }
    }
}

/// How the disk is for the last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtTheEnd {
    /// As it was.
    TheSame,
    /// Well again.
    Well,
}

/// Appends entries by twos, so that groups have more than one record, and then
/// one more.
fn write_on(folder: &Path, plan: &Shared, at_the_end: AtTheEnd) -> Told {
    let (writer, _) = Writer::open_on(Box::new(Faulty::at(folder, plan.clone())), folder, SMALL).unwrap();
    let mut told = Told::default();
    let (tell, heard) = mpsc::channel();
    let append = |n| {
        let tell = tell.clone();
        writer.append(samples::entry(n), move |result| tell.send((n, result)).unwrap());
    };
    for n in [0, 2, 4, 6] {
        append(n);
        append(n + 1);
        heard.iter().take(2).for_each(|one| told.hear(one));
    }
    if at_the_end == AtTheEnd::Well {
        plan.lock().unwrap().fail = None;
    }
    append(8);
    told.hear(heard.recv().unwrap());
    told
}

/// What must hold of the log after the power went and came back.
fn check(folder: &Path, told: &Told, at_the_end: AtTheEnd) {
    drop(samples::open(folder, SMALL));
    let report = verify(folder, |_| ()).unwrap();
    assert_eq!(report.unfinished, 0);
    let records = records(folder);
    for (n, receipt) in &told.receipts {
        let record = &records[receipt.seq as usize - 1];
        assert_eq!((&record.hash, &record.entry), (&receipt.hash, &samples::entry(*n)), "a receipt is kept");
    }
    if at_the_end == AtTheEnd::Well {
        assert_eq!(told.receipts.last().map(|(n, _)| *n), Some(8), "a disk that is well is written to");
        let refused = |record: &&Record| told.refused.iter().any(|n| samples::entry(*n).id == record.entry.id);
        assert_eq!(records.iter().filter(refused).count(), 0, "what was refused is not there");
        let lost: u64 = records.iter().filter_map(|record| record.entry.lost).sum();
        assert_eq!(lost, told.refused.len() as u64, "what was refused is a gap");
    }
}

/// Every fault at every operation, for one, two or all operations from there, and
/// then a loss of power that leaves nothing, a part, or everything of what was
/// not synced.
#[test]
fn whatever_fails_and_whenever_receipts_hold_and_gaps_show() {
    let counted = Shared::default();
    let scratch = tempfile::tempdir().unwrap();
    write_on(scratch.path(), &counted, AtTheEnd::TheSame);
    let operations = counted.lock().unwrap().operations;
    assert!(operations > 10, "{operations}");
    for fault in [Fault::Full, Fault::FullAfter(1000), Fault::Broken, Fault::Lying] {
        for first in 0..operations {
            for last in [first + 1, first + 2, u64::MAX] {
                for at_the_end in [AtTheEnd::TheSame, AtTheEnd::Well] {
                    fail_and_lose_power(first..last, fault, at_the_end);
                }
            }
        }
    }
}

fn fail_and_lose_power(operations: std::ops::Range<u64>, fault: Fault, at_the_end: AtTheEnd) {
    for left in [Left::Nothing, Left::Bytes(1300), Left::Everything] {
        let folder = tempfile::tempdir().unwrap();
        let plan = Shared::default();
        plan.lock().unwrap().fail = Some((operations.clone(), fault));
        let told = write_on(folder.path(), &plan, at_the_end);
        plan.lock().unwrap().lose_power(folder.path(), left);
        check(folder.path(), &told, at_the_end);
    }
}
