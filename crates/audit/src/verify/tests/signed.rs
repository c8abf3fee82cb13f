//! What a chain alone cannot show, checkpoints do: each attack found, and where.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::super::*;
use crate::samples::{self, SMALL};
use crate::tree::Tree;
use crate::upkeep::Removal;
use crate::{Kind, Options, SigningKey, Writer, line, read};

struct Log {
    folder: TempDir,
    key: Arc<SigningKey>,
}

/// Ten records in segments of three, a checkpoint every two records.
fn ten() -> Log {
    let key = Arc::new(SigningKey::generate("tollgate/test").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = samples::open(folder.path(), options(&key));
    (1..=10).for_each(|n| drop(writer.append_blocking(samples::entry(n)).unwrap()));
    Log { folder, key }
}

fn options(key: &Arc<SigningKey>) -> Options {
    Options { key: Some(Arc::clone(key)), checkpoint_records: 2, ..SMALL }
}

impl Log {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn check(&self) -> Result<Report, Error> {
        verify_with(self.path(), &Check { key: Some(self.key.public().clone()), against: None }, |_| ())
    }

    fn wrong(&self) -> String {
        self.check().unwrap_err().to_string().replace(&format!("{}/", self.path().display()), "")
    }

    /// The last checkpoint, as somebody keeps it elsewhere.
    fn kept(&self) -> Checkpoint {
        checkpoint::last(self.path()).unwrap().unwrap()
    }

    fn segment(&self, number: usize) -> PathBuf {
        samples::segments(self.path())[number].path.clone()
    }

    fn remove(&self, suffix: &str) {
        for found in std::fs::read_dir(self.path()).unwrap() {
            let path = found.unwrap().path();
            if path.to_str().unwrap().ends_with(suffix) {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    /// Writes every record anew from number `from` on, changed, with good hashes.
    fn rewrite(&self, from: u64) {
        let mut previous = line::Hash::ZERO;
        for segment in samples::segments(self.path()) {
            let mut content = Vec::new();
            for old in samples::split(&std::fs::read(&segment.path).unwrap()) {
                let record = crate::Record::of(&old).unwrap();
                let mut entry = record.entry;
                if record.seq >= from {
                    entry.agent = Some("somebody-else".into());
                }
                let body = line::body(&entry).unwrap();
                previous = line::seal(record.seq, record.timestamp, &body, &previous, &mut content);
            }
            std::fs::write(&segment.path, content).unwrap();
        }
        verify(self.path(), |_| ()).expect_err("the checkpoints are still those of the old log");
    }
}

#[test]
fn a_signed_log_is_whole_up_to_its_last_checkpoint() {
    let log = ten();
    let report = log.check().unwrap();
    assert_eq!((report.records, report.signed), (10, Some(10)));
    assert!(report.checkpoints >= 5, "{report:?}");
    assert!(log.kept().is_signed_by(log.key.public()) && log.kept().size == 10);
    let against = Check { key: Some(log.key.public().clone()), against: Some(log.kept()) };
    assert_eq!(verify_with(log.path(), &against, |_| ()).unwrap().signed, Some(10));
}

#[test]
fn a_cut_end_is_found() {
    let log = ten();
    std::fs::remove_file(log.segment(3)).unwrap();
    let end = "the log ends with record 9, but a checkpoint covers 10: its end was cut off";
    assert_eq!(log.wrong(), format!("the audit is broken at `000000000007.jsonl`, line 1: {end}"));
    let log = ten();
    std::fs::write(log.segment(3), "").unwrap();
    assert!(log.wrong().ends_with(end), "{}", log.wrong());
    verify(log.path(), |_| ()).expect_err("also without the key");
}

#[test]
fn an_end_cut_with_its_checkpoints_is_found_by_a_checkpoint_that_was_kept() {
    let log = ten();
    let kept = log.kept();
    std::fs::remove_file(log.segment(3)).unwrap();
    std::fs::remove_file(log.path().join(checkpoint::name(10))).unwrap();
    assert_eq!(log.check().unwrap().signed, Some(9), "a folder alone cannot know that there was more");
    let against = Check { key: Some(log.key.public().clone()), against: Some(kept) };
    let wrong = verify_with(log.path(), &against, |_| ()).unwrap_err().to_string();
    assert!(wrong.ends_with("the log ends with record 9, but the checkpoint given covers 10: its end was cut off"));
}

#[test]
fn a_log_written_anew_without_the_key_is_found_where_it_begins_to_differ() {
    let log = ten();
    log.rewrite(5);
    let what = "records 4 to 5 do not fit the checkpoint over 5 records: they were written anew";
    assert_eq!(log.wrong(), format!("the audit is broken at `000000000004.jsonl`, line 2: {what}"));
    let log = ten();
    log.rewrite(1);
    assert!(log.wrong().contains("`000000000001.jsonl`, line 2: records 1 to 2 do not fit"), "{}", log.wrong());
}

#[test]
fn a_log_written_anew_with_another_key_or_without_checkpoints_is_found() {
    for suffix in [".notes", "nothing"] {
        let log = ten();
        let theirs = Arc::new(SigningKey::generate("tollgate/test").unwrap());
        if suffix == ".notes" {
            log.remove(suffix);
            log.rewrite_quietly();
        } else {
            log.remove(".notes");
            log.rewrite_quietly();
            log.remove(".index");
            drop(samples::open(log.path(), options(&theirs)));
            assert!(checkpoint::last(log.path()).unwrap().is_some());
        }
        let name = "the key of `tollgate/test` has signed: it is another log, or was written anew";
        assert!(log.wrong().ends_with(name), "{}", log.wrong());
    }
}

impl Log {
    fn rewrite_quietly(&self) {
        let mut previous = line::Hash::ZERO;
        for segment in samples::segments(self.path()) {
            let mut content = Vec::new();
            for old in samples::split(&std::fs::read(&segment.path).unwrap()) {
                let record = crate::Record::of(&old).unwrap();
                let body = line::body(&samples::entry(99)).unwrap();
                previous = line::seal(record.seq, record.timestamp, &body, &previous, &mut content);
            }
            std::fs::write(&segment.path, content).unwrap();
        }
        verify(self.path(), |_| ()).unwrap();
    }
}

#[test]
fn forged_signatures_are_found() {
    let log = ten();
    let fake = SigningKey::generate("tollgate/test").unwrap();
    log.remove(".notes");
    log.rewrite_quietly();
    // The forger knows name and id of the key, and puts them on signatures of their own.
    let mut tree = Tree::default();
    for segment in samples::segments(log.path()) {
        for old in samples::split(&std::fs::read(&segment.path).unwrap()) {
            tree.push(&Sealed::of(&old).unwrap().hash);
        }
        let honest = Checkpoint::sign(&tree, &log.key).note;
        let forged = Checkpoint::sign(&tree, &fake).note;
        let (start, _) = honest.split_at(honest.rfind(' ').unwrap() + 9);
        let end = &forged[forged.rfind(' ').unwrap() + 9..];
        std::fs::write(log.path().join(checkpoint::name(segment.first)), format!("{start}{end}")).unwrap();
    }
    assert!(log.wrong().contains("the checkpoint over 3 records is forged"), "{}", log.wrong());
}

#[test]
fn the_writer_signs_nothing_over_a_log_that_does_not_fit_what_it_signed() {
    let refusal = |log: &Log| Writer::open(log.path(), options(&log.key)).unwrap_err().to_string();
    let log = ten();
    std::fs::remove_file(log.segment(3)).unwrap();
    assert!(refusal(&log).contains("the log ends with record 9, but 10 were there"), "{}", refusal(&log));
    let log = ten();
    log.rewrite(1);
    assert!(refusal(&log).contains("was signed over"), "{}", refusal(&log));
    let log = ten();
    log.rewrite(10);
    assert!(refusal(&log).contains("was signed over 10 records"), "{}", refusal(&log));
}

#[test]
fn a_log_goes_on_and_stays_one_tree() {
    let log = ten();
    for round in 0..3 {
        if round == 1 {
            log.remove(".index");
        }
        let (writer, _) = samples::open(log.path(), Options { pack: true, ..options(&log.key) });
        (0..5).for_each(|n| drop(writer.append_blocking(samples::entry(n)).unwrap()));
    }
    let report = log.check().unwrap();
    assert_eq!((report.records, report.signed), (25, Some(25)));
}

#[test]
fn a_checkpoint_comes_in_time_without_further_records() {
    let key = Arc::new(SigningKey::generate("k").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let soon = Options { checkpoint_records: 1000, checkpoint_after: Duration::from_millis(1), ..options(&key) };
    let (writer, _) = samples::open(folder.path(), soon);
    writer.append_blocking(samples::entry(1)).unwrap();
    while writer.last_checkpoint().is_none() {
        std::thread::yield_now();
    }
    assert_eq!(writer.last_checkpoint().unwrap().size, 1);
    writer.append_blocking(samples::entry(2)).unwrap();
    let (told, signed) = std::sync::mpsc::channel();
    writer.checkpoint(move |signed| told.send(signed.unwrap().unwrap().size).unwrap());
    assert_eq!(signed.recv(), Ok(2));
}

#[test]
fn a_torn_checkpoint_is_cut_and_the_next_one_fits() {
    let log = ten();
    let path = log.path().join(checkpoint::name(10));
    let notes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &notes[..notes.len() - 9]).unwrap();
    assert_eq!(log.check().unwrap().signed, Some(9));
    drop(samples::open(log.path(), options(&log.key)));
    assert_eq!(log.check().unwrap().signed, Some(10));
}

#[test]
fn removed_segments_leave_a_signed_beginning() {
    let log = ten();
    let kept = log.kept();
    let few = Options { keep_bytes: Some(0), pack: true, ..options(&log.key) };
    let (writer, _) = samples::open(log.path(), few.clone());
    // Their runs have ended, else they would stay.
    let end = |n| drop(writer.append_blocking(crate::Entry { kind: Kind::Outcome, ..samples::entry(n) }).unwrap());
    (1..=10).for_each(end);
    while samples::segments(log.path())[0].first <= 10 {
        end(11);
    }
    drop(writer);
    let report = log.check().unwrap();
    assert!(report.first > Some(10) && report.signed == report.last, "{report:?}");
    let trimmed =
        read::records(log.path()).unwrap().filter(|record| record.as_ref().unwrap().entry.kind == Kind::Trimmed);
    assert!(trimmed.count() > 0);
    verify(log.path(), |_| ()).unwrap();
    let against = Check { key: None, against: Some(kept) };
    let wrong = verify_with(log.path(), &against, |_| ()).unwrap_err().to_string();
    assert!(wrong.contains("the checkpoint given covers 10 records, but the first"), "{wrong}");

    let (writer, _) = samples::open(log.path(), few);
    writer.append_blocking(samples::entry(1)).unwrap();
    drop(writer);
    assert_eq!(log.check().unwrap().signed, log.check().unwrap().last);

    // Nobody else can make a beginning, nor cut more away.
    let path = log.path().join(checkpoint::BEGINNING_NAME);
    let note = std::fs::read_to_string(&path).unwrap();
    let theirs = SigningKey::generate("tollgate/test").unwrap();
    std::fs::write(&path, theirs.sign(crate::note::text(&note).unwrap())).unwrap();
    assert!(log.wrong().contains("the key has not signed this beginning"), "{}", log.wrong());
    std::fs::write(&path, note.replace("subtree ", "tree ")).unwrap();
    assert!(log.wrong().contains("this is no beginning of a log"), "{}", log.wrong());
    std::fs::remove_file(&path).unwrap();
    assert!(log.wrong().contains("the segments before it are missing"), "{}", log.wrong());
}

/// Opens a log that keeps as little as it may, until its oldest segments are gone.
fn trim(log: &Log) {
    let few = Options { keep_bytes: Some(0), ..options(&log.key) };
    let (writer, _) = samples::open(log.path(), few);
    // Their runs have ended, else they would stay.
    let end = |n| drop(writer.append_blocking(crate::Entry { kind: Kind::Outcome, ..samples::entry(n) }).unwrap());
    (1..=10).for_each(end);
    while samples::segments(log.path())[0].first <= 4 {
        end(11);
    }
}

#[test]
fn another_log_s_beginning_removes_nothing() {
    let (ours, mut theirs) = (ten(), ten());
    theirs.key = Arc::clone(&ours.key);
    theirs.remove(".notes");
    trim(&theirs);
    let name = checkpoint::BEGINNING_NAME;
    std::fs::copy(theirs.path().join(name), ours.path().join(name)).unwrap();
    let before = samples::segments(ours.path());
    assert!(Writer::open(ours.path(), options(&ours.key)).is_err());
    assert_eq!(samples::segments(ours.path()), before);
    assert!(ours.check().is_err());
    ours.remove(".jsonl");
    assert!(ours.wrong().contains("and no segment holds it"), "{}", ours.wrong());
}

#[test]
fn a_copy_that_leads_elsewhere_is_not_followed() {
    let log = ten();
    for name in ["000000000001.index", checkpoint::BEGINNING_NAME] {
        let _ = std::fs::remove_file(log.path().join(name));
        std::os::unix::fs::symlink("/dev/zero", log.path().join(name)).unwrap();
    }
    assert_eq!(read::find(log.path(), &samples::entry(1).id).unwrap().len(), 1, "its lines are read instead");
    assert!(log.wrong().contains("cannot read `beginning`"), "{}", log.wrong());
}

#[test]
fn a_run_without_an_end_keeps_its_segment() {
    let log = ten();
    let few = Options { keep_bytes: Some(0), ..options(&log.key) };
    assert!(Removal::due(log.path(), &few, jiff::Timestamp::now()).is_none());
    let (writer, _) = samples::open(log.path(), options(&log.key));
    for n in 1..=7 {
        writer.append_blocking(crate::Entry { kind: Kind::Outcome, ..samples::entry(n) }).unwrap();
    }
    drop(writer);
    let due = Removal::due(log.path(), &few, jiff::Timestamp::now()).unwrap();
    assert_eq!(due.keep, 7, "8 has no end");
}

#[test]
fn packed_segments_are_verified_and_read_like_the_others() {
    let log = ten();
    let before: Vec<_> = read::records(log.path()).unwrap().map(Result::unwrap).collect();
    let (writer, _) = samples::open(log.path(), Options { pack: true, ..options(&log.key) });
    writer.append_blocking(samples::entry(11)).unwrap();
    while samples::segments(log.path()).iter().filter(|segment| segment::is_packed(&segment.path)).count() < 3 {
        std::thread::yield_now();
    }
    drop(writer);
    assert_eq!(log.check().unwrap().signed, Some(11));
    let after: Vec<_> = read::records(log.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(after[..10], before);
    let mut backwards: Vec<_> = read::backwards(log.path()).unwrap().map(Result::unwrap).collect();
    backwards.reverse();
    assert_eq!(backwards, after);
    let mut follow = read::Follow::after(log.path(), 2);
    let followed: Vec<_> = std::iter::from_fn(|| follow.poll().unwrap()).collect();
    assert_eq!(followed, after[2..]);
    assert_eq!(read::find(log.path(), &samples::entry(5).id).unwrap().len(), 1);

    let packed = log.segment(1);
    let whole = std::fs::read(&packed).unwrap();
    let other = std::fs::read(log.segment(0)).unwrap();
    for damaged in [whole[..whole.len() - 1].to_vec(), other] {
        std::fs::write(&packed, damaged).unwrap();
        log.check().unwrap_err();
    }
}

/// The row of a record's index that `list` goes by, made of another record.
fn hide(log: &Log, number: usize) {
    let path = log.path().join(crate::index::name(log_first(log, number)));
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    assert!(text.contains("claude-code"));
    let mut content = std::fs::read(&path).unwrap();
    let at = content.windows(11).position(|part| part == b"claude-code").unwrap();
    content[at] = b'X';
    std::fs::write(path, content).unwrap();
}

fn log_first(log: &Log, number: usize) -> u64 {
    samples::segments(log.path())[number].first
}

#[test]
fn an_index_that_hides_records_is_found_and_made_anew() {
    let log = ten();
    let filter = || crate::query::Filter { agent: vec!["claude-code".parse().unwrap()], ..Default::default() };
    let listed = || crate::query::newest(log.path(), &filter(), 100, crate::query::Help::Index).unwrap().len();
    assert_eq!(listed(), 10);
    hide(&log, 1);
    assert_eq!(listed(), 7);
    let what = "this index is not the one that was made of the records, and may hide some from `list`; the records are as \
                they were: remove the index";
    assert_eq!(log.wrong(), format!("the audit is broken at `000000000004.index`, line 1: {what}"));
    // The daemon does not go by it, and makes it again.
    drop(samples::open(log.path(), options(&log.key)));
    assert_eq!((listed(), log.check().unwrap().signed), (10, Some(10)));
    // Without one, lines are read.
    hide(&log, 0);
    log.remove(".index");
    assert_eq!(listed(), 10);
    log.check().unwrap();
}

#[test]
fn who_says_another_index_without_the_key_is_found() {
    let log = ten();
    hide(&log, 1);
    let digest = crate::index::digest(log.path(), 4).unwrap();
    let path = log.path().join(checkpoint::name(4));
    let notes = std::fs::read_to_string(&path).unwrap();
    let told = notes.lines().rev().find_map(|line| line.strip_prefix("index 000000000004 ")).unwrap().to_owned();
    std::fs::write(&path, notes.replace(&told, digest.as_str())).unwrap();
    assert!(log.wrong().contains("forged"), "{}", log.wrong());
}
