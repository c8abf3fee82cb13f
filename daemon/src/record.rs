//! Permitted -> Recorded: the intent is on disk, or nothing runs.
//!
//! Meanwhile a supervisor gets ready, for the disk takes as long as that; one that
//! is born at the shim, under the caller's hands, only then.

use tollgate_audit::{Entry, Kind};

use crate::approve::Permitted;
use crate::gate::Gate;
use crate::prepare::{Prepared, prepare};
use crate::refuse::{Refusal, Refused};
use crate::sandbox::Birthplace;

/// A permitted call whose intent is durable. Made by [`record`] alone.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// What is permitted.
    pub(crate) permitted: Permitted,
    /// The supervisor that waits for its release.
    pub(crate) prepared: Prepared,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Writes the intent and returns when it is on disk.
pub(crate) async fn record(gate: &Gate, permitted: Permitted) -> Result<Recorded, Box<Refused>> {
    let prepared = match &permitted.call.surroundings.birthplace {
        Birthplace::Daemon => meanwhile(gate, &permitted).await,
        Birthplace::Shim(_) => match write(gate, &permitted).await {
            Ok(()) => prepare(gate, &permitted).await,
            Err(refusal) => Err(refusal),
        },
    };
    match prepared {
        Ok(prepared) => Ok(Recorded { permitted, prepared, _made: Made }),
        Err(refusal) => Err(Refused::new(permitted.call.request.caller, permitted.call.entry, refusal)),
    }
}

/// Writes the intent while a supervisor gets ready.
async fn meanwhile(gate: &Gate, permitted: &Permitted) -> Result<Prepared, Refusal> {
    match tokio::join!(write(gate, permitted), prepare(gate, permitted)) {
        (Ok(()), prepared) => prepared,
        (Err(refusal), Ok(prepared)) => {
            prepared.withdraw(gate);
            Err(refusal)
        }
        (Err(refusal), Err(_)) => Err(refusal),
    }
}

/// Writes the intent, or finds that this may run without.
async fn write(gate: &Gate, permitted: &Permitted) -> Result<(), Refusal> {
    let entry = &permitted.call.entry;
    match gate.record(Entry { kind: Kind::Intent, ..entry.clone() }).await {
        Ok(_) => Ok(()),
        Err(cause) if may_run_unrecorded(gate, permitted) => {
            tracing::warn!(id = %entry.id, %cause, "runs unrecorded, as the settings allow");
            Ok(())
        }
        Err(cause) => Err(Refusal::unrecorded(&cause)),
    }
}

/// Whether the settings let this run though nobody will know of it but by a gap.
/// What uses something up never does: the record is its only account.
fn may_run_unrecorded(gate: &Gate, permitted: &Permitted) -> bool {
    let entry = &permitted.call.entry;
    entry.taken.is_empty() && gate.settings.audit.may_run_unrecorded(entry.tier)
}
