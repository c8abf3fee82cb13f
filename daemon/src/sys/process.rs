//! What `/proc` says of a process (`proc_pid_stat(5)`, `proc_pid_status(5)`).
//!
//! A number in `/proc` may belong to another process by the time it is read:
//! whoever needs certainty reads between two checks of a pidfd.

use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::OnceLock;

use nix::fcntl::readlinkat;
use nix::libc::O_PATH;
use tollgate_audit::Process;

/// The fields of `/proc/PID/stat` that tell where a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its parent.
    pub(crate) parent: i32,
    /// Its session: the process id of the session's leader.
    pub(crate) session: i32,
    /// Its controlling terminal's device number, 0 without one.
    pub(crate) terminal: i32,
    /// When it started, in clock ticks since boot: with the pid, a name for good.
    pub(crate) started: u64,
    /// It has ended, and its parent has not taken note of that yet.
    pub(crate) ended: bool,
}

/// Reads where `pid` stands.
pub(crate) fn standing(pid: i32) -> io::Result<Standing> {
    let mut text = [0; 1024];
    let length = std::fs::File::open(format!("/proc/{pid}/stat"))?.read(&mut text)?;
    text.get(..length).and_then(parse_standing).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse_standing(stat: &[u8]) -> Option<Standing> {
    // The second field is the name in parentheses and may hold anything.
    let after_name = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = std::str::from_utf8(stat.get(after_name + 1..)?).ok()?;
    let field = |number: usize| fields.split_ascii_whitespace().nth(number - 3);
    Some(Standing {
        parent: field(4)?.parse().ok()?,
        session: field(6)?.parse().ok()?,
        terminal: field(7)?.parse().ok()?,
        started: field(22)?.parse().ok()?,
        ended: matches!(field(3)?, "Z" | "X"),
    })
}

/// A process by a name that no other one ever has.
pub(crate) fn named(pid: i32) -> Option<Process> {
    Some(Process { pid, started: standing(pid).ok()?.started, boot: boot()?.to_owned() })
}

/// Whether this very process still runs.
pub(crate) fn is_alive(process: &Process) -> bool {
    boot() == Some(&process.boot) && runs(process.pid, process.started)
}

/// Whether the process that started then still runs. One that nobody reaps does not,
/// however long it stays listed.
pub(crate) fn runs(pid: i32, started: u64) -> bool {
    standing(pid).is_ok_and(|found| !found.ended && found.started == started)
}

/// This boot's id (`random(4)`).
fn boot() -> Option<&'static str> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let read = || Some(std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned());
    BOOT.get_or_init(read).as_deref()
}

/// What a process is called. Any of it is what the process says of itself.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// `comm`.
    pub(crate) command: Vec<u8>,
    /// The path of its program.
    pub(crate) program: Option<Vec<u8>>,
    /// Its first arguments.
    pub(crate) arguments: Vec<Vec<u8>>,
}

/// Shells: whatever one runs is a process of its own below it, so its arguments name
/// no other program. They stand above every caller, and need not be read.
const SHELLS: [&[u8]; 7] = [b"bash", b"dash", b"sh", b"zsh", b"fish", b"ksh", b"busybox"];

/// Reads what a process is called.
pub(crate) fn names(pid: i32) -> Names {
    use std::os::unix::ffi::OsStringExt;
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok().map(|path| path.into_os_string().into_vec());
    let file = program.as_deref().and_then(|path| path.rsplit(|byte| *byte == b'/').next());
    let arguments = match file {
        Some(file) if SHELLS.contains(&file) => Vec::new(),
        _ => start_of(&format!("/proc/{pid}/cmdline"), &mut [0; 4096]),
    };
    Names {
        command: start_of(&format!("/proc/{pid}/comm"), &mut [0; 64]).trim_ascii_end().to_vec(),
        program,
        arguments: arguments.split(|byte| *byte == 0).take(2).map(<[u8]>::to_vec).collect(),
    }
}

/// What one read gives of a file of `/proc`; nothing where it cannot be read.
fn start_of(path: &str, buffer: &mut [u8]) -> Vec<u8> {
    let length = std::fs::File::open(path).and_then(|mut file| file.read(buffer)).unwrap_or_default();
    buffer.get(..length).unwrap_or_default().to_vec()
}

/// Whether a process was started with this `NAME=value` in its environment.
pub(crate) fn environment_has(pid: i32, variable: &[u8]) -> bool {
    /// The kernel takes no longer one.
    const MOST: u64 = 8 << 20;
    bounded(&format!("/proc/{pid}/environ"), MOST).split(|byte| *byte == 0).any(|found| found == variable)
}

fn bounded(path: &str, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What cannot be read says nothing.
    let _ = std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    bytes
}

/// More than 65,536 groups (`NGROUPS_MAX`) take.
const MOST_OF_STATUS: u64 = 1 << 20;

/// The lines of `/proc/PID/status` that say what a process may do.
pub(crate) fn credentials(pid: i32) -> io::Result<Vec<String>> {
    const LINES: [&str; 10] =
        ["Uid:", "Gid:", "Groups:", "NoNewPrivs:", "Seccomp:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"];
    // `take` asks for no length, which would be two calls more.
    let mut status = String::with_capacity(8 * 1024);
    std::fs::File::open(format!("/proc/{pid}/status"))?.take(MOST_OF_STATUS).read_to_string(&mut status)?;
    Ok(status.lines().filter(|line| LINES.iter().any(|name| line.starts_with(name))).map(str::to_owned).collect())
}

/// The links of [`surroundings`].
const SURROUNDINGS: [&str; 8] = ["ns/cgroup", "ns/ipc", "ns/mnt", "ns/net", "ns/pid", "ns/user", "ns/uts", "root"];
/// Those of them that say which file a path means: `ns/mnt` and `root`.
pub(crate) const OF_FILES: [usize; 2] = [2, 7];

/// Whether some process traces this one.
pub(crate) fn is_traced(pid: i32) -> io::Result<bool> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    Ok(tracer.map(str::trim) != Some("0"))
}

/// The namespaces and the root of a process, as `/proc/PID` names them.
pub(crate) fn surroundings(pid: i32) -> io::Result<Vec<std::ffi::OsString>> {
    let folder = std::fs::File::options().read(true).custom_flags(O_PATH).open(format!("/proc/{pid}"))?;
    SURROUNDINGS.into_iter().map(|link| readlinkat(&folder, link).map_err(io::Error::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = b"42 (a) b (c) S 7 8 9 34816 8 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0\n";
        assert_eq!(
            parse_standing(stat),
            Some(Standing { parent: 7, session: 9, terminal: 34816, started: 12345, ended: false })
        );
        assert_eq!(parse_standing(b"42 (a"), None);
    }

    #[test]
    fn a_process_that_nobody_reaps_does_not_run() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let started = standing(pid).unwrap().started;
        assert!(runs(pid, started) && !runs(pid, started + 1));
        drop(child.stdin.take());
        let ended = nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT;
        nix::sys::wait::waitid(nix::sys::wait::Id::Pid(nix::unistd::Pid::from_raw(pid)), ended).unwrap();
        assert_eq!(standing(pid).map(|found| (found.started, found.ended)).unwrap(), (started, true));
        assert!(!runs(pid, started));
        child.wait().unwrap();
    }

    #[test]
    fn the_test_s_own_place_is_told() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(standing(own).unwrap().parent, nix::unistd::getppid().as_raw());
        assert!(credentials(own).unwrap().len() >= 9);
    }
}
