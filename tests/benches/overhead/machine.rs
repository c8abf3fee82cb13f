//! Where it was measured, and that nothing was left out.

use std::path::Path;
use std::process::Command;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};

use crate::scene::Scene;

/// Prints the machine; ends where the sandbox is in memory.
pub fn describe(scene: &Scene) {
    let folder = scene.sandbox.folder();
    let kind = statfs(folder).expect("a file system").filesystem_type();
    assert!(kind != TMPFS_MAGIC, "`{}` is in memory, where a sync costs nothing", folder.display());
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    println!("machine: {threads} processors,{}", model.trim_start_matches(['\t', ':']));
    println!("kernel: {} on {}", read("/proc/sys/kernel/osrelease").trim(), std::env::consts::ARCH);
    println!("file system: {}", file_system(folder));
    println!("load before: {}", read("/proc/loadavg").trim());
}

fn file_system(folder: &Path) -> String {
    let said = Command::new("df").arg("--output=fstype,source").arg(folder).output();
    let said = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default();
    said.lines().last().map_or_else(|| "unknown".to_owned(), str::to_owned)
}

/// Prints what the daemon counted: every run has its durable intent and its supervisor.
pub fn counters(scene: &mut Scene) {
    let status = scene.status();
    let intents = scene.sandbox.audit_of("intent").len();
    println!("\nload after: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    println!(
        "runs (intents in the audit): {intents}; records {}; fdatasyncs {}; supervisors started {}",
        status["records"], status["syncs"], status["supervisors"]
    );
}
