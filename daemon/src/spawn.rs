//! Recorded -> Running: a supervisor gets the plan and starts the tool.
//!
//! Placing descriptors and executing is written in the supervisor and nowhere
//! else. After this the daemon holds nothing of the caller.

mod plan;

use std::time::Instant;

use tollgate_wire::frame::Kind;
use tollgate_wire::message;

use crate::channel::Channel;
use crate::gate::Gate;
use crate::record::Recorded;
use crate::refuse::{Refusal, Refused};
use crate::runs::{Run, RunFile};
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

/// Has a supervisor run what was recorded.
pub(crate) async fn spawn(gate: &Gate, recorded: Recorded) -> Result<Running, Box<Refused>> {
    let since = Instant::now();
    let started = start(gate, &recorded).await;
    let call = recorded.permitted.call;
    match started {
        Ok((file, supervisor)) => Ok(Running { file, supervisor, entry: call.entry, since, _made: Made }),
        Err(refusal) => Err(Refused::new(call.request.caller, call.entry, refusal)),
    }
}

async fn start(gate: &Gate, recorded: &Recorded) -> Result<(RunFile, Supervisor), Refusal> {
    let call = &recorded.permitted.call;
    let binary = &recorded.permitted.binary;
    if !binary.is_in_place(call.request.folder.opened.as_ref()) {
        return Err(Refusal::FactsChanged);
    }
    let supervisor = gate.supervisors.take().map_err(|cause| failed("start a supervisor", &cause))?;
    let id = call.request.id.to_string();
    let (file, opened) = gate.runs.create(&id, &supervisor).map_err(|cause| failed("write to `runs`", &cause))?;
    let (session, started) = (call.agent.session.clone(), supervisor.started);
    gate.runs.begin(&id, Run { session, supervisor: supervisor.pid, started });
    let told = match plan::send(&supervisor.control, recorded, opened).await {
        Ok(()) => answer(&supervisor.control).await,
        Err(cause) => Err(failed("hand the command to its supervisor", &cause)),
    };
    if let Err(refusal) = told {
        gate.runs.end(&id);
        file.remove();
        return Err(refusal);
    }
    Ok((file, supervisor))
}

/// Whether the tool runs, in the supervisor's word.
async fn answer(control: &Channel) -> Result<(), Refusal> {
    let frame = control.receive().await.map_err(|cause| failed("hear from the supervisor", &cause))?;
    match frame.map(|frame| (frame.kind, message::number(&frame.body))) {
        Some((Kind::Spawned, Ok(_))) => Ok(()),
        Some((Kind::NotSpawned, Ok(errno))) => Err(Refusal::NotSpawned(errno)),
        _ => Err(Refusal::Gate("the supervisor ended before it said whether the command runs".to_owned())),
    }
}

fn failed(what: &str, cause: &impl std::fmt::Display) -> Refusal {
    Refusal::Gate(format!("cannot {what}: {cause}"))
}
