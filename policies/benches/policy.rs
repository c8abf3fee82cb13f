//! How long one judgement takes, and how long it takes to read a policy.
//!
//! `cargo bench -p tollgate-policies --bench policy` prints medians and the
//! slowest in a hundred. It compares nothing with earlier runs.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a bench prints its figures and may stop")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tollgate_policies::policy::{Asked, Door, Layer, Policy, Source, Subject};
use tollgate_policies::{Dimension, Meaning, Operation, Target, Tier, Value};

const RULES: usize = 1_000;
const TOOLS: [&str; 20] = [
    "terraform",
    "helm",
    "aws",
    "kubectl",
    "git",
    "gh",
    "gcloud",
    "docker",
    "az",
    "npm",
    "cargo",
    "psql",
    "redis-cli",
    "ssh",
    "rsync",
    "curl",
    "make",
    "ansible",
    "vault",
    "flyctl",
];

fn main() {
    let agent = Subject { agent: "claude-code", clearance: Some(2), session: Some("s"), door: Door::Shim };
    for (kind, text) in [("20 tools", rules(&TOOLS)), ("one tool", rules(&["terraform"])), ("any tool", rules(&["*"]))]
    {
        let policy = parsed(&text);
        println!(
            "{RULES} rules for {kind} ({} KiB): read in {:?}",
            text.len() / 1024,
            middle(20, || drop(parsed(&text))).0
        );
        for (says, operation) in [
            ("allow", operation("terraform.plan", Tier::Observe, "staging-7")),
            ("escalate", operation("terraform.apply", Tier::Modify, "staging-7")),
            ("deny", operation("terraform.destroy", Tier::BreakGlass, "prod-7")),
            ("default", operation("terraform.plan", Tier::Operate, "nowhere")),
        ] {
            let (median, slow) =
                middle(20_000, || drop(black_box(policy.judge(&Asked::new(black_box(&operation), agent)))));
            println!("  {says:<9} p50 {median:>9.2?}   p99 {slow:>9.2?}");
        }
    }
}

/// Rules as people write them: a scope and verdicts, by agent and by target.
fn rules(tools: &[&str]) -> String {
    let mut text = String::new();
    for (index, tool) in (0..RULES).zip(tools.iter().cycle()) {
        let _ = match index / tools.len() % 4 {
            0 => writeln!(
                text,
                "[[rule]]\nname = 'r{index}'\nagents = 'claude-*'\ntools = '{tool}'\ntarget.workspace = 'staging-{index}'\ntiers = {{ 0 = 'allow', 2 = 'escalate', 4 = 'deny' }}"
            ),
            1 => writeln!(
                text,
                "[[rule]]\nname = 'r{index}'\noperations = ['*.destroy', '*.delete']\ntools = '{tool}'\ntarget.workspace = ['prod-*', '*-prod']\nverdict = 'deny'"
            ),
            2 => writeln!(
                text,
                "[[rule]]\nname = 'r{index}'\ntools = '{tool}'\nclearance = '>=2'\nverdict = 'allow'\ntier = 0\nunless = {{ target.workspace = 'secret-*' }}"
            ),
            _ => writeln!(
                text,
                "[[rule]]\nname = 'r{index}'\nagents = ['codex', 'claude-code']\ntools = '{tool}'\ntarget.workspace = 'staging-*'\nverdict = 'escalate'\ntier = '2..3'"
            ),
        };
    }
    text
}

fn parsed(text: &str) -> Policy {
    let source = Source { name: "bench.toml".to_owned(), text: text.to_owned(), layer: Layer::User };
    Policy::parse(&[source]).expect("the rules are good")
}

fn operation(name: &'static str, tier: Tier, workspace: &str) -> Operation {
    let mut target = Target::default();
    let value = Value::Known { value: workspace.into(), source: "TF_WORKSPACE".into() };
    target.set(Dimension::Workspace, value);
    let primary = Meaning {
        operation: name.into(),
        tier: Some(tier),
        rationale: "".into(),
        target,
        decided_by: None,
        wrapped_by: Vec::new(),
    };
    Operation::of("terraform", primary)
}

/// Median and 99th percentile of so many runs, one by one.
fn middle(runs: usize, mut run: impl FnMut()) -> (Duration, Duration) {
    let mut times: Vec<Duration> = std::iter::repeat_with(|| {
        let start = Instant::now();
        run();
        start.elapsed()
    })
    .take(runs)
    .collect();
    times.sort();
    let at = |part: usize| times.get(runs * part / 100).copied().unwrap_or_default();
    (at(50), at(99))
}
