//! Time limits and stopping: what becomes of a command whose time is over, or
//! whose caller has gone, whatever happens to the daemon meanwhile.

use std::time::{Duration, Instant};

use e2e::{Builder, Sandbox, require_tool};

use crate::slow_apply;

const LIMIT: Duration = Duration::from_secs(60);

/// `sleeper` says so and sleeps until it is asked to stop; it may do so for `limit`.
fn builder(limit: &str) -> Builder {
    let policy = format!(
        "[[rule]]\nname = \"short\"\ntools = [\"sleeper\", \"probe\"]\nverdict = \"allow\"\ntier = \"unknown\"\ntimeout = \"{limit}\"\n"
    );
    Sandbox::builder(e2e::programs!())
        .script("sleeper", "#!/bin/sh\necho sleeping\nexec sleep 60\n", "755")
        .probe("probe")
        .policy("10-short.toml", &policy)
}

#[test]
fn a_command_whose_time_is_over_is_stopped_and_that_is_said() {
    let sandbox = builder("300ms").start();
    let began = Instant::now();
    let ran = sandbox.gated("sleeper; echo \"code $?\"");
    assert_eq!(ran.stdout_text(), "sleeping\ncode 124\n", "{ran:?}");
    let expected = r#"tollgate: ended `sleeper`: its time limit of 0.3 s is over
tollgate: {"v":1,"verdict":"allow","reason":"timed_out","operation":"sleeper.unknown","tier":null,"rule":"short","id":"ID","retry":false}
"#;
    assert_eq!(sandbox.evened(&ran.stderr_text()), expected);
    assert!(began.elapsed() < Duration::from_secs(8), "one SIGINT was enough");
    sandbox.await_records("outcome", 1);
    let outcome = &sandbox.audit_of("outcome")[0];
    assert_eq!((&outcome["reason"], &outcome["signal"]), (&"timed_out".into(), &2.into()), "{outcome:#}");
}

#[test]
fn a_command_that_ends_in_time_is_left_alone() {
    let sandbox = builder("20s").start();
    let ran = sandbox.gated("probe exit 7; echo \"code $?\"");
    assert_eq!((ran.stdout_text(), ran.stderr_text()), ("code 7\n".to_owned(), String::new()));
    sandbox.await_records("outcome", 1);
    assert_eq!(sandbox.audit_of("outcome")[0]["exit_code"], 7);
}

#[test]
fn a_time_limit_holds_over_a_restart_of_the_daemon() {
    let mut sandbox = builder("2s").start();
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", "sleeper; echo \"code $?\""]);
    let mut running = sandbox.start_command(command);
    running.until_stdout("sleeping\n");
    sandbox.daemon().kill();
    sandbox.start_daemon();
    let ran = running.finish(LIMIT);
    assert!(ran.stdout_text().ends_with("code 124\n"), "{ran:?}");
    assert!(ran.stderr_text().contains("\"reason\":\"timed_out\""), "{ran:?}");
    sandbox.await_records("outcome", 1);
    assert_eq!(sandbox.audit_of("adopted").len(), 1);
    assert_eq!(sandbox.audit_of("outcome")[0]["reason"], "timed_out");
}

const LOCK: &str = "work/.terraform.tfstate.lock.info";

/// A terraform that is in the middle of an apply; `started` is there once it is.
fn terraform() -> Option<Sandbox> {
    let terraform = require_tool("terraform")?;
    let policy = "[[rule]]\nname = \"all\"\ntools = \"terraform\"\nverdict = \"allow\"\n";
    let sandbox = Sandbox::builder(e2e::programs!()).wrap("terraform").policy("10-all.toml", policy).start();
    std::fs::write(sandbox.path("work/main.tf"), slow_apply("echo yes > started")).unwrap();
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
