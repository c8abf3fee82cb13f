//! How a process is scheduled: nice, io priority, policy, processors.
//!
//! Always this process. Deadlines (`SCHED_DEADLINE`) are not read: they are
//! never inherited.

use linux_raw_sys::general::PRIO_PROCESS;

use crate::Errno;
use crate::call::call;

/// `IOPRIO_WHO_PROCESS` of `ioprio_set(2)`.
const IOPRIO_WHO_PROCESS: u32 = 1;

/// Nice: -20 to 19.
pub fn nice() -> Result<i32, Errno> {
    // SAFETY: no memory is involved.
    let raw = unsafe { call!(__NR_getpriority, PRIO_PROCESS, 0) }?;
    // The system call itself gives 40 to 1, never a negative (getpriority(2), NOTES).
    Ok(20 - raw as i32)
}

/// Sets nice.
pub fn set_nice(nice: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_setpriority, PRIO_PROCESS, 0, nice) }.map(drop)
}

/// Io class and level in one number.
pub fn io_priority() -> Result<u32, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_ioprio_get, IOPRIO_WHO_PROCESS, 0) }.map(|priority| priority as u32)
}

/// Sets io class and level.
pub fn set_io_priority(priority: u32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_ioprio_set, IOPRIO_WHO_PROCESS, 0, priority) }.map(drop)
}

/// Policy and priority, `SCHED_RESET_ON_FORK` with the policy.
pub fn scheduler() -> Result<(u32, u32), Errno> {
    // SAFETY: no memory is involved.
    let policy = unsafe { call!(__NR_sched_getscheduler, 0) }?;
    let mut priority = 0i32;
    // SAFETY: the kernel writes one `sched_param`, an int.
    unsafe { call!(__NR_sched_getparam, 0, &raw mut priority) }?;
    Ok((policy as u32, priority.unsigned_abs()))
}

/// Sets policy and priority.
pub fn set_scheduler(policy: u32, priority: u32) -> Result<(), Errno> {
    let priority = priority.cast_signed();
    // SAFETY: the kernel reads one `sched_param`, an int.
    unsafe { call!(__NR_sched_setscheduler, 0, policy, &raw const priority) }.map(drop)
}

/// The processors that may run it, 64 a word; an error where the machine has more.
pub fn affinity<const WORDS: usize>() -> Result<[u64; WORDS], Errno> {
    let mut words = [0u64; WORDS];
    // SAFETY: the kernel writes no more than the array's bytes.
    unsafe { call!(__NR_sched_getaffinity, 0, size_of_val(&words), words.as_mut_ptr()) }?;
    Ok(words)
}

/// Sets the processors that may run it.
pub fn set_affinity<const WORDS: usize>(words: &[u64; WORDS]) -> Result<(), Errno> {
    // SAFETY: the array is only read.
    unsafe { call!(__NR_sched_setaffinity, 0, size_of_val(words), words.as_ptr()) }.map(drop)
}
