//! Commands that an earlier daemon left running or unrecorded.
//!
//! Each has a file in `runs/`. A record in it is its outcome; without one, a
//! supervisor that still lives is waited for; without either, nobody can say how
//! the command ended, and the audit says that.

use std::sync::Arc;
use std::time::Duration;

use tollgate_audit::{Entry, Kind, read};

use crate::gate::Gate;
use crate::relay::settle;
use crate::runs::{Run, RunFile};

/// How often a run's file is looked at while its supervisor lives on.
const LOOK: Duration = Duration::from_millis(250);

/// Takes over everything in `runs/`.
pub(crate) async fn adopt(gate: &Arc<Gate>) {
    let files = match gate.runs.left_behind() {
        Ok(files) => files,
        Err(cause) => return tracing::error!(%cause, "cannot read `runs`"),
    };
    for file in files {
        let entry = intent(gate, &file.id);
        if file.end().is_some() || !file.is_supervised() {
            let end = file.end();
            settle(gate, &file, entry, end, None).await;
        } else {
            let adopted = Entry { kind: Kind::Adopted, ..entry.clone() };
            if let Err(cause) = gate.record(adopted).await {
                tracing::error!(%cause, id = %file.id, "an adoption could not be recorded");
            }
            tracing::info!(id = %file.id, supervisor = file.supervisor, "adopted a running command");
            tokio::spawn(watch(Arc::clone(gate), file, entry));
        }
    }
}

/// What was recorded when the run began.
fn intent(gate: &Gate, id: &str) -> Entry {
    let folder = gate.places.audit();
    let found = tokio::task::block_in_place(|| read::find(&folder, id));
    let intent = found.ok().and_then(|records| records.into_iter().find(|record| record.entry.kind == Kind::Intent));
    intent.map_or_else(|| Entry::of(Kind::Interrupted, id), |record| record.entry)
}

async fn watch(gate: Arc<Gate>, file: RunFile, entry: Entry) {
    let (session, started) = (entry.session.clone(), file.started);
    gate.runs.begin(&file.id, Run { session, supervisor: file.supervisor, started });
    let mut settled = false;
    while file.is_supervised() {
        if !settled && let Some(end) = file.end() {
            settle(&gate, &file, entry.clone(), Some(end), None).await;
            settled = true;
        }
        tokio::time::sleep(LOOK).await;
    }
    if !settled {
        let end = file.end();
        settle(&gate, &file, entry, end, None).await;
    }
    gate.runs.end(&file.id);
}
