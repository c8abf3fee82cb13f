//! Rules that correct a command: what runs in its place, what is offered, and what a
//! person sees of it.

use std::time::Duration;

use e2e::{Builder, Ran, Sandbox, require_tool};
use serde_json::{Value, json};

use crate::question_id;

const LIMIT: Duration = Duration::from_secs(60);
const SAYS: &str = "#!/bin/sh\necho \"got $*\"\n";

/// Everything has this verdict; on top of it the rules.
fn policy(verdict: &str, rules: &[(&str, &str)]) -> String {
    let rule = |(name, correct): &(&str, &str)| {
        format!("[[rule]]\nname = \"{name}\"\noperations = [\"terraform.apply\", \"kubectl.create.*\"]\n{correct}\n")
    };
    let all = format!("[[rule]]\nname = \"all\"\nverdict = \"{verdict}\"\ntier = [\"0..4\", \"unknown\"]\n");
    all + &rules.iter().map(rule).collect::<String>()
}

fn under(verdict: &str, rules: &[(&str, &str)]) -> Builder {
    let builder = Sandbox::builder(e2e::programs!()).policy("10-tests.toml", &policy(verdict, rules));
    builder.settings("[approvals]\nwait_s = 30\n")
}

/// With a `terraform` that says what it got.
fn telling(verdict: &str, rules: &[(&str, &str)]) -> Sandbox {
    under(verdict, rules).script("terraform", SAYS, "755").start()
}

fn for_agents(ran: &Ran) -> Value {
    let said = ran.stderr_text();
    let last = said.lines().last().unwrap_or_default();
    last.strip_prefix("tollgate: ").unwrap_or_else(|| panic!("{said}")).parse().unwrap()
}

#[test]
fn the_corrected_command_runs_and_both_are_told_and_recorded() {
    let change = "correct = { remove = \"-auto-approve\", add = \"-lock-timeout=5m\", narrow = { \"-parallelism\" = { at_most = 5 } } }";
    let sandbox = telling("allow", &[("safer", change)]);
    let ran = sandbox.gated("terraform apply -auto-approve -parallelism=50 x.plan");
    assert_eq!(ran.stdout_text(), "got apply -parallelism=5 -lock-timeout=5m x.plan\n", "{ran:?}");
    assert_eq!(
        ran.stderr_text(),
        "tollgate: runs `terraform apply -parallelism=5 -lock-timeout=5m x.plan` in place of `terraform apply -auto-approve -parallelism=50 x.plan` (rule safer)\n"
    );
    sandbox.await_records("outcome", 1);
    for record in sandbox.audit_of("intent").into_iter().chain(sandbox.audit_of("outcome")) {
        assert_eq!(record["command"]["argv"][2], "-auto-approve");
        let argv = json!(["terraform", "apply", "-parallelism=5", "-lock-timeout=5m", "x.plan"]);
        assert_eq!(record["corrected"], json!({ "argv": argv, "rules": ["safer"] }));
    }
    let ran = sandbox.gated("terraform apply -lock-timeout=5m x.plan");
    assert_eq!((ran.stdout_text(), ran.stderr_text()), ("got apply -lock-timeout=5m x.plan\n".into(), String::new()));
}

#[test]
fn what_is_only_suggested_does_not_run() {
    let sandbox = telling("allow", &[("safer", "correct = { remove = \"-auto-approve\", mode = \"suggest\" }")]);
    let ran = sandbox.gated("terraform apply -auto-approve x.plan");
    assert_eq!((ran.code(), ran.stdout_text()), (Some(126), String::new()), "{ran:?}");
    let said = ran.stderr_text();
    let human = "tollgate: refused `terraform apply -auto-approve x.plan`\n  rule: safer\n  suggested: `terraform apply x.plan` is allowed\n";
    assert!(said.starts_with(human), "{said}");
    let line = for_agents(&ran);
    assert_eq!((&line["verdict"], &line["reason"], &line["retry"]), (&json!("deny"), &json!("suggest"), &json!(false)));
    assert_eq!((&line["argv"], &line["rule"]), (&json!(["terraform", "apply", "x.plan"]), &json!("safer")));
    let refused = &sandbox.audit_of("refused")[0];
    assert_eq!((&refused["reason"], &refused["decision"]), (&json!("suggest"), &json!("deny")));
    assert!(sandbox.audit_of("intent").is_empty());
    assert_eq!(sandbox.gated("terraform apply x.plan").stdout_text(), "got apply x.plan\n");
}

