//! Permitted -> Recorded: the intent is on disk, or nothing runs.
//!
//! What the call uses up of rates, grants and budgets is taken with it. Meanwhile a
//! supervisor gets ready, for the disk takes as long as that; one that is born at
//! the shim, under the caller's hands, only then.

use tollgate_audit::{Entry, Kind};

use crate::approve::Permitted;
use crate::gate::Gate;
use crate::identify::Call;
use crate::prepare::{Prepared, prepare};
use crate::questions::Claim;
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
    match take_and_write(gate, &permitted).await {
        Ok(prepared) => Ok(Recorded { permitted, prepared, _made: Made }),
        Err(refusal) => Err(Refused::of(permitted.call, refusal)),
    }
}

async fn take_and_write(gate: &Gate, permitted: &Permitted) -> Result<Prepared, Refusal> {
    let Call { agent, policies, entry, surroundings, .. } = &permitted.call;
    let mut taken = gate.allowances.take(&permitted.judgement, agent, policies)?;
    taken.extend(permitted.claim.as_ref().map(Claim::taken));
    let intent = Entry { kind: Kind::Intent, taken, ..entry.clone() };
    match surroundings.birthplace {
        Birthplace::Daemon => meanwhile(gate, permitted, intent).await,
        Birthplace::Shim(_) => {
            write(gate, intent).await?;
            prepare(gate, permitted).await
        }
    }
}

/// Writes the intent while a supervisor gets ready: that one first, for it has the
/// plan in a moment, and the disk may take this thread.
async fn meanwhile(gate: &Gate, permitted: &Permitted, intent: Entry) -> Result<Prepared, Refusal> {
    match tokio::join!(prepare(gate, permitted), write(gate, intent)) {
        (prepared, Ok(())) => prepared,
        (Ok(prepared), Err(refusal)) => {
            prepared.withdraw(gate);
            Err(refusal)
        }
        (Err(_), Err(refusal)) => Err(refusal),
    }
}

/// Writes the intent, or finds that this may run without.
async fn write(gate: &Gate, intent: Entry) -> Result<(), Refusal> {
    let (id, taken) = (intent.id.clone(), intent.taken.clone());
    let may_run_unrecorded = taken.is_empty() && gate.settings.audit.may_run_unrecorded(intent.tier);
    match gate.record(intent).await {
        Ok(_) => {
            gate.questions.used(&taken);
            Ok(())
        }
        // What uses something up never runs unrecorded: the record is its only account.
        Err(cause) if may_run_unrecorded => {
            tracing::warn!(%id, %cause, "runs unrecorded, as the settings allow");
            Ok(())
        }
        Err(cause) => {
            gate.allowances.give_back(&taken);
            Err(Refusal::unrecorded(&cause))
        }
    }
}
