//! Every kind of record is made once, and each is as the published schema has it.
//!
//! Not here: what each of them says (the tests of what it tells of).

use std::collections::BTreeSet;
use std::io::Write;

use e2e::{Running, Sandbox};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::answering::enrol_anna;
use crate::retention::fill;
use crate::{LIMIT, policy, question_id, token, write_policy};

const SETTINGS: &str = "[audit]\nsegment_mb = 1\nkeep_mb = 1\n[approvals]\nwait_s = 1\nanswer_s = 0\n";

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/audit.schema.json");
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// The kinds that the schema names; `other` is what readers call a later version's.
fn kinds(schema: &Value) -> BTreeSet<String> {
    let named = schema["$defs"]["Kind"]["oneOf"].as_array().unwrap().iter();
    named.map(|kind| kind["const"].as_str().unwrap().to_owned()).filter(|kind| kind != "other").collect()
}

/// Commands that run, are refused, and are asked about; sessions, grants, tokens,
/// passphrases.
fn usual(sandbox: &Sandbox) {
    sandbox.gated("probe exit 3; never");
    let ran = sandbox.gated("ask exit 3");
    let id = question_id(&ran.stderr_text()).to_owned();
    let inside = format!(
        "tollgate approve {id} --root \"$ROOT\"; echo '{{}}' | tollgate audit ingest --source x --root \"$ROOT\""
    );
    sandbox.run_command(sandbox.session("claude-code", "probe", &inside), LIMIT);
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    sandbox.gated("ask exit 4");
    assert_eq!(sandbox.person(&["grant", "claude-code", "ask.unknown", "--for", "3h"]).0, Some(0));
    let granted = sandbox.audit_of("granted")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.person(&["grant", "revoke", &granted]).0, Some(0));
    let (shown, id) = token(sandbox, &["ci", "--ttl", "3h"]);
    sandbox.gated(format!("TOLLGATE_TOKEN={shown} never; exit $?").as_str());
    assert_eq!(sandbox.person(&["agent", "revoke", &id]).0, Some(0));
    enrol_anna(sandbox);
}

fn policies(sandbox: &Sandbox) {
    write_policy(sandbox, &policy("allow", "allow", "deny"));
    sandbox.await_records("policy_pending", 1);
    write_policy(sandbox, "[[rule]]\nname = \"x\"\nvedict = \"allow\"\n");
    sandbox.await_records("policy_refused", 1);
}

/// A command that runs until it is told to end.
fn running(sandbox: &Sandbox) -> Running {
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", "mkfifo end; probe wait end runs"]);
    let mut running = sandbox.start_command(command);
    running.until_stdout("runs\n");
    running
}

/// A daemon that was killed, a log's torn end, and a run that nothing could be recorded of.
fn crashed(sandbox: &mut Sandbox) {
    sandbox.daemon().kill();
    let mut segment = std::fs::File::options();
    let mut segment = segment.append(true).open(sandbox.path("root/state/audit/000000000001.jsonl")).unwrap();
    segment.write_all(b"{\"v\":1,\"seq\":").unwrap();
    let gone = format!("root/state/runs/01M8BAT9PDQ01DPNZD9FBJCTK0-{}-1", i32::MAX);
    std::fs::write(sandbox.path(&gone), "").unwrap();
    sandbox.start_daemon();
    sandbox.await_records("gap", 1);
}

/// The supervisors of what runs, by the names of their files.
fn supervisors(sandbox: &Sandbox) -> Vec<Pid> {
    let files = std::fs::read_dir(sandbox.path("root/state/runs")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.map(|name| Pid::from_raw(name.split('-').nth(1).unwrap().parse().unwrap())).collect()
}

#[test]
fn a_record_of_every_kind_is_as_the_schema_has_it() {
    let mut sandbox = crate::builder().tollgate_on_path().settings(SETTINGS).start();
    usual(&sandbox);
    policies(&sandbox);
    let run = running(&sandbox);
    crashed(&mut sandbox);
    sandbox.await_records("adopted", 1);
    supervisors(&sandbox).into_iter().for_each(|supervisor| kill(supervisor, Signal::SIGKILL).unwrap());
    sandbox.await_records("interrupted", 1);
    drop(run);
    sandbox.await_records("expired", 1);
    sandbox.daemon().stop();
    let mut records = sandbox.audit();
    sandbox.start_daemon();
    assert!(fill(&sandbox, 5).wait().unwrap().success());
    sandbox.await_records("trimmed", 1);
    sandbox.daemon().stop();
    records.extend(sandbox.audit());

    let schema = schema();
    let made = records.iter().map(|record| record["kind"].as_str().unwrap().to_owned()).collect();
    let kinds = kinds(&schema);
    assert_eq!(kinds.difference(&made).collect::<Vec<_>>(), [""; 0], "a kind was not made: make it here");
    let validator = jsonschema::validator_for(&schema).unwrap();
    for record in &records {
        let wrong: Vec<_> =
            validator.iter_errors(record).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(wrong, [""; 0], "{}", record["kind"]);
        let known = |name: &&String| schema["properties"].get(name.as_str()).is_none();
        assert_eq!(record.as_object().unwrap().keys().find(known), None, "a field that the schema does not name");
    }
}
