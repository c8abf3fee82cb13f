//! Whether another process stands still: what `wait4` tells its parent alone, and of
//! the past; `/proc` tells everybody, of now.

use crate::{Errno, Text, files, process};

/// Whether a process is stopped. An error where `/proc` cannot tell: not there, of other
/// process ids than ours, or the process is held by a tracer, whose stops hide its own.
pub fn is_stopped(id: u32) -> Result<bool, Errno> {
    let mut own = Text::<20>::new();
    own.number(process::id().into());
    if files::link_text(c"/proc/self", &mut [0; 20])? != own.as_bytes() {
        return Err(Errno::ENOENT);
    }
    let mut number = Text::<20>::new();
    number.number(id.into());
    let path = files::Path::of(&[b"/proc/", number.as_bytes(), b"/stat"])?;
    let file = files::open(path.as_c_str(), 0)?;
    let mut line = [0; 128];
    let length = files::read(file.number(), &mut line)?;
    by_line(line.get(..length).unwrap_or_default())
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
    fn any_name_is_read_over() {
        assert_eq!(by_line(b"7 (a) T (b)) S 1 7"), Ok(false));
        assert_eq!(by_line(b"7 (a) S (b)) T 1 7"), Ok(true));
        assert_eq!(by_line(b"7 (a) t 1 7"), Err(Errno::EAGAIN), "held by a tracer");
        assert_eq!(by_line(b"7 (a"), Err(Errno::EINVAL));
    }
}
