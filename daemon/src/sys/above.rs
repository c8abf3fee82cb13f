//! The processes above one, nearest first, up to the first of the namespace.
//!
//! The kernel is asked by pidfd (`PIDFD_GET_INFO`, since Linux 6.13): a parent is
//! opened, then its child is asked once more, and where that still names the same
//! parent the number was not used again in between. Every link was true at its
//! moment. A link changes only when a parent ends, and then it leads to a subreaper
//! above: so a subreaper that lives is met, whatever ends between. Older kernels
//! are read through `/proc`, twice, until nothing changes.
//!
//! Not here: who those processes are (`crate::ancestry`).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::libc;

use super::process::standing;

/// More processes above one another than this are not followed.
const DEPTH: usize = 32_768;
/// How often a chain may change under our eyes.
const ATTEMPTS: usize = 64;

/// `struct pidfd_info` in its first form (`linux/pidfd.h`).
#[repr(C)]
#[derive(Debug, Default)]
struct PidfdInfo {
    mask: u64,
    control_group: u64,
    pid: u32,
    thread_group: u32,
    parent: u32,
    /// Real, effective, saved and file-system users and groups, then the exit code.
    others: [u32; 9],
}

nix::ioctl_readwrite!(
    /// `PIDFD_GET_INFO`.
    pidfd_get_info,
    0xff,
    11,
    PidfdInfo
);

/// Shows `visit` the processes above the one that `pidfd` is (its number is `pid`)
/// until it gives something; `None` where it never does. Where the chain changes
/// they are shown again from the start.
///
/// # Errors
/// Where the chain is too deep or does not stand still: whoever asks must not take
/// what was not seen for absent.
pub(crate) fn find<T>(
    pid: i32,
    pidfd: BorrowedFd<'_>,
    mut visit: impl FnMut(i32) -> Option<T>,
) -> io::Result<Option<T>> {
    match parent(pidfd) {
        Err(Errno::ENOTTY | Errno::EINVAL) => Ok(by_proc(pid)?.into_iter().find_map(visit)),
        _ => by_pidfd(pidfd, &mut visit),
    }
}

fn by_pidfd<T>(pidfd: BorrowedFd<'_>, visit: &mut impl FnMut(i32) -> Option<T>) -> io::Result<Option<T>> {
    for _ in 0..ATTEMPTS {
        match climb(pidfd, visit) {
            // One of them has ended: its child is elsewhere now.
            Err(Errno::ESRCH | Errno::EAGAIN) => {}
            Err(errno) => return Err(errno.into()),
            Ok(found) => return Ok(found),
        }
    }
    Err(io::Error::other("the processes above the caller cannot be told"))
}

/// `EAGAIN` where a link changed while it was looked at.
fn climb<T>(pidfd: BorrowedFd<'_>, visit: &mut impl FnMut(i32) -> Option<T>) -> Result<Option<T>, Errno> {
    let mut child = pidfd.try_clone_to_owned().map_err(|_| Errno::EMFILE)?;
    for _ in 0..DEPTH {
        let number = parent(child.as_fd())?;
        if number == 0 {
            return Ok(None);
        }
        let opened = open(number)?;
        if parent(child.as_fd())? != number {
            return Err(Errno::EAGAIN);
        }
        let found = visit(number);
        if found.is_some() {
            return Ok(found);
        }
        child = opened;
    }
    Err(Errno::E2BIG)
}

/// The parent's number, 0 for the first process of a namespace.
fn parent(pidfd: BorrowedFd<'_>) -> Result<i32, Errno> {
    let mut info = PidfdInfo::default();
    // SAFETY: the structure is as long as the call's number says.
    unsafe { pidfd_get_info(pidfd.as_raw_fd(), &raw mut info) }?;
    i32::try_from(info.parent).map_err(|_| Errno::EOVERFLOW)
}

fn open(number: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: asks for a new descriptor; no memory is involved.
    let opened = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, number, 0) })?;
    let opened = RawFd::try_from(opened).map_err(|_| Errno::EBADF)?;
    // SAFETY: the descriptor is new and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}

/// The whole chain as it stood at one moment: links change when a process in
/// between ends, so the walk is made again until it finds what it found before.
fn by_proc(pid: i32) -> io::Result<Vec<i32>> {
    let mut before = None;
    for _ in 0..ATTEMPTS {
        let now = walk(pid).ok();
        if now.is_some() && now == before {
            return Ok(now.into_iter().flatten().map(|(pid, _)| pid).collect());
        }
        before = now;
    }
    Err(io::Error::other("the processes above the caller cannot be told"))
}

/// Each process above `pid` with its start time, which makes the pid unique.
fn walk(pid: i32) -> io::Result<Vec<(i32, u64)>> {
    let mut above = Vec::new();
    let mut parent = standing(pid)?.parent;
    while parent > 0 {
        let standing = standing(parent)?;
        above.push((parent, standing.started));
        if above.len() > DEPTH {
            return Err(io::Error::other("too many processes above one another"));
        }
        parent = standing.parent;
    }
    Ok(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> (i32, OwnedFd) {
        let own = i32::try_from(std::process::id()).unwrap();
        (own, open(own).unwrap())
    }

    #[test]
    fn both_ways_find_the_same_processes() {
        let (own, opened) = own();
        let by_proc = by_proc(own).unwrap();
        assert_eq!(by_proc.first(), Some(&nix::unistd::getppid().as_raw()));
        let mut seen = Vec::new();
        let nothing = find(own, opened.as_fd(), |pid| {
            seen.push(pid);
            None::<()>
        });
        assert_eq!((nothing.unwrap(), seen), (None, by_proc));
    }

    #[test]
    fn it_goes_no_further_than_what_was_looked_for() {
        let (own, opened) = own();
        let parent = nix::unistd::getppid().as_raw();
        let mut seen = 0;
        let found = find(own, opened.as_fd(), |pid| {
            seen += 1;
            (pid == parent).then_some(pid)
        });
        assert_eq!((found.unwrap(), seen), (Some(parent), 1));
    }

    #[test]
    fn nobody_is_no_orphan() {
        assert!(by_proc(i32::MAX).is_err());
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let opened = open(pid).unwrap();
        child.wait().unwrap();
        assert!(find(pid, opened.as_fd(), |_| None::<()>).is_err());
    }
}
