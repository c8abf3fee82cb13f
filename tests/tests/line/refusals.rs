//! Every row of the table of exit codes, with the whole text that is shown.

use std::time::Duration;

use e2e::{Ran, Sandbox};

use crate::builder;

/// What is on stderr, with ids and the sandbox's folder taken out.
fn said(sandbox: &Sandbox, ran: &Ran) -> String {
    sandbox.evened(&ran.stderr_text())
}

#[test]
fn a_rule_denies() {
    let sandbox = builder().start();
    let ran = sandbox.gated("never exit 0");
    assert_eq!(ran.code(), Some(126));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: refused `never exit 0`
  rule: never (SANDBOX/root/config/policy.d/10-tests.toml:15) -- tier unknown
  reason: it is never a good idea
tollgate: {"v":1,"verdict":"deny","reason":"rule","operation":"never.unknown","tier":null,"rule":"never","id":"ID","retry":false}
"#
    );
    let refused = &sandbox.audit_of("refused")[0];
    assert_eq!((&refused["reason"], &refused["decision"]), (&"rule".into(), &"deny".into()));
    assert!(sandbox.audit_of("intent").is_empty());
}

/// What is said to `probe exit 0` under one rule that allows or denies it.
fn under_a_rule(said: &str) -> (Sandbox, Ran) {
    let rule = format!("[[rule]]\nname = \"r\"\ntools = \"probe\"\ntier = \"unknown\"\n{said}\n");
    let sandbox = Sandbox::builder(e2e::programs!()).probe("probe").policy("10.toml", &rule).start();
    let ran = sandbox.gated("probe exit 0");
    (sandbox, ran)
}

#[test]
fn a_rules_code_is_told_to_programs() {
    let (sandbox, ran) = under_a_rule("verdict = \"deny\"\ncode = \"not-on-fridays\"");
    assert_eq!(ran.code(), Some(126));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: refused `probe exit 0`
  rule: r (SANDBOX/root/config/policy.d/10.toml:1) -- tier unknown
tollgate: {"v":1,"verdict":"deny","reason":"rule","operation":"probe.unknown","tier":null,"rule":"r","code":"not-on-fridays","id":"ID","retry":false}
"#
    );
}

#[test]
fn a_run_whose_output_would_have_to_be_filtered_is_refused() {
    let (sandbox, ran) = under_a_rule("verdict = \"allow\"\nredact = \"aws-keys\"");
    assert_eq!(ran.code(), Some(125));
    let text = said(&sandbox, &ran);
    assert!(text.contains("  a rule hides part of the output, and output cannot be filtered yet"), "{text}");
    assert!(text.ends_with("\"retry\":false}\n"), "it is the same however often it is tried: {text}");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn no_rule_allows() {
    let sandbox = builder().wrap("git").start();
    let ran = sandbox.gated("git status");
    assert_eq!(ran.code(), Some(126));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: refused `git status`
  no rule allows it -- T0 observe
tollgate: {"v":1,"verdict":"deny","reason":"default","operation":"git.status","tier":0,"rule":null,"id":"ID","retry":false}
"#
    );
}

#[test]
fn nobody_knows_what_it_does() {
    let sandbox = builder().probe("strange").start();
    let ran = sandbox.gated("strange exit 0");
    assert_eq!(ran.code(), Some(126));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: refused `strange exit 0`
  the gate does not know what it does, and no rule allows that -- tier unknown
tollgate: {"v":1,"verdict":"deny","reason":"unknown","operation":"strange.unknown","tier":null,"rule":null,"id":"ID","retry":false}
"#
    );
}

#[test]
fn the_wait_is_over_and_the_question_still_open() {
    let sandbox = builder().settings("[approvals]\nwait_s = 1\n").start();
    let ran = sandbox.gated("ask exit 0");
    assert_eq!(ran.code(), Some(75));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: waiting for a person (`tollgate approvals --root SANDBOX/root`): `ask exit 0` is question ID
tollgate: not decided yet: `ask exit 0`
  nobody has answered question ID; it stays open for 60 min
  run the same command again to go on waiting
tollgate: {"v":1,"verdict":"escalate","reason":"pending","operation":"ask.unknown","tier":null,"rule":"ask-first","id":"ID","retry":true}
"#
    );
}

