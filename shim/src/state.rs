//! What a process inherits beside descriptors and folder, as the kernel tells it.
//!
//! What cannot be found out is sent as the kernel's own default.

use tollgate_bare::files::{self, O_NOCTTY, O_RDWR};
use tollgate_bare::signals::{self, Set};
use tollgate_bare::{limits, process, scheduling};
use tollgate_wire::launch::{LIMITS, ProcessState};

/// The state of this process, which is what its caller gave it; `blocked` is
/// what was blocked when it started.
pub(crate) fn capture(blocked: Set) -> ProcessState {
    let (scheduler, scheduler_priority) = scheduling::scheduler().unwrap_or_default();
    ProcessState {
        umask: umask(),
        nice: scheduling::nice().unwrap_or_default(),
        io_priority: scheduling::io_priority().unwrap_or_default(),
        scheduler,
        scheduler_priority,
        oom_score_adj: oom_score_adj().unwrap_or_default(),
        no_new_privs: process::no_new_privs(),
        has_terminal: u32::from(has_terminal()),
        group: process::group(),
        session: process::session(),
        ignored: signals::ignored().0,
        blocked: blocked.0,
        affinity: scheduling::affinity().unwrap_or_default(),
        limits: limits(),
    }
}

/// The umask can be read by setting it alone.
fn umask() -> u32 {
    let mask = process::set_umask(0o077);
    process::set_umask(mask);
    mask
}

fn limits() -> [(u64, u64); LIMITS] {
    let mut all = [(u64::MAX, u64::MAX); LIMITS];
    for (resource, limit) in (0..limits::COUNT).zip(&mut all) {
        *limit = limits::of(resource).unwrap_or(*limit);
    }
    all
}

fn oom_score_adj() -> Option<i32> {
    let file = files::open(c"/proc/self/oom_score_adj", 0).ok()?;
    let mut text = [0; 16];
    let length = files::read(file.number(), &mut text).ok()?;
    core::str::from_utf8(text.get(..length)?).ok()?.trim_ascii_end().parse().ok()
}

/// `/dev/tty` opens for those who have a controlling terminal (tty(4)).
fn has_terminal() -> bool {
    files::open(c"/dev/tty", O_RDWR | O_NOCTTY).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_told_as_proc_tells_it() {
        let state = capture(Set::NONE);
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
        assert_eq!(state.umask, u32::from_str_radix(line("Umask:"), 8).unwrap());
        assert_eq!(state.ignored, u64::from_str_radix(line("SigIgn:"), 16).unwrap());
        assert_eq!(state.no_new_privs, line("NoNewPrivs:").parse().unwrap());
        let processors: u32 = state.affinity.iter().map(|word| word.count_ones()).sum();
        assert_eq!(processors as usize, std::thread::available_parallelism().unwrap().get());
    }
}
