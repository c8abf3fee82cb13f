//! The policy's files change under a running daemon: what is stricter holds at
//! once, what is looser once a person has accepted it.

use std::os::unix::fs::PermissionsExt;

use e2e::Sandbox;

use crate::{LIMIT, builder, policy, question_id, status, write_policy};

/// The records that do not say which policy was in force.
fn without_policy(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    sandbox.audit().into_iter().filter(|record| !record["policy_hash"].is_string()).collect()
}

#[test]
fn the_first_policy_is_accepted_and_every_record_names_it() {
    let sandbox = builder().start();
    assert_eq!(sandbox.gated("probe exit 0; never; echo $?").stdout_text(), "126\n");
    assert_eq!(sandbox.ask(&["approve", "01"]).code(), Some(1));
    sandbox.await_records("outcome", 1);
    let accepted = &sandbox.audit_of("policy_accepted")[0];
    assert_eq!(accepted["message"], "the first policy of this state is accepted");
    assert_eq!(accepted["policy_hash"], status(&sandbox)["policy_hash"]);
    assert_eq!(without_policy(&sandbox), Vec::<serde_json::Value>::new());
}

#[test]
fn a_stricter_policy_holds_at_once() {
    let sandbox = builder().start();
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(3));
    write_policy(&sandbox, &policy("deny", "escalate", "deny"));
    sandbox.await_records("policy_pending", 1);
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(126));
    let refused = &sandbox.audit_of("refused")[0];
    assert_eq!(refused["policy_pending"], status(&sandbox)["policy_pending"]["hash"]);
    write_policy(&sandbox, &policy("allow", "escalate", "deny"));
    sandbox.await_change("root/config", || status(&sandbox)["policy_pending"].is_null());
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(3), "what was accepted is back");
}

#[test]
fn a_looser_policy_waits_for_a_person_also_across_a_restart() {
    let mut sandbox = builder().start();
    write_policy(&sandbox, &policy("allow", "escalate", "allow"));
    sandbox.await_records("policy_pending", 1);
    assert_eq!(sandbox.gated("never exit 4").code(), Some(126));
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert_eq!(sandbox.gated("never exit 4").code(), Some(126), "a restart accepts nothing");
    let told = sandbox.ask(&["status"]).stdout_text();
    assert!(told.contains("\npending    ") && told.contains("tollgate policy accept"), "{told}");
    let (code, said) = sandbox.person(&["policy", "accept", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("-verdict = \"deny\"\n+verdict = \"allow\"\n"), "{said}");
    assert_eq!(sandbox.gated("never exit 4").code(), Some(4));
    let accepted = &sandbox.audit_of("policy_accepted")[1];
    assert_eq!(accepted["approved_by"]["how"], "terminal");
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert_eq!(sandbox.gated("never exit 4").code(), Some(4), "what was accepted stays so");
    assert!(status(&sandbox)["policy_pending"].is_null());
}

#[test]
fn whoever_is_no_person_accepts_nothing() {
    let sandbox = builder().tollgate_on_path().start();
    write_policy(&sandbox, &policy("allow", "allow", "allow"));
    sandbox.await_records("policy_pending", 1);
    let accept = "tollgate policy accept --yes --root \"$ROOT\"";
    let script =
        format!("{accept}; plain launch terminal -- {accept}; plain launch orphan terminal -- {accept}; never");
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe,never", &script), LIMIT);
    assert_eq!(ran.code(), Some(126), "{ran:?}");
    assert_eq!(sandbox.ask(&["policy", "accept", "--yes"]).code(), Some(1), "there is no terminal");
    sandbox.await_records("refused_attempt", 4);
    let refused = sandbox.audit_of("refused_attempt");
    let message = refused[0]["message"].as_str().unwrap();
    assert!(message.starts_with("an attempt to accept a policy was refused: "), "{message}");
    assert_eq!(sandbox.audit_of("policy_accepted").len(), 1);
}

#[test]
fn a_person_who_says_no_accepts_nothing() {
    let sandbox = builder().start();
    write_policy(&sandbox, &policy("allow", "escalate", "allow"));
    sandbox.await_records("policy_pending", 1);
    let mut command = sandbox.tollgate(&["policy", "accept", "--root"]);
    command.arg(sandbox.path("root"));
    let mut terminal = e2e::Pty::spawn(command);
    terminal.wait_for("? [y/N] ");
    terminal.write("n\n");
    assert_eq!(terminal.finish().0.code(), Some(1));
    assert_eq!(sandbox.gated("never exit 4").code(), Some(126));
}

#[test]
fn errors_keep_the_last_good_policy_and_are_told() {
    let mut sandbox = builder().start();
    write_policy(&sandbox, &policy("deny", "escalate", "deny"));
    sandbox.await_records("policy_pending", 1);
    write_policy(&sandbox, "[[rule]]\nname = \"x\"\nvedict = \"allow\"\n");
    sandbox.await_records("policy_refused", 1);
    let refused = &sandbox.audit_of("policy_refused")[0];
    assert!(
        refused["message"].as_str().unwrap().contains("10-tests.toml:3:1: a rule has no key `vedict`"),
        "{refused}"
    );
    let problem = status(&sandbox)["policy_problem"].as_str().unwrap().to_owned();
    assert!(problem.contains("the last good one holds"), "{problem}");
    assert!(sandbox.log().contains("a rule has no key `vedict`"));
    assert_eq!(sandbox.gated("ask exit 0 & probe exit 3; kill $!").code(), Some(0), "nothing is closed");
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(126), "what was stricter still holds");
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(126), "and after a restart");
    assert_eq!(sandbox.person(&["policy", "accept", "--yes"]).0, Some(1), "errors are not accepted");
}

