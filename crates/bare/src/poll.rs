//! Waiting for descriptors.

use core::time::Duration;

use linux_raw_sys::general::{POLLIN, POLLOUT};

use crate::call::call;
use crate::time::Timespec;
use crate::{Descriptor, Errno};

/// The kernel's `struct pollfd`; a negative number is passed over.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct Watched {
    number: i32,
    wanted: i16,
    found: i16,
}

/// Waits until one of `descriptors` has something to read or is closed by its
/// peer, at most for `patience` (for ever without one); says which.
pub fn readable<const N: usize>(
    descriptors: [Option<&Descriptor>; N],
    patience: Option<Duration>,
) -> Result<[bool; N], Errno> {
    let number = |descriptor: Option<&Descriptor>| descriptor.map_or(-1, Descriptor::number);
    let watched = descriptors.map(|one| Watched { number: number(one), wanted: POLLIN as i16, found: 0 });
    poll(watched, patience).map(|watched| watched.map(|one| one.found != 0))
}

/// Whether something can be written to `number` at once, or it is broken. A pipe
/// then has room for 4096 bytes (pipe(7)).
#[must_use]
pub fn is_writable(number: i32) -> bool {
    let now = poll([Watched { number, wanted: POLLOUT as i16, found: 0 }], Some(Duration::ZERO));
    now.is_ok_and(|[watched]| watched.found != 0)
}

/// Waits until something can be written to `number`, or it is broken.
pub fn writable(number: i32) -> Result<(), Errno> {
    poll([Watched { number, wanted: POLLOUT as i16, found: 0 }], None).map(drop)
}

fn poll<const N: usize>(mut watched: [Watched; N], patience: Option<Duration>) -> Result<[Watched; N], Errno> {
    let patience = patience.map(Timespec::from);
    let time = patience.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    // SAFETY: the kernel writes the N entries; the time is a local's or null.
    match unsafe { call!(__NR_ppoll, watched.as_mut_ptr(), N, time, 0, 0) } {
        Ok(_) => Ok(watched),
        Err(Errno::EINTR) => Ok(watched.map(|one| Watched { found: 0, ..one })),
        Err(error) => Err(error),
    }
}
