//! The supervisor's birth in the caller's own session.
//!
//! Where the caller has a terminal or is confined, a tool that the daemon starts
//! would be elsewhere. Then the daemon sends the supervisor's opened program and
//! the socket on which the plan will come, and the shim starts the one with the
//! other. What the plan says the shim never sees.

use tollgate_bare::descriptor::{Descriptors, close_all_but, place};
use tollgate_bare::process::{Program, StringArray, execute};
use tollgate_bare::spawn::spawn;
use tollgate_bare::{Descriptor, Errno, Start, sockets};
use tollgate_wire::Error;
use tollgate_wire::frame::{HEADER, Header, Kind};

/// The descriptors of a `Birth`: the program, then the plan's socket.
pub(crate) type Riding = Descriptors<2>;

/// Starts the supervisor and gives its process id; `lowest` is above all descriptors
/// of the caller's. Where that fails the daemon is told, which words the refusal.
pub(crate) fn give(mut riding: Riding, lowest: i32, start: &Start) -> Result<Option<i32>, Error> {
    let (Some(program), Some(plan)) = (riding.take(0), riding.take(1)) else { return Err(Error::Short) };
    let (program, plan) = (program.above(lowest), plan.above(lowest));
    match execute_supervisor(&program, &plan, start) {
        Ok(id) => Ok(Some(id)),
        Err(errno) => {
            tell(&plan, errno);
            Ok(None)
        }
    }
}

fn execute_supervisor(program: &Descriptor, plan: &Descriptor, start: &Start) -> Result<i32, Errno> {
    let mut arguments = StringArray::with_room(2)?;
    arguments.push(c"tollgate-supervisor")?;
    arguments.push(c"shim")?;
    let environment = faults(start)?;
    spawn(|| match settle(program, plan) {
        Ok(()) => execute(Program::Opened(program.number()), &arguments, &environment),
        Err(errno) => errno,
    })
    .map(|child| child.id)
}

/// In the child: nothing of the caller's goes along.
fn settle(program: &Descriptor, plan: &Descriptor) -> Result<(), Errno> {
    place(plan.number(), 0)?;
    close_all_but([0, program.number()]);
    Ok(())
}

/// The supervisor has no environment but, in a build for that, its fault.
fn faults(start: &Start) -> Result<StringArray<'static>, Errno> {
    let mut environment = StringArray::with_room(1)?;
    if cfg!(feature = "sabotage")
        && let Some(fault) = start.environment().find(|variable| variable.to_bytes().starts_with(b"TOLLGATE_SABOTAGE="))
    {
        environment.push(fault)?;
    }
    Ok(environment)
}

fn tell(plan: &Descriptor, errno: Errno) {
    let body = errno.0.to_le_bytes();
    let Ok(header) = (Header { kind: Kind::NotBorn, body: body.len(), descriptors: 0 }).encode() else { return };
    let mut frame = [0; HEADER + 4];
    frame.iter_mut().zip(header.iter().chain(&body)).for_each(|(place, byte)| *place = *byte);
    // A daemon that is gone is seen at the next reading.
    let _ = sockets::send_now(plan, &frame);
}