#[test]
fn rules_that_change_one_flag_differently_refuse_and_are_both_named() {
    let rules = [("on", "correct = { add = \"-lock=true\" }"), ("off", "correct = { remove = \"-lock\" }")];
    let sandbox = telling("allow", &rules);
    let ran = sandbox.gated("terraform apply x.plan");
    assert_eq!(ran.code(), Some(126), "{ran:?}");
    assert!(
        ran.stderr_text().contains("  argument: the rules `on` and `off` would change `-lock` differently\n"),
        "{ran:?}"
    );
    assert_eq!(for_agents(&ran)["reason"], "argument");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn what_a_variable_adds_cannot_be_taken_away() {
    let sandbox = telling("allow", &[("safer", "correct = { remove = \"-auto-approve\" }")]);
    let ran = sandbox.gated("TF_CLI_ARGS_apply=-auto-approve terraform apply x.plan");
    assert_eq!(ran.code(), Some(126), "{ran:?}");
    assert!(ran.stderr_text().contains("a variable adds the flag"), "{ran:?}");
}

#[test]
fn inside_another_command_nothing_is_left_uncorrected() {
    let safer = [("safer", "correct = { remove = \"-auto-approve\" }")];
    let sandbox = under("allow", &safer).script("terraform", SAYS, "755").wrap("env").wrap("sh").start();
    for line in ["env terraform apply -auto-approve", "sh -c 'terraform apply -auto-approve'"] {
        let ran = sandbox.gated(line);
        assert_eq!((ran.code(), ran.stdout_text()), (Some(126), String::new()), "{line}: {ran:?}");
        assert!(ran.stderr_text().contains("cannot be done inside another command"), "{line}: {ran:?}");
    }
}

#[test]
fn a_corrected_command_is_judged_once_more() {
    let rules =
        [("worse", "correct = { add = \"-destroy\" }"), ("never", "arguments = \"-destroy\"\nverdict = \"deny\"")];
    let sandbox = telling("allow", &rules);
    let ran = sandbox.gated("terraform apply x.plan");
    assert_eq!((ran.code(), ran.stdout_text()), (Some(126), String::new()), "{ran:?}");
    let said = ran.stderr_text();
    assert!(said.contains("  corrected: `terraform apply -destroy x.plan` by rule worse\n"), "{said}");
    assert_eq!(for_agents(&ran)["rule"], "never");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn a_person_sees_and_answers_for_the_corrected_command() {
    let sandbox = telling("escalate", &[("safer", "correct = { remove = \"-auto-approve\" }")]);
    sandbox.put_shims_first();
    let start = |line: &str| {
        let mut command = sandbox.command("bash");
        command.args(["-c", line]);
        sandbox.start_command(command)
    };
    let mut running = start("terraform apply -auto-approve x.plan");
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    let question: Value = sandbox.ask(&["approvals", "--json"]).stdout_text().trim().parse().unwrap();
    assert_eq!(question["command"], "terraform apply x.plan");
    let mut plain = start("terraform apply x.plan");
    assert_eq!(question_id(&plain.line_on_stderr(" is question ")), id, "it is the same command");
    drop(plain);
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).stdout_text(), "got apply x.plan\n");
    assert_eq!(sandbox.audit_of("intent")[0]["corrected"]["rules"], json!(["safer"]));
}

#[test]
fn explain_tells_the_correction_and_judges_it() {
    let sandbox = telling("allow", &[("safer", "correct = { remove = \"-auto-approve\" }")]);
    let mut command = sandbox.tollgate(&["explain", "--json", "--root"]);
    command.arg(sandbox.path("root")).args(["--", "terraform", "apply", "-auto-approve"]);
    let told: Value = sandbox.run_command(command, LIMIT).stdout_text().trim().parse().unwrap();
    assert_eq!((&told["verdict"], &told["corrected"]), (&json!("allow"), &json!(["terraform", "apply"])));
}

#[test]
fn real_terraform_runs_with_the_corrected_flags() {
    let Some(terraform) = require_tool("terraform") else { return };
    let change = "correct = { add = \"-lock-timeout=5m\", narrow = { \"-parallelism\" = { at_most = 2 } } }";
    let sandbox = under("allow", &[("safer", change)]).wrap("terraform").start();
    std::fs::write(sandbox.path("work/main.tf"), "resource \"terraform_data\" \"web\" {\n  count = 3\n}\n").unwrap();
    let mut init = sandbox.command(&terraform);
    init.env("CHECKPOINT_DISABLE", "1").args(["init", "-no-color"]);
    assert_eq!(sandbox.run_command(init, LIMIT).code(), Some(0));
    let script = "CHECKPOINT_DISABLE=1 terraform apply -no-color -auto-approve -parallelism=50";
    let ran = sandbox.run_command(sandbox.session("claude-code", "terraform", script), LIMIT);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert!(ran.stdout_text().contains("Resources: 3 added"), "{ran:?}");
    assert!(ran.stderr_text().contains("tollgate: runs `terraform apply -parallelism=2 -lock-timeout=5m"), "{ran:?}");
}

#[test]
fn real_kubectl_only_pretends_where_a_rule_has_it() {
    if require_tool("kubectl").is_none() {
        return;
    }
    let change = "correct = { add = \"--dry-run=client\" }";
    let sandbox = under("allow", &[("dry", change)]).wrap("kubectl").start();
    // No cluster is anywhere: without the flag it could not but fail.
    let script = e2e::Script::new("kubectl create configmap x --from-literal=a=b -o name");
    // A digest of a big program takes its time where neither is optimised.
    let ran = sandbox.gated(script.limit(LIMIT));
    assert_eq!((ran.code(), ran.stdout_text()), (Some(0), "configmap/x\n".to_owned()), "{ran:?}");
    assert!(ran.stderr_text().contains("--dry-run=client"), "{ran:?}");
}
