//! The processes above one, nearest first, up to the first of the namespace.
//!
//! The kernel is asked by pidfd (`PIDFD_GET_INFO`, since Linux 6.13): a parent is
//! opened, then its child is asked once more, and where that still names the same
//! parent the number was not used again in between. A process above one caller is
//! likely above the next: its pidfd is kept open, and as long as it answers, its
//! number is its own, and nothing is opened or asked again. Every link was true at
//! its moment. A link changes only when a parent ends, and then it leads to a subreaper
//! above: so a subreaper that lives is met, whatever ends between. Older kernels
//! are read through `/proc`, twice, until nothing changes.
//!
//! Not here: who those processes are (`crate::ancestry`).

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use nix::errno::Errno;
use nix::libc;
use nix::sys::stat::fstat;

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

/// A process above another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its number.
    pub(crate) pid: i32,
    /// Its pidfd's inode, which no other process of this boot ever has (pidfs, Linux
    /// 6.9); none where the kernel was asked the old way.
    pub(crate) inode: Option<u64>,
}

/// The processes above the one that `pidfd` is; its number is `pid`.
///
/// # Errors
/// Where the chain is too deep or does not stand still: whoever asks must not take
/// what was not seen for absent.
pub(crate) fn chain(pid: i32, pidfd: BorrowedFd<'_>) -> io::Result<Vec<Link>> {
    match parent(pidfd) {
        Err(Errno::ENOTTY | Errno::EINVAL) => {
            Ok(by_proc(pid)?.into_iter().map(|pid| Link { pid, inode: None }).collect())
        }
        first => by_pidfd(pidfd, first),
    }
}

fn by_pidfd(pidfd: BorrowedFd<'_>, mut first: Result<i32, Errno>) -> io::Result<Vec<Link>> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..ATTEMPTS {
        match first.and_then(|first| climb(pidfd, first, &mut known)) {
            // One of them has ended: its child is elsewhere now.
            Err(Errno::ESRCH | Errno::EAGAIN) => first = parent(pidfd),
            Err(errno) => return Err(errno.into()),
            Ok(above) => return Ok(above),
        }
    }
    Err(io::Error::other("the processes above the caller cannot be told"))
}

/// A process above some caller, open.
#[derive(Debug)]
struct Open {
    pidfd: OwnedFd,
    inode: u64,
}

/// Processes above earlier callers, by number.
type Known = HashMap<i32, Arc<Open>>;
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
/// So many pidfds are kept open, those of the last caller's chain.
const MOST_KNOWN: usize = 16;

/// From a process whose parent is `first`; `EAGAIN` where a link changed while it
/// was looked at.
fn climb(pidfd: BorrowedFd<'_>, first: i32, known: &mut Known) -> Result<Vec<Link>, Errno> {
    let mut above = Vec::with_capacity(16);
    let mut child: Option<Arc<Open>> = None;
    let mut number = first;
    while number != 0 {
        if above.len() == DEPTH {
            return Err(Errno::E2BIG);
        }
        let below = child.as_ref().map_or(pidfd, |child| child.pidfd.as_fd());
        let (open, next) =
            match known.get(&number).and_then(|open| Some((Arc::clone(open), parent(open.pidfd.as_fd()).ok()?))) {
                Some(found) => found,
                // Not known, or its number is another's by now.
                None => {
                    let open = Arc::new(open_above(below, number)?);
                    if known.len() == MOST_KNOWN {
                        known.clear();
                    }
                    known.insert(number, Arc::clone(&open));
                    let next = parent(open.pidfd.as_fd())?;
                    (open, next)
                }
            };
        above.push(Link { pid: number, inode: Some(open.inode) });
        child = Some(open);
        number = next;
    }
    // The next caller is likely to be below the same; of others nothing is kept.
    known.retain(|pid, _| above.len() <= MOST_KNOWN && above.iter().any(|link: &Link| link.pid == *pid));
    Ok(above)
}

/// The process of this number, which is the parent of `child`.
fn open_above(child: BorrowedFd<'_>, number: i32) -> Result<Open, Errno> {
    let pidfd = open(number)?;
    if parent(child)? != number {
        return Err(Errno::EAGAIN);
    }
    let inode = fstat(&pidfd)?.st_ino;
    Ok(Open { pidfd, inode })
}

/// The parent's number, 0 for the first process of a namespace.
fn parent(pidfd: BorrowedFd<'_>) -> Result<i32, Errno> {
    let mut info = PidfdInfo::default();
    // SAFETY: the structure is as long as the call's number says.
    unsafe { pidfd_get_info(pidfd.as_raw_fd(), &raw mut info) }?;
    i32::try_from(info.parent).map_err(|_| Errno::EOVERFLOW)
}

/// The process of this number, for good.
pub(super) fn open(number: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: asks for a new descriptor; no memory is involved.
    let opened = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, number, 0) })?;
    let opened = RawFd::try_from(opened).map_err(|_| Errno::EBADF)?;
    // SAFETY: the descriptor is new and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}

/// The whole chain as it stood at one moment: links change when a process in
/// between ends, so the walk is made again until it finds what it found before.
pub(crate) fn by_proc(pid: i32) -> io::Result<Vec<i32>> {
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
        let chain = chain(own, opened.as_fd()).unwrap();
        assert_eq!(chain.iter().map(|link| link.pid).collect::<Vec<_>>(), by_proc);
        let inodes: std::collections::HashSet<_> = chain.iter().map(|link| link.inode).collect();
        assert!(inodes.len() == chain.len() || inodes == [None].into(), "{chain:?}");
    }

    #[test]
    fn what_is_known_from_before_tells_the_same() {
        let (own, opened) = own();
        let first = chain(own, opened.as_fd()).unwrap();
        assert_eq!(chain(own, opened.as_fd()).unwrap(), first);
        // A number that is another process's by now is not believed.
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = Open { pidfd: open(i32::try_from(child.id()).unwrap()).unwrap(), inode: 1 };
        child.wait().unwrap();
        let parent = nix::unistd::getppid().as_raw();
        let mut known = Known::from([(parent, Arc::new(ended))]);
        assert_eq!(climb(opened.as_fd(), parent, &mut known).unwrap(), first);
    }

    #[test]
    fn nobody_is_no_orphan() {
        assert!(by_proc(i32::MAX).is_err());
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let opened = open(pid).unwrap();
        child.wait().unwrap();
        assert!(chain(pid, opened.as_fd()).is_err());
    }
}
