//! Permitted -> Recorded: the intent is on disk, or nothing runs.

use tollgate_audit::{Entry, Kind};

use crate::approve::Permitted;
use crate::gate::Gate;
use crate::refuse::{Refusal, Refused};

/// A permitted call whose intent is durable. Made by [`record`] alone.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// What is permitted.
    pub(crate) permitted: Permitted,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Writes the intent and returns when it is on disk.
pub(crate) async fn record(gate: &Gate, permitted: Permitted) -> Result<Recorded, Box<Refused>> {
    let intent = Entry { kind: Kind::Intent, ..permitted.call.entry.clone() };
    match gate.record(intent).await {
        Ok(_) => Ok(Recorded { permitted, _made: Made }),
        Err(cause) => {
            let refusal = Refusal::unrecorded(&cause);
            Err(Refused::new(permitted.call.request.caller, permitted.call.entry, refusal))
        }
    }
}
