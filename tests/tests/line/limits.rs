//! Stopping: what becomes of a command whose caller has gone.

use std::time::Duration;

use e2e::{Sandbox, require_tool};

const LIMIT: Duration = Duration::from_secs(60);

const LOCK: &str = "work/.terraform.tfstate.lock.info";

/// A terraform that is in the middle of an apply; `started` is there once it is.
const MAIN: &str = r#"resource "terraform_data" "web" {
  input = "web"
}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.web]
  provisioner "local-exec" {
    command = "echo yes > started; exec sleep 30"
  }
}
"#;

fn terraform() -> Option<Sandbox> {
    let terraform = require_tool("terraform")?;
    let policy = "[[rule]]\nname = \"all\"\ntools = \"terraform\"\nverdict = \"allow\"\n";
    let sandbox = Sandbox::builder(e2e::programs!()).wrap("terraform").policy("10-all.toml", policy).start();
    std::fs::write(sandbox.path("work/main.tf"), MAIN).unwrap();
    let mut init = sandbox.command(terraform);
    init.args(["init", "-no-color"]).env("CHECKPOINT_DISABLE", "1");
    assert_eq!(sandbox.run_command(init, LIMIT).code(), Some(0));
    sandbox.put_shims_first();
    Some(sandbox)
}

/// The state is readable and the lock is released.
fn is_whole(sandbox: &Sandbox) {
    let state = std::fs::read_to_string(sandbox.path("work/terraform.tfstate")).expect("a state");
    let state: serde_json::Value = state.parse().expect("a state that can be read");
    let kept: Vec<_> = state["resources"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert!(kept.contains(&"web".into()), "{state:#}");
    assert!(!sandbox.path(LOCK).exists(), "the lock is still held");
}

#[test]
fn timeout_leaves_terraform_a_readable_state_and_no_lock() {
    let Some(sandbox) = terraform() else { return };
    let mut command = sandbox.command("bash");
    command.env("CHECKPOINT_DISABLE", "1");
    command.args(["-c", "timeout 5 terraform apply -no-color -auto-approve >out 2>&1; echo \"code $?\""]);
    let ran = sandbox.run_command(command, LIMIT);
    assert_eq!(ran.stdout_text(), "code 124\n", "{ran:?}");
    // A busy machine may not get that far in five seconds.
    if sandbox.path("work/started").exists() {
        is_whole(&sandbox);
    }
    assert!(!sandbox.path(LOCK).exists(), "the lock is still held");
}

#[test]
fn a_lost_caller_leaves_terraform_a_readable_state_and_no_lock() {
    let Some(sandbox) = terraform() else { return };
    let mut command = sandbox.command("bash");
    command.env("CHECKPOINT_DISABLE", "1");
    command.args([
        "-c",
        "terraform apply -no-color -auto-approve >out 2>&1 & while [ ! -s started ]; do sleep 0.05; done
        kill -KILL $!; wait $!; echo \"code $?\"",
    ]);
    let ran = sandbox.run_command(command, LIMIT);
    assert_eq!(ran.stdout_text(), "code 137\n", "{ran:?}");
    sandbox.await_records("outcome", 1);
    is_whole(&sandbox);
}
