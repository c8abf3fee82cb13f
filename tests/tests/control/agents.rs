//! Who calls, by sessions inside sessions, users, programs' names and terminals.

use std::process::Stdio;

use e2e::{Builder, Pty, Sandbox};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{LIMIT, builder, status};

fn with_policy(text: &str) -> Builder {
    crate::under(text).tollgate_on_path()
}

/// `probe` for the strong, `ask` for the strong and the weak.
const RANKS: &str = r#"
[agents.strong]
clearance = 4
[agents.weak]
clearance = 1

[[rule]]
name = "strong"
clearance = ">=3"
tools = "probe"
verdict = "allow"
tier = "unknown"

[[rule]]
name = "both"
clearance = ">=1"
tools = "ask"
verdict = "allow"
tier = "unknown"

[[rule]]
name = "not-the-strong"
agents = "strong"
tools = "never"
verdict = "deny"

[[rule]]
name = "the-weak"
agents = "weak"
tools = "never"
verdict = "allow"
tier = "unknown"
"#;

#[test]
fn a_child_session_is_no_better_than_its_parent() {
    let sandbox = with_policy(RANKS).start();
    let inner = "tollgate run --agent AGENT --tools probe,ask,never -- bash -c 'probe exit 3; echo $?; ask exit 4; echo $?; never exit 5; echo $?'";
    let climb = sandbox.session("weak", "probe,ask,never", &inner.replace("AGENT", "strong"));
    let ran = sandbox.run_command(climb, LIMIT);
    assert_eq!(ran.stdout_text(), "126\n4\n126\n", "weak with the name of strong: {ran:?}");
    let ran = sandbox.run_command(sandbox.session("strong", "probe,ask,never", &inner.replace("AGENT", "weak")), LIMIT);
    assert_eq!(ran.stdout_text(), "126\n4\n126\n", "the rules of the strong hold for its child: {ran:?}");
    let opened = sandbox.audit_of("session_opened");
    assert_eq!((&opened[1]["agent"], &opened[1]["parent"]), (&"strong".into(), &opened[0]["id"]));
    assert_eq!(sandbox.audit_of("intent")[0]["clearance"], 1);
}

#[test]
fn the_id_of_a_session_is_nobody_elses_also_after_a_restart() {
    let sandbox = builder().without_daemon();
    let mut command = sandbox.session("claude-code", "probe", "echo ready; read -r; probe exit 4; echo $?");
    command.stdin(Stdio::piped());
    let mut running = sandbox.start_command(command);
    running.until_stdout("ready\n");
    let id = sandbox.audit_of("session_opened")[0]["session"].as_str().unwrap().to_owned();
    let register = |agent: &str, id: &str| {
        let ask = serde_json::json!({ "ask": "open_session", "agent": agent, "id": id });
        e2e::ask_admin(&sandbox.path("root/run"), &ask)
    };
    assert_eq!(register("claude-code", &id)["reply"], "refused");
    let process = status(&sandbox)["pid"].as_i64().unwrap();
    kill(Pid::from_raw(i32::try_from(process).unwrap()), Signal::SIGKILL).unwrap();
    sandbox.await_records("session_opened", 2);
    for agent in ["claude-code", "admin"] {
        assert_eq!(register(agent, &id)["reply"], "refused", "the session of another process");
        assert_eq!(register(agent, "01JZZZZZZZZZZZZZZZZZZZZZZZ")["reply"], "refused", "no session at all");
    }
    running.type_line("");
    assert_eq!(running.finish(LIMIT).stdout_text(), "ready\n4\n");
    sandbox.await_records("session_closed", 1);
    assert_eq!(register("claude-code", &id)["reply"], "refused", "what is closed stays closed");
    assert_eq!(sandbox.audit_of("refused_attempt").len(), 6);
}

#[test]
fn a_session_whose_keeper_has_not_come_back_yet_is_nobody_unknown() {
    let mut sandbox = builder().start();
    let mut command = sandbox.session("claude-code", "probe", "echo ready; read -r; probe exit 4; echo $?");
    command.stdin(Stdio::piped());
    let mut running = sandbox.start_command(command);
    running.until_stdout("ready\n");
    let keeper = Pid::from_raw(i32::try_from(sandbox.audit_of("session_opened")[0]["pid"].as_i64().unwrap()).unwrap());
    kill(keeper, Signal::SIGSTOP).unwrap();
    sandbox.daemon().kill();
    sandbox.start_daemon();
    std::os::unix::fs::symlink(sandbox.path("root/run/gate"), sandbox.path("other")).unwrap();
    running.type_line("");
    let ran = running.until_stdout("125\n");
    assert_eq!(ran, "ready\n125\n", "its socket is not there yet");
    kill(keeper, Signal::SIGCONT).unwrap();
    assert_eq!(running.finish(LIMIT).code(), Some(0));
}

