//! Control groups (`cgroups(7)`, version 2): a tool belongs to its caller's.
//!
//! A supervisor goes there before it starts the tool and comes back afterwards.
//! Where the group may not be entered (a terminal's own under systemd, for one) the
//! tool stays in the daemon's; version 1's groups are left alone.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A process that is in another's group for a while.
#[derive(Debug)]
pub(crate) struct Visit {
    pid: i32,
    home: &'static Path,
}

impl Visit {
    /// Brings process `pid` to the group of process `host`; `None` where it is there
    /// already, or may not be.
    pub(crate) fn pay(pid: i32, host: i32) -> Option<Self> {
        let home = own()?;
        let group = group(&host.to_string())?;
        if group == home {
            return None;
        }
        enter(&group, pid).ok()?;
        Some(Self { pid, home })
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // It may have ended.
        let _ = enter(self.home, self.pid);
    }
}

/// The daemon's own group, as it was when first asked for.
fn own() -> Option<&'static Path> {
    static OWN: OnceLock<Option<PathBuf>> = OnceLock::new();
    OWN.get_or_init(|| group("self")).as_deref()
}

/// The folder of a process's group.
fn group(process: &str) -> Option<PathBuf> {
    let text = std::fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    // Outside of this namespace's part of the tree a path begins with `/..`.
    let path = path.strip_prefix('/').filter(|path| !path.split('/').any(|part| part == ".."))?;
    Some(tree()?.join(path))
}

/// Where version 2's tree is mounted.
fn tree() -> Option<&'static Path> {
    static TREE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || mount(&std::fs::read_to_string("/proc/self/mountinfo").ok()?);
    TREE.get_or_init(find).as_deref()
}

/// The mount point of a whole cgroup2 tree (`proc_pid_mountinfo(5)`).
fn mount(table: &str) -> Option<PathBuf> {
    table.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        (after.starts_with("cgroup2 ") && root == "/").then(|| PathBuf::from(point))
    })
}

fn enter(group: &Path, pid: i32) -> io::Result<()> {
    std::fs::write(group.join("cgroup.procs"), pid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_version_two_is_found_and_no_part_of_it() {
        let table = "25 18 0:23 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                     31 18 0:24 /part /elsewhere rw shared:9 - cgroup2 cgroup2 rw\n\
                     32 18 0:24 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(mount(table).as_deref(), Some(Path::new("/sys/fs/cgroup/unified")));
        assert_eq!(mount("25 18 0:23 / /sys rw - sysfs sysfs rw"), None);
    }
}
