//! Several `tollgate run` on one root: the daemon that one of them brings back is
//! the daemon that was there.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{LIMIT, builder, policy, status};

#[test]
fn a_front_without_a_policy_brings_the_daemon_back_with_the_policy_that_it_had() {
    let sandbox = builder().without_daemon();
    std::fs::remove_file(sandbox.path("root/config/policy.d/10-tests.toml")).unwrap();
    let base = sandbox.path("base.toml");
    std::fs::write(&base, policy("allow", "escalate", "deny")).unwrap();
    let first = |script: &str| {
        let mut command = sandbox.tollgate(&["run", "--agent", "claude-code", "--tools", "probe,never", "--policy"]);
        command.arg(&base).arg("--root").arg(sandbox.path("root")).args(["--", "bash", "-c", script]);
        command
    };
    assert_eq!(sandbox.run_command(first("probe exit 3"), LIMIT).code(), Some(3));
    let before = status(&sandbox);
    let mut second = sandbox.session("claude-code", "probe,never", "echo ready; read -r; probe exit 6; echo $?; never");
    second.stdin(Stdio::piped());
    let mut second = sandbox.start_command(second);
    second.until_stdout("ready\n");
    kill(Pid::from_raw(i32::try_from(before["pid"].as_i64().unwrap()).unwrap()), Signal::SIGKILL).unwrap();
    sandbox.await_records("session_opened", 3);
    second.type_line("");
    let ran = second.finish(LIMIT);
    assert_eq!((ran.stdout_text().as_str(), ran.code()), ("ready\n6\n", Some(126)), "{ran:?}");
    let after = status(&sandbox);
    assert_ne!(before["pid"], after["pid"]);
    assert_eq!((&before["policy_hash"], &before["policy"]), (&after["policy_hash"], &after["policy"]));
    assert!(after["policy_pending"].is_null());
}

#[test]
fn a_front_with_a_policy_of_its_own_does_not_make_it_that_of_the_daemon_it_brings_back() {
    let sandbox = builder().without_daemon();
    let own = sandbox.path("own.toml");
    std::fs::write(&own, policy("allow", "deny", "allow")).unwrap();
    let mut first = sandbox.session("claude-code", "probe", "echo ready; read -r");
    first.stdin(Stdio::piped());
    let mut first = sandbox.start_command(first);
    first.until_stdout("ready\n");
    let before = status(&sandbox);
    let mut command = sandbox.tollgate(&["run", "--agent", "claude-code", "--tools", "never", "--policy"]);
    let script = "echo ready; read -r; never; echo $?";
    command.arg(&own).arg("--root").arg(sandbox.path("root")).args(["--", "bash", "-c", script]);
    command.stdin(Stdio::piped());
    let mut second = sandbox.start_command(command);
    second.until_stdout("ready\n");
    first.type_line("");
    assert_eq!(first.finish(LIMIT).code(), Some(0));
    kill(Pid::from_raw(i32::try_from(before["pid"].as_i64().unwrap()).unwrap()), Signal::SIGKILL).unwrap();
    sandbox.await_records("session_opened", 3);
    second.type_line("");
    assert_eq!(second.finish(LIMIT).stdout_text(), "ready\n126\n");
    let after = status(&sandbox);
    assert_eq!((&before["policy_hash"], &after["policy_pending"]), (&after["policy_hash"], &serde_json::Value::Null));
}
