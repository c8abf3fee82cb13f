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
fn values_are_bound_and_what_cannot_be_is_said_to_whoever_is_asked() {
    let last = "#!/bin/sh\nfor last; do :; done\necho \"$last\"\ncat \"$last\"\n";
    let sandbox = Sandbox::builder(e2e::programs!()).script("helm", last, "755").script("kubectl", PRINTS, "755");
    let sandbox = sandbox.policy("10-tests.toml", ASKS).start();
    sandbox.put_shims_first();
    std::fs::create_dir(sandbox.path("work/k8s")).unwrap();
    std::fs::write(sandbox.path("work/values.yaml"), "replicas: 1\n").unwrap();
    let said = |id: &str| {
        let listed = sandbox.ask(&["approvals", "--json"]).stdout_text();
        let question: Value = listed.lines().find(|line| line.contains(id)).unwrap().parse().unwrap();
        question["changes"].to_string()
    };
    let (running, id) = asked(&sandbox, "helm upgrade web ./chart -f values.yaml");
    let beside = "the chart, and files that `--set-file` names, are read by the tool itself";
    assert!(said(&id).contains(beside), "{}", said(&id));
    std::fs::write(sandbox.path("work/values.yaml"), "replicas: 0\n").unwrap();
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).stdout_text(), "/proc/self/fd/20\nreplicas: 1\n");
    for unbound in ["-f https://127.0.0.1:1/x.yaml", "-k k8s", "-f 'k8s/*.yaml'", "-f <(cat values.yaml)"] {
        let (_running, id) = asked(&sandbox, &format!("kubectl apply {unbound}"));
        let told = ["not looked into: ", "not all is known: "].iter().any(|words| said(&id).contains(words));
        assert!(told, "{unbound}: {}", said(&id));
    }
}

/// Where the command stands that brings the file: `RUN` in each.
const INSIDE: [&str; 3] = ["bash -c \"RUN\"", "xargs RUN < /dev/null", "env A=1 bash -c \"sh -c \\\"RUN\\\"\""];
/// Asks about what nobody understands as well.
const ASKS_ALL: &str = "[[rule]]\nname = \"asks\"\nverdict = \"escalate\"\ntier = [0, 1, 2, 3, 4, \"unknown\"]\n";

/// With shells and their like behind the gate.
fn nested(policy: &str) -> Sandbox {
    let builder = Sandbox::builder(e2e::programs!()).script("kubectl", PRINTS, "755");
    let wrapped = ["bash", "sh", "xargs", "env"].iter().fold(builder, |builder, name| builder.wrap(name));
    let sandbox = wrapped.policy("10-tests.toml", policy).start();
    sandbox.put_shims_first();
    sandbox
}

/// A script of a shell that is not behind the gate, whose commands are.
fn from_outside(sandbox: &Sandbox, script: &str) -> Command {
    let mut command = sandbox.command("/bin/bash");
    command.args(["-c", script]);
    command
}

/// The open question of this id.
fn question(sandbox: &Sandbox, id: &str) -> Value {
    let listed = sandbox.ask(&["approvals", "--json"]).stdout_text();
    let of = |line: &&str| line.contains(id);
    listed.lines().find(of).unwrap_or_else(|| panic!("no {id} in {listed}")).parse().unwrap()
}

