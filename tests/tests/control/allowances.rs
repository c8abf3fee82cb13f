//! Rates, grants and runbooks: what is used up stays used, whatever ends the daemon.

use std::process::Stdio;

use e2e::{Builder, Sandbox};

use crate::{LIMIT, builder, question_id};

fn with_policy(text: &str) -> Builder {
    crate::under(text).tollgate_on_path().settings("[approvals]\nwait_s = 1\n")
}

/// A rule for a tool, with what it asks for.
fn rule(tool: &str, verdict: &str, more: &str) -> String {
    format!(
        "[[rule]]\nname = \"{tool}-{verdict}\"\ntools = \"{tool}\"\nverdict = \"{verdict}\"\ntier = \"unknown\"\n{more}\n"
    )
}

fn refused(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.audit_of("refused").pop().unwrap()
}

#[test]
fn an_empty_bucket_refuses_also_after_a_kill_right_after_the_last_token() {
    let mut sandbox = with_policy(&rule("probe", "allow", "rate = \"2/h\"")).start();
    assert_eq!(sandbox.gated("probe exit 3; probe exit 4").code(), Some(4));
    sandbox.daemon().kill();
    sandbox.start_daemon();
    let ran = sandbox.gated("probe exit 5");
    assert_eq!(ran.code(), Some(75), "{ran:?}");
    let said = ran.stderr_text();
    let line: serde_json::Value = said.lines().last().unwrap().strip_prefix("tollgate: ").unwrap().parse().unwrap();
    assert_eq!((&line["verdict"], &line["reason"], &line["retry"]), (&"deny".into(), &"rate".into(), &true.into()));
    let wait = line["retry_after_s"].as_u64().unwrap();
    assert!((1700..=1800).contains(&wait), "{said}");
    assert!(said.contains("  the rate of rule probe-allow is used up; there is more in 30 min\n"), "{said}");
    assert_eq!(refused(&sandbox)["reason"], "rate");
    let taken = &sandbox.audit_of("intent")[0]["taken"][0];
    assert_eq!((&taken["from"], &taken["limit"]), (&"rate".into(), &"2/3600s burst 2".into()));
}

#[test]
fn what_is_refused_or_never_answered_takes_no_token() {
    let policy = rule("ask", "escalate", "rate = \"1/h\"");
    let sandbox = with_policy(&policy).start();
    assert_eq!(sandbox.gated("ask exit 3").code(), Some(75), "nobody answers");
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", "ask exit 7"]);
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    assert_eq!(sandbox.person(&["deny", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).code(), Some(126));
    assert_eq!(sandbox.person(&["grant", "unknown", "ask.unknown"]).0, Some(1), "nobody known is granted nothing");
    let mut command = sandbox.command("bash");
    command.args(["-c", "ask exit 8"]);
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).code(), Some(8), "the token is still there");
    let questions = sandbox.audit_of("question").len();
    let ran = sandbox.gated("ask exit 9");
    assert_eq!((ran.code(), &refused(&sandbox)["reason"]), (Some(75), &"rate".into()), "{ran:?}");
    assert_eq!(sandbox.audit_of("question").len(), questions, "nobody is asked for what may not run");
}

#[test]
fn a_child_session_has_no_bucket_of_its_own() {
    let policy = rule("probe", "allow", "rate = \"1/h\"\nper = \"session\"");
    let sandbox = with_policy(&policy).start();
    let script = "probe exit 3; echo $?; tollgate run --tools probe -- bash -c 'probe exit 4'; echo $?; tollgate run --agent other --tools probe -- bash -c 'probe exit 4'; echo $?";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", script), LIMIT);
    assert_eq!(ran.stdout_text(), "3\n75\n75\n", "{ran:?}");
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", "probe exit 5"), LIMIT);
    assert_eq!(ran.code(), Some(5), "another session has its own");
}

#[test]
fn two_hundred_at_once_take_as_many_tokens_as_there_are() {
    let sandbox = with_policy(&rule("probe", "allow", "rate = \"20/h\"")).start();
    let ran = sandbox.gated(e2e::Script::new("for i in $(seq 60); do probe exit 0 & done; wait").limit(LIMIT));
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    sandbox.await_records("outcome", 20);
    assert_eq!((sandbox.audit_of("intent").len(), sandbox.audit_of("refused").len()), (20, 40));
}

