//! kill -9 of the daemon under load, again and again: the chain stays whole, every
//! run has its intent, and no ending is lost.
//!
//! `TOLLGATE_KILLS=200 cargo test -p e2e --test line killed` kills so often; the
//! points follow from `TOLLGATE_SEED`, and both are said when it fails.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use e2e::Sandbox;

/// How often, where nobody says.
const KILLS: u64 = 20;

/// Marks that it ran, and ends with a code that follows from its argument.
const MARK: &str = "#!/bin/sh\necho \"$1\" >>\"$E2E_SANDBOX/ran\"\nexit $(($1 % 7))\n";

/// Runs marks until it is told to stop; says how each ended for its caller.
const LOAD: &str = r#"
for worker in 1 2 3 4; do
    (n=$worker; while [ ! -e "$E2E_SANDBOX/stop" ]; do
        mark $n 2>/dev/null; echo "$n $?" >>"$E2E_SANDBOX/seen.$worker"; n=$((n + 4))
    done) &
done
echo loaded; wait; echo ended"#;

/// xorshift64: the same points for the same seed.
struct Points(u64);

impl Points {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn a_daemon_killed_at_many_points_under_load_loses_nothing() {
    let (kills, seed) = (number("TOLLGATE_KILLS", KILLS), number("TOLLGATE_SEED", 20_261_122));
    let mut points = Points(seed.max(1));
    let mut sandbox = Sandbox::builder(e2e::programs!()).script("mark", MARK, "755").start();
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", LOAD]);
    let mut load = sandbox.start_command(command);
    load.until_stdout("loaded\n");
    let log = sandbox.path("root/state/audit/000000000001.jsonl");
    let length = || std::fs::metadata(&log).map_or(0, |found| found.len());
    for _ in 0..kills {
        // A record has one to two thousand bytes: up to a dozen records more.
        let enough = length() + points.next(20_000);
        sandbox.await_change("root/state/audit", || length() >= enough);
        sandbox.daemon().kill();
        sandbox.start_daemon();
    }
    std::fs::write(sandbox.path("stop"), "").unwrap();
    let ran = load.finish(Duration::from_secs(60));
    assert!(ran.stdout_text().ends_with("ended\n"), "{kills} kills, seed {seed}: {ran:?}");
    sandbox.await_change("root/state/audit", || ids(&sandbox, &["intent"]) == ids(&sandbox, ENDINGS));
    sandbox.daemon().stop();
    let verified =
        sandbox.ask(&["audit", "verify", "--key", sandbox.path("root/state/keys/audit.pub").to_str().unwrap()]);
    assert_eq!(verified.code(), Some(0), "{kills} kills, seed {seed}: {verified:?}");
    check(&sandbox, &format!("{kills} kills, seed {seed}"));
}

const ENDINGS: &[&str] = &["outcome", "interrupted"];

fn ids(sandbox: &Sandbox, kinds: &[&str]) -> BTreeSet<String> {
    let records = kinds.iter().flat_map(|kind| sandbox.audit_of(kind));
    records.map(|record| record["id"].as_str().unwrap_or_default().to_owned()).collect()
}

fn mark(record: &serde_json::Value) -> u64 {
    record["command"]["argv"][1].as_str().unwrap().parse().unwrap()
}

fn check(sandbox: &Sandbox, which: &str) {
    let ran = std::fs::read_to_string(sandbox.path("ran")).unwrap();
    let ran: BTreeSet<u64> = ran.lines().map(|line| line.parse().unwrap()).collect();
    let intents: BTreeSet<u64> = sandbox.audit_of("intent").iter().map(mark).collect();
    assert!(ran.is_subset(&intents), "{which}: ran without an intent: {:?}", ran.difference(&intents));
    let outcomes = sandbox.audit_of("outcome");
    let ends: BTreeMap<u64, i64> = outcomes.iter().map(|one| (mark(one), one["exit_code"].as_i64().unwrap())).collect();
    assert_eq!(ends.len(), outcomes.len(), "{which}: two outcomes of one run");
    assert!(ends.iter().all(|(n, code)| *code == (n % 7).cast_signed()), "{which}: {ends:?}");
    let mut told = 0;
    for worker in 1..=4 {
        let seen = std::fs::read_to_string(sandbox.path(&format!("seen.{worker}"))).unwrap();
        for line in seen.lines() {
            let (n, code) = line.split_once(' ').unwrap();
            let (n, code): (u64, i64) = (n.parse().unwrap(), code.parse().unwrap());
            if ran.contains(&n) && code != 125 {
                assert_eq!(ends.get(&n), Some(&code), "{which}: an ending that was told is not recorded: {line}");
                told += 1;
            }
        }
    }
    assert!(told > 0, "{which}: nothing ran");
}