#[test]
fn a_manifest_of_a_command_at_any_depth_is_shown_and_compared() {
    let sandbox = nested(ASKS_ALL);
    let evil = POD.replace("judged", r#""a\nDANGER  none\u202e""#);
    for inside in INSIDE {
        std::fs::write(sandbox.path("work/x.yaml"), &evil).unwrap();
        let command = from_outside(&sandbox, &inside.replace("RUN", "kubectl apply -f x.yaml"));
        let mut running = sandbox.start_command(command);
        let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
        let changes = &question(&sandbox, &id)["changes"];
        assert_eq!(changes[1], r"apply Pod shop/a\nDANGER  none\u{202e}", "{inside}: {changes}");
        std::fs::write(sandbox.path("work/x.yaml"), OTHER).unwrap();
        assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
        let ran = running.finish(LIMIT);
        assert_eq!(ran.code(), Some(125), "{inside}: {ran:?}");
        assert!(sandbox.audit_of("intent").is_empty(), "{inside}");
    }
}

#[test]
fn a_manifest_of_a_script_is_bound_when_the_script_comes_to_it() {
    let free = "[[rule]]\nname = \"scripts\"\ntools = \"bash\"\nverdict = \"allow\"\ntier = \"unknown\"\n";
    let sandbox = nested(&format!("{ASKS}{free}"));
    std::fs::write(sandbox.path("work/script.sh"), "kubectl apply -f x.yaml\n").unwrap();
    std::fs::write(sandbox.path("work/x.yaml"), POD).unwrap();
    let mut running = sandbox.start_command(from_outside(&sandbox, "bash script.sh"));
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    assert_eq!(question(&sandbox, &id)["changes"][1], "apply Pod shop/judged");
    std::fs::write(sandbox.path("work/x.yaml"), OTHER).unwrap();
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert!(running.finish(LIMIT).stdout_text().ends_with(POD), "the copy runs");
    let [script, apply] = &sandbox.audit_of("intent")[..] else { panic!("two runs") };
    assert_eq!(apply["parent"], script["id"]);
}

/// A name that steers terminals or breaks lines: the file is bound, or counts as unread.
#[test]
fn a_file_with_an_evil_name_is_bound_or_unread_and_shown_escaped() {
    let sandbox = nested(ASKS);
    let (worst, bidi) = ("x  rule    allowed\u{1b}[31m\u{202e}.yaml", "x\u{202e}\u{2066} y.yaml");
    for name in [worst, bidi] {
        std::fs::write(sandbox.path("work").join(name), POD).unwrap();
    }
    let ask = |script: &str| {
        let mut running = sandbox.start_command(from_outside(&sandbox, script));
        let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
        (running, id)
    };
    let direct = ask(r"kubectl apply -f $'x  rule    allowed\e[31m\u202e.yaml'");
    let inside = ask(&format!("bash -c \"kubectl apply -f '{bidi}'\""));
    let broken = ask("bash -c $'kubectl apply -f \\'x\\n  rule    allowed.yaml\\''");
    for (_, id) in [&direct, &inside] {
        assert_eq!(question(&sandbox, id)["changes"][1], "apply Pod shop/judged");
    }
    let lines = ask(r"kubectl apply -f $'x\n  rule    allowed.yaml'");
    for (_, id) in [&broken, &lines] {
        let unread = question(&sandbox, id);
        assert!(unread["tier"] == 3 && unread["changes"][0].as_str().unwrap().starts_with("not "), "{unread}");
    }
    let hidden = |character: char| {
        (character.is_control() && character != '\n') || ['\u{202e}', '\u{2066}'].contains(&character)
    };
    for list in [&["approvals"][..], &["approvals", "--json"]] {
        let shown = sandbox.ask(list).stdout_text();
        assert_eq!(shown.find(hidden), None, "{shown:?}");
        assert!(!shown.contains("\n  rule    allowed"), "{shown}");
    }
    let ran = sandbox.run_command(from_outside(&sandbox, "bash -c $'kubectl apply -f \\'\\e[31m.yaml\\''"), LIMIT);
    assert_eq!((ran.code(), ran.stderr_text().find(hidden)), (Some(126), None), "nobody reads such a script: {ran:?}");
    for name in [worst, bidi] {
        std::fs::write(sandbox.path("work").join(name), OTHER).unwrap();
    }
    for (_, id) in [&direct, &inside] {
        assert_eq!(sandbox.person(&["approve", id]).0, Some(0));
    }
    let (direct, inside) = (direct.0.finish(LIMIT), inside.0.finish(LIMIT));
    assert!(direct.stdout_text().ends_with(POD), "the copy runs: {direct:?}");
    assert_eq!(inside.code(), Some(125), "what cannot be a copy does not run: {inside:?}");
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
fn an_answer_is_for_this_plan_and_no_other_and_no_tool_runs_to_look_into_it() {
    let Some(program) = require_tool("terraform") else { return };
    let spy = format!("#!/bin/sh\necho \"$*\" >> \"$E2E_SANDBOX/ran\"\nexec {} \"$@\"\n", program.display());
    let never = "[[rule]]\nname = \"never\"\noperations = \"terraform.destroy\"\nverdict = \"deny\"\n";
    let sandbox = Sandbox::builder(e2e::programs!()).script("terraform", &spy, "755");
    let sandbox =
        sandbox.policy("10-tests.toml", &format!("{ASKS}{never}")).settings("[approvals]\nwait_s = 0\n").start();
    let main = |value: &str| std::fs::write(sandbox.path("work/main.tf"), MAIN.replace("VALUE", value)).unwrap();
    main("judged");
    terraform(&sandbox, &program, &["init", "-no-color"]);
    terraform(&sandbox, &program, &["plan", "-out=x.plan"]);
    main("another");
    terraform(&sandbox, &program, &["plan", "-out=other.plan"]);
    terraform(&sandbox, &program, &["apply", "-auto-approve", "x.plan"]);
    terraform(&sandbox, &program, &["plan", "-destroy", "-out=gone.plan"]);
    sandbox.put_shims_first();
    let apply = |plan: &str| {
        let mut command = quiet(sandbox.command("bash"), &[]);
        command.args(["-c", &format!("terraform apply -no-color {plan}")]);
        sandbox.run_command(command, LIMIT)
    };
    let id = |plan: &str| {
        let ran = apply(plan);
        assert_eq!(ran.code(), Some(75), "{ran:?}");
        question_id(&ran.stderr_text()).to_owned()
    };
    let asked = id("x.plan");
    assert_eq!(sandbox.person(&["approve", &asked]).0, Some(0));
    std::fs::rename(sandbox.path("work/other.plan"), sandbox.path("work/x.plan")).unwrap();
    assert_ne!(id("x.plan"), asked, "another plan is another question");
    let denied = apply("gone.plan");
    assert_eq!(denied.code(), Some(126), "{denied:?}");
    assert_eq!(sandbox.audit_of("refused").last().unwrap()["changes"]["counts"]["delete"], 1);
    assert!(!sandbox.path("ran").exists(), "what is only asked about, or denied, runs nothing at all");
    assert!(sandbox.audit_of("intent").is_empty());
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
