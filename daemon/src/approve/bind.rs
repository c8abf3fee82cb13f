//! The run gets what was judged of the files that it brings along.
//!
//! Each is a sealed copy in memory, passed as a descriptor and named by it in the
//! argv; standard input was replaced when it was read. So another file in its place, at any
//! time after the judgement, changes nothing. The record has the digest of the bytes,
//! the argv as it was judged, and as it runs.
//! Deliberately not here: which files those are (the judgement knows).

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tollgate_audit::{Bytes, Command, Entry};
use tollgate_facts::Kept;
use tollgate_policies::classify::{Brought, replaced};
use tollgate_policies::scrub;

use crate::decide::Judged;
use crate::gate::Gate;
use crate::request::Streams;
use crate::sys::memory::sealed;

/// The lowest number that a copy gets: shells use those below for their own.
const FIRST: i32 = 20;

/// Changes what will run; what was judged stays in the entry.
pub(super) fn to_what_was_judged(gate: &Gate, judged: &mut Judged) -> io::Result<()> {
    let brought = &judged.judgeable.operation.brought;
    let mut names = Vec::new();
    for file in brought {
        // Its copy is in its place since it was read.
        let Some(bytes) = kept(judged, file).filter(|_| file.path != b"-") else { continue };
        let copy = sealed(&bytes)?;
        let Streams::Passed(streams) = &mut judged.call.request.streams;
        let number = free(streams);
        streams.push((number, copy));
        names.push((file, format!("/proc/self/fd/{number}").into_bytes()));
    }
    if names.is_empty() {
        return Ok(());
    }
    let strings = &judged.call.request.strings;
    let strings = {
        let variables: Vec<Vec<u8>> = strings.variables().into_iter().map(<[u8]>::to_vec).collect();
        strings.instead(&replaced(&strings.arguments(), &names), &variables)
    };
    let scrubbed = scrub::argv(gate.grammars, &judged.call.request.tool, &strings.arguments());
    let command = judged.call.entry.command.as_ref();
    let ran = Command {
        argv: scrubbed.into_iter().map(Bytes::from).collect(),
        cwd: command.and_then(|command| command.cwd.clone()),
        env: Vec::new(),
    };
    judged.call.entry = Entry { pinned: Some(ran), ..std::mem::take(&mut judged.call.entry) };
    judged.call.request.strings = strings;
    Ok(())
}

/// The files whose copies the run gets: those that the caller's own argv names, and
/// standard input. Whatever else was kept (a command inside brings it, a variable names
/// it) the tool opens by itself.
pub(super) fn copied(judged: &Judged) -> Vec<Kept> {
    let brought = &judged.judgeable.operation.brought;
    let is_copied = |kept: &&Kept| kept.path == b"-" || brought.iter().any(|file| file.path == kept.path);
    judged.judgeable.kept.iter().filter(is_copied).cloned().collect()
}

fn kept(judged: &Judged, file: &Brought) -> Option<Arc<[u8]>> {
    judged.judgeable.kept.iter().find(|kept| kept.path == file.path).map(|kept| kept.bytes.clone())
}

/// The lowest number from [`FIRST`] on that nothing of the caller's has.
fn free(streams: &[(i32, OwnedFd)]) -> i32 {
    let is_free = |number: &i32| streams.iter().all(|(taken, _)| taken != number);
    (FIRST..).find(is_free).unwrap_or(FIRST)
}
