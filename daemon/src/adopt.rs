//! Commands that an earlier daemon left running or unrecorded.
//!
//! Each has an intent in the audit and no end. A record in its file in `runs/` is
//! its outcome; without one, a supervisor that still lives is waited for; without
//! either, nobody can say how the command ended, and the audit says that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tollgate_audit::{Entry, Kind, read};

use crate::gate::Gate;
use crate::identify::Name;
use crate::relay::settle;
use crate::runs::{Run, RunFile};

/// How often a run's file is looked at while its supervisor lives on.
const LOOK: Duration = Duration::from_millis(250);

/// Takes over everything that has an intent and no end.
pub(crate) async fn adopt(gate: &Arc<Gate>) {
    let mut intents = unended(gate);
    let files = match gate.runs.left_behind() {
        Ok(files) => files,
        Err(cause) => return tracing::error!(%cause, "cannot read `runs`"),
    };
    for file in files {
        let entry = intents.remove(&file.id);
        match (entry, file.finish()) {
            (None, finish) => forget(gate, file, finish.is_some()).await,
            (Some(entry), None) if file.is_supervised() => hold(gate, file, entry).await,
            (Some(entry), finish) => settle(gate, &file, entry, finish, None).await,
        }
    }
    for (id, entry) in intents {
        let message = Some("the daemon ended before the command was started".to_owned());
        record(gate, &id, Entry { kind: Kind::Interrupted, message, ..entry }).await;
    }
}

/// A file whose run has no open intent: its outcome is recorded, and only the file
/// was left; or nothing of it could be recorded (`audit.may_run_unrecorded`).
async fn forget(gate: &Gate, file: RunFile, ended: bool) {
    let known = read::find(&gate.places.audit(), &file.id).is_ok_and(|records| !records.is_empty());
    if !known && !ended && file.is_supervised() {
        // It runs on; the daemon that finds it ended says so.
        return;
    }
    if !known {
        let message = "a command ran of which nothing could be recorded".to_owned();
        let gap = Entry { lost: Some(1), message: Some(message), ..Entry::of(Kind::Gap, file.id.clone()) };
        record(gate, &file.id, gap).await;
    }
    file.remove();
}

/// The intents that no record has ended, by id.
fn unended(gate: &Gate) -> HashMap<String, Entry> {
    match read::unended(&gate.places.audit()) {
        Ok(records) => records.into_iter().map(|record| (record.entry.id.clone(), record.entry)).collect(),
        Err(cause) => {
            tracing::error!(%cause, "cannot read the audit for commands without an end");
            HashMap::new()
        }
    }
}

async fn hold(gate: &Arc<Gate>, file: RunFile, entry: Entry) {
    record(gate, &file.id, Entry { kind: Kind::Adopted, ..entry.clone() }).await;
    tracing::info!(id = %file.id, supervisor = file.supervisor, "adopted a running command");
    tokio::spawn(watch(Arc::clone(gate), file, entry));
}

async fn record(gate: &Gate, id: &str, entry: Entry) {
    if let Err(cause) = gate.record(entry).await {
        tracing::error!(%cause, id, "a command's fate could not be recorded");
    }
}

async fn watch(gate: Arc<Gate>, file: RunFile, entry: Entry) {
    let (session, started) = (entry.session.clone(), file.started);
    let name = entry.agent.clone().map_or_else(Name::person, |agent| Name { agent, claim: entry.clearance });
    let names = vec![name];
    gate.runs.begin(&file.id, Run { session, names, supervisor: file.supervisor, started, called: None });
    let mut settled = false;
    while file.is_supervised() {
        if !settled && let Some(finish) = file.finish() {
            settle(&gate, &file, entry.clone(), Some(finish), None).await;
            settled = true;
        }
        tokio::time::sleep(LOOK).await;
    }
    if !settled {
        let finish = file.finish();
        settle(&gate, &file, entry, finish, None).await;
    }
    gate.runs.end(&file.id);
}
