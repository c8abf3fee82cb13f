//! Bytes through a pipe: the tool writes to the caller's own descriptor.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::numbers::Times;
use crate::scene::Scene;

const BYTES: usize = 1 << 30;

pub fn throughput(scene: &mut Scene) {
    let bytes = BYTES.to_string();
    let probe = scene.sandbox.path("bin").join("probe");
    let (mut direct, mut gated) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        direct.push(rate(scene.direct(&probe, &["generate", &bytes])));
        gated.push(rate(scene.gated("probe", &["generate", &bytes])));
    }
    println!("| through a pipe | direct | gated |");
    println!("|---|---|---|");
    println!("| 1 GiB | {:.2} GB/s | {:.2} GB/s |", Times::of(direct).at(0.5), Times::of(gated).at(0.5));
}

/// In thousands of gigabytes a second.
fn rate(mut command: Command) -> f64 {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the command starts");
    let mut stream = child.stdout.take().expect("a pipe");
    let mut buffer = vec![0; 1 << 17];
    let mut read = 0;
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        read += count;
    }
    assert!(child.wait().is_ok_and(|status| status.success()));
    assert_eq!(read, BYTES);
    read as f64 / start.elapsed().as_secs_f64() / 1e6
}
