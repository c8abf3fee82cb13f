//! Processes: who we are, ending, children, executing another program.

use core::ffi::CStr;

use linux_raw_sys::general::{AT_EMPTY_PATH, WCONTINUED, WNOHANG, WUNTRACED};
use linux_raw_sys::prctl;

use crate::call::call;
pub use crate::stopped::{Standing, is_stopped, standing};
use crate::{Descriptor, Errno, Mapping};

/// Ends the process.
pub fn exit(code: u8) -> ! {
    loop {
        // SAFETY: nothing of ours runs after it.
        let _ = unsafe { call!(__NR_exit_group, code) };
    }
}

/// This process's id.
#[must_use]
pub fn id() -> u32 {
    // SAFETY: no memory is involved. It cannot fail.
    unsafe { call!(__NR_getpid) }.unwrap_or(0) as u32
}

/// This process's group.
#[must_use]
pub fn group() -> u32 {
    // SAFETY: no memory is involved. It cannot fail for oneself.
    unsafe { call!(__NR_getpgid, 0) }.unwrap_or(0) as u32
}

/// This process's session.
#[must_use]
pub fn session() -> u32 {
    // SAFETY: no memory is involved. It cannot fail for oneself.
    unsafe { call!(__NR_getsid, 0) }.unwrap_or(0) as u32
}

/// The process that started this one, or took it over since.
#[must_use]
pub fn parent() -> u32 {
    // SAFETY: no memory is involved. It cannot fail.
    unsafe { call!(__NR_getppid) }.unwrap_or(0) as u32
}

/// The effective user.
#[must_use]
pub fn effective_user() -> u32 {
    // SAFETY: no memory is involved. It cannot fail.
    unsafe { call!(__NR_geteuid) }.unwrap_or(u32::MAX as usize) as u32
}

/// Becomes the leader of a new session, without a terminal.
pub fn new_session() -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_setsid) }.map(drop)
}

/// Becomes the leader of a new process group.
pub fn new_group() -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_setpgid, 0, 0) }.map(drop)
}

/// Sets the umask; gives the one before.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: no memory is involved. It cannot fail.
    unsafe { call!(__NR_umask, mask) }.unwrap_or(0) as u32
}

/// Whether `PR_SET_NO_NEW_PRIVS` was done: 0 or 1.
#[must_use]
pub fn no_new_privs() -> u32 {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_prctl, prctl::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) }.unwrap_or(0) as u32
}

/// No program that this process executes gains privileges, for good.
pub fn set_no_new_privs() -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_prctl, prctl::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }.map(drop)
}

/// Orphaned descendants become our children.
pub fn become_subreaper() -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_prctl, prctl::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }.map(drop)
}

/// No core dump of ours, no attaching by others of our user, and our `/proc` is root's.
pub fn become_undumpable() -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_prctl, prctl::PR_SET_DUMPABLE, 0, 0, 0, 0) }.map(drop)
}

/// Outlives the parent.
pub fn outlive_parent() -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_prctl, prctl::PR_SET_PDEATHSIG, 0, 0, 0, 0) }.map(drop)
}

/// Sends a signal to a process, to a group (negative), or to our own group (0).
pub fn kill(id: i32, signal: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_kill, id, signal) }.map(drop)
}

/// The process of this id, whatever becomes of the id.
pub fn open(id: u32) -> Result<Descriptor, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_pidfd_open, id, 0) }.map(|number| Descriptor::own(number as i32))
}

/// Sends a signal to the one process that `pidfd` is, never to a successor of its id.
pub fn kill_by_descriptor(pidfd: &Descriptor, signal: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_pidfd_send_signal, pidfd.number(), signal, 0, 0) }.map(drop)
}

/// A descriptor of another process, by its number there, as `ptrace(2)` would allow it.
pub fn descriptor_of(pidfd: &Descriptor, number: i32) -> Result<Descriptor, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call!(__NR_pidfd_getfd, pidfd.number(), number, 0) }.map(|number| Descriptor::own(number as i32))
}

/// What became of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It ended by `exit` with this code.
    Exited(u8),
    /// It ended by this signal.
    Killed(u8),
    /// It was stopped by this signal.
    Stopped(u8),
    /// It was stopped, and goes on.
    Continued,
}

/// The whole wait status of a process that goes on.
const CONTINUED: u32 = 0xffff;

