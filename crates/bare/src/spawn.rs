//! A child process in the manner of `vfork`: it shares our memory and we stand
//! still until it has executed another program or ended.
//!
//! Why not `fork`: that copies the page tables; and the child can tell us why it
//! failed by writing it down. Why this is sound: the child runs on a stack of its
//! own and never returns into a frame of ours, and while it runs we do not, so at
//! any time one thread uses the memory, as if the closure had been called.

use linux_raw_sys::general::{CLONE_PIDFD, CLONE_VFORK, CLONE_VM, SIGCHLD};

use crate::memory::Stack;
use crate::{Descriptor, Errno, process, x86_64};

/// Bytes of the child's stack.
const STACK: usize = 64 * 1024;

/// A child that executes another program.
#[derive(Debug)]
pub struct Child {
    /// Its process id.
    pub id: i32,
    /// It itself, whatever becomes of its id.
    pub pidfd: Descriptor,
}

/// Starts a child that calls `run`, which ends in `process::execute` and comes
/// back only with the reason why that, or something before it, failed; then the
/// child is gone when this returns.
///
/// Signals should all be blocked, or one of ours could run in the child.
pub fn spawn(run: impl FnOnce() -> Errno) -> Result<Child, Errno> {
    let mut stack = Stack::new(STACK)?;
    let mut attempt = Attempt { run: Some(run), failure: None };
    let mut pidfd = -1;
    let flags = (CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD) as usize;
    // SAFETY: the stack's top is page aligned, nothing else uses it, and it and
    // `attempt` live until the child has left them, which is when this returns.
    let id =
        unsafe { x86_64::clone_onto(flags, stack.top(), &raw mut pidfd, enter(&attempt), (&raw mut attempt).cast()) };
    if id < 0 {
        return Err(Errno(-id as i32));
    }
    let child = Child { id: id as i32, pidfd: Descriptor::own(pidfd) };
    match attempt.failure {
        None => Ok(child),
        Some(failure) => {
            // It has ended or is about to: it is reaped here, for nobody else knows it.
            let _ = process::wait_for(child.id);
            Err(failure)
        }
    }
}

struct Attempt<F> {
    run: Option<F>,
    failure: Option<Errno>,
}

/// The child's first function for this attempt's closure type.
fn enter<F: FnOnce() -> Errno>(_: &Attempt<F>) -> unsafe extern "C" fn(*mut u8) -> ! {
    in_child::<F>
}

/// Starts a child that is a copy of us, calls `run` and exits with what that
/// gives. For the few lines that need a process of their own: a copy of a big
/// process is expensive.
pub fn fork<F: FnOnce() -> u8>(run: F) -> Result<Child, Errno> {
    let mut stack = Stack::new(STACK)?;
    let mut copied = Some(run);
    let mut pidfd = -1;
    let flags = (CLONE_PIDFD | SIGCHLD) as usize;
    // SAFETY: the child has copies of the stack and of `copied`, which are its alone.
    let id = unsafe { x86_64::clone_onto(flags, stack.top(), &raw mut pidfd, in_copy::<F>, (&raw mut copied).cast()) };
    if id < 0 {
        return Err(Errno(-id as i32));
    }
    Ok(Child { id: id as i32, pidfd: Descriptor::own(pidfd) })
}

/// # Safety
/// `run` is an `Option<F>` that nobody else uses.
unsafe extern "C" fn in_copy<F: FnOnce() -> u8>(run: *mut u8) -> ! {
    // SAFETY: as the caller vouches.
    let run = unsafe { &mut *run.cast::<Option<F>>() };
    process::exit(run.take().map_or(127, |run| run()))
}

/// # Safety
/// `attempt` is an `Attempt<F>` that nobody else uses now.
unsafe extern "C" fn in_child<F: FnOnce() -> Errno>(attempt: *mut u8) -> ! {
    // SAFETY: as the caller vouches.
    let attempt = unsafe { &mut *attempt.cast::<Attempt<F>>() };
    if let Some(run) = attempt.run.take() {
        attempt.failure = Some(run());
    }
    process::exit(127)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Change, Program, StringArray, execute};
    use std::ffi::CString;

    fn run(script: &str) -> Change {
        let script = CString::new(script).unwrap();
        let mut arguments = StringArray::with_room(3).unwrap();
        for argument in [c"sh", c"-c", &script] {
            arguments.push(argument).unwrap();
        }
        let environment = StringArray::with_room(0).unwrap();
        let child = spawn(|| execute(Program::Path(c"/bin/sh"), &arguments, &environment)).unwrap();
        process::wait_for(child.id).unwrap()
    }

    #[test]
    fn a_child_executes_another_program() {
        assert_eq!(run("exit 7"), Change::Exited(7));
        assert_eq!(run("kill -TERM $$"), Change::Killed(15));
    }

    #[test]
    fn a_child_that_cannot_execute_says_why_and_is_gone() {
        let (arguments, environment) = (StringArray::with_room(0).unwrap(), StringArray::with_room(0).unwrap());
        let failed = spawn(|| execute(Program::Path(c"/nonexistent"), &arguments, &environment));
        assert_eq!(failed.unwrap_err(), Errno::ENOENT);
    }

    #[test]
    fn a_copy_has_its_own_memory() {
        let mut own = 3;
        let child = fork(|| {
            own += 4;
            own
        });
        assert_eq!(process::wait_for(child.unwrap().id), Ok(Change::Exited(7)));
        assert_eq!(own, 3);
    }

    #[test]
    fn an_opened_file_is_executed_by_its_descriptor() {
        let file = crate::files::open(c"/bin/true", crate::files::O_PATH).unwrap();
        let mut arguments = StringArray::with_room(1).unwrap();
        arguments.push(c"weird").unwrap();
        let environment = StringArray::with_room(0).unwrap();
        let child = spawn(|| execute(Program::Opened(file.number()), &arguments, &environment)).unwrap();
        assert_eq!(process::wait_for(child.id), Ok(Change::Exited(0)));
    }
}
