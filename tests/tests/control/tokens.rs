//! Tokens: who is what by a person's signed word, and what a thief makes of one.

use std::process::Stdio;

use e2e::{Builder, Ran, Sandbox};

use crate::{LIMIT, builder, token};

/// `probe` is for `ci` alone, and `ask` for a clearance of 2 and more.
const POLICY: &str = r#"
[agents.ci]
clearance = 3

[[rule]]
name = "ci-probes"
agents = "ci"
tools = "probe"
verdict = "allow"
tier = "unknown"

[[rule]]
name = "cleared"
clearance = ">=2"
tools = "ask"
verdict = "allow"
tier = "unknown"
"#;

fn with_agents() -> Builder {
    Sandbox::builder(e2e::programs!()).probe("probe").probe("ask").tollgate_on_path().policy("10-tests.toml", POLICY)
}

/// An agent that obeys does not try this again: nothing makes it true later.
fn is_final(ran: &Ran) {
    assert!(ran.stderr_text().contains("\"reason\":\"gate\","), "{ran:?}");
    assert!(ran.stderr_text().ends_with("\"retry\":false}\n"), "{ran:?}");
}

#[test]
fn a_token_makes_a_process_tree_its_agents() {
    let mut sandbox = with_agents().start();
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(126), "nobody known is denied");
    let (token, id) = token(&sandbox, &["ci", "--ttl", "30m", "--clearance", "2"]);
    let script = format!(
        "export TOLLGATE_TOKEN={token}; probe exit 3; echo $?; ask exit 4; echo $?; unset TOLLGATE_TOKEN; probe exit 5; echo $?; bash -c 'probe exit 6; echo $?'"
    );
    let ran = sandbox.gated(script.as_str());
    assert_eq!(ran.stdout_text(), "3\n4\n5\n6\n", "{ran:?}");
    let intents = sandbox.audit_of("intent");
    assert_eq!(intents.len(), 4);
    for intent in &intents {
        assert_eq!((&intent["agent"], &intent["clearance"]), (&"ci".into(), &2.into()));
        assert_eq!(intent["token"]["id"], id.as_str());
    }
    assert_eq!(sandbox.audit_of("token_bound").len(), 1);
    assert!(!sandbox.audit_of("token_issued")[0].to_string().contains(&token), "the token itself is in no record");
    sandbox.daemon().kill();
    sandbox.start_daemon();
    let ran = sandbox.gated(format!("TOLLGATE_TOKEN={token} probe exit 3; exit $?").as_str());
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("belongs to another process tree"), "a restart forgets nothing: {ran:?}");
}

#[test]
fn a_token_claims_no_more_than_the_policy_gives_nor_than_it_says() {
    let sandbox = with_agents().start();
    let (low, _) = token(&sandbox, &["ci", "--clearance", "1"]);
    assert_eq!(sandbox.gated(format!("TOLLGATE_TOKEN={low} ask exit 3; exit $?").as_str()).code(), Some(126));
    let (high, _) = token(&sandbox, &["ci", "--clearance", "4"]);
    assert_eq!(sandbox.gated(format!("TOLLGATE_TOKEN={high} ask exit 3; exit $?").as_str()).code(), Some(3));
    assert_eq!(sandbox.audit_of("intent")[0]["clearance"], 3);
    let (other, _) = token(&sandbox, &["stranger", "--clearance", "2"]);
    let ran = sandbox.gated(format!("export TOLLGATE_TOKEN={other}; ask exit 3; echo $?; probe exit 3").as_str());
    assert_eq!((ran.stdout_text().as_str(), ran.code()), ("3\n", Some(126)), "{ran:?}");
}

#[test]
fn a_token_that_is_forged_over_or_revoked_runs_nothing() {
    let sandbox = with_agents().start();
    let (good, id) = token(&sandbox, &["ci", "--clearance", "2"]);
    let forged = good.replace(".2.", ".4.");
    for (wrong, why) in [(forged.as_str(), "none that this gate has made"), ("x", "none that this gate has made")] {
        let ran = sandbox.gated(format!("TOLLGATE_TOKEN={wrong} probe exit 3; exit $?").as_str());
        assert_eq!(ran.code(), Some(125), "{ran:?}");
        assert!(ran.stderr_text().contains(why), "{ran:?}");
        is_final(&ran);
    }
    assert_eq!(sandbox.ask(&["agent", "revoke", &id]).code(), Some(1), "only a person does");
    assert_eq!(sandbox.gated(format!("TOLLGATE_TOKEN={good} probe exit 3; exit $?").as_str()).code(), Some(3));
    assert_eq!(sandbox.person(&["agent", "revoke", &id[..12]]), (Some(0), format!("revoked: {id}\n")));
    let ran = sandbox.gated(format!("TOLLGATE_TOKEN={good} probe exit 3; exit $?").as_str());
    assert!(ran.stderr_text().contains("was revoked"), "{ran:?}");
    is_final(&ran);
    let listed = sandbox.ask(&["agent", "tokens"]).stdout_text();
    assert!(listed.contains("  ci  clearance 2  until ") && listed.ends_with("  revoked\n"), "{listed}");
    let (short, _) = token(&sandbox, &["ci", "--ttl", "1s"]);
    let over = || sandbox.gated(format!("TOLLGATE_TOKEN={short} probe exit 3; exit $?").as_str());
    sandbox.await_change("root/state/audit", || over().stderr_text().contains("time of token"));
    assert_eq!(sandbox.audit_of("refused").last().unwrap()["reason"], "gate");
}

