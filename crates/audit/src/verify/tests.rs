//! Every manipulation is found, and in its place.

mod signed;

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::samples::{self, SMALL};

/// Ten records in segments of three.
fn ten() -> TempDir {
    let folder = samples::log(10, SMALL);
    let firsts: Vec<u64> = samples::segments(folder.path()).iter().map(|segment| segment.first).collect();
    assert_eq!(firsts, [1, 4, 7, 10]);
    folder
}

fn check(folder: &Path) -> Result<Report, Error> {
    verify(folder, |_| ())
}

/// The file name, line and words of what is wrong.
fn wrong(folder: &Path) -> (String, u64, String) {
    match check(folder).unwrap_err() {
        Error::Broken(Broken { segment, line, what }) => {
            (segment.file_name().unwrap().to_str().unwrap().to_owned(), line, what)
        }
        unreadable => panic!("{unreadable}"),
    }
}

/// Rewrites the lines of the second segment, which has the records 4, 5 and 6.
fn tampered(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> (String, u64, String) {
    let folder = ten();
    let path = &samples::segments(folder.path())[1].path;
    let mut lines = samples::split(&std::fs::read(path).unwrap());
    change(&mut lines);
    std::fs::write(path, samples::join(&lines)).unwrap();
    wrong(folder.path())
}

fn at(segment: u64, line: u64, what: &str) -> (String, u64, String) {
    (segment::name(segment), line, what.to_owned())
}

#[test]
fn an_untouched_log_is_whole() {
    let folder = ten();
    let mut told = Vec::new();
    let report = verify(folder.path(), |progress| told.push(progress)).unwrap();
    let last = crate::read::tail(folder.path(), 1).unwrap().remove(0);
    assert_eq!((report.segments, report.records, report.first, report.last), (4, 10, Some(1), Some(10)));
    assert_eq!((report.hash, report.unfinished), (last.hash, 0));
    assert_eq!(told, [Progress { done: report.bytes, of: report.bytes }]);
}

#[test]
fn an_empty_folder_and_an_empty_segment_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let report = check(folder.path()).unwrap();
    assert_eq!((report.records, report.first, report.last, report.hash), (0, None, None, "0".repeat(64)));
    std::fs::write(folder.path().join(segment::name(1)), "").unwrap();
    assert_eq!(check(folder.path()).unwrap().segments, 1);
}

#[test]
fn a_bit_flipped_anywhere_is_found_in_its_line() {
    let folder = ten();
    for segment in samples::segments(folder.path()).into_iter().skip(2) {
        let content = std::fs::read(&segment.path).unwrap();
        let mut line = 1;
        for at in 0..content.len() {
            let mut flipped = content.clone();
            flipped[at] ^= 1;
            std::fs::write(&segment.path, &flipped).unwrap();
            if segment.first == 10 && at + 1 == content.len() {
                let report = check(folder.path()).unwrap();
                assert_eq!((report.records, report.unfinished), (9, content.len() as u64));
            } else {
                let (name, found, what) = wrong(folder.path());
                assert_eq!((name, found), (segment::name(segment.first), line), "byte {at}: {what}");
            }
            line += u64::from(content[at] == b'\n');
        }
        std::fs::write(&segment.path, content).unwrap();
    }
}

#[test]
fn a_changed_word_is_a_changed_record() {
    let found = tampered(|lines| {
        let text = String::from_utf8(lines[1].clone()).unwrap();
        lines[1] = text.replace("claude-code", "claude-cafe").into_bytes();
    });
    assert_eq!(found, at(4, 2, "record 5 was changed: its bytes do not give its hash"));
}

#[test]
fn a_dropped_record_is_found() {
    let found = tampered(|lines| drop(lines.remove(1)));
    assert_eq!(found, at(4, 2, "record 6 stands where record 5 belongs: record 5 is missing or moved"));
    let found = tampered(|lines| drop(lines.drain(..2)));
    assert_eq!(found, at(4, 1, "record 6 stands where record 4 belongs: records 4 to 5 are missing or moved"));
}

#[test]
fn records_dropped_from_the_end_of_a_segment_are_found_at_the_next() {
    let found = tampered(|lines| drop(lines.pop()));
    let what = "the segment begins with record 7, but record 6 comes next: a segment between is missing";
    assert_eq!(found, at(7, 1, what));
}

#[test]
fn a_reordered_record_is_found() {
    let found = tampered(|lines| lines.swap(0, 1));
    assert_eq!(found, at(4, 1, "record 5 stands where record 4 belongs: record 4 is missing or moved"));
}

#[test]
fn a_repeated_record_is_found() {
    let found = tampered(|lines| lines.insert(1, lines[0].clone()));
    assert_eq!(found, at(4, 2, "record 4 stands where record 5 belongs: it is repeated or moved"));
}

#[test]
fn an_inserted_record_with_a_good_hash_is_found() {
    let entry = samples::entry(99);
    let found = tampered(|lines| {
        let before = Sealed::of(&lines[0]).unwrap().hash;
        let mut line = Vec::new();
        crate::line::seal(5, jiff::Timestamp::now(), &crate::line::body(&entry).unwrap(), &before, &mut line);
        line.pop();
        lines.insert(1, line);
    });
    assert_eq!(found, at(4, 3, "record 5 stands where record 6 belongs: it is repeated or moved"));
}

