//! Permitted -> Recorded: the intent is on disk, or nothing runs.
//!
//! Meanwhile a supervisor gets ready, for the disk takes as long as that.

use tollgate_audit::{Entry, Kind};

use crate::approve::Permitted;
use crate::gate::Gate;
use crate::prepare::{Prepared, prepare};
use crate::refuse::{Refusal, Refused};

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
    let intent = Entry { kind: Kind::Intent, ..permitted.call.entry.clone() };
    let (written, prepared) = tokio::join!(gate.record(intent), prepare(gate, &permitted));
    let refusal = match (written, prepared) {
        (Ok(_), Ok(prepared)) => return Ok(Recorded { permitted, prepared, _made: Made }),
        (Err(cause), Ok(prepared)) if may_run_unrecorded(gate, &permitted) => {
            tracing::warn!(id = %permitted.call.entry.id, %cause, "runs unrecorded, as the settings allow");
            return Ok(Recorded { permitted, prepared, _made: Made });
        }
        (Err(cause), Ok(prepared)) => {
            prepared.withdraw(gate);
            Refusal::unrecorded(&cause)
        }
        (Err(cause), Err(_)) => Refusal::unrecorded(&cause),
        (Ok(_), Err(refusal)) => refusal,
    };
    Err(Refused::new(permitted.call.request.caller, permitted.call.entry, refusal))
}

/// Whether the settings let this run though nobody will know of it but by a gap.
/// What uses something up never does: the record is its only account.
fn may_run_unrecorded(gate: &Gate, permitted: &Permitted) -> bool {
    let entry = &permitted.call.entry;
    entry.taken.is_empty() && gate.settings.audit.may_run_unrecorded(entry.tier)
}