#[test]
fn the_question_expires() {
    let sandbox = builder().settings("[approvals]\nwait_s = 5\nopen_s = 1\n").start();
    let ran = sandbox.gated("ask exit 0");
    assert_eq!(ran.code(), Some(75));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: waiting for a person (`tollgate approvals --root SANDBOX/root`): `ask exit 0` is question ID
tollgate: not decided: `ask exit 0`
  nobody has answered question ID in time; run the command again to ask anew
tollgate: {"v":1,"verdict":"escalate","reason":"expired","operation":"ask.unknown","tier":null,"rule":"ask-first","id":"ID","retry":true}
"#
    );
    sandbox.await_records("expired", 1);
}

#[test]
fn a_person_denies() {
    let sandbox = builder().start();
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", "ask exit 0"]);
    let mut running = sandbox.start_command(command);
    let id = crate::question_id(&running.line_on_stderr(" is question ")).to_owned();
    assert_eq!(sandbox.person(&["deny", &id, "--reason", "ask me tomorrow"]).0, Some(0));
    let ran = running.finish(Duration::from_secs(10));
    assert_eq!(ran.code(), Some(126));
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    assert_eq!(
        said(&sandbox, &ran).replace(&format!("denied by {user}"), "denied by USER"),
        r#"tollgate: waiting for a person (`tollgate approvals --root SANDBOX/root`): `ask exit 0` is question ID
tollgate: refused `ask exit 0`
  denied by USER: ask me tomorrow
tollgate: {"v":1,"verdict":"deny","reason":"person","operation":"ask.unknown","tier":null,"rule":"ask-first","id":"ID","retry":false}
"#
    );
}

#[test]
fn there_is_no_daemon() {
    let sandbox = builder().without_daemon();
    let ran = sandbox.gated("probe exit 0");
    assert_eq!(ran.code(), Some(125));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: refused `probe`
  the daemon does not answer at `SANDBOX/root/run/gate`: no such file
  start it with `tollgate service start`, then look with `tollgate status`
tollgate: {"v":1,"verdict":"none","reason":"gate","retry":true}
"#
    );
}

#[test]
fn there_is_no_real_binary() {
    let policy = crate::POLICY.replace("tools = \"probe\"", "tools = \"missing\"");
    let sandbox = Sandbox::builder(e2e::programs!()).wrap("missing").policy("10-tests.toml", &policy).start();
    let ran = sandbox.gated("missing");
    assert_eq!(ran.code(), Some(127));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: no program `missing` on PATH beside the shim
tollgate: {"v":1,"verdict":"none","reason":"not_found","operation":"missing.unknown","tier":null,"rule":"may-run","id":"ID","retry":false}
"#
    );
}

#[test]
fn the_real_binary_cannot_be_executed() {
    let policy = crate::POLICY.replace("tools = \"probe\"", "tools = \"plain-file\"");
    let builder = Sandbox::builder(e2e::programs!()).script("plain-file", "#!/bin/sh\n", "644");
    let sandbox = builder.policy("10-tests.toml", &policy).start();
    let ran = sandbox.gated("plain-file");
    assert_eq!(ran.code(), Some(126));
    assert_eq!(
        said(&sandbox, &ran),
        r#"tollgate: cannot execute `SANDBOX/bin/plain-file`: permission denied
tollgate: {"v":1,"verdict":"none","reason":"not_executable","operation":"plain-file.unknown","tier":null,"rule":"may-run","id":"ID","retry":false}
"#
    );
}

#[test]
fn what_a_caller_wrote_is_shown_escaped_and_on_one_line() {
    let sandbox = builder().start();
    let ran = sandbox.gated(r"never $'\e[2J' $'a\nb' $'\u202e' $'\xff' ''");
    assert_eq!(ran.code(), Some(126));
    let text = said(&sandbox, &ran);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    assert_eq!(
        text.lines().next().unwrap_or_default(),
        r"tollgate: refused `never $'\x1b[2J' $'a\nb' $'\xe2\x80\xae' $'\xff' ''`"
    );
}