#[test]
fn a_policy_that_is_gone_or_that_others_may_write_closes_the_gate() {
    let mut sandbox = builder().start();
    let file = sandbox.path("root/config/policy.d/10-tests.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    sandbox.await_records("policy_refused", 1);
    let ran = sandbox.gated("probe exit 3");
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("can be written by others"), "{ran:?}");
    std::fs::remove_file(&file).unwrap();
    sandbox.await_records("policy_refused", 2);
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(125));
    sandbox.daemon().kill();
    sandbox.start_daemon();
    let ran = sandbox.gated("probe exit 3");
    assert!(ran.stderr_text().contains("the policy's files are gone"), "{ran:?}");
    write_policy(&sandbox, &policy("allow", "escalate", "deny"));
    sandbox.await_change("root/config", || status(&sandbox)["policy_problem"].is_null());
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(3));
}

#[test]
fn a_folder_that_is_moved_away_and_made_again_is_still_watched() {
    let sandbox = builder().start();
    let folder = sandbox.path("root/config/policy.d");
    std::fs::rename(&folder, sandbox.path("root/config/away")).unwrap();
    sandbox.await_records("policy_refused", 1);
    std::fs::rename(sandbox.path("root/config/away"), &folder).unwrap();
    sandbox.await_change("root/config", || status(&sandbox)["policy_problem"].is_null());
    write_policy(&sandbox, &policy("deny", "deny", "deny"));
    sandbox.await_records("policy_pending", 2);
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(126));
}

#[test]
fn a_policy_that_denies_meanwhile_beats_a_persons_yes() {
    let sandbox = builder().start();
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", "ask exit 5"]);
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    write_policy(&sandbox, &policy("allow", "deny", "deny"));
    sandbox.await_records("policy_pending", 1);
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).code(), Some(126));
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn a_lost_text_of_the_accepted_policy_closes_the_gate() {
    let mut sandbox = builder().start();
    write_policy(&sandbox, &policy("allow", "escalate", "allow"));
    sandbox.await_records("policy_pending", 1);
    sandbox.daemon().kill();
    for entry in std::fs::read_dir(sandbox.path("root/state/policy")).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    sandbox.start_daemon();
    let ran = sandbox.gated("never exit 4");
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("the accepted policy is lost"), "{ran:?}");
    assert_eq!(sandbox.person(&["policy", "accept", "--yes"]).0, Some(0));
    assert_eq!(sandbox.gated("never exit 4").code(), Some(4));
}
