//! Waiting for the first of several things: signals, connections, a moment.
//!
//! Not here: threads or an async runtime; a process of two descriptors needs none.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Waits until one of `descriptors` can be read or has closed, or `until`
/// comes. Says for each whether it is the one.
pub(crate) fn first<const N: usize>(
    descriptors: [Option<BorrowedFd<'_>>; N],
    until: Option<Instant>,
) -> nix::Result<[bool; N]> {
    let mut polled: Vec<_> =
        descriptors.iter().flatten().map(|descriptor| PollFd::new(*descriptor, PollFlags::POLLIN)).collect();
    while let Err(error) = poll(&mut polled, timeout(until)) {
        if error != Errno::EINTR {
            return Err(error);
        }
    }
    let mut ready = polled.iter().map(|descriptor| descriptor.any().unwrap_or(true));
    Ok(descriptors.map(|descriptor| descriptor.is_some() && ready.next().unwrap_or(false)))
}

fn timeout(until: Option<Instant>) -> PollTimeout {
    let Some(until) = until else { return PollTimeout::NONE };
    // A millisecond more, or the last one would be spent in empty rounds.
    let left = until.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
}
