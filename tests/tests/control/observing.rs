//! A policy that is only tried out: everything runs, and the record says what would
//! have become of it.

use e2e::Sandbox;

use crate::{policy, status, under, write_policy};

fn observing() -> String {
    format!("mode = \"observe\"\n{}", policy("allow", "escalate", "deny"))
}

fn recorded(sandbox: &Sandbox) -> Vec<(String, String, String)> {
    let text = |record: &serde_json::Value, key: &str| record[key].as_str().unwrap_or_default().to_owned();
    let intents = sandbox.audit_of("intent");
    intents.iter().map(|intent| (text(intent, "would"), text(intent, "decision"), text(intent, "rule"))).collect()
}

#[test]
fn everything_runs_and_the_record_says_what_would_have_been() {
    let sandbox = under(&observing()).start();
    let ran = sandbox.gated("probe exit 3; echo $?; ask exit 4; echo $?; never exit 5; echo $?");
    assert_eq!((ran.stdout_text(), ran.stderr_text()), ("3\n4\n5\n".to_owned(), String::new()), "{ran:?}");
    let said = |would: &str, rule: &str| (would.to_owned(), "allow".to_owned(), rule.to_owned());
    assert_eq!(recorded(&sandbox), [said("allow", "probe"), said("escalate", "ask"), said("deny", "never")]);
    assert!(sandbox.audit_of("question").is_empty());
    assert_eq!(status(&sandbox)["observes"], true);
}

#[test]
fn the_gates_own_failures_refuse_all_the_same() {
    let mut sandbox = under(&observing()).start();
    std::fs::remove_file(sandbox.path("root/config/policy.d/10-tests.toml")).unwrap();
    sandbox.await_change("root/config", || status(&sandbox)["policy_problem"].is_string());
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(125), "nobody can tell what holds");
    sandbox.daemon().kill();
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(125), "there is no daemon");
}

#[test]
fn to_observe_is_looser_and_to_stop_it_is_stricter() {
    let sandbox = under(&policy("allow", "escalate", "deny")).start();
    write_policy(&sandbox, &observing());
    sandbox.await_records("policy_pending", 1);
    assert_eq!(sandbox.gated("never exit 5").code(), Some(126), "nobody has accepted it");
    assert_eq!(sandbox.person(&["policy", "accept", "--yes"]).0, Some(0));
    assert_eq!(sandbox.gated("never exit 5").code(), Some(5));
    write_policy(&sandbox, &policy("allow", "escalate", "deny"));
    sandbox.await_records("policy_pending", 2);
    assert_eq!(sandbox.gated("never exit 5").code(), Some(126), "what is stricter holds at once");
}

#[test]
fn a_sessions_own_policy_holds_where_the_others_observe() {
    let sandbox = under(&observing()).start();
    std::fs::write(sandbox.path("own.toml"), policy("allow", "allow", "deny")).unwrap();
    let mut command = sandbox.tollgate(&["run", "--agent", "a", "--tools", "never", "--root"]);
    command.arg(sandbox.path("root")).arg("--policy").arg(sandbox.path("own.toml"));
    command.args(["--", "bash", "-c", "never exit 5"]);
    assert_eq!(sandbox.run_command(command, crate::LIMIT).code(), Some(126));
}

#[test]
fn a_projects_file_holds_where_the_others_observe() {
    let sandbox = under(&observing()).start();
    let project = "[[rule]]\nname = \"frozen\"\ntools = \"probe\"\nverdict = \"deny\"\n";
    let script = format!("printf '{project}' > .tollgate.toml; probe exit 3; echo $?; never exit 5; echo $?");
    let ran = sandbox.gated(script.as_str());
    assert_eq!(ran.stdout_text(), "126\n5\n", "{ran:?}");
    assert_eq!(sandbox.audit_of("refused")[0]["rule"], "frozen");
}
