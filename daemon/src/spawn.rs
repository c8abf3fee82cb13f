//! Recorded -> Running: the supervisor is let go, and starts the tool.
//!
//! After this the daemon holds nothing of the caller.

use std::time::Instant;

use tollgate_wire::frame::Kind;
use tollgate_wire::message::{self, Failure, Step};

use crate::binary::Place;
use crate::channel::Channel;
use crate::gate::Gate;
use crate::prepare::{Prepared, failed};
use crate::record::Recorded;
use crate::refuse::{Refusal, Refused};
use crate::runs::RunFile;
use crate::supervisors::Supervisor;

/// A command that runs. Made by [`spawn`] alone.
#[derive(Debug)]
pub(crate) struct Running {
    /// The file that its supervisor leaves a record in.
    pub(crate) file: RunFile,
    /// The supervisor.
    pub(crate) supervisor: Supervisor,
    /// What the record of its end will say, so far.
    pub(crate) entry: tollgate_audit::Entry,
    /// Since when.
    pub(crate) since: Instant,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Has the supervisor run what was recorded.
pub(crate) async fn spawn(gate: &Gate, recorded: Recorded) -> Result<Running, Box<Refused>> {
    let since = Instant::now();
    let Recorded { permitted, prepared, .. } = recorded;
    let (call, binary) = (permitted.call, permitted.binary);
    let started = if binary.is_in_place(Place::of(&call.request, call.surroundings.root())) {
        start(&prepared).await
    } else {
        Err(Refusal::FactsChanged)
    };
    match started {
        Ok(()) => {
            gate.supervisors.refill_soon();
            let Prepared { file, supervisor, .. } = prepared;
            Ok(Running { file, supervisor, entry: call.entry, since, _made: Made })
        }
        Err(refusal) => {
            prepared.withdraw(gate);
            Err(Refused::of(call, refusal))
        }
    }
}

async fn start(prepared: &Prepared) -> Result<(), Refusal> {
    prepared.release().await?;
    answer(&prepared.supervisor.control).await
}

/// Whether the tool runs, in the supervisor's word.
async fn answer(control: &Channel) -> Result<(), Refusal> {
    let frame = control.receive().await.map_err(|cause| failed("hear from the supervisor", &cause))?;
    match frame.map(|frame| (frame.kind, message::number(&frame.body))) {
        Some((Kind::Spawned, Ok(_))) => Ok(()),
        Some((Kind::NotSpawned, Ok(number))) => Err(not_started(number)),
        _ => Err(Refusal::Gate("the supervisor ended before it said whether the command runs".to_owned())),
    }
}

fn not_started(number: i32) -> Refusal {
    match Failure::of(number) {
        Ok(Failure { step: Step::Execute, errno }) => Refusal::NotSpawned(errno),
        Ok(failure) => Refusal::NotReady(failure),
        Err(cause) => failed("understand why the command does not run", &cause),
    }
}
