//! What a policy is made of, and what comes with a judgement.

use super::*;

const RULES: &str = "[[rule]]\nname = 'reads'\nverdict = 'allow'\ntier = 0\n";
const AGENTS: &str = "version = 1\n[agents.claude-code]\nclearance = 2\ndescription = 'writes code'\n[agents.codex]\n";

fn parsed(sources: &[Source]) -> Policy {
    Policy::parse(sources).unwrap()
}

#[test]
fn a_policy_of_nothing_denies_everything() {
    let policy = parsed(&[]);
    assert_eq!((policy.rules(), policy.sources().len()), (0, 0));
    assert_eq!(said(&policy.judge(&Asked::new(&operation("ls.run T0"), subject("claude")))), "deny default");
}

#[test]
fn agents_are_known_by_their_exact_name() {
    let policy = parsed(&[source("a.toml", AGENTS)]);
    let expected =
        AgentEntry { clearance: Some(2), description: Some("writes code".to_owned()), ..AgentEntry::default() };
    assert_eq!(policy.agent("claude-code"), Some(&expected));
    assert_eq!(policy.agent("codex"), Some(&AgentEntry::default()));
    assert_eq!(policy.agent("claude"), None);
}

#[test]
fn all_sources_are_one_policy() {
    let policy = parsed(&[source("b.toml", RULES), source("a.toml", AGENTS)]);
    assert_eq!(policy.sources(), ["b.toml", "a.toml"]);
    assert_eq!(policy.rules(), 1);
    assert!(policy.agent("codex").is_some());
}

#[test]
fn the_hash_does_not_depend_on_names_and_order() {
    let one = parsed(&[source("a.toml", RULES), source("b.toml", AGENTS)]);
    let other = parsed(&[source("y.toml", AGENTS), source("x.toml", RULES)]);
    assert_eq!(one.hash(), other.hash());
    let (kind, digest) = one.hash().split_once(':').unwrap();
    assert_eq!((kind, digest.len()), ("sha256", 64));
}

#[test]
fn the_hash_depends_on_what_is_said_and_who_says_it() {
    let one = parsed(&[source("a.toml", RULES)]);
    let longer = parsed(&[source("a.toml", &format!("{RULES}reason = 'x'\n"))]);
    let theirs = parsed(&[Source { layer: Layer::Organisation, ..source("a.toml", RULES) }]);
    let split = parsed(&[source("a.toml", RULES), source("b.toml", "")]);
    let hashes = [one.hash(), longer.hash(), theirs.hash(), split.hash()];
    assert_eq!(hashes.into_iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}

#[test]
fn a_rule_is_named_with_its_place_and_its_reason() {
    let text =
        "version = 1\n\n[[rule]]\nname = 'no-destroy'\nverdict = 'deny'\nreason = \"the pipeline does\\u001b that\"\n";
    let rule = parsed(&[source("~/10-infra.toml", text)])
        .judge(&Asked::new(&operation("t.x T4"), subject("claude")))
        .rule
        .unwrap();
    assert_eq!(rule.to_string(), "no-destroy (~/10-infra.toml:3)");
    assert_eq!(rule.layer, Layer::User);
    assert_eq!(rule.reason.as_deref(), Some("the pipeline does\\x1b that"));
}

#[test]
fn the_rule_that_decides_does_not_depend_on_the_order_of_sources() {
    let sources = ["b", "a", "c"]
        .map(|name| source(&format!("{name}.toml"), &format!("[[rule]]\nname = 'of-{name}'\nverdict = 'deny'\n")));
    let mut reversed = sources.clone();
    reversed.reverse();
    for sources in [sources, reversed] {
        let judgement = parsed(&sources).judge(&Asked::new(&operation("t.x T4"), subject("claude")));
        assert_eq!(judgement.rule.unwrap().to_string(), "of-a (a.toml:1)");
    }
}

#[test]
fn the_meaning_that_decided_is_told() {
    let policy = policy(&["tiers = { 0 = 'allow', 2 = 'escalate', 4 = 'deny' }"]);
    for (command, expected) in [
        ("t.a T0 & t.b T0", 0),
        ("t.a T0 & t.b T2 & t.c T2", 1),
        ("t.a T0 & t.b T2 & t.c T4", 2),
        ("t.a T1 & t.b T0", 0),
        ("t.a T1 & t.b T4", 1),
    ] {
        assert_eq!(policy.judge(&Asked::new(&operation(command), subject("claude"))).meaning, expected, "{command}");
    }
}

#[test]
fn the_reason_says_why_it_was_not_allowed() {
    let policy = policy(&["tiers = { 0 = 'allow', 2 = 'escalate', 4 = 'deny' }"]);
    for (command, expected) in [
        ("t.a T0", None),
        ("t.a T1", Some(Reason::Default)),
        ("t.a T2", Some(Reason::Rule)),
        ("t.a T4", Some(Reason::Rule)),
        ("t.a T?", Some(Reason::Unknown)),
    ] {
        assert_eq!(policy.judge(&Asked::new(&operation(command), subject("claude"))).reason, expected, "{command}");
    }
}

#[test]
fn of_two_policies_the_stricter_holds() {
    let verdicts = ["allow", "escalate", "deny"];
    let judgement = |verdict: &str, name: &str| {
        let text = format!("[[rule]]\nname = '{name}'\nverdict = '{verdict}'\n");
        parsed(&[source("p.toml", &text)]).judge(&Asked::new(&operation("t.x T0"), subject("claude")))
    };
    for (one_strictness, one) in verdicts.into_iter().enumerate() {
        for (other_strictness, other) in verdicts.into_iter().enumerate() {
            let held = judgement(one, "one").stricter(judgement(other, "other"));
            let expected = if other_strictness > one_strictness { (other, "other") } else { (one, "one") };
            assert_eq!(said(&held), format!("{} {}", expected.0, expected.1));
        }
    }
}

#[test]
fn a_tool_whose_name_has_a_dot_is_matched_whole() {
    let dotted = Operation { tool: "python3.11".into(), ..operation("python3.11.unknown T?") };
    let judged = |tools: &str| {
        said(
            &policy(&[&format!("verdict = 'allow'\ntier = 'unknown'\ntools = '{tools}'")])
                .judge(&Asked::new(&dotted, subject("claude"))),
        )
    };
    assert_eq!(judged("python3.11"), "allow a");
    assert_eq!(judged("python3"), "deny unknown");
}

#[test]
fn internal_hosts_are_those_of_all_sources() {
    let policy = parsed(&[
        source("a.toml", "internal_hosts = ['*.corp.example', 'build']\n"),
        source("b.toml", "internal_hosts = '10.*'\n"),
    ]);
    for host in ["git.corp.example", "build", "10.1.2.3"] {
        assert!(policy.is_internal(host.as_bytes()), "{host}");
    }
    for host in ["corp.example.evil", "builder", "example.com", ""] {
        assert!(!policy.is_internal(host.as_bytes()), "{host}");
    }
    assert!(!parsed(&[source("a.toml", RULES)]).has_internal_hosts());
}

#[test]
fn a_project_does_not_say_which_hosts_are_internal() {
    let problems = Project::parse(&source(".tollgate.toml", "internal_hosts = '*'\n")).unwrap_err();
    let said = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(said.contains("a project does not say which hosts are internal"), "{said}");
}
