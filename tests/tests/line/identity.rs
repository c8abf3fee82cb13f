//! Who calls: what an agent tries in order to be somebody else, or nobody.

use std::os::unix::fs::symlink;
use std::time::Duration;

use e2e::Sandbox;

use crate::builder;

const LIMIT: Duration = Duration::from_secs(30);

/// A folder with a `probe` that asks the session's socket.
fn thief(sandbox: &Sandbox, session: &str) -> std::path::PathBuf {
    let folder = sandbox.path("thief");
    std::fs::create_dir(&folder).unwrap();
    symlink(e2e::programs!().path("tollgate-shim"), folder.join("probe")).unwrap();
    symlink(sandbox.path("root/run/sessions").join(session), folder.join(".gate")).unwrap();
    folder
}

#[test]
fn the_socket_of_another_session_runs_nothing() {
    let sandbox = builder().start();
    let mut command = sandbox.session("claude-code", "probe", "echo ready; read -r");
    command.stdin(std::process::Stdio::piped());
    let mut running = sandbox.start_command(command);
    running.until_stdout("ready\n");
    let opened = sandbox.audit_of("session_opened")[0]["session"].as_str().unwrap().to_owned();
    let mut outside = sandbox.command(thief(&sandbox, &opened).join("probe"));
    outside.args(["exit", "0"]);
    let ran = sandbox.run_command(outside, LIMIT);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("not in the session whose socket it uses"), "{ran:?}");
    let refused = &sandbox.audit_of("refused")[0];
    assert_eq!((&refused["agent"], &refused["decision"]), (&"unknown".into(), &"none".into()));
    assert!(sandbox.audit_of("intent").is_empty());
    running.type_line("");
    assert_eq!(running.finish(LIMIT).code(), Some(0));
}

#[test]
fn a_command_of_the_gates_opens_no_session() {
    let script = "#!/bin/sh\nexec tollgate run --root \"$1\" --agent admin --tools never -- true\n";
    let policy = "[[rule]]\nname = \"climb\"\ntools = \"climb\"\nverdict = \"allow\"\ntier = \"unknown\"\n";
    let sandbox = builder().script("climb", script, "755").policy("20-climb.toml", policy).tollgate_on_path().start();
    let ran = sandbox.gated("climb \"$ROOT\"");
    assert_ne!(ran.code(), Some(0), "{ran:?}");
    assert!(ran.stderr_text().contains("from under a command of the gate's"), "{ran:?}");
    assert_eq!(sandbox.audit_of("refused_attempt").len(), 1);
    assert!(sandbox.audit_of("session_opened").is_empty());
}

/// A chain of shells, each the child of the one before; the last one answers.
const CHAIN: &str = r#"
n=$1
shift
if [ "$n" -gt 0 ]; then sh "$0" $((n - 1)) "$@"; exit $?; fi
exec "$@"
"#;

#[test]
fn a_long_chain_of_processes_hides_no_session() {
    let sandbox = builder().script("chain", &format!("#!/bin/sh\n{CHAIN}"), "755").tollgate_on_path().start();
    let script = "chain 300 probe exit 0; chain 300 tollgate approve 01 --root \"$ROOT\"";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", script), LIMIT);
    assert!(ran.stderr_text().contains("from inside session"), "{ran:?}");
    assert_eq!(sandbox.audit_of("intent")[0]["agent"], "claude-code");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 1);
}

/// An open question for a person: `id` is its variable in the script that follows.
const ASKING: &str = "mkfifo said; ask exit 5 2> said & exec 3< said
    while read -r line <&3; do case $line in *' is question '*) break;; esac; done
    id=${line##* }; cat <&3 >&2 &";

#[test]
fn thousands_of_processes_above_one_another_hide_no_session() {
    let sandbox = builder().tollgate_on_path().start();
    let script = format!(
        "{ASKING}
        plain launch under=4200 session terminal -- tollgate approve $id --root \"$ROOT\" 2>&1 | cat
        plain launch under=4200 -- probe exit 0
        echo \"said $?\"; kill %1"
    );
    let began = std::time::Instant::now();
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask,probe", &script), LIMIT);
    assert!(ran.stdout_text().contains("from inside session"), "{ran:?}");
    assert!(ran.stdout_text().ends_with("said 0\n"), "{ran:?}");
    assert!(began.elapsed() < Duration::from_secs(15), "it took {:?}", began.elapsed());
    assert_eq!(sandbox.audit_of("intent")[0]["agent"], "claude-code");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 1);
    assert!(sandbox.audit_of("answer").is_empty());
}

#[test]
fn parents_that_die_meanwhile_hide_no_session() {
    const ATTEMPTS: usize = 40;
    let sandbox = builder().tollgate_on_path().start();
    let script = format!(
        "{ASKING}
        for i in $(seq {ATTEMPTS}); do
            plain launch under-dying=40 session terminal -- tollgate approve $id --root \"$ROOT\" 2>&1 | cat
        done
        kill %1"
    );
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask", &script), LIMIT);
    assert_eq!(ran.stdout_text().matches("refused: ").count(), ATTEMPTS, "{ran:?}");
    assert_eq!(sandbox.audit_of("refused_answer").len(), ATTEMPTS);
    assert!(sandbox.audit_of("answer").is_empty());
    assert!(sandbox.audit_of("intent").is_empty());
}
