//! A supervisor that is born at the shim, in the caller's own session.
//!
//! The shim gets the opened program and one end of a socket, and executes the one
//! with the other. Whoever speaks at that end first is looked at before it gets
//! a plan: the shim's own child, the program that we sent, traced by nobody. A
//! caller can still interfere with what runs under it (SECURITY.md); it cannot do
//! so by handing the socket to something else.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream as Pair;
use std::time::Duration;

use nix::libc::O_PATH;
use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::UnixStream;
use tollgate_wire::frame::Kind;
use tollgate_wire::message;

use super::failed;
use crate::caller::Caller;
use crate::channel::Channel;
use crate::gate::Gate;
use crate::refuse::Refusal;
use crate::supervisors::{Process, Supervisor};
use crate::sys::peer::Stranger;
use crate::sys::process;

/// How long a shim may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Has the caller's shim start a supervisor; gives it waiting for its plan.
pub(super) async fn at_the_shim(gate: &Gate, caller: &Caller) -> Result<Supervisor, Refusal> {
    let sent = |cause: &dyn std::fmt::Display| failed("have a supervisor started at the caller", &cause);
    let program = program(gate).map_err(|cause| sent(&cause))?;
    let (ours, theirs) = Pair::pair().map_err(|cause| sent(&cause))?;
    setsockopt(&ours, sockopt::PassCred, &true).map_err(|cause| sent(&cause))?;
    ours.set_nonblocking(true).map_err(|cause| sent(&cause))?;
    let control = Channel::new(UnixStream::from_std(ours).map_err(|cause| sent(&cause))?);
    caller.give_birth(program.as_fd(), theirs.as_fd()).await.map_err(|cause| sent(&cause))?;
    drop(theirs);
    let pid = tokio::time::timeout(PATIENCE, ready(gate, &control)).await.map_err(|_| sent(&"it took too long"))??;
    known(caller, pid, &program, control)
        .map_err(|doubt| Refusal::Gate(format!("the supervisor in the caller's session is not to be trusted: {doubt}")))
}

/// For executing alone.
fn program(gate: &Gate) -> std::io::Result<File> {
    File::options().read(true).custom_flags(O_PATH).open(gate.supervisors.program())
}

/// The process that says that it is ready.
async fn ready(gate: &Gate, control: &Channel) -> Result<i32, Refusal> {
    let ended = || {
        let program = gate.supervisors.program().display();
        Refusal::Gate(format!("`{program}` ended in the caller's session before it was ready"))
    };
    let sender = control.sender().await.map_err(|_| ended())?;
    let frame = control.receive().await.ok().flatten().ok_or_else(ended)?;
    match (frame.kind, sender) {
        (Kind::Ready, Some(pid)) => Ok(pid),
        (Kind::NotBorn, _) => {
            let errno = message::number(&frame.body).unwrap_or_default();
            Err(Refusal::NotBorn { program: gate.supervisors.program().to_owned(), errno })
        }
        _ => Err(ended()),
    }
}

/// The supervisor, if that process is one.
fn known(caller: &Caller, pid: i32, program: &File, control: Channel) -> Result<Supervisor, &'static str> {
    let stranger = Stranger::open(pid).map_err(|_| "it is gone")?;
    let standing = process::standing(pid).map_err(|_| "it is gone")?;
    let executed = std::fs::metadata(format!("/proc/{pid}/exe")).map_err(|_| "its program cannot be told")?;
    let sent = program.metadata().map_err(|_| "its program cannot be told")?;
    if (executed.dev(), executed.ino()) != (sent.dev(), sent.ino()) {
        return Err("it is another program");
    }
    if standing.parent != caller.peer().pid {
        return Err("the shim is not its parent");
    }
    if process::is_traced(pid).unwrap_or(true) {
        return Err("it is traced; run the real program under the tracer instead");
    }
    if !stranger.is_alive() || !caller.peer().is_alive() {
        return Err("it is gone");
    }
    Ok(Supervisor { pid, started: standing.started, control, process: Process::Other(stranger) })
}