#[test]
fn a_record_put_in_place_of_another_is_found_at_the_one_behind() {
    let entry = samples::entry(99);
    let found = tampered(|lines| {
        let before = Sealed::of(&lines[0]).unwrap().hash;
        let mut line = Vec::new();
        crate::line::seal(5, jiff::Timestamp::now(), &crate::line::body(&entry).unwrap(), &before, &mut line);
        line.pop();
        lines[1] = line;
    });
    assert_eq!(found, at(4, 3, "record 6 does not follow the record before it: one of them is of another log"));
}

#[test]
fn text_that_is_no_record_is_found() {
    let found = tampered(|lines| lines.insert(2, b"{}".to_vec()));
    assert_eq!(found, at(4, 3, "this is no record of a version that this program knows"));
    let found = tampered(|lines| lines.insert(0, Vec::new()));
    assert_eq!(found, at(4, 1, "this is no record of a version that this program knows"));
}

#[test]
fn records_spliced_in_from_another_log_are_found() {
    let (folder, other) = (ten(), ten());
    let (ours, theirs) = (&samples::segments(folder.path())[1].path, &samples::segments(other.path())[1].path);
    std::fs::copy(theirs, ours).unwrap();
    let what = "record 4 does not follow the record before it: one of them is of another log";
    assert_eq!(wrong(folder.path()), at(4, 1, what));
}

#[test]
fn a_cut_in_the_middle_is_found() {
    let folder = ten();
    let path = &samples::segments(folder.path())[1].path;
    let content = std::fs::read(path).unwrap();
    std::fs::write(path, &content[..content.len() - 10]).unwrap();
    let left = samples::split(&content)[2].len() + 1 - 10;
    let what = format!("the record is cut off after {left} bytes, and a segment follows");
    assert_eq!(wrong(folder.path()), at(4, 3, &what));
}

#[test]
fn a_cut_end_is_not_found_but_changes_the_head() {
    let folder = ten();
    let before = check(folder.path()).unwrap();
    let path = &samples::segments(folder.path())[3].path;
    std::fs::write(path, "").unwrap();
    let after = check(folder.path()).unwrap();
    assert_eq!((after.records, after.unfinished), (9, 0));
    assert_ne!(after.hash, before.hash);
}

#[test]
fn a_missing_segment_is_found() {
    for (gone, next, first) in [(0, 4, 1), (1, 7, 4)] {
        let folder = ten();
        std::fs::remove_file(&samples::segments(folder.path())[gone].path).unwrap();
        let why = if gone == 0 { "the segments before it are missing" } else { "a segment between is missing" };
        let what = format!("the segment begins with record {next}, but record {first} comes next: {why}");
        assert_eq!(wrong(folder.path()), at(next, 1, &what));
    }
}

#[test]
fn exchanged_segments_are_found() {
    let folder = ten();
    let segments = samples::segments(folder.path());
    let aside = folder.path().join("aside");
    std::fs::rename(&segments[1].path, &aside).unwrap();
    std::fs::rename(&segments[2].path, &segments[1].path).unwrap();
    std::fs::rename(&aside, &segments[2].path).unwrap();
    let what = "record 7 stands where record 4 belongs: records 4 to 6 are missing or moved";
    assert_eq!(wrong(folder.path()), at(4, 1, what));
}

#[test]
fn a_copied_segment_is_found() {
    let folder = ten();
    let segments = samples::segments(folder.path());
    std::fs::copy(&segments[1].path, folder.path().join(segment::name(5))).unwrap();
    let what = "the segment begins with record 5, but record 7 comes next: it overlaps the segment before it";
    assert_eq!(wrong(folder.path()), at(5, 1, what));
}

#[test]
fn one_file_is_verified_by_itself() {
    let folder = ten();
    let path = &samples::segments(folder.path())[1].path;
    let report = check(path).unwrap();
    assert_eq!((report.segments, report.first, report.last), (1, Some(4), Some(6)));
    let copy = folder.path().join("copy");
    std::fs::copy(path, &copy).unwrap();
    assert_eq!(check(&copy).unwrap(), report);
    let lines = samples::split(&std::fs::read(path).unwrap());
    std::fs::write(path, samples::join(&lines[1..])).unwrap();
    assert_eq!(wrong(path), at(4, 1, "record 5 stands where record 4 belongs: record 4 is missing or moved"));
}

#[test]
fn what_cannot_be_read_is_no_tampering() {
    let error = check(Path::new("/nonexistent/audit")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `/nonexistent/audit`");
}

#[test]
fn a_log_of_the_first_format_still_verifies_and_reads() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/version-1"));
    let report = check(folder).unwrap();
    assert_eq!((report.segments, report.records, report.unfinished), (7, 36, 0));
    assert_eq!(report.hash, "01a76cf00c8659561911cc7703915f36d3b730dcb8adc7acd91b4160a8c54b14");
    let records: Vec<_> = crate::read::records(folder).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(records[4].entry.exit_code, Some(0));
    assert_eq!(records[33].entry.kind, crate::Kind::Recovered);
}
