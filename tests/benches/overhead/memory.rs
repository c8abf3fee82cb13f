//! What the daemon keeps in memory: after its start, after work, and while its log
//! grows by a million records.

use std::io::{BufWriter, Write};
use std::process::Stdio;

use crate::scene::{Scene, installed};

const RECORDS: u32 = 1_000_000;
const PARTS: u32 = 10;

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

/// The log grows by other recorders' lines, for these are quicker than runs.
pub fn growing_log(scene: &mut Scene) {
    println!("| records | resident |");
    println!("|---|---|");
    let daemon = u64::from(scene.sandbox.daemon().process());
    println!("| 0 | {:.1} MB |", field(daemon, "VmRSS:"));
    for part in 1..=PARTS {
        let mut ingest = scene.sandbox.tollgate(&["audit", "ingest", "--source", "bench"]);
        ingest.arg("--root").arg(scene.sandbox.path("root"));
        let mut running = ingest.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("tollgate");
        let mut lines = BufWriter::new(running.stdin.take().expect("a pipe"));
        for number in 0..RECORDS / PARTS {
            let line = format!(r#"{{"verb":"delete","user":"ci:{}","resource":"pods/web-{number}"}}"#, number % 300);
            writeln!(lines, "{line}").expect("it reads");
        }
        drop(lines);
        assert!(running.wait().is_ok_and(|status| status.success()), "{}", scene.sandbox.log());
        println!("| {} | {:.1} MB |", RECORDS / PARTS * part, field(daemon, "VmRSS:"));
    }
}

/// A line of `/proc/PID/status` that is in kB, as MB.
pub fn field(process: u64, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}
