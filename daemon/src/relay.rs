//! Running -> Outcome: wait for the end, and record it.
//!
//! The tool has the caller's own descriptors, so there is nothing to carry
//! between them. The supervisor writes its exit record before it tells anyone;
//! where it is lost, that record still tells.

use std::time::Duration;

use tollgate_audit::{Entry, Kind};
use tollgate_wire::frame;
use tollgate_wire::message::{End, Finish, Why};

use crate::channel::Channel;
use crate::gate::Gate;
use crate::refuse::TIMED_OUT;
use crate::runs::RunFile;
use crate::spawn::Running;

/// How a command ended. Made by [`relay`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Its ending; `None` where nobody could tell.
    pub(crate) finish: Option<Finish>,
    _made: Made,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Made;

/// Waits until the command has ended and its outcome is recorded.
pub(crate) async fn relay(gate: &Gate, running: Running) -> Outcome {
    let _relayed = gate.connections.relayed();
    let Running { file, supervisor, entry, since, .. } = running;
    let finish = finished(&supervisor.control).await.or_else(|| file.finish());
    settle(gate, &file, entry, finish, Some(since.elapsed())).await;
    // The supervisor stays until the last descendant of the tool is gone.
    if let Err(cause) = supervisor.process.ended().await {
        tracing::warn!(%cause, id = %file.id, "cannot wait for a supervisor");
    }
    gate.runs.end(&file.id);
    Outcome { finish, _made: Made }
}

async fn finished(control: &Channel) -> Option<Finish> {
    while let Ok(Some(frame)) = control.receive().await {
        if frame.kind == frame::Kind::Finished {
            return Finish::decode(&frame.body).ok();
        }
    }
    None
}

/// Records how a run ended, then forgets its file.
pub(crate) async fn settle(gate: &Gate, file: &RunFile, entry: Entry, finish: Option<Finish>, took: Option<Duration>) {
    let took = took.and_then(|took| u64::try_from(took.as_millis()).ok()).or_else(|| file.duration_ms());
    let outcome = outcome(Entry { duration_ms: took, ..entry }, finish);
    match gate.record(outcome).await {
        Ok(_) => file.remove(),
        // The file stays, and the next daemon records what this one could not.
        Err(cause) => tracing::error!(%cause, id = %file.id, "an outcome could not be recorded"),
    }
}

fn outcome(entry: Entry, finish: Option<Finish>) -> Entry {
    let (kind, exit_code, signal) = match finish.map(|finish| finish.end) {
        Some(End::Exited(code)) => (Kind::Outcome, Some(i32::from(code)), None),
        Some(End::Killed(signal)) => (Kind::Outcome, None, Some(i32::from(signal))),
        None => (Kind::Interrupted, None, None),
    };
    let timed_out = finish.is_some_and(|finish| finish.why == Why::TimeLimit);
    let reason = if timed_out { Some(TIMED_OUT.to_owned()) } else { entry.reason };
    Entry { kind, exit_code, signal, reason, ..entry }
}
