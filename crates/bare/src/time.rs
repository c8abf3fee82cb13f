//! The monotonic clock.

use core::time::Duration;

use crate::call::call;

/// The kernel's `__kernel_timespec`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

impl From<Duration> for Timespec {
    fn from(duration: Duration) -> Self {
        let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        Self { seconds, nanoseconds: i64::from(duration.subsec_nanos()) }
    }
}

/// Time since the machine started, suspended time left out (`CLOCK_MONOTONIC`).
#[must_use]
pub fn now() -> Duration {
    let mut now = Timespec { seconds: 0, nanoseconds: 0 };
    // Fails for an unknown clock or a bad pointer alone.
    // SAFETY: the kernel writes one timespec.
    let _ = unsafe { call!(__NR_clock_gettime, linux_raw_sys::general::CLOCK_MONOTONIC, &raw mut now) };
    Duration::new(now.seconds.unsigned_abs(), u32::try_from(now.nanoseconds).unwrap_or(0))
}

/// Sleeps, shorter where a signal comes.
pub fn sleep(duration: Duration) {
    let time = Timespec::from(duration);
    // SAFETY: the kernel reads one timespec.
    let _ = unsafe { call!(__NR_nanosleep, &raw const time, 0) };
}
