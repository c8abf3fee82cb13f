//! Getting a permitted call ready to run, while its intent goes to disk.
//!
//! A supervisor holds the plan and every descriptor, and executes nothing before
//! its release. Placing descriptors and executing is written in the supervisor
//! and nowhere else.

mod birth;
mod plan;

use tollgate_wire::frame::Kind;
use tollgate_wire::plan::Patience;

use crate::approve::Permitted;
use crate::gate::Gate;
use crate::refuse::Refusal;
use crate::runs::{Called, Run, RunFile};
use crate::sandbox::Birthplace;
use crate::supervisors::Supervisor;
use crate::sys::cgroup::Visit;

/// A supervisor that waits for its release. Made by [`prepare`] alone.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The file that it will leave its record in.
    pub(crate) file: RunFile,
    /// It itself.
    pub(crate) supervisor: Supervisor,
    /// In its caller's control group until the tool is started there.
    _visit: Option<Visit>,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Hands the plan to a supervisor.
pub(crate) async fn prepare(gate: &Gate, permitted: &Permitted) -> Result<Prepared, Refusal> {
    let call = &permitted.call;
    let supervisor = match &call.surroundings.birthplace {
        Birthplace::Daemon => gate.supervisors.take().map_err(|cause| failed("start a supervisor", &cause))?,
        Birthplace::Shim(_) => birth::at_the_shim(gate, &call.request.caller).await?,
    };
    let id = call.request.id.to_string();
    let (file, opened) = gate.runs.create(&id, &supervisor).map_err(|cause| failed("write to `runs`", &cause))?;
    let (session, started) = (call.agent.session.clone(), supervisor.started);
    let names = call.agent.names.clone();
    let called = Some(Called::of(permitted));
    gate.runs.begin(&id, Run { session, names, supervisor: supervisor.pid, started, called });
    let visit = match &call.surroundings.birthplace {
        Birthplace::Daemon => Visit::pay(supervisor.pid, call.request.caller.peer().pid),
        Birthplace::Shim(_) => None,
    };
    let prepared = Prepared { file, supervisor, _visit: visit, _made: Made };
    match plan::send(&prepared.supervisor.control, permitted, patience(gate, permitted), opened).await {
        Ok(()) => Ok(prepared),
        Err(cause) => {
            prepared.withdraw(gate);
            Err(failed("hand the command to its supervisor", &cause))
        }
    }
}

/// How patiently this tool is asked to stop.
fn patience(gate: &Gate, permitted: &Permitted) -> Patience {
    let own = gate.grammars.stopping(&permitted.call.request.tool);
    own.map_or_else(Patience::default, |own| Patience {
        interrupted_ms: own.interrupted_s.saturating_mul(1000),
        terminated_ms: own.terminated_s.saturating_mul(1000),
    })
}

impl Prepared {
    /// Lets it run.
    pub(crate) async fn release(&self) -> Result<(), Refusal> {
        let released = self.supervisor.control.send(Kind::Release, &[], &[]).await;
        released.map_err(|cause| failed("let the command's supervisor go on", &cause))
    }

    /// Nothing runs: the supervisor ends when its socket closes.
    pub(crate) fn withdraw(self, gate: &Gate) {
        gate.supervisors.refill_soon();
        gate.runs.end(&self.file.id);
        self.file.remove();
    }
}

/// What the gate itself could not do.
pub(crate) fn failed(what: &str, cause: &impl std::fmt::Display) -> Refusal {
    Refusal::Gate(format!("cannot {what}: {cause}"))
}
