//! The run is bound to the bytes that were judged: a plan, a manifest or standard
//! input that is another one by the time of the answer changes nothing.
//!
//! A `kubectl` that prints what it was given stands in for the real one, which needs
//! a cluster; terraform is real.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::{Running, Sandbox, require_tool};
use serde_json::Value;

use crate::question_id;

const LIMIT: Duration = Duration::from_secs(120);
const ASKS: &str = "[[rule]]\nname = \"asks\"\nverdict = \"escalate\"\ntier = \"0..4\"\n";
const ALLOWS: &str = "[[rule]]\nname = \"allows\"\nverdict = \"allow\"\ntier = \"0..4\"\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: judged, namespace: shop}\n";
const OTHER: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: another, namespace: shop}\n";

/// Prints what its `-f` names, and what that is.
const PRINTS: &str = "#!/bin/sh\necho \"$3\"\ncase $3 in -) cat ;; *) cat \"$3\" ;; esac\n";

fn kubectl(policy: &str) -> Sandbox {
    let sandbox = Sandbox::builder(e2e::programs!()).script("kubectl", PRINTS, "755").policy("10-tests.toml", policy);
    let sandbox = sandbox.start();
    sandbox.put_shims_first();
    sandbox
}

fn asked(sandbox: &Sandbox, script: &str) -> (Running, String) {
    let mut command = sandbox.command("bash");
    command.args(["-c", script]);
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    (running, id)
}

fn intent(sandbox: &Sandbox) -> Value {
    sandbox.audit_of("intent").pop().expect("an intent")
}

/// The digest that the record has of this file.
fn digest(intent: &Value, path: &str) -> String {
    let facts = intent["facts"].as_array().unwrap();
    let fact = facts.iter().find(|fact| fact["path"] == path).unwrap_or_else(|| panic!("no {path} in {intent}"));
    fact["sha256"].as_str().unwrap().to_owned()
}

fn sha256(text: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_manifest_that_is_swapped_while_a_person_is_asked_changes_nothing() {
    let sandbox = kubectl(ASKS);
    std::fs::write(sandbox.path("work/x.yaml"), POD).unwrap();
    let (running, id) = asked(&sandbox, "kubectl apply -f x.yaml");
    let question: Value = sandbox.ask(&["approvals", "--json"]).stdout_text().trim().parse().unwrap();
    assert_eq!(question["changes"], serde_json::json!(["1 to apply", "apply Pod shop/judged"]));
    std::fs::write(sandbox.path("work/x.yaml"), OTHER).unwrap();
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    let ran = running.finish(LIMIT);
    assert_eq!(ran.stdout_text(), format!("/proc/self/fd/20\n{POD}"), "{ran:?}");
    let intent = intent(&sandbox);
    assert_eq!(digest(&intent, "x.yaml"), sha256(POD.as_bytes()));
    assert_eq!(intent["command"]["argv"], serde_json::json!(["kubectl", "apply", "-f", "x.yaml"]));
    assert_eq!(intent["pinned"]["argv"], serde_json::json!(["kubectl", "apply", "-f", "/proc/self/fd/20"]));
    assert_eq!(intent["changes"]["counts"], serde_json::json!({"apply": 1}));
}

#[test]
fn an_answer_is_for_these_bytes_and_no_others() {
    let sandbox = kubectl(ASKS);
    std::fs::write(sandbox.path("work/x.yaml"), POD).unwrap();
    let (first, id) = asked(&sandbox, "kubectl apply -f x.yaml");
    drop(first);
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    std::fs::write(sandbox.path("work/x.yaml"), POD.replace("judged", "judged ")).unwrap();
    let (_second, other) = asked(&sandbox, "kubectl apply -f x.yaml");
    assert_ne!(id, other, "other bytes are another question");
}

#[test]
fn standard_input_is_judged_and_given_to_the_tool_whole() {
    let sandbox = kubectl(ASKS);
    let script = format!("printf '{}' | kubectl apply -f -", POD.replace('\n', "\\n"));
    let (running, id) = asked(&sandbox, &script);
    let question: Value = sandbox.ask(&["approvals", "--json"]).stdout_text().trim().parse().unwrap();
    assert_eq!(question["changes"][1], "apply Pod shop/judged");
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).stdout_text(), format!("-\n{POD}"));
    assert_eq!(digest(&intent(&sandbox), "-"), sha256(POD.as_bytes()));
}

