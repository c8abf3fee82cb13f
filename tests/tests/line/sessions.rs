//! `tollgate run`: an agent's command, its shims, its daemon.

use std::process::Command;
use std::time::{Duration, Instant};

use e2e::{Programs, Sandbox};

use crate::builder;

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn a_session_wraps_its_tools_and_ends_with_its_commands_code() {
    let sandbox = builder().start();
    let script = "probe exit 3; echo $?; never exit 0; echo $?; command -v plain; exit 9";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe,never", script), LIMIT);
    assert_eq!(ran.code(), Some(9), "{ran:?}");
    assert_eq!(sandbox.evened(&ran.stdout_text()), "3\n126\nSANDBOX/bin/plain\n");
    let intent = &sandbox.audit_of("intent")[0];
    assert_eq!(intent["agent"], "claude-code");
    let opened = &sandbox.audit_of("session_opened")[0];
    assert_eq!(intent["session"], opened["session"]);
    sandbox.await_records("session_closed", 1);
}

#[test]
fn a_session_starts_a_daemon_where_none_answers() {
    let sandbox = builder().without_daemon();
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", "probe exit 3"), LIMIT);
    assert_eq!(ran.code(), Some(3), "{ran:?}");
    assert_eq!(sandbox.audit_of("intent")[0]["agent"], "claude-code");
}

#[test]
fn an_agent_without_its_session_is_nobody_known() {
    let sandbox = builder().start();
    assert_eq!(sandbox.gated("probe exit 0").code(), Some(0));
    assert_eq!(sandbox.audit_of("intent")[0]["agent"], "unknown");
}

#[test]
fn a_child_that_left_its_parents_is_still_in_the_session() {
    let sandbox = builder().start();
    let script = "mkfifo done; plain launch session orphan -- bash -c 'probe exit 0; echo $? > done'; read -r code < done; exit $code";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", script), LIMIT);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert_eq!(sandbox.audit_of("intent")[0]["agent"], "claude-code");
}

#[test]
fn inside_a_session_another_root_or_policy_is_refused() {
    let sandbox = builder().tollgate_on_path().start();
    let script = "for option in --root --policy; do tollgate run $option \"$ROOT\" -- true; echo $?; done";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", script), LIMIT);
    assert!(!ran.stdout_text().contains("0\n"), "{ran:?}");
    assert_eq!(ran.stderr_text().matches("inside a session").count(), 2, "{ran:?}");
}

/// The programs without `tollgated`, in a folder of their own.
fn without_tollgated(sandbox: &Sandbox, programs: &Programs) -> std::path::PathBuf {
    let folder = sandbox.path("programs");
    std::fs::create_dir(&folder).unwrap();
    for name in ["tollgate", "tollgate-shim", "tollgate-supervisor"] {
        let copied = Command::new("cp").arg(programs.path(name)).arg(&folder).status();
        assert!(copied.unwrap().success());
    }
    folder
}

#[test]
fn without_the_daemons_program_nothing_runs() {
    let sandbox = builder().without_daemon();
    let programs = without_tollgated(&sandbox, &e2e::programs!());
    let start = Instant::now();
    let mut command = sandbox.command(programs.join("tollgate"));
    command.args(["run", "--agent", "claude-code", "--tools", "probe,ask,never", "--root"]);
    command.arg(sandbox.path("root")).args(["--", "bash", "-c", "echo it ran"]);
    let ran = sandbox.run_command(command, LIMIT);
    assert_eq!((ran.code(), ran.stdout_text().as_str()), (Some(125), ""), "{ran:?}");
    assert!(ran.stderr_text().contains("tollgated"), "{ran:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_daemon_that_is_gone_for_good_refuses_every_tool() {
    let sandbox = builder().without_daemon();
    let programs = without_tollgated(&sandbox, &e2e::programs!());
    let daemon = programs.join("tollgated");
    assert!(Command::new("cp").arg(e2e::programs!().path("tollgated")).arg(&daemon).status().unwrap().success());
    let mut command = sandbox.command(programs.join("tollgate"));
    command.args(["run", "--agent", "claude-code", "--tools", "probe,ask,never", "--root"]);
    command.arg(sandbox.path("root")).args(["--", "bash", "-c", SURVIVOR]);
    command.stdin(std::process::Stdio::piped());
    let mut running = sandbox.start_command(command);
    running.until_stdout("first 0\n");
    let process = status(&sandbox)["pid"].as_i64().unwrap();
    std::fs::remove_file(&daemon).unwrap();
    let process = nix::unistd::Pid::from_raw(i32::try_from(process).unwrap());
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).unwrap();
    running.type_line("");
    let ran = running.finish(LIMIT);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert_eq!(ran.stdout_text(), "first 0\nprobe 125\nask 125\nnever 125\n", "{ran:?}");
}

const SURVIVOR: &str =
    "probe exit 0; echo first $?; read -r; for tool in probe ask never; do $tool exit 0; echo $tool $?; done";

fn status(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.ask(&["status", "--json"]).stdout_text().trim().parse().unwrap()
}

#[test]
fn a_killed_daemon_comes_back_under_an_open_session() {
    let sandbox = builder().without_daemon();
    let script = "probe exit 0; echo first $?; read -r; probe exit 4; echo then $?";
    let mut command = sandbox.session("claude-code", "probe", script);
    command.stdin(std::process::Stdio::piped());
    let mut running = sandbox.start_command(command);
    running.until_stdout("first 0\n");
    let before = status(&sandbox)["pid"].as_i64().unwrap();
    let process = nix::unistd::Pid::from_raw(i32::try_from(before).unwrap());
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).unwrap();
    sandbox.await_records("session_opened", 2);
    running.type_line("");
    let ran = running.finish(LIMIT);
    assert_eq!(ran.stdout_text(), "first 0\nthen 4\n", "{ran:?}");
    let sessions: Vec<_> = sandbox.audit_of("intent").iter().map(|record| record["session"].clone()).collect();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0], sessions[1]);
}

#[test]
fn the_sessions_folder_goes_with_the_session() {
    let sandbox = builder().start();
    let script = "ls -a \"$(dirname \"$(command -v probe)\")\"";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe,ask", script), LIMIT);
    assert_eq!(ran.stdout_text(), ".\n..\n.gate\nask\nprobe\ntollgate-probe\n", "{ran:?}");
    let left = || std::fs::read_dir(sandbox.path("root/state/sessions")).map_or(0, Iterator::count);
    sandbox.await_change("root/state/sessions", || left() == 0);
}
