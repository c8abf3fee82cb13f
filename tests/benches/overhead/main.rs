//! What the gate costs: `cargo bench -p e2e --bench overhead`.
//!
//! Every gated run is compared with a direct one of the same program just before
//! it, so that what else the machine does falls on both; medians of the pairs'
//! differences are told, and the table is ready to be pasted. Words after `--`
//! choose sections by their names.
//!
//! Not here: whether a gated run is right (`tests/transparency`), and aims
//! (`docs/performance.md`).

mod latency;
mod load;
mod machine;
mod memory;
mod numbers;
mod questions;
mod scene;
mod soak;
mod streams;

use scene::Scene;

/// A section's name and what it prints.
type Section = (&'static str, fn(&mut Scene));

const SECTIONS: [Section; 7] = [
    ("latency", latency::runs),
    ("refusal", latency::refusals),
    ("others", latency::others),
    ("tools", latency::tools),
    ("load", load::clients),
    ("streams", streams::throughput),
    ("memory", memory::resident),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut scene = Scene::set();
    machine::describe(&scene);
    if words.iter().any(|word| word == "questions") {
        return questions::open();
    }
    if words.iter().any(|word| word == "log") {
        return memory::growing_log(&mut scene);
    }
    if words.iter().any(|word| word == "soak") {
        return soak::many_runs(&mut scene, &words);
    }
    for (name, section) in SECTIONS {
        if words.is_empty() || words.iter().any(|word| word == name) {
            println!("\n### {name}\n");
            section(&mut scene);
        }
    }
    machine::counters(&mut scene);
}
