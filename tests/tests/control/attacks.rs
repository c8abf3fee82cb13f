//! What an agent tries in order to be somebody else, or nobody: each try is refused
//! or found out, and recorded. What this mode cannot stop is asserted as SECURITY.md
//! tells it.

use std::process::Stdio;

use e2e::{Builder, Sandbox};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{LIMIT, builder};

/// `probe` for everybody but `claude-code`, which whoever gets out of its session gains.
const POLICY: &str = r#"
[[rule]]
name = "everybody"
tools = ["probe", "wrapper"]
verdict = "allow"
tier = "unknown"

[[rule]]
name = "not-claude"
agents = "claude-code"
tools = "probe"
verdict = "deny"
"#;

fn prison() -> Builder {
    Sandbox::builder(e2e::programs!())
        .probe("probe")
        .script("wrapper", "#!/bin/sh\nexec \"$@\"\n", "755")
        .tollgate_on_path()
        .policy("10-tests.toml", POLICY)
}

/// Runs the script in a session of `claude-code`; every `probe` in it must have been
/// refused as that agent's, and none have run.
fn nothing_runs(script: &str, tries: usize) {
    let sandbox = prison().start();
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe,wrapper", script), LIMIT);
    sandbox.await_records("refused", tries);
    let refused = sandbox.audit_of("refused");
    assert_eq!(refused.len(), tries, "{ran:?}\n{refused:?}");
    assert!(refused.iter().all(|record| record["agent"] == "claude-code"), "{refused:?}");
    assert!(sandbox.audit_of("intent").iter().all(|record| record["tool"] != "probe"), "{ran:?}");
}

#[test]
fn without_its_environment() {
    nothing_runs("shim=$(command -v probe); env -i \"$shim\" exit 0; unset TOLLGATE_SESSION BASH_ENV; probe exit 0", 2);
}

#[test]
fn in_a_session_of_its_own_and_twice_forked() {
    let script = "mkfifo done done2
        plain launch session -- probe exit 0
        plain launch session orphan -- bash -c 'probe exit 0; echo > done'; read -r < done
        (setsid bash -c '(probe exit 0; echo > done2) &' &); read -r < done2";
    nothing_runs(script, 3);
}

#[test]
fn as_the_grandchild_of_a_run_that_has_ended() {
    // A pipe each: one that its last writer has not closed yet would end the next reading.
    let script = "mkfifo go done go2 done2
        wrapper bash -c '(read -r < go; probe exit 0; echo > done) & exit 0' </dev/null
        wrapper bash -c 'setsid bash -c \"read -r < go2; probe exit 0; echo > done2\" & exit 0' </dev/null
        echo > go; read -r < done; echo > go2; read -r < done2";
    nothing_runs(script, 2);
}

#[test]
fn under_a_tool_that_runs_programs() {
    nothing_runs(
        "wrapper probe exit 0; wrapper wrapper sh -c 'probe exit 0'; wrapper env -i $(command -v probe) exit 0",
        3,
    );
}

#[test]
fn through_a_git_alias() {
    if e2e::require_tool("git").is_none() {
        return;
    }
    let policy = format!(
        "{POLICY}\n[[rule]]\nname = \"git\"\ntools = \"git\"\nverdict = \"allow\"\ntier = [0, 1, 2, 3, 4, \"unknown\"]\n"
    );
    let sandbox =
        Sandbox::builder(e2e::programs!()).probe("probe").wrap("git").policy("10-tests.toml", &policy).start();
    let script = "git -c alias.x='!probe exit 0' x";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe,git", script), LIMIT);
    let refused = sandbox.audit_of("refused");
    assert!(
        refused.iter().all(|record| record["agent"] == "claude-code") && !refused.is_empty(),
        "{ran:?}\n{refused:?}"
    );
    assert!(sandbox.audit_of("intent").iter().all(|record| record["tool"] != "probe"), "{ran:?}");
}

#[test]
fn through_terraforms_local_exec() {
    if e2e::require_tool("terraform").is_none() {
        return;
    }
    let policy = format!("{POLICY}\n[[rule]]\nname = \"terraform\"\ntools = \"terraform\"\nverdict = \"allow\"\n");
    let sandbox =
        Sandbox::builder(e2e::programs!()).probe("probe").wrap("terraform").policy("10-tests.toml", &policy).start();
    let main =
        "resource \"terraform_data\" \"x\" {\n  provisioner \"local-exec\" {\n    command = \"probe exit 0\"\n  }\n}\n";
    std::fs::write(sandbox.path("work/main.tf"), main).unwrap();
    let script = "export CHECKPOINT_DISABLE=1; terraform init -no-color && terraform apply -no-color -auto-approve";
    // A digest of a big program takes its time where neither is optimised.
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe,terraform", script), 4 * LIMIT);
    assert_eq!(ran.code(), Some(1), "{ran:?}");
    let apply = &sandbox.audit_of("intent")[1];
    assert_eq!(apply["operation"], "terraform.apply", "{ran:?}");
    let [refused] = &sandbox.audit_of("refused")[..] else { panic!("{ran:?}") };
    assert_eq!((&refused["agent"], &refused["rule"]), (&"claude-code".into(), &"not-claude".into()));
    assert_eq!(refused["parent"], apply["id"], "it is judged as terraform's caller");
}

#[test]
fn by_the_installed_shims_put_first_again() {
    let script =
        "PATH=\"$ROOT/../shims:$PATH\" bash --norc -c 'hash -r; \"$ROOT/../shims/probe\" exit 0; probe exit 0'";
    nothing_runs(script, 2);
}

