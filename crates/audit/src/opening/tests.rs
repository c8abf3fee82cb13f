//! A log is opened after a crash at any byte, and refused after anything else.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::*;
use crate::disk::faulty::{Fault, Faulty, Left, Plan};
use crate::samples::{self, SMALL};
use crate::writer::GROUP_BYTES;
use crate::{Entry, Kind, Record, Writer, read, verify};

fn records(folder: &Path) -> Vec<Record> {
    read::records(folder).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The only segment of a log of so many records, and its lines.
fn one_segment(entries: u64) -> (TempDir, std::path::PathBuf, Vec<Vec<u8>>) {
    let folder = samples::log(entries, Options::default());
    let path = samples::segments(folder.path())[0].path.clone();
    let lines = samples::split(&std::fs::read(&path).unwrap());
    (folder, path, lines)
}

fn refusal(folder: &Path) -> String {
    Writer::open(folder, Options::default()).unwrap_err().to_string()
}

#[test]
fn a_record_torn_at_any_byte_is_cut_kept_and_recorded() {
    let (folder, path, lines) = one_segment(3);
    let whole = samples::join(&lines);
    let two = samples::join(&lines[..2]).len();
    for length in two..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let (writer, recovery) = samples::open(folder.path(), Options::default());
        writer.append_blocking(samples::entry(9)).unwrap();
        drop(writer);

        let torn = length - two;
        let kinds: Vec<Kind> = records(folder.path()).iter().map(|record| record.entry.kind).collect();
        if torn == 0 || length == whole.len() {
            assert_eq!((recovery.last, recovery.cut), (if torn == 0 { 2 } else { 3 }, vec![]));
            assert!(!kinds.contains(&Kind::Recovered));
        } else {
            assert_eq!((recovery.last, recovery.cut.len()), (2, 1), "{length}");
            assert_eq!(std::fs::read(&recovery.cut[0].kept).unwrap(), &whole[two..length]);
            assert_eq!(kinds, [Kind::Intent, Kind::Intent, Kind::Recovered, Kind::Intent]);
            std::fs::remove_file(&recovery.cut[0].kept).unwrap();
        }
        assert_eq!(verify(folder.path(), |_| ()).unwrap().unfinished, 0);
    }
}

#[test]
fn the_record_of_a_cut_says_what_was_cut_and_where_it_is() {
    let (folder, path, lines) = one_segment(1);
    std::fs::write(&path, [&samples::join(&lines), &b"{\"v\":1,"[..]].concat()).unwrap();
    let (_writer, recovery) = samples::open(folder.path(), Options::default());
    let kept = recovery.cut[0].kept.file_name().unwrap().to_str().unwrap();
    assert!(kept.starts_with("000000000002."), "{kept}");
    assert_eq!(
        records(folder.path())[1].entry.message.as_deref().unwrap(),
        format!(
            "the log ended with 7 bytes (SHA-256 6f8c7dd52f59d88706375cda63bb725f722689cc227ce0b55abf69366b5f40ed) \
             that were no whole record; they are kept in `{kept}`"
        )
    );
}

#[test]
fn a_group_with_a_hole_is_cut_from_the_hole_on() {
    let (folder, path, lines) = one_segment(5);
    let mut content = samples::join(&lines);
    let hole = samples::join(&lines[..2]).len() + 100;
    content[hole..hole + 300].fill(0);
    std::fs::write(&path, content).unwrap();
    let (writer, recovery) = samples::open(folder.path(), Options::default());
    drop(writer);
    assert_eq!(recovery.last, 2);
    assert_eq!(verify(folder.path(), |_| ()).unwrap().records, 3);
}

#[test]
fn a_cut_whose_record_a_crash_prevented_is_recorded_later() {
    let (folder, _, _) = one_segment(2);
    std::fs::write(folder.path().join("000000000003.01K.torn"), b"half").unwrap();
    std::fs::write(folder.path().join("000000000002.01K.torn"), b"of before").unwrap();
    let (writer, recovery) = samples::open(folder.path(), Options::default());
    drop(writer);
    assert_eq!(recovery.cut.len(), 1);
    let (writer, recovery) = samples::open(folder.path(), Options::default());
    drop(writer);
    assert_eq!((recovery.last, recovery.cut), (3, vec![]));
}

