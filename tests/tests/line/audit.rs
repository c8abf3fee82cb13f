//! What is recorded: whole, in a chain, also when much happens at once or the
//! daemon is killed in the middle.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use e2e::{Sandbox, Script};

use crate::builder;

fn verifies(sandbox: &Sandbox) {
    let ran = sandbox.ask(&["audit", "verify"]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
}

#[test]
fn two_hundred_commands_at_once_are_all_in_the_chain() {
    let mut sandbox = builder().start();
    let script = "for i in $(seq 200); do probe exit $((i % 7)) & done; wait; echo done";
    let ran = sandbox.gated(Script::new(script).limit(Duration::from_secs(60)));
    assert_eq!((ran.stdout_text().as_str(), ran.stderr_text().as_str()), ("done\n", ""));
    sandbox.await_records("outcome", 200);
    sandbox.daemon().stop();
    verifies(&sandbox);
    let mut endings = BTreeMap::new();
    for outcome in sandbox.audit_of("outcome") {
        let id = outcome["id"].as_str().unwrap().to_owned();
        assert!(endings.insert(id, outcome["exit_code"].as_i64()).is_none(), "two outcomes of one run: {outcome}");
    }
    let intents = sandbox.audit_of("intent");
    assert_eq!((intents.len(), endings.len()), (200, 200));
    for intent in &intents {
        let words = intent["command"]["argv"].as_array().unwrap();
        let expected = words.last().unwrap().as_str().unwrap().parse().ok();
        assert_eq!(endings[intent["id"].as_str().unwrap()], expected, "{intent}");
    }
}

#[test]
fn a_daemon_killed_in_the_middle_leaves_a_whole_chain_and_running_commands() {
    let mut sandbox = builder().start();
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args([
        "-c",
        "mkfifo one two; (probe wait one runs-one; echo one $?) & (probe wait two runs-two; echo two $?) &
         for i in $(seq 30); do probe exit 0; done; echo ready; read -r; echo go > one; echo go > two; wait",
    ]);
    command.stdin(std::process::Stdio::piped());
    let mut running = sandbox.start_command(command);
    for text in ["ready\n", "runs-one\n", "runs-two\n"] {
        running.until_stdout(text);
    }
    sandbox.daemon().kill();
    sandbox.start_daemon();
    verifies(&sandbox);
    sandbox.await_records("adopted", 2);
    running.type_line("");
    let ran = running.finish(Duration::from_secs(20));
    let mut lines: Vec<_> = ran.stdout_text().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["one 0", "ready", "runs-one", "runs-two", "two 0"], "{ran:?}");
    sandbox.await_records("outcome", 32);
    verifies(&sandbox);
    assert_eq!(sandbox.audit_of("adopted").len(), 2);
    assert!(sandbox.audit_of("interrupted").is_empty());
}

#[test]
fn a_daemon_killed_under_load_leaves_a_whole_chain() {
    let mut sandbox = builder().start();
    sandbox.put_shims_first();
    for round in 0..3 {
        let mut command = sandbox.command("bash");
        let script = "for i in $(seq 40); do probe exit 0 & done; echo started; wait; echo ended";
        command.args(["-c", script]);
        let mut running = sandbox.start_command(command);
        running.until_stdout("started\n");
        sandbox.daemon().kill();
        sandbox.start_daemon();
        let ran = running.finish(Duration::from_secs(30));
        assert!(ran.stdout_text().ends_with("ended\n"), "round {round}: {ran:?}");
    }
    verifies(&sandbox);
    let ids = |kinds: &[&str]| -> BTreeSet<String> {
        let records = kinds.iter().flat_map(|kind| sandbox.audit_of(kind));
        records.map(|record| record["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    sandbox.await_change("root/state/audit", || ids(&["intent"]) == ids(&["outcome", "interrupted"]));
}

#[test]
fn a_changed_record_is_found() {
    let mut sandbox = builder().start();
    assert_eq!(sandbox.gated("probe exit 0; probe exit 3").code(), Some(3));
    sandbox.await_records("outcome", 2);
    sandbox.daemon().stop();
    verifies(&sandbox);
    let segment = sandbox.path("root/state/audit/000000000001.jsonl");
    let text = std::fs::read_to_string(&segment).unwrap();
    let forged = text.replacen("\"exit_code\":3", "\"exit_code\":0", 1);
    assert_ne!(forged, text);
    std::fs::write(&segment, forged).unwrap();
    let ran = sandbox.ask(&["audit", "verify"]);
    assert_ne!(ran.code(), Some(0), "{ran:?}");
}

#[test]
fn the_intent_comes_before_the_outcome_and_says_the_same() {
    let mut sandbox = builder().start();
    let ran = sandbox.gated("probe exit 3");
    assert_eq!(ran.code(), Some(3), "{ran:?}");
    sandbox.daemon().stop();
    let kinds: Vec<_> = sandbox.audit().iter().map(|record| record["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["started", "key_made", "policy_accepted", "intent", "outcome", "stopped"]);
    let (intent, outcome) = (&sandbox.audit_of("intent")[0], &sandbox.audit_of("outcome")[0]);
    for field in
        ["id", "agent", "command", "tool", "operation", "tier", "rule", "binary", "binary_sha256", "policy_hash"]
    {
        assert_eq!(intent[field], outcome[field], "{field}");
    }
    assert_eq!((&outcome["exit_code"], &outcome["signal"]), (&3.into(), &serde_json::Value::Null));
    assert_eq!(intent["command"]["argv"], serde_json::json!(["probe", "exit", "3"]));
}