/// The next change of any child, stops and continuations too, with its id; `None` where there is
/// none yet; [`Errno::ECHILD`] where there is no child.
pub fn look_for_change() -> Result<Option<(i32, Change)>, Errno> {
    let (id, change) = wait(-1, WNOHANG | WUNTRACED | WCONTINUED)?;
    Ok((id != 0).then_some((id, change)))
}

/// Waits until any child has ended; [`Errno::ECHILD`] where there is no child.
pub fn wait_for_any() -> Result<(), Errno> {
    wait(-1, 0).map(drop)
}

/// Waits until this child has ended.
pub fn wait_for(id: i32) -> Result<Change, Errno> {
    wait(id, 0).map(|(_, change)| change)
}

fn wait(id: i32, options: u32) -> Result<(i32, Change), Errno> {
    let mut status = 0u32;
    // SAFETY: the kernel writes one int.
    let found = unsafe { call!(__NR_wait4, id, &raw mut status, options, 0) }?;
    Ok((found as i32, change(status)))
}

/// A wait status: signal in the low seven bits, 0x7f for a stop, else code or signal in the next byte.
fn change(status: u32) -> Change {
    if status == CONTINUED {
        return Change::Continued;
    }
    let [low, high, ..] = status.to_le_bytes();
    match low & 0x7f {
        0 => Change::Exited(high),
        0x7f => Change::Stopped(high),
        signal => Change::Killed(signal),
    }
}

/// What to execute.
#[derive(Debug, Clone, Copy)]
pub enum Program<'a> {
    /// The file that is open at this number; `O_PATH` will do. No `#!` script.
    Opened(i32),
    /// The file at this path.
    Path(&'a CStr),
}

/// Becomes another program; comes back only with the reason why not.
#[must_use]
pub fn execute(program: Program<'_>, arguments: &StringArray<'_>, environment: &StringArray<'_>) -> Errno {
    let (argv, envp) = (arguments.pointers.as_ptr(), environment.pointers.as_ptr());
    let refused = match program {
        // SAFETY: both arrays end in a null and hold pointers to strings that live.
        Program::Opened(file) => unsafe { call!(__NR_execveat, file, c"".as_ptr(), argv, envp, AT_EMPTY_PATH) },
        // SAFETY: as above; the path ends in a NUL.
        Program::Path(path) => unsafe { call!(__NR_execve, path.as_ptr(), argv, envp) },
    };
    refused.err().unwrap_or(Errno::EINVAL)
}

/// Strings as `execve` takes them: pointers, then a null.
#[derive(Debug)]
pub struct StringArray<'a> {
    pointers: Mapping,
    length: usize,
    strings: core::marker::PhantomData<&'a CStr>,
}

impl<'a> StringArray<'a> {
    /// No string, and room for `room`.
    pub fn with_room(room: usize) -> Result<Self, Errno> {
        let bytes = room.checked_add(1).and_then(|places| places.checked_mul(size_of::<usize>()));
        let pointers = Mapping::zeroed(bytes.ok_or(Errno::EINVAL)?)?;
        Ok(Self { pointers, length: 0, strings: core::marker::PhantomData })
    }

    /// Adds a string; the null after the last place is never overwritten.
    pub fn push(&mut self, string: &'a CStr) -> Result<(), Errno> {
        let (places, _) = self.pointers.as_chunks_mut::<{ size_of::<usize>() }>();
        let (_null, places) = places.split_last_mut().ok_or(Errno::EINVAL)?;
        *places.get_mut(self.length).ok_or(Errno::EINVAL)? = string.as_ptr().expose_provenance().to_ne_bytes();
        self.length += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_is_read_as_wait_2_says() {
        assert_eq!(change(0x0700), Change::Exited(7));
        assert_eq!(change(0xff00), Change::Exited(255));
        assert_eq!(change(15), Change::Killed(15));
        assert_eq!(change(0x80 | 6), Change::Killed(6));
        assert_eq!(change(0x137f), Change::Stopped(19));
        assert_eq!(change(0xffff), Change::Continued);
    }

    #[test]
    fn the_last_place_of_an_array_stays_null() {
        let mut array = StringArray::with_room(1).unwrap();
        array.push(c"one").unwrap();
        assert_eq!(array.push(c"two"), Err(Errno::EINVAL));
        assert_eq!(array.pointers.len(), 16);
        assert!(array.pointers[8..].iter().all(|byte| *byte == 0));
    }
}
