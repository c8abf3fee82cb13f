//! Many callers at a time: runs a second, direct and gated in turn.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::numbers::{Times, micros};
use crate::scene::{Scene, installed};

const LASTING: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;

pub fn clients(scene: &mut Scene) {
    let Some(program) = installed("true") else { return println!("no `true`") };
    println!("| clients | direct runs/s | gated runs/s | gated p50 | gated p99 |");
    println!("|---|---|---|---|---|");
    for clients in [1, 8, 64] {
        let mut direct = Vec::new();
        let mut gated = Vec::new();
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            direct.push(rate(clients, || scene.direct(&program, &[])).0);
            let (rate, times) = rate(clients, || scene.gated("true", &[]));
            gated.push(rate);
            took.extend(times);
        }
        let (direct, gated, took) = (Times::of(direct), Times::of(gated), Times::of(took));
        let rate = |times: &Times| times.at(0.5) * 1000.0;
        println!(
            "| {clients} | {:.0} | {:.0} | {:.2} ms | {:.2} ms |",
            rate(&direct),
            rate(&gated),
            took.at(0.5),
            took.at(0.99)
        );
    }
}

/// Runs a second of so many clients, and how long each run took.
fn rate(clients: usize, command: impl Fn() -> Command + Sync) -> (f64, Vec<f64>) {
    let over = AtomicBool::new(false);
    let start = Instant::now();
    let times: Vec<f64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(|| until(&over, command()))).collect();
        std::thread::sleep(LASTING);
        over.store(true, Ordering::Relaxed);
        threads.into_iter().flat_map(|thread| thread.join().expect("a client")).collect()
    });
    (times.len() as f64 / start.elapsed().as_secs_f64(), times)
}

fn until(over: &AtomicBool, mut command: Command) -> Vec<f64> {
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let start = Instant::now();
        let status = command.status().expect("the command starts");
        assert_eq!(status.code(), Some(0));
        times.push(micros(start.elapsed()));
    }
    times
}
