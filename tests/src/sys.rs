//! The few system calls that neither std nor nix has, or that run between fork
//! and exec. The harness's only unsafe code.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use nix::unistd::setsid;

/// A descriptor that becomes readable when the process ends.
pub(crate) fn pidfd(process: u32) -> io::Result<OwnedFd> {
    // SAFETY: asks for a new descriptor.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) };
    let descriptor = RawFd::try_from(descriptor).map_err(|_| io::ErrorKind::Other)?;
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and ours.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// One message, and the descriptor that rides along, if one does.
///
/// # Errors
/// Those of the system call.
pub fn receive_with_descriptor(socket: &impl AsRawFd, told: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let (mut parts, mut space) = ([IoSliceMut::new(told)], nix::cmsg_space!([RawFd; 1]));
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let ridden = message.cmsgs()?.find_map(|part| match part {
        ControlMessageOwned::ScmRights(descriptors) => descriptors.first().copied(),
        _ => None,
    });
    // SAFETY: the kernel has just made it for us; nobody else owns it.
    Ok((message.bytes, ridden.map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor) })))
}

/// The command leads a session of its own, without a terminal, and dumps no core.
pub(crate) fn in_new_session(command: &mut Command) {
    let prepare = || {
        setsid()?;
        heed_the_keyboard()?;
        let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
        setrlimit(Resource::RLIMIT_CORE, 0, hard)?;
        Ok(())
    };
    // SAFETY: system calls only.
    unsafe { command.pre_exec(prepare) };
}

/// The command leads a session of its own with `terminal` as its controlling terminal.
pub(crate) fn in_terminal_session(command: &mut Command, terminal: &OwnedFd) {
    let terminal = terminal.as_raw_fd();
    let prepare = move || {
        setsid()?;
        heed_the_keyboard()?;
        // SAFETY: the descriptor is open in the child until it executes.
        match unsafe { libc::ioctl(terminal, libc::TIOCSCTTY, 0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: system calls only.
    unsafe { command.pre_exec(prepare) };
}

/// A script's job in the background, as the test runner may be one, has these ignored.
fn heed_the_keyboard() -> io::Result<()> {
    for one in [Signal::SIGINT, Signal::SIGQUIT] {
        // SAFETY: no handler is installed.
        unsafe { signal(one, SigHandler::SigDfl) }?;
    }
    Ok(())
}

/// A new pseudo-terminal: master and terminal. Neither is ever inherited by
/// accident, as with `openpty(3)`: another test may be starting a child just now.
pub(crate) fn terminal_pair() -> io::Result<(File, OwnedFd)> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: asks for a new descriptor.
    let master = unsafe { libc::posix_openpt(flags) };
    if master < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and ours.
    let master = unsafe { File::from_raw_fd(master) };
    let number = master.as_raw_fd();
    // SAFETY: the master is open.
    if unsafe { libc::unlockpt(number) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the master is open; the call gives a new descriptor.
    let terminal = unsafe { libc::ioctl(number, libc::TIOCGPTPEER, flags) };
    if terminal < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and ours.
    Ok((master, unsafe { OwnedFd::from_raw_fd(terminal) }))
}

/// Makes a terminal's window another size.
pub(crate) fn resize(master: &File, rows: u16, columns: u16) -> io::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel reads one size.
    match unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether two descriptors or more are readable, or closed at the other side.
pub(crate) fn ready(descriptors: &[BorrowedFd<'_>], limit: std::time::Duration) -> Vec<bool> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut list: Vec<_> = descriptors.iter().map(|descriptor| PollFd::new(*descriptor, PollFlags::POLLIN)).collect();
    let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
    match poll(&mut list, limit) {
        Ok(_) => list.iter().map(|entry| entry.any().unwrap_or(false)).collect(),
        Err(_) => vec![false; list.len()],
    }
}

/// A folder whose changes can be waited for.
pub(crate) struct Watched(nix::sys::inotify::Inotify);

impl Watched {
    /// Watches from now on.
    pub(crate) fn folder(path: &std::path::Path) -> Self {
        use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
        let watched = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).expect("inotify");
        let changes = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CREATE | AddWatchFlags::IN_DELETE;
        watched.add_watch(path, changes).expect("a folder to watch");
        Self(watched)
    }

    /// Returns at the next change, or at the limit.
    pub(crate) fn wait(&self, limit: std::time::Duration) {
        ready(&[std::os::fd::AsFd::as_fd(&self.0)], limit);
        let _ = self.0.read_events();
    }
}
