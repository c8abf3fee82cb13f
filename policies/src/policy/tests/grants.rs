//! What a grant turns into an allow, and what it leaves alone.

use proptest::prelude::*;

use super::*;

const ESCALATE: &str = "verdict = 'escalate'";
const UNSURE: &str = "verdict = 'deny'\ntarget.workspace = 'prod'\nunknown = 'escalate'";

fn grant(operation: &str, target: &str) -> Grant {
    let target: Vec<_> = target.split_whitespace().filter_map(|word| word.split_once('=')).collect();
    let target: Vec<_> = target.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Grant::new("g1", "claude", operation, &target).unwrap()
}

fn judged_with(rules: &[&str], grants: &[Grant], command: &str, agent: &str) -> Judgement {
    let operation = operation(command);
    policy(rules).judge(&Asked { grants, ..Asked::new(&operation, subject(agent)) })
}

/// What the rules say to `claude` with one grant.
fn granted(rules: &[&str], grant: Grant, command: &str) -> String {
    said(&judged_with(rules, &[grant], command, "claude"))
}

#[test]
fn a_grant_turns_a_question_into_an_allow_and_is_named() {
    let judgement = judged_with(&[ESCALATE], &[grant("t.apply", "")], "t.apply T2", "claude");
    assert_eq!((judgement.verdict, judgement.reason), (Verdict::Allow, None));
    assert_eq!(judgement.covers, [Cover::Grant("g1".to_owned())]);
    assert_eq!(judgement.rule.unwrap().name, "a");
}

#[test]
fn a_grant_overrides_no_deny() {
    let any = || grant("*", "");
    assert_eq!(granted(&["verdict = 'deny'"], any(), "t.apply T2"), "deny a");
    assert_eq!(granted(&[ESCALATE, "verdict = 'deny'"], any(), "t.apply T2"), "deny b");
    assert_eq!(granted(&[], any(), "t.apply T2"), "deny default");
    assert_eq!(granted(&["verdict = 'escalate'\ntools = 't'"], any(), "t.apply T2 & u.x T0"), "deny default");
}

#[test]
fn a_grant_is_for_its_agent_operation_and_target_alone() {
    let dev = || grant("t.*", "workspace=dev-*");
    assert_eq!(granted(&[ESCALATE], dev(), "t.apply T2 workspace=dev-1"), "allow a");
    assert_eq!(granted(&[ESCALATE], dev(), "t.apply T2 workspace=prod"), "escalate a");
    assert_eq!(granted(&[ESCALATE], dev(), "t.apply T2 workspace=dev-1 workspace=prod"), "escalate a");
    assert_eq!(granted(&[ESCALATE], dev(), "t.apply T2"), "escalate a");
    assert_eq!(granted(&[ESCALATE], dev(), "u.apply T2 workspace=dev-1"), "escalate a");
    let codex = judged_with(&[ESCALATE], &[dev()], "t.apply T2 workspace=dev-1", "codex");
    assert_eq!(said(&codex), "escalate a");
}

#[test]
fn a_grant_does_not_cover_what_is_not_known() {
    assert_eq!(granted(&[ESCALATE], grant("t.*", "workspace=*"), "t.apply T2 workspace=?"), "escalate a");
    assert_eq!(granted(&[UNSURE], grant("t.*", "workspace=dev"), "t.apply T2 workspace=?"), "escalate a");
    assert_eq!(granted(&[ESCALATE], grant("*", ""), "t.unknown T?"), "escalate a");
    assert_eq!(granted(&[ESCALATE], grant("t.unknown", ""), "t.unknown T?"), "allow a");
}

#[test]
fn every_meaning_needs_its_own_cover() {
    let both = [grant("t.apply", ""), Grant::new("g2", "claude", "t.destroy", &[]).unwrap()];
    let command = "t.apply T2 & t.destroy T4";
    assert_eq!(said(&judged_with(&[ESCALATE], &both[..1], command, "claude")), "escalate a");
    let covered = judged_with(&[ESCALATE], &both, command, "claude");
    assert_eq!((covered.verdict, covered.covers.len()), (Verdict::Allow, 2));
}

#[test]
fn a_grant_that_cannot_be_read_says_why() {
    let told = |agent: &str, operation: &str, name: &str| {
        Grant::new("g", agent, operation, &[(name.to_owned(), "x".to_owned())]).unwrap_err().to_string()
    };
    assert_eq!(told("unknown", "*", "path"), "a grant is for an agent that is known by its name, not for `unknown`");
    assert_eq!(told("a", "", "path"), "the operation `` cannot be read: it is empty");
    assert_eq!(told("a", "t.*", "workspaces"), "a target has no `workspaces`; did you mean `workspace`?");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_grant_never_overrides_a_deny(
        rules in properties::rules(),
        command in properties::a_command(),
        agent in properties::an_agent(),
        glob in prop::sample::select(vec!["*", "t.*", "t.x", "*.unknown"]),
    ) {
        let sources = properties::sources(&rules);
        let policy = Policy::parse(&sources).unwrap();
        let operation = operation(&command);
        let asked = Asked::new(&operation, subject(agent));
        let before = policy.judge(&asked);
        let name = if asked.subject.agent == Subject::UNKNOWN { "claude" } else { asked.subject.agent };
        let grants = [Grant::new("g", name, glob, &[]).unwrap()];
        let after = policy.judge(&Asked { grants: &grants, ..asked });
        prop_assert_eq!(before.verdict == Verdict::Deny, after.verdict == Verdict::Deny);
        prop_assert!(after.verdict <= before.verdict);
    }
}
