//! Real terraform in workspace `staging-web`, under the profile for staging: plan
//! runs, apply waits for a person, destroy never starts.
//!
//! `terraform_data` is built into terraform: no provider, no network.

use std::path::PathBuf;
use std::time::Duration;

use e2e::{Running, Sandbox, require_tool};

use crate::question_id;

const LIMIT: Duration = Duration::from_secs(60);
const MAIN: &str = "resource \"terraform_data\" \"web\" {\n  count = 3\n  input = \"web-${count.index}\"\n}\n";
const STATE: &str = "work/terraform.tfstate.d/staging-web/terraform.tfstate";

/// A sandbox with an initialised folder, in workspace `staging-web`.
fn prepared() -> Option<Sandbox> {
    let terraform = require_tool("terraform")?;
    let sandbox = Sandbox::builder(e2e::programs!()).policy("10-staging.toml", &profile()).start();
    std::fs::write(sandbox.path("work/main.tf"), MAIN).unwrap();
    for arguments in [&["init", "-no-color"][..], &["workspace", "new", "staging-web"]] {
        let mut command = quiet(sandbox.command(&terraform));
        command.args(arguments);
        let ran = sandbox.run_command(command, LIMIT);
        assert_eq!(ran.code(), Some(0), "{ran:?}");
    }
    Some(sandbox)
}

fn profile() -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../policies/profiles/staging.toml"].iter().collect();
    std::fs::read_to_string(path).unwrap()
}

/// No telemetry, no prompt, nobody's configuration.
fn quiet(mut command: std::process::Command) -> std::process::Command {
    command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0");
    command
}

fn session(sandbox: &Sandbox, script: &str) -> Running {
    sandbox.start_command(quiet(sandbox.session("claude-code", "terraform", script)))
}

fn state(sandbox: &Sandbox) -> Option<Vec<u8>> {
    std::fs::read(sandbox.path(STATE)).ok()
}

#[test]
fn plan_runs_apply_waits_for_a_person_and_destroy_never_starts() {
    let Some(mut sandbox) = prepared() else { return };
    let plan = session(&sandbox, "terraform plan -no-color").finish(LIMIT);
    assert_eq!(plan.code(), Some(0), "{plan:?}");
    assert!(plan.stdout_text().contains("Plan: 3 to add, 0 to change, 0 to destroy."), "{plan:?}");
    assert_eq!(state(&sandbox), None);

    let mut apply = session(&sandbox, "terraform apply -no-color -auto-approve");
    let id = question_id(&apply.line_on_stderr(" is question ")).to_owned();
    assert_eq!(state(&sandbox), None, "nothing happens before the answer");
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    let apply = apply.finish(LIMIT);
    assert_eq!(apply.code(), Some(0), "{apply:?}");
    assert!(apply.stdout_text().contains("Resources: 3 added"), "{apply:?}");
    let applied = state(&sandbox).expect("a state");

    let destroy = session(&sandbox, "terraform destroy -auto-approve; echo $?").finish(LIMIT);
    assert_eq!(destroy.stdout_text(), "126\n", "{destroy:?}");
    let expected = r#"tollgate: refused `terraform destroy -auto-approve`
  rule: staging-terraform (SANDBOX/root/config/policy.d/10-staging.toml:17) -- T4 break-glass, backend local (from default), workspace staging-web (from .terraform/environment)
  hint: `terraform plan -destroy` is allowed
tollgate: {"v":1,"verdict":"deny","reason":"rule","operation":"terraform.destroy","tier":4,"rule":"staging-terraform","id":"ID","retry":false}
"#;
    assert_eq!(sandbox.evened(&destroy.stderr_text()), expected);
    assert_eq!(state(&sandbox), Some(applied), "not one byte of the state has changed");

    sandbox.await_records("outcome", 2);
    sandbox.daemon().stop();
    recorded(&sandbox);
}

fn recorded(sandbox: &Sandbox) {
    let verified = sandbox.ask(&["audit", "verify"]);
    assert_eq!(verified.code(), Some(0), "{verified:?}");
    let told = |kind: &str| {
        let records = sandbox.audit_of(kind);
        records.iter().map(|record| record["operation"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told("intent"), ["terraform.plan", "terraform.apply"]);
    assert_eq!(told("outcome"), ["terraform.plan", "terraform.apply"]);
    assert_eq!(told("question"), ["terraform.apply"]);
    assert_eq!(told("refused"), ["terraform.destroy"]);
    let refused = &sandbox.audit_of("refused")[0];
    assert_eq!((&refused["tier"], &refused["agent"]), (&4.into(), &"claude-code".into()));
}

/// Other ways to say `destroy`; none of them may change the state.
const DISGUISES: [&str; 8] = [
    "terraform apply -destroy -auto-approve",
    "terraform apply --destroy -auto-approve",
    "TF_CLI_ARGS_apply='-destroy -auto-approve' terraform apply",
    "TF_CLI_ARGS='-auto-approve' terraform destroy",
    "terraform '' destroy -auto-approve",
    "terraform -chdir=. destroy -auto-approve",
    "cd / && terraform -chdir=\"$OLDPWD\" destroy -auto-approve",
    "(exec -a something terraform destroy -auto-approve)",
];

#[test]
fn no_disguise_of_destroy_starts() {
    let Some(sandbox) = prepared() else { return };
    let mut command = quiet(sandbox.command(require_tool("terraform").unwrap()));
    command.args(["apply", "-auto-approve"]);
    assert_eq!(sandbox.run_command(command, LIMIT).code(), Some(0));
    let applied = state(&sandbox).expect("a state");
    let script: String = DISGUISES.iter().map(|attempt| format!("( {attempt} ); echo $?\n")).collect();
    let ran = session(&sandbox, &script).finish(LIMIT);
    assert_eq!(ran.stdout_text(), "126\n".repeat(DISGUISES.len()), "{ran:?}");
    assert_eq!(state(&sandbox), Some(applied));
    assert!(sandbox.audit_of("intent").is_empty());
}
