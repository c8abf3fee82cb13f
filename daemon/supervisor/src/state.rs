//! Giving the tool what its caller had beside descriptors, folder and signals.
//!
//! One rule: the tool never gets more than its caller had. Where the kernel does
//! not let it have as much (a higher priority, a higher limit) it gets less;
//! where it cannot be held to less, it does not start.

use tollgate_bare::{Errno, limits, process, sabotage, scheduling};
use tollgate_wire::launch::ProcessState;

/// The policies below the normal one: `SCHED_BATCH` and `SCHED_IDLE`.
const LOWER_POLICIES: [u32; 2] = [3, 5];
/// `SCHED_RESET_ON_FORK`, which rides on the policy.
const RESET_ON_FORK: u32 = 0x4000_0000;
/// `IOPRIO_CLASS_IDLE`, in the upper bits of an io priority.
const IDLE_CLASS: u32 = 3;

/// Priorities and processors.
pub(crate) fn schedule(state: &ProcessState) -> Result<(), Errno> {
    let lower = LOWER_POLICIES.contains(&(state.scheduler & !RESET_ON_FORK));
    if !sabotage!("scheduler") {
        unless_raised(lower, scheduling::set_scheduler(state.scheduler, state.scheduler_priority))?;
    }
    if !sabotage!("nice") {
        let lower = scheduling::nice().is_ok_and(|own| state.nice > own);
        unless_raised(lower, scheduling::set_nice(state.nice))?;
    }
    if scheduling::io_priority() != Ok(state.io_priority) && !sabotage!("io-priority") {
        let lower = state.io_priority >> 13 == IDLE_CLASS;
        unless_raised(lower, scheduling::set_io_priority(state.io_priority))?;
    }
    // All zeroes: the shim could not find out.
    if state.affinity.iter().any(|word| *word != 0) && !sabotage!("affinity") {
        scheduling::set_affinity(&state.affinity)?;
    }
    Ok(())
}

/// A refusal counts only where it leaves the tool with more than its caller had.
fn unless_raised(lower: bool, set: Result<(), Errno>) -> Result<(), Errno> {
    if lower { set } else { Ok(()) }
}

/// Privileges and limits; that on descriptors last, for it binds at once.
pub(crate) fn restrict(state: &ProcessState) -> Result<(), Errno> {
    if state.no_new_privs != 0 && !sabotage!("new-privileges") {
        process::set_no_new_privs()?;
    }
    if sabotage!("limits") {
        return Ok(());
    }
    let of_descriptors = |resource: &u32| *resource == limits::RLIMIT_NOFILE;
    let others = (0..limits::COUNT).filter(|resource| !of_descriptors(resource));
    others.chain([limits::RLIMIT_NOFILE]).try_for_each(|resource| limit(resource, state))
}

/// A hard limit above our own is for the privileged: then the tool has ours.
fn limit(resource: u32, state: &ProcessState) -> Result<(), Errno> {
    let Some((soft, hard)) = state.limits.get(resource as usize).copied() else { return Ok(()) };
    match limits::set(resource, (soft, hard)) {
        Err(Errno::EPERM) => {
            let (_, own) = limits::of(resource)?;
            limits::set(resource, (soft.min(own), hard.min(own)))
        }
        done => done,
    }
}