#[test]
fn a_grant_answers_in_advance_until_it_is_used_up_also_across_a_restart() {
    let mut sandbox = with_policy(&[rule("ask", "escalate", ""), rule("never", "deny", "")].concat()).start();
    let (code, said) = sandbox.person(&["grant", "claude-code", "ask.unknown", "--for", "30m", "--count", "2"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(sandbox.person(&["grant", "claude-code", "never.unknown"]).0, Some(0));
    let session = |script: &str| sandbox.session("claude-code", "ask,never", script);
    let ran = sandbox.run_command(session("ask exit 3; echo $?; never exit 4; echo $?"), LIMIT);
    assert_eq!(ran.stdout_text(), "3\n126\n", "a grant is no answer to a denial: {ran:?}");
    let listed = sandbox.ask(&["grant", "list"]).stdout_text();
    assert!(listed.contains("  claude-code  ask.unknown  until ") && listed.contains("  1 of 2 used\n"), "{listed}");
    sandbox.daemon().kill();
    sandbox.start_daemon();
    let session = |script: &str| sandbox.session("claude-code", "ask,never", script);
    let ran = sandbox.run_command(session("ask exit 3; echo $?; ask exit 4; echo $?"), LIMIT);
    assert_eq!(ran.stdout_text(), "3\n75\n", "{ran:?}");
    let intents = sandbox.audit_of("intent");
    assert_eq!((&intents[0]["taken"][0]["from"], &intents[0]["decision"]), (&"grant".into(), &"allow".into()));
    assert_eq!(intents[0]["taken"][0]["id"], sandbox.audit_of("granted")[0]["id"]);
    assert_eq!(sandbox.gated("ask exit 3").code(), Some(75), "it was for claude-code");
}

#[test]
fn a_grant_that_is_taken_back_or_over_grants_nothing() {
    let sandbox = with_policy(&rule("ask", "escalate", "")).start();
    let (_, said) = sandbox.person(&["grant", "claude-code", "ask.*"]);
    let id = said.strip_prefix("granted: ").unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(sandbox.ask(&["grant", "revoke", &id]).code(), Some(1), "only a person does");
    let (code, said) = sandbox.person(&["grant", "revoke", &id[..10].to_lowercase()]);
    assert!(code == Some(0) && said.starts_with(&format!("revoked: {id}  ")), "a start will do: {said}");
    assert_eq!(sandbox.ask(&["grant", "list"]).stdout_text(), "no grant is in force\n");
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask", "ask exit 3"), LIMIT);
    assert_eq!(ran.code(), Some(75), "{ran:?}");
    let (code, said) = sandbox.person(&["grant", "claude-code", "ask.*", "--target", "wrkspace=x"]);
    assert_eq!((code, said.contains("wrkspace")), (Some(1), true), "{said}");
}

#[test]
fn nobody_but_a_person_makes_grants() {
    let sandbox = builder().tollgate_on_path().start();
    let give = "tollgate grant claude-code 'ask.*' --root \"$ROOT\"";
    let script = format!("{give}; plain launch terminal -- {give}; plain launch orphan terminal -- {give}; never");
    let mut command = sandbox.session("claude-code", "ask,never", &script);
    command.stdin(Stdio::null());
    assert_eq!(sandbox.run_command(command, LIMIT).code(), Some(126));
    sandbox.await_records("refused_attempt", 3);
    assert!(sandbox.audit_of("granted").is_empty());
}

#[test]
fn a_runbook_is_used_as_often_as_it_says_also_across_a_restart() {
    let policy = "[[rule]]\nname = \"git-asks\"\ntools = \"git\"\nverdict = \"escalate\"\n
        [[runbook]]\nname = \"look\"\noperations = \"git.status\"\ncount = 2\nwindow = \"1h\"\nhighest = 0\n";
    let mut sandbox = with_policy(policy).script("git", "#!/bin/sh\nexit 3\n", "755").start();
    let twice = "git status; echo $?; git status; echo $?";
    assert_eq!(sandbox.gated(twice).stdout_text(), "3\n3\n");
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert_eq!(sandbox.gated("git status").code(), Some(75), "it is used up, and nobody answers");
    let taken = &sandbox.audit_of("intent")[1]["taken"][0];
    assert_eq!((&taken["from"], &taken["name"]), (&"runbook".into(), &"look".into()));
}
