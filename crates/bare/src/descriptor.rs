//! Descriptors: owned ones, which close themselves, and inherited ones, which
//! are plain numbers and belong to whoever started the program.

use linux_raw_sys::general::{F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD, F_SETFL, FD_CLOEXEC};

use crate::Errno;
use crate::call::call;

/// `CLOSE_RANGE_CLOEXEC` of `close_range(2)`.
const CLOSE_RANGE_CLOEXEC: u32 = 1 << 2;

/// A descriptor of ours; closed when dropped.
#[derive(Debug, PartialEq, Eq)]
pub struct Descriptor(i32);

impl Descriptor {
    /// Takes over `number`: it is ours from now on and closed by us.
    #[must_use]
    pub fn own(number: i32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> i32 {
        self.0
    }

    /// The same file at the lowest free number from `lowest` on, close-on-exec.
    pub fn raised(&self, lowest: i32) -> Result<Self, Errno> {
        duplicate(self.0, lowest).map(Self)
    }

    /// Moves to the lowest free number from `lowest` on; stays where the limit
    /// on numbers leaves no place there.
    #[must_use]
    pub fn above(self, lowest: i32) -> Self {
        match self.raised(lowest) {
            Ok(raised) => raised,
            Err(_) => self,
        }
    }

    /// The same file at exactly `number`, close-on-exec; what was there is closed.
    pub fn moved_to(self, number: i32) -> Result<Self, Errno> {
        if self.0 == number {
            set_close_on_exec(number)?;
            return Ok(self);
        }
        // SAFETY: no memory is involved.
        unsafe { call!(__NR_dup3, self.0, number, linux_raw_sys::general::O_CLOEXEC) }?;
        Ok(Self(number))
    }

    /// Lets go without closing: for a descriptor that must outlive this program's care.
    pub fn forget(self) -> i32 {
        let number = self.0;
        core::mem::forget(self);
        number
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        close(self.0);
    }
}

/// Up to `N` descriptors of ours, in the order they came; all closed when dropped.
#[derive(Debug)]
pub struct Descriptors<const N: usize> {
    numbers: [i32; N],
    length: usize,
}

impl<const N: usize> Descriptors<N> {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self { numbers: [-1; N], length: 0 }
    }

    /// Takes over `number`; closes it where there is no room.
    pub fn own(&mut self, number: i32) -> Result<(), Errno> {
        let Some(place) = self.numbers.get_mut(self.length) else {
            close(number);
            return Err(Errno::ETOOMANYREFS);
        };
        *place = number;
        self.length += 1;
        Ok(())
    }

    /// Their numbers.
    #[must_use]
    pub fn numbers(&self) -> &[i32] {
        self.numbers.get(..self.length).unwrap_or_default()
    }

    /// Gives up the one at `place`, counted from 0, once.
    pub fn take(&mut self, place: usize) -> Option<Descriptor> {
        let number = self.numbers.get_mut(..self.length)?.get_mut(place)?;
        let taken = core::mem::replace(number, -1);
        (taken >= 0).then_some(Descriptor(taken))
    }
}

impl<const N: usize> Default for Descriptors<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Drop for Descriptors<N> {
    fn drop(&mut self) {
        for number in self.numbers().iter().filter(|number| **number >= 0) {
            close(*number);
        }
    }
}

/// Whether a descriptor has this number.
#[must_use]
pub fn is_open(number: i32) -> bool {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_fcntl, number, F_GETFD) }.is_ok()
}

/// Closes one number.
pub fn close(number: i32) {
    // The number is free whatever close says (close(2)).
    // SAFETY: no memory is involved.
    let _ = unsafe { call!(__NR_close, number) };
}

/// Closes every number from `first` to `last`.
pub fn close_range(first: i32, last: i32) {
    if first <= last {
        // Fails on an unreasonable range alone.
        // SAFETY: no memory is involved.
        let _ = unsafe { call!(__NR_close_range, first, last, 0) };
    }
}

/// Closes every number but the given ones.
pub fn close_all_but<const N: usize>(mut kept: [i32; N]) {
    kept.sort_unstable();
    let mut next = 0;
    for number in kept {
        close_range(next, number - 1);
        next = number + 1;
    }
    close_range(next, i32::MAX);
}

/// Marks every number from `first` on close-on-exec.
pub fn close_on_exec_from(first: i32) {
    // SAFETY: no memory is involved.
    let _ = unsafe { call!(__NR_close_range, first, i32::MAX, CLOSE_RANGE_CLOEXEC) };
}

/// The same file at the lowest free number from `lowest` on, close-on-exec.
pub fn duplicate(number: i32, lowest: i32) -> Result<i32, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_fcntl, number, F_DUPFD_CLOEXEC, lowest) }.map(|number| number as i32)
}

/// The file of `from` at exactly `to`, kept over an exec; what was there is closed.
pub fn place(from: i32, to: i32) -> Result<(), Errno> {
    if from == to {
        // SAFETY: no memory is involved.
        return unsafe { call!(__NR_fcntl, to, F_SETFD, 0) }.map(drop);
    }
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_dup3, from, to, 0) }.map(drop)
}

/// The open file's status flags.
pub fn status_flags(number: i32) -> Result<u32, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_fcntl, number, F_GETFL) }.map(|flags| flags as u32)
}

/// Sets the open file's status flags, for everybody who shares it.
pub fn set_status_flags(number: i32, flags: u32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_fcntl, number, F_SETFL, flags) }.map(drop)
}

fn set_close_on_exec(number: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_fcntl, number, F_SETFD, FD_CLOEXEC) }.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::readable;
    use crate::sockets::{pair, receive_now};
    use core::time::Duration;

    /// Whether the other end of `peer`'s connection was closed by everyone who had it.
    fn sees_the_end(peer: &Descriptor, patience: u64) -> bool {
        let [ready] = readable([Some(peer)], Some(Duration::from_secs(patience))).unwrap();
        ready && receive_now(peer, &mut [0; 1]) == Ok(0)
    }

    #[test]
    fn more_descriptors_than_fit_are_closed_at_once() {
        let ([first, its_peer], [second, another_peer]) = (pair().unwrap(), pair().unwrap());
        let mut held = Descriptors::<1>::new();
        held.own(first.forget()).unwrap();
        assert_eq!(held.own(second.forget()), Err(Errno::ETOOMANYREFS));
        assert!(sees_the_end(&another_peer, 5));
        assert!(!sees_the_end(&its_peer, 0));
        drop(held);
        assert!(sees_the_end(&its_peer, 5));
    }

    #[test]
    fn a_taken_descriptor_is_its_takers_alone() {
        let [one, peer] = pair().unwrap();
        let mut held = Descriptors::<4>::new();
        held.own(one.forget()).unwrap();
        let taken = held.take(0).unwrap();
        assert_eq!(held.take(0), None);
        drop(held);
        assert!(!sees_the_end(&peer, 0));
        drop(taken);
        assert!(sees_the_end(&peer, 5));
    }
}