#[test]
fn a_name_of_a_program_above_only_tightens() {
    let policy = r#"
[agents.house-bot]
programs = "house-bot"

[[rule]]
name = "everybody"
tools = ["probe", "ask"]
verdict = "allow"
tier = "unknown"

[[rule]]
name = "not-claude"
agents = ["claude-code", "house-bot"]
tools = "ask"
verdict = "deny"

[[rule]]
name = "claude-alone"
agents = "claude-code"
tools = "never"
verdict = "allow"
tier = "unknown"
"#;
    let sandbox = with_policy(policy)
        .script("claude", "#!/bin/bash\nprobe exit 3; echo $?; ask exit 4; echo $?; never exit 5; echo $?\n", "755")
        .script("house-bot", "#!/bin/bash\nask exit 4; echo $?\n", "755")
        .start();
    let ran = sandbox.gated("bin=\"$ROOT/../bin\"; \"$bin/claude\"; \"$bin/house-bot\"; ask exit 4; echo $?");
    assert_eq!(ran.stdout_text(), "3\n126\n126\n126\n4\n", "{ran:?}");
    let intent = &sandbox.audit_of("intent")[0];
    assert_eq!(intent["agent"], "claude-code");
    assert!(intent["agent_known_by"].to_string().contains("a hint: process "), "{intent}");
}

#[test]
fn a_user_can_be_an_agent_by_the_policy() {
    let uid = nix::unistd::geteuid();
    let policy = format!(
        "[agents.runner]\nuids = [{uid}]\n[[rule]]\nname = \"runner\"\nagents = \"runner\"\ntools = \"probe\"\nverdict = \"allow\"\ntier = \"unknown\"\n"
    );
    let sandbox = with_policy(&policy).start();
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(3));
    assert_eq!(sandbox.audit_of("intent")[0]["agent"], "runner");
}

/// Types a line into an interactive shell on a terminal of its own.
fn typed(sandbox: &Sandbox, line: &str) -> String {
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["--norc", "--noprofile", "-i"]).env("PS1", "ready> ");
    let mut terminal = Pty::spawn(command);
    terminal.wait_for("ready> ");
    terminal.write(&format!("{line}; echo code=$?=\n"));
    let said = terminal.wait_for("code=");
    let rest = terminal.wait_for("code=");
    let code = terminal.wait_for("=");
    terminal.write("exit\n");
    let _ = terminal.finish();
    format!("{said}{rest}{code}")
}

#[test]
fn a_person_who_types_a_command_can_be_no_agent() {
    let answers = format!("[persons]\nat_terminal = \"answers\"\n{}", crate::policy("allow", "escalate", "deny"));
    let sandbox = with_policy(&answers).start();
    assert!(typed(&sandbox, "ask exit 6").ends_with("6="), "the person is there to be asked");
    let intent = &sandbox.audit_of("intent")[0];
    assert_eq!((&intent["agent"], &intent["approved_by"]["how"]), (&serde_json::Value::Null, &"terminal".into()));
    assert!(intent["agent_known_by"].to_string().contains("a person at pts/"), "{intent}");
    assert!(typed(&sandbox, "never exit 6").ends_with("126="), "what a rule denies is denied");
    assert!(typed(&sandbox, "bash -c 'probe exit 6; exit $?'").ends_with("6="));
    assert_eq!(sandbox.audit_of("intent")[1]["agent"], "unknown", "a program in between may be anybody");
}

#[test]
fn whoever_types_is_asked_as_any_other_unless_a_policy_says_more() {
    let sandbox = with_policy(&crate::policy("allow", "deny", "deny")).start();
    assert!(typed(&sandbox, "probe exit 6").ends_with("6="));
    assert_eq!(sandbox.audit_of("intent")[0]["agent"], "unknown");
    let passes = format!("[persons]\nat_terminal = \"passes\"\n{}", crate::policy("allow", "deny", "deny"));
    let sandbox = with_policy(&passes).start();
    assert!(typed(&sandbox, "never exit 6").ends_with("6="));
    assert_eq!(sandbox.gated("never exit 6").code(), Some(126), "who types nothing is no person");
}
