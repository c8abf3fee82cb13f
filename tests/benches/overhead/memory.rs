//! What the daemon keeps in memory: after its start, and after work.

use crate::scene::{Scene, installed};

pub fn resident(scene: &mut Scene) {
    let fresh = Scene::set();
    let idle = field(fresh.status()["pid"].as_u64().unwrap_or_default(), "VmRSS:");
    let used = scene.status()["pid"].as_u64().unwrap_or_default();
    if let Some(program) = installed("true") {
        drop(program);
        let mut gated = scene.gated("true", &[]);
        for _ in 0..200 {
            assert!(gated.status().is_ok_and(|status| status.success()));
        }
    }
    println!("| daemon | resident |");
    println!("|---|---|");
    println!("| idle | {idle:.1} MB |");
    println!("| after this bench's load | {:.1} MB |", field(used, "VmRSS:"));
    println!("| at its most | {:.1} MB |", field(used, "VmHWM:"));
}

/// A line of `/proc/PID/status` that is in kB, as MB.
pub fn field(process: u64, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}
