//! Run after run: nothing may grow. `cargo bench -p e2e --bench overhead -- soak 20000`.

use e2e::Daemon;

use crate::memory::field;
use crate::scene::Scene;

const USUAL: usize = 20_000;

pub fn many_runs(scene: &mut Scene, words: &[String]) {
    let runs = words.iter().find_map(|word| word.parse().ok()).unwrap_or(USUAL);
    let mut gated = scene.gated("true", &[]);
    println!("\n| runs | descriptors | resident | children | zombies |");
    println!("|---|---|---|---|---|");
    let mut seen = Vec::new();
    for part in 0..=10 {
        if part > 0 {
            for _ in 0..runs / 10 {
                assert!(gated.status().is_ok_and(|status| status.success()), "{}", scene.sandbox.log());
            }
        }
        scene.sandbox.await_records("outcome", runs / 10 * part);
        let now = Now::of(scene.sandbox.daemon());
        println!(
            "| {} | {} | {:.1} MB | {} | {} |",
            runs / 10 * part,
            now.descriptors,
            now.resident,
            now.children,
            now.zombies
        );
        seen.push(now);
    }
    let (Some(first), Some(last)) = (seen.get(1), seen.last()) else { return };
    assert!(last.descriptors <= first.descriptors + 8, "descriptors grow");
    assert!(last.resident <= first.resident + 4.0, "memory grows");
    assert!(last.zombies <= 2, "zombies are left");
    println!("\nnothing grows: {runs} runs");
}

struct Now {
    descriptors: usize,
    resident: f64,
    children: usize,
    zombies: usize,
}

impl Now {
    fn of(daemon: &Daemon) -> Self {
        Self {
            descriptors: daemon.descriptors(),
            resident: field(daemon.process().into(), "VmRSS:"),
            children: daemon.children().len(),
            zombies: daemon.zombies(),
        }
    }
}
