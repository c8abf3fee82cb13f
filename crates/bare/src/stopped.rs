//! Whether another process stands still: what `wait4` tells its parent alone, and of
//! the past; `/proc` tells everybody, of now.

use crate::signals::{SIGSTOP, Set};
use crate::{Errno, Text, files, process};

/// Whether a process is stopped. An error where `/proc` cannot tell: not there, of other
/// process ids than ours, or the process is held by a tracer, whose stops hide its own.
pub fn is_stopped(id: u32) -> Result<bool, Errno> {
    let mut line = [0; 128];
    by_line(read(id, b"/stat", &mut line)?)
}

/// As [`is_stopped`], and which stops wait for it. A process that is sent a stop stands
/// still only once it has run again, which on a crowded machine takes its time.
pub fn standing(id: u32) -> Result<Standing, Errno> {
    let mut status = [0; 4096];
    let (pending, held) = by_status(read(id, b"/status", &mut status)?)?;
    // Looked at last: a stop that waits no more has stopped it.
    Ok(Standing { stopped: is_stopped(id)?, pending, held })
}

/// How a process was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    stopped: bool,
    /// The stops that wait for it: a continuation would have discarded them.
    pending: Set,
    /// Those that it blocks, ignores or handles.
    held: Set,
}

impl Standing {
    /// Whether it is stopped, or will be as soon as it runs.
    #[must_use]
    pub fn stands(self) -> bool {
        let held = self.held.without(Set::of(&[SIGSTOP]));
        self.stopped || self.pending.without(held) != Set::NONE
    }

    /// Whether it was sent a stop and nothing has continued it since, though it may hold that back.
    #[must_use]
    pub fn was_told_to(self) -> bool {
        self.stopped || self.pending != Set::NONE
    }
}

fn read<'b>(id: u32, name: &[u8], buffer: &'b mut [u8]) -> Result<&'b [u8], Errno> {
    let mut own = Text::<20>::new();
    own.number(process::id().into());
    if files::link_text(c"/proc/self", &mut [0; 20])? != own.as_bytes() {
        return Err(Errno::ENOENT);
    }
    let mut number = Text::<20>::new();
    number.number(id.into());
    let path = files::Path::of(&[b"/proc/", number.as_bytes(), name])?;
    let file = files::open(path.as_c_str(), 0)?;
    let length = files::read(file.number(), buffer)?;
    Ok(buffer.get(..length).unwrap_or_default())
}

/// The stops that wait and what is held back, by `/proc/ID/status` (`proc_pid_status(5)`),
/// where a name holds no end of a line.
fn by_status(status: &[u8]) -> Result<(Set, Set), Errno> {
    let set = |name: &[u8]| {
        let mut lines = status.split(|byte| *byte == b'\n');
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(b":\t")).ok_or(Errno::EINVAL)?;
        let digits = value.iter().map(|digit| char::from(*digit).to_digit(16));
        let number = digits.into_iter().try_fold(0_u64, |number, digit| Some(number << 4 | u64::from(digit?)));
        number.map(Set).ok_or(Errno::EINVAL)
    };
    let pending = set(b"SigPnd")?.union(set(b"ShdPnd")?).both(Set::STOPS);
    let held = set(b"SigBlk")?.union(set(b"SigIgn")?).union(set(b"SigCgt")?);
    Ok((pending, held))
}

/// By the beginning of a line of `/proc/ID/stat` (`proc_pid_stat(5)`).
fn by_line(line: &[u8]) -> Result<bool, Errno> {
    // The name, in brackets, may hold any byte, brackets too; no number behind it does.
    let name = line.iter().rposition(|byte| *byte == b')').ok_or(Errno::EINVAL)?;
    match line.get(name..) {
        Some([_, b' ', b't', ..]) => Err(Errno::EAGAIN),
        rest => Ok(rest.is_some_and(|rest| rest.starts_with(b") T"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::kill_by_descriptor;
    use crate::signals::{SIGKILL, SIGSTOP};
    use crate::spawn::fork;

    #[test]
    fn a_process_that_stands_still_is_told_from_one_that_does_not() {
        assert_eq!(is_stopped(process::id()), Ok(false));
        let child = fork(|| {
            loop {
                std::thread::park();
            }
        })
        .unwrap();
        let id = child.id.cast_unsigned();
        assert_eq!(is_stopped(id), Ok(false));
        kill_by_descriptor(&child.pidfd, SIGSTOP).unwrap();
        while is_stopped(id) == Ok(false) {
            std::thread::yield_now();
        }
        assert_eq!(is_stopped(id), Ok(true));
        kill_by_descriptor(&child.pidfd, SIGKILL).unwrap();
        process::wait_for(child.id).unwrap();
        is_stopped(id).unwrap_err();
    }

    #[test]
    fn a_stop_that_waits_is_seen_and_whether_it_is_held_back() {
        use crate::signals::SIGTSTP;
        let child = fork(|| {
            crate::signals::block_exactly(Set::of(&[SIGTSTP]));
            loop {
                std::thread::park();
            }
        })
        .unwrap();
        let id = child.id.cast_unsigned();
        while !standing(id).unwrap().held.has(SIGTSTP) {
            std::thread::yield_now();
        }
        let found = || standing(id).map(|found| (found.stands(), found.was_told_to()));
        let before = found();
        kill_by_descriptor(&child.pidfd, SIGTSTP).unwrap();
        let blocked = found();
        kill_by_descriptor(&child.pidfd, SIGSTOP).unwrap();
        // At once, whether it has run by then or not.
        let stopped = found();
        kill_by_descriptor(&child.pidfd, SIGKILL).unwrap();
        process::wait_for(child.id).unwrap();
        assert_eq!((before, blocked, stopped), (Ok((false, false)), Ok((false, true)), Ok((true, true))));
        found().unwrap_err();
    }

    #[test]
    fn a_status_is_read_by_its_names() {
        let status = |pending: &str| {
            let rest = "SigBlk:\t0000000000080000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n";
            let text = format!("Name:\tSigPnd: 1\nSigPnd:\t0\nShdPnd:\t{pending}\n{rest}");
            let (pending, held) = by_status(text.as_bytes())?;
            let found = Standing { stopped: false, pending, held };
            Ok((found.stands(), found.was_told_to()))
        };
        assert_eq!(status("0000000000000001"), Ok((false, false)), "SIGHUP");
        assert_eq!(status("0000000000080000"), Ok((false, true)), "SIGTSTP, which it blocks");
        assert_eq!(status("0000000000040000"), Ok((true, true)), "SIGSTOP, which nobody can");
        assert_eq!(status("x"), Err(Errno::EINVAL));
        assert_eq!(by_status(b"SigPnd:\t0\n"), Err(Errno::EINVAL));
    }

    #[test]
    fn any_name_is_read_over() {
        assert_eq!(by_line(b"7 (a) T (b)) S 1 7"), Ok(false));
        assert_eq!(by_line(b"7 (a) S (b)) T 1 7"), Ok(true));
        assert_eq!(by_line(b"7 (a) t 1 7"), Err(Errno::EAGAIN), "held by a tracer");
        assert_eq!(by_line(b"7 (a"), Err(Errno::EINVAL));
    }
}