#[test]
fn a_stolen_token_is_worth_nothing_in_another_process_tree() {
    let sandbox = with_agents().start();
    sandbox.put_shims_first();
    let (token, _) = token(&sandbox, &["ci"]);
    let mut owner = sandbox.command("bash");
    owner.args(["-c", "bash -c 'probe exit 3; echo $?; read -r'"]).env("TOLLGATE_TOKEN", &token).stdin(Stdio::piped());
    let mut owner = sandbox.start_command(owner);
    owner.until_stdout("3\n");
    let ran = sandbox.gated(format!("TOLLGATE_TOKEN={token} probe exit 3; exit $?").as_str());
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("belongs to another process tree"), "{ran:?}");
    is_final(&ran);
    let refused = sandbox.audit_of("refused");
    assert!(refused[0]["agent_known_by"].to_string().contains("another process tree"), "{}", refused[0]);
    owner.type_line("");
    assert_eq!(owner.finish(LIMIT).code(), Some(0));
}

#[test]
fn a_neighbours_token_inside_a_session_lends_nothing() {
    let sandbox = with_agents().start();
    let (token, _) = token(&sandbox, &["ci", "--clearance", "3"]);
    let script = format!("TOLLGATE_TOKEN={token} probe exit 3; echo $?; TOLLGATE_TOKEN={token} ask exit 3; exit $?");
    let ran = sandbox.run_command(sandbox.session("stranger", "probe,ask", &script), LIMIT);
    assert_eq!((ran.stdout_text().as_str(), ran.code()), ("126\n", Some(126)), "judged as both: {ran:?}");
    let refused = &sandbox.audit_of("refused")[0];
    assert_eq!((&refused["agent"], &refused["clearance"]), (&"stranger".into(), &serde_json::Value::Null));
    assert!(refused["agent_known_by"].to_string().contains("of `ci`"), "{refused}");
}

#[test]
fn whoever_is_in_a_tokens_tree_is_no_person_and_opens_no_session_of_another() {
    let sandbox = with_agents().start();
    let (token, _) = token(&sandbox, &["stranger"]);
    let script = format!(
        "export TOLLGATE_TOKEN={token}; probe; unset TOLLGATE_TOKEN
        plain launch terminal -- tollgate agent token ci --root \"$ROOT\"; echo $?
        tollgate run --root \"$ROOT\" --agent ci --tools probe -- probe exit 3; echo $?"
    );
    let ran = sandbox.gated(script.as_str());
    assert!(ran.stdout_text().ends_with("126\n"), "{ran:?}");
    assert_eq!(sandbox.audit_of("token_issued").len(), 1);
    let refused = sandbox.audit_of("refused_attempt");
    assert!(refused[0]["message"].as_str().unwrap().contains("an agent's process tree"), "{refused:?}");
    assert_eq!(sandbox.audit_of("session_opened")[0]["token"]["agent"], "stranger");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn nobody_but_a_person_gives_tokens() {
    let sandbox = builder().tollgate_on_path().start();
    let give = "tollgate agent token admin --root \"$ROOT\"";
    let script = format!("{give}; plain launch terminal -- {give}; plain launch orphan terminal -- {give}; never");
    let ran = sandbox.run_command(sandbox.session("claude-code", "never", &script), LIMIT);
    assert_eq!(ran.code(), Some(126), "{ran:?}");
    sandbox.await_records("refused_attempt", 3);
    assert!(sandbox.audit_of("token_issued").is_empty());
}

/// Two forks and a terminal of its own bring a process out from under a token's tree;
/// nothing above it tells of the tree then, but it is younger than the tree's root.
#[test]
fn who_left_a_tokens_tree_answers_nothing() {
    if e2e::require_tool("script").is_none() {
        return;
    }
    let sandbox = with_agents().probe("slow").policy("20-asks.toml", ASKS).start();
    let (token, _) = token(&sandbox, &["ci", "--ttl", "30m", "--clearance", "2"]);
    let answer = "setsid --fork script -qefc 'tollgate approve '$id' --root '$ROOT said < /dev/null > /dev/null 2>&1";
    let script = format!(
        "export ROOT={}; export TOLLGATE_TOKEN={token}; probe exit 0; (slow exit 3 2> asked; echo $? > ended) &
        until id=$(grep -o '01[0-9A-Z]*$' asked); do sleep 0.05; done; {answer}
        until grep -q . said 2> /dev/null; do sleep 0.05; done; sleep 0.2; kill %1; wait; cat said; rm -f said asked ended",
        sandbox.path("root").display()
    );
    let ran = sandbox.gated(e2e::Script::new(&script).limit(LIMIT));
    assert!(ran.stdout_text().contains("of the process tree of token"), "{ran:?}");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 1);
    assert!(sandbox.audit_of("answer").is_empty());
}

const ASKS: &str = "[[rule]]\nname = \"slow-asks\"\ntools = \"slow\"\nverdict = \"escalate\"\ntier = \"unknown\"\n";
