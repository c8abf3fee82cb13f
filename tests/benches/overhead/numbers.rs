//! Times and what is said of them.

use std::process::Command;
use std::time::{Duration, Instant};

/// Times in microseconds, the shortest first.
pub struct Times(Vec<f64>);

impl Times {
    pub fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The time that this share of all (0 to 1) does not exceed, in milliseconds.
    pub fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.0.get(place).copied().unwrap_or_default() / 1000.0
    }
}

/// Runs of two commands in turn.
pub struct Paired {
    pub direct: Times,
    pub gated: Times,
    /// Of each pair, how much longer the second took.
    pub added: Times,
}

/// Runs both `count` times in turn, after a few that do not count.
pub fn paired(direct: &mut Command, gated: &mut Command, count: usize) -> Paired {
    for _ in 0..count / 20 + 1 {
        time(direct);
        time(gated);
    }
    let times: Vec<(f64, f64)> = (0..count).map(|_| (time(direct), time(gated))).collect();
    Paired {
        direct: Times::of(times.iter().map(|(direct, _)| *direct).collect()),
        gated: Times::of(times.iter().map(|(_, gated)| *gated).collect()),
        added: Times::of(times.iter().map(|(direct, gated)| gated - direct).collect()),
    }
}

/// From the start to the end of one run, in microseconds.
pub fn time(command: &mut Command) -> f64 {
    let start = Instant::now();
    let status = command.status().expect("the command starts");
    let took = start.elapsed();
    assert!(status.code().is_some(), "{command:?} ended with {status}");
    micros(took)
}

pub fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}

/// One row of a table of pairs; the first has the heads.
pub fn heads() {
    println!("| what | direct p50 | gated p50 | added p50 | added p90 | added p99 | gated/direct |");
    println!("|---|---|---|---|---|---|---|");
}

pub fn row(what: &str, paired: &Paired) {
    let Paired { direct, gated, added } = paired;
    let (direct, gated) = (direct.at(0.5), gated.at(0.5));
    println!(
        "| {what} | {direct:.2} ms | {gated:.2} ms | {:+.2} ms | {:+.2} ms | {:+.2} ms | {:.2} |",
        added.at(0.5),
        added.at(0.9),
        added.at(0.99),
        gated / direct
    );
}
