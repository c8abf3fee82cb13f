//! Ten thousand open questions: how long a person waits for the list, and what the
//! daemon keeps in memory for it, before and after a restart.

use std::time::{Duration, Instant};

use e2e::Sandbox;

use crate::memory::field;
use crate::numbers::Times;

const OPEN: usize = 10_000;
const POLICY: &str = "[[rule]]\nname = \"ask\"\ntools = \"ask\"\nverdict = \"escalate\"\ntier = \"unknown\"\n";
const SETTINGS: &str = "[approvals]\nwait_s = 0\na_session = 20000\n";

pub fn open() {
    let builder = Sandbox::builder(e2e::programs!()).probe("ask").policy("10-bench.toml", POLICY);
    let mut sandbox = builder.settings(SETTINGS).start();
    sandbox.put_shims_first();
    let mut asking = sandbox.command("bash");
    let half = OPEN / 2;
    let text = format!(
        "for n in $(seq {half}); do ask exit $n; done 2>/dev/null &
        for n in $(seq {half}); do ask exit 0 $n; done 2>/dev/null & wait"
    );
    asking.args(["-c", &text]);
    sandbox.run_command(asking, Duration::from_secs(1200));
    println!("| {OPEN} open questions | list, p50 of 9 | resident |");
    println!("|---|---|---|");
    told(&mut sandbox, "as they came");
    sandbox.daemon().kill();
    let began = Instant::now();
    sandbox.start_daemon();
    let ready = began.elapsed();
    told(&mut sandbox, &format!("after a restart ({ready:.0?})"));
}

fn told(sandbox: &mut Sandbox, when: &str) {
    let mut took = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        let listed = sandbox.ask(&["approvals", "--json"]);
        took.push(began.elapsed().as_secs_f64() * 1e6);
        assert_eq!(listed.stdout_text().lines().count(), OPEN, "{when}");
    }
    let resident = field(sandbox.daemon().process().into(), "VmRSS:");
    println!("| {when} | {:.0} ms | {resident:.1} MB |", Times::of(took).at(0.5));
}
