//! An approval with a change: the person adds flags, the narrower command runs, and the
//! agent is told. What would be more than was asked about does not run.

use std::fs;

use e2e::{Ran, Sandbox};

use crate::{LIMIT, builder, question_id};

/// Stubs with real tools' names: what they are asked to do is judged as those tools'.
const STUB: &str = "#!/bin/sh\necho \"ran $*\"\n";
const ASK: &str = "[[rule]]\nname = \"stubs\"\ntools = [\"kubectl\", \"terraform\"]\nverdict = \"escalate\"\ntier = [0, 1, 2, 3, 4, \"unknown\"]\n";
const CONFIG: &str = "current-context: c\ncontexts: [{name: c, context: {cluster: c, namespace: web}}]\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n";

fn with_stubs() -> Sandbox {
    under("")
}

/// With more rules.
fn under(more: &str) -> Sandbox {
    let builder = builder().script("kubectl", STUB, "755").script("terraform", STUB, "755");
    let sandbox = builder.policy("20-stubs.toml", &format!("{ASK}{more}")).start();
    fs::write(sandbox.path("config"), CONFIG).unwrap();
    sandbox.put_shims_first();
    sandbox
}

/// What comes of `text` where a person approves it with these flags.
fn approved_with(sandbox: &Sandbox, text: &str, flags: &[&str]) -> Ran {
    let mut command = sandbox.command("bash");
    command.args(["-c", text]).env("KUBECONFIG", sandbox.path("config"));
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    let mut arguments = vec!["approve", &id];
    flags.iter().for_each(|flag| arguments.extend(["--add", flag]));
    let (code, said) = sandbox.person(&arguments);
    let approved = format!("approved with {} added: {id}  ", flags.join(" "));
    assert!(code == Some(0) && said.starts_with(&approved), "{code:?} {said}");
    running.finish(LIMIT)
}

#[test]
fn a_narrowed_command_runs_and_the_agent_is_told_the_difference() {
    let sandbox = with_stubs();
    let ran = approved_with(&sandbox, "kubectl delete pod x", &["--dry-run=server"]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert!(ran.stdout_text().ends_with(" delete --dry-run=server pod x\n"), "{ran:?}");
    let said = ran.stderr_text();
    assert!(said.contains(" with `--dry-run=server` added: runs `kubectl delete --dry-run=server pod x`\n"), "{said}");
    let line = said.lines().last().unwrap().strip_prefix("tollgate: ").unwrap();
    let line: serde_json::Value = line.parse().unwrap();
    assert_eq!((&line["verdict"], &line["reason"]), (&"allow".into(), &"changed".into()));
    assert_eq!(line["added"], serde_json::json!(["--dry-run=server"]));
    assert_eq!(line["argv"], serde_json::json!(["kubectl", "delete", "--dry-run=server", "pod", "x"]));
    let intent = &sandbox.audit_of("intent")[0];
    assert_eq!(intent["corrected"]["argv"], line["argv"]);
    assert_eq!(intent["added"], line["added"]);
    assert_eq!(
        sandbox.audit_of("question")[0]["command"]["argv"],
        serde_json::json!(["kubectl", "delete", "pod", "x"])
    );
    assert_eq!(sandbox.audit_of("answer")[0]["added"], line["added"]);
}

#[test]
fn terraform_is_narrowed_to_one_resource() {
    let sandbox = with_stubs();
    let ran = approved_with(&sandbox, "terraform apply -auto-approve", &["-target=terraform_data.x"]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let ran = ran.stdout_text();
    assert!(ran.starts_with("ran apply") && ran.contains("-target=terraform_data.x"), "{ran}");
}

#[test]
fn what_would_be_more_than_was_asked_about_does_not_run() {
    let sandbox = with_stubs();
    let wider = [
        ("terraform apply -auto-approve", "-destroy", "higher tier"),
        ("kubectl get pods", "--namespace=prod", "another target"),
        ("kubectl delete pod y", "--no-such-flag", "which no longer holds"),
    ];
    for (text, flag, why) in wider {
        let ran = approved_with(&sandbox, text, &[flag]);
        assert_eq!(ran.code(), Some(125), "{text} {flag}: {ran:?}");
        assert!(ran.stderr_text().contains(why), "{text} {flag}: {ran:?}");
    }
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn the_changed_command_is_judged_again_and_a_denial_holds() {
    let never =
        "[[rule]]\nname = \"no-server\"\ntools = \"kubectl\"\narguments = \"--dry-run=server\"\nverdict = \"deny\"\n";
    let sandbox = under(never);
    let ran = approved_with(&sandbox, "kubectl delete pod x", &["--dry-run=server"]);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("the changed command is denied: no-server ("), "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn what_is_no_flag_is_not_added() {
    let sandbox = with_stubs();
    let mut command = sandbox.command("bash");
    command.args(["-c", "ask exit 5"]);
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    let (code, said) = sandbox.person(&["approve", &id, "--add", "all"]);
    assert_ne!(code, Some(0));
    assert!(said.contains("`all` is no flag"), "{said}");
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0), "the question is open still");
    assert_eq!(running.finish(LIMIT).code(), Some(5));
}
