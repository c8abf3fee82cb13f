//! Logs to test on.

use std::path::Path;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::disk::faulty::{Faulty, Plan};
use crate::segment::{self, Segment};
use crate::{Command, Entry, Kind, Options, Recovery, Writer};

/// Segments so small that three records fill one.
pub(crate) const SMALL: Options = Options { segment_bytes: 2600, ..Options::PLAIN };

/// The intent number `n`: about 1100 bytes as a line.
pub(crate) fn entry(n: u64) -> Entry {
    let argv = vec!["terraform".into(), "apply".into(), format!("-target=module.number_{n}").into()];
    Entry {
        agent: Some("claude-code".into()),
        command: Some(Command { argv, ..Command::default() }),
        ..Entry::of(Kind::Intent, format!("ID{n:024}"))
    }
}

/// A log of so many entries.
pub(crate) fn log(entries: u64, options: Options) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = open(folder.path(), options);
    for n in 1..=entries {
        writer.append_blocking(entry(n)).unwrap();
    }
    folder
}

/// Opens a log for writing, on a disk that syncs nothing in earnest.
pub(crate) fn open(folder: &Path, options: Options) -> (Writer, Recovery) {
    let plan = Arc::new(Mutex::new(Plan::default()));
    Writer::open_on(Box::new(Faulty::at(folder, plan)), folder, options).unwrap()
}

pub(crate) fn segments(folder: &Path) -> Vec<Segment> {
    segment::list(folder).unwrap()
}

/// The segments' lines, without their ends.
pub(crate) fn lines(folder: &Path) -> Vec<Vec<Vec<u8>>> {
    segments(folder).iter().map(|segment| split(&std::fs::read(&segment.path).unwrap())).collect()
}

pub(crate) fn split(content: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<_> = content.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    assert_eq!(lines.pop().as_deref(), Some(&b""[..]), "the last line is finished");
    lines
}

pub(crate) fn join(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect()
}
