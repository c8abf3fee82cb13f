//! Resource limits.

use linux_raw_sys::general::RLIM_NLIMITS;

/// Limits by their names.
pub use linux_raw_sys::general::{RLIMIT_CORE, RLIMIT_NOFILE};

use crate::Errno;
use crate::call::call;

/// How many resources there are.
pub const COUNT: u32 = RLIM_NLIMITS;

/// The kernel's `struct rlimit64`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Limit {
    soft: u64,
    hard: u64,
}

/// This process's limit on `resource`: soft, hard.
pub fn of(resource: u32) -> Result<(u64, u64), Errno> {
    let mut limit = Limit { soft: 0, hard: 0 };
    // SAFETY: the kernel writes one limit.
    unsafe { call!(__NR_prlimit64, 0, resource, 0, &raw mut limit) }?;
    Ok((limit.soft, limit.hard))
}

/// Sets this process's limit on `resource`.
pub fn set(resource: u32, (soft, hard): (u64, u64)) -> Result<(), Errno> {
    let limit = Limit { soft, hard };
    // SAFETY: the kernel reads one limit.
    unsafe { call!(__NR_prlimit64, 0, resource, &raw const limit, 0) }.map(drop)
}