#[test]
fn by_exec_past_the_shims() {
    nothing_runs("tollgate exec -- probe exit 0; \"$ROOT/../bin/tollgate\" exec -- probe exit 0", 2);
}

#[test]
fn by_the_socket_of_another_session() {
    let sandbox = prison().start();
    let mut other = sandbox.session("trusted", "probe", "echo ready; read -r");
    other.stdin(Stdio::piped());
    let mut other = sandbox.start_command(other);
    other.until_stdout("ready\n");
    let id = sandbox.audit_of("session_opened")[0]["session"].as_str().unwrap().to_owned();
    let script = format!(
        "mkdir thief; ln -s \"$(readlink \"$(command -v probe)\")\" thief/probe; ln -s \"$ROOT/run/sessions/{id}\" thief/.gate; thief/probe exit 0"
    );
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", &script), LIMIT);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("not in the session whose socket it uses"), "{ran:?}");
    assert_eq!(sandbox.audit_of("refused")[0]["decision"], "none");
    other.type_line("");
    assert_eq!(other.finish(LIMIT).code(), Some(0));
}

#[test]
fn by_a_run_of_its_own() {
    let sandbox = prison().start();
    let free = "[[rule]]\nname = \"free\"\ntools = \"probe\"\nverdict = \"allow\"\ntier = \"unknown\"\n";
    std::fs::write(sandbox.path("free.toml"), free).unwrap();
    let tries = [
        "tollgate run --policy \"$ROOT/../free.toml\" --tools probe -- probe exit 0",
        "tollgate run --root \"$PWD/own\" --tools probe -- probe exit 0",
        "tollgate run --agent admin --tools probe -- probe exit 0",
        "XDG_CONFIG_HOME=$PWD/c XDG_STATE_HOME=$PWD/s XDG_RUNTIME_DIR=$PWD tollgate run --tools probe -- probe exit 0",
        "HOME=$PWD tollgate run --tools probe -- probe exit 0",
        "env -i PATH=\"$PATH\" tollgate run --agent admin --tools probe -- probe exit 0",
        "env -u TOLLGATE_SESSION tollgate run --root \"$ROOT\" --agent admin --tools probe -- probe exit 0",
    ];
    for attack in tries {
        let ran = sandbox.run_command(sandbox.session("claude-code", "probe", attack), LIMIT);
        assert_ne!(ran.code(), Some(0), "{attack}: {ran:?}");
    }
    assert!(sandbox.audit_of("intent").is_empty());
    let refused = sandbox.audit_of("refused");
    assert_eq!(refused.len(), 4, "those that opened a child session: {refused:?}");
    assert!(refused.iter().all(|record| record["rule"] == "not-claude"), "{refused:?}");
    let tried = sandbox.audit_of("refused_attempt");
    let of = |option: &str| tried.iter().filter(|record| record.to_string().contains(option)).count();
    assert_eq!((of("--policy"), of("--root"), tried.len()), (1, 2, 3), "{tried:?}");
}

/// SECURITY.md: "An agent can start a gate of its own, or none": what it starts so is
/// not the person's, and stands in no record of the person's.
#[test]
fn a_daemon_of_the_agents_own_is_not_the_persons() {
    let sandbox = prison().start();
    let script = "mkdir -p own/config; tollgated --root \"$PWD/own\" 2>log & daemon=$!
        until [ -S own/run/admin ]; do read -rt 0.01 < /dev/null; done
        mkdir shims; ln -s \"$(readlink \"$(command -v probe)\")\" shims/probe; ln -s \"$PWD/own/run/gate\" shims/.gate
        shims/probe exit 7; kill $daemon; wait";
    let mut command = sandbox.session("claude-code", "probe", script);
    let path = e2e::programs!().folder().display().to_string();
    command.env("PATH", format!("{path}:/usr/bin:/bin"));
    let ran = sandbox.run_command(command, LIMIT);
    assert!(sandbox.audit_of("intent").is_empty(), "{ran:?}");
}

/// SECURITY.md, "A killed keeper": the session is over, and what the keeper leaves is
/// taken for anybody outside a session.
#[test]
fn what_a_killed_keeper_leaves_is_an_unknown_agent_outside_its_session() {
    let sandbox = prison().start();
    let script = "shim=$(command -v probe); echo ready; read -r; \"$shim\" exit 0; echo socket $?
        \"$ROOT/../shims/probe\" exit 7; echo outside $?";
    let mut command = sandbox.session("claude-code", "probe", script);
    command.stdin(Stdio::piped());
    let mut running = sandbox.start_command(command);
    running.until_stdout("ready\n");
    let keeper = sandbox.audit_of("session_opened")[0]["pid"].as_i64().unwrap();
    kill(Pid::from_raw(i32::try_from(keeper).unwrap()), Signal::SIGKILL).unwrap();
    sandbox.await_records("session_closed", 1);
    running.type_line("");
    let said = running.until_stdout("outside ");
    assert!(said.contains("socket 12"), "{said}");
    let ran = running.finish(LIMIT);
    assert!(ran.stdout_text().ends_with("outside 7\n"), "{ran:?}");
    assert_eq!(sandbox.audit_of("intent")[0]["agent"], "unknown");
}

/// SECURITY.md, "Absolute paths": the real program by its path never meets the gate.
#[test]
fn the_real_program_by_its_path_is_not_stopped() {
    let sandbox = builder().start();
    let ran = sandbox.run_command(sandbox.session("claude-code", "never", "\"$ROOT/../bin/never\" exit 9"), LIMIT);
    assert_eq!(ran.code(), Some(9));
    assert!(sandbox.audit_of("intent").is_empty() && sandbox.audit_of("refused").is_empty());
}