#[test]
fn what_stands_in_manifests_decides_the_tier() {
    let sandbox = kubectl(ALLOWS);
    let tier = |text: &str, line: &str| {
        std::fs::write(sandbox.path("work/x.yaml"), text).unwrap();
        let mut command = sandbox.command("bash");
        command.args(["-c", line]);
        let ran = sandbox.run_command(command, LIMIT);
        assert_eq!(ran.code(), Some(0), "{ran:?}");
        intent(&sandbox)["tier"].clone()
    };
    assert_eq!(tier(POD, "kubectl apply -f x.yaml"), 2);
    assert_eq!(tier("kind: Secret\nmetadata: {name: a}\n", "kubectl apply -f x.yaml"), 3);
    assert_eq!(tier("kind: Namespace\nmetadata: {name: a}\n", "kubectl delete -f x.yaml"), 4);
    assert_eq!(tier("kind: &k Pod\nother: {}\n---\nkind: *k\n", "kubectl apply -f x.yaml"), 3);
    assert_eq!(tier(POD, "kubectl apply -f <(cat x.yaml)"), 3);
}

#[test]
fn input_that_is_too_long_runs_nothing() {
    let sandbox = kubectl(ALLOWS);
    let mut command = sandbox.command("bash");
    command.args(["-c", "head -c 17000000 /dev/zero | kubectl apply -f -"]);
    let ran = sandbox.run_command(command, LIMIT);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("larger than 16777216 bytes"), "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn a_manifest_of_a_command_inside_another_is_shown_and_compared() {
    let sandbox = Sandbox::builder(e2e::programs!()).script("kubectl", PRINTS, "755").wrap("sh");
    let sandbox = sandbox.policy("10-tests.toml", ASKS).start();
    sandbox.put_shims_first();
    std::fs::write(sandbox.path("work/x.yaml"), POD).unwrap();
    let (running, id) = asked(&sandbox, "sh -c 'kubectl apply -f x.yaml'");
    let question: Value = sandbox.ask(&["approvals", "--json"]).stdout_text().trim().parse().unwrap();
    let note = "what a command inside brings along is compared before the run, and not copied";
    assert_eq!(question["changes"], serde_json::json!(["1 to apply", "apply Pod shop/judged", note]));
    std::fs::write(sandbox.path("work/x.yaml"), OTHER).unwrap();
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    let ran = running.finish(LIMIT);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn what_stands_in_a_file_steers_no_terminal_of_those_who_are_asked() {
    let sandbox = kubectl(ASKS);
    let evil =
        r#"{"kind": "Pod\u001b[2J", "metadata": {"name": "a\nDANGER  none\u202e", "namespace": "\u009b31m\u200b"}}"#;
    std::fs::write(sandbox.path("work/x\u{1b}[31m\u{202e}.json"), evil).unwrap();
    let (running, _) = asked(&sandbox, "kubectl apply -f $'x\\e[31m\\u202e.json' -n $'n\\u202e\\e'");
    drop(running);
    let hidden = |character: &char| {
        (character.is_control() && *character != '\n') || ['\u{200b}', '\u{202e}'].contains(character)
    };
    for list in [&["approvals"][..], &["approvals", "--json"]] {
        let listed = sandbox.ask(list).stdout_text();
        assert_eq!(listed.chars().find(hidden), None, "{listed:?}");
        assert!(listed.contains("DANGER  none") && !listed.contains("\nDANGER"), "{listed}");
    }
}

#[test]
fn a_folder_that_changes_while_a_person_is_asked_is_refused() {
    let sandbox = kubectl(ASKS);
    std::fs::create_dir(sandbox.path("work/k8s")).unwrap();
    std::fs::write(sandbox.path("work/k8s/x.yaml"), POD).unwrap();
    let (running, id) = asked(&sandbox, "kubectl apply -f k8s");
    std::fs::write(sandbox.path("work/k8s/y.yaml"), OTHER).unwrap();
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).code(), Some(125));
    assert!(sandbox.audit_of("intent").is_empty());
}