#[test]
fn a_failure_or_crash_while_opening_loses_nothing_and_hides_nothing() {
    for fault in [Fault::Full, Fault::FullAfter(3), Fault::Broken, Fault::Lying] {
        for left in [Left::Nothing, Left::Bytes(3), Left::Everything] {
            for operation in 0..12 {
                let (folder, path, lines) = one_segment(3);
                let whole = samples::join(&lines);
                std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
                let plan = Arc::new(Mutex::new(Plan::default()));
                plan.lock().unwrap().fail = Some((operation..u64::MAX, fault));
                let disk = Box::new(Faulty::at(folder.path(), plan.clone()));
                drop(Writer::open_on(disk, folder.path(), Options::default()));
                plan.lock().unwrap().lose_power(folder.path(), left);

                drop(samples::open(folder.path(), Options::default()));
                let records = records(folder.path());
                let kinds: Vec<Kind> = records.iter().map(|record| record.entry.kind).collect();
                assert_eq!(kinds[..3], [Kind::Intent, Kind::Intent, Kind::Recovered], "{fault:?} {operation} {left:?}");
                assert!(kinds[3..].iter().all(|kind| *kind == Kind::Recovered));
                verify(folder.path(), |_| ()).unwrap();
            }
        }
    }
}

#[test]
fn more_than_a_crash_can_tear_is_refused_and_not_touched() {
    let (folder, path, _) = one_segment(2);
    let entry = Entry { message: Some("x".repeat(GROUP_BYTES / 2)), ..samples::entry(0) };
    let (writer, _) = samples::open(folder.path(), Options::default());
    for _ in 0..3 {
        writer.append_blocking(entry.clone()).unwrap();
    }
    drop(writer);
    let mut lines = samples::split(&std::fs::read(&path).unwrap());
    lines[1][40] ^= 1;
    let content = samples::join(&lines);
    std::fs::write(&path, &content).unwrap();
    assert_eq!(
        refusal(folder.path()),
        format!(
            "the audit is broken at `{}`, line 2: record 2 was changed: its bytes do not give its hash; \
             nothing is added to it: keep the folder as evidence and move it aside",
            path.display()
        )
    );
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[test]
fn one_torn_record_may_be_longer_than_a_group() {
    let (folder, path, lines) = one_segment(2);
    let (writer, _) = samples::open(folder.path(), Options::default());
    writer.append_blocking(Entry { message: Some("x".repeat(3 * GROUP_BYTES)), ..samples::entry(3) }).unwrap();
    drop(writer);
    let length = std::fs::metadata(&path).unwrap().len();
    File::options().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    let (_writer, recovery) = samples::open(folder.path(), Options::default());
    assert_eq!(recovery.last, lines.len() as u64);
    assert_eq!(recovery.cut[0].bytes, length - 1 - samples::join(&lines).len() as u64);
}

#[test]
fn a_segment_that_does_not_go_on_from_the_one_before_is_refused() {
    let folder = samples::log(10, SMALL);
    let segments = samples::segments(folder.path());
    let path = &segments[2].path;
    let lines = samples::split(&std::fs::read(path).unwrap());
    std::fs::write(path, samples::join(&lines[..2])).unwrap();
    assert!(refusal(folder.path()).contains("line 1: record 9 comes next, not 10"), "{}", refusal(folder.path()));
    std::fs::write(path, "").unwrap();
    assert!(refusal(folder.path()).contains("line 1: the segment before it does not end with a record"));
    std::fs::remove_file(path).unwrap();
    assert!(refusal(folder.path()).contains("line 1: record 7 comes next, not 10"));
}

#[test]
fn an_empty_last_segment_is_gone_on_with() {
    let folder = samples::log(3, SMALL);
    std::fs::write(folder.path().join(segment::name(4)), "").unwrap();
    let (writer, recovery) = samples::open(folder.path(), SMALL);
    assert_eq!((recovery.last, recovery.cut), (3, vec![]));
    assert_eq!(writer.append_blocking(samples::entry(4)).unwrap().seq, 4);
    assert_eq!(verify(folder.path(), |_| ()).unwrap().segments, 2);
}

#[test]
fn a_second_writer_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = Writer::open(folder.path(), Options::default()).unwrap();
    assert_eq!(
        refusal(folder.path()),
        format!("another program writes the audit in `{}`: stop it first", folder.path().display())
    );
    drop(writer);
    Writer::open(folder.path(), Options::default()).unwrap();
}

#[test]
fn folder_and_files_are_the_owners_alone() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("state/audit");
    let (writer, _) = Writer::open(&folder, Options::default()).unwrap();
    writer.append_blocking(samples::entry(1)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for found in std::fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&found.unwrap().path()), 0o600);
    }
}