const MAIN: &str = "resource \"terraform_data\" \"web\" {\n  input = \"VALUE\"\n}\n";

/// Runs the real terraform in the work folder, past the gate.
fn terraform(sandbox: &Sandbox, program: &Path, arguments: &[&str]) {
    let ran = sandbox.run_command(quiet(sandbox.command(program), arguments), LIMIT);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
}

fn quiet(mut command: Command, arguments: &[&str]) -> Command {
    command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0").args(arguments);
    command
}

#[test]
fn a_plan_that_is_swapped_while_a_person_is_asked_changes_nothing() {
    let Some(program) = require_tool("terraform") else { return };
    let sandbox = Sandbox::builder(e2e::programs!()).wrap("terraform").policy("10-tests.toml", ASKS).start();
    let main = |value: &str| std::fs::write(sandbox.path("work/main.tf"), MAIN.replace("VALUE", value)).unwrap();
    main("another");
    terraform(&sandbox, &program, &["init", "-no-color"]);
    terraform(&sandbox, &program, &["plan", "-out=other.plan"]);
    main("judged");
    terraform(&sandbox, &program, &["plan", "-out=x.plan"]);
    let judged = std::fs::read(sandbox.path("work/x.plan")).unwrap();
    sandbox.put_shims_first();
    let mut command = quiet(sandbox.command("bash"), &[]);
    command.args(["-c", "terraform apply -no-color x.plan"]);
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    let question: Value = sandbox.ask(&["approvals", "--json"]).stdout_text().trim().parse().unwrap();
    assert_eq!(question["changes"][0], "1 to create");
    assert_eq!(question["changes"][1], "create terraform_data.web");
    std::fs::rename(sandbox.path("work/other.plan"), sandbox.path("work/x.plan")).unwrap();
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    let ran = running.finish(LIMIT);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let state = std::fs::read_to_string(sandbox.path("work/terraform.tfstate")).unwrap();
    assert!(state.contains("judged") && !state.contains("another"), "{state}");
    let intent = intent(&sandbox);
    assert_eq!(digest(&intent, "x.plan"), sha256(&judged));
    assert_eq!(intent["pinned"]["argv"][3], "/proc/self/fd/20");
}

#[test]
fn a_plan_that_replaces_something_is_break_glass() {
    let Some(program) = require_tool("terraform") else { return };
    let sandbox = Sandbox::builder(e2e::programs!()).wrap("terraform").policy("10-tests.toml", ASKS).start();
    std::fs::write(sandbox.path("work/main.tf"), MAIN).unwrap();
    terraform(&sandbox, &program, &["init", "-no-color"]);
    terraform(&sandbox, &program, &["apply", "-auto-approve"]);
    terraform(&sandbox, &program, &["plan", "-replace=terraform_data.web", "-out=x.plan"]);
    let mut command = sandbox.tollgate(&["explain", "--json", "--root"]);
    command.arg(sandbox.path("root")).args(["--", "terraform", "apply", "x.plan"]).current_dir(sandbox.path("work"));
    let explained: Value = sandbox.run_command(command, LIMIT).stdout_text().trim().parse().unwrap();
    assert_eq!((&explained["tier"], &explained["also"][0]["operation"]), (&4.into(), &"terraform.destroy".into()));
    assert_eq!(explained["changes"]["named"][0]["what"], "terraform_data.web");
}
