//! What holds for every policy and every command, tried on thousands of both.
//!
//! Everything is drawn from small sets, so that rules and commands meet often.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

/// The inside of a rule, without its name.
fn any_rule() -> impl Strategy<Value = String> {
    prop_oneof![rule(select(vec!["allow"])), rule(select(vec!["escalate", "deny"])), rule_by_tier()]
}

/// A rule that denies, and does not ask instead.
fn hard_deny() -> impl Strategy<Value = String> {
    rule(Just("deny")).prop_map(|rule| rule.replace("unknown = 'escalate'\n", ""))
}

fn rule(verdict: impl Strategy<Value = &'static str>) -> impl Strategy<Value = String> {
    let tier = of(subsequence(vec!["0", "2", "'>=3'", "'unknown'"], 1..3));
    (verdict, tier, conditions(), of(exception()), any::<bool>()).prop_map(|(verdict, tier, when, unless, soft)| {
        let tier = tier.map_or(String::new(), |tier| format!("tier = [{}]\n", tier.join(", ")));
        let unless = unless.unwrap_or_default();
        let unknown = if verdict == "deny" && soft { "unknown = 'escalate'\n" } else { "" };
        format!("verdict = '{verdict}'\n{tier}{when}{unless}{unknown}")
    })
}

fn rule_by_tier() -> impl Strategy<Value = String> {
    let verdict = || select(vec!["allow", "escalate", "deny"]);
    (verdict(), verdict(), verdict(), conditions(), of(exception())).prop_map(|(low, high, unknown, when, unless)| {
        let unless = unless.unwrap_or_default();
        format!("tiers = {{ 0 = '{low}', 4 = '{high}', unknown = '{unknown}' }}\n{when}{unless}")
    })
}

fn conditions() -> impl Strategy<Value = String> {
    subsequence(
        vec![
            "agents = ['claude', 'co*']\n",
            "clearance = '>=2'\n",
            "doors = 'exec'\n",
            "tools = 't'\n",
            "operations = ['t.*', 'u.x']\n",
            "target.workspace = 'dev-*'\n",
            "target.path = ['/tmp/*', '/srv/*']\n",
        ],
        0..3,
    )
    .prop_map(|conditions| conditions.concat())
}

fn exception() -> impl Strategy<Value = String> {
    subsequence(
        vec![
            "operations = '*.x'",
            "clearance = '<2'",
            "target.workspace = ['dev-1', 'prod']",
            "target.path = '/tmp/*'",
            "tier = 0",
        ],
        1..3,
    )
    .prop_map(|conditions| format!("unless = {{ {} }}\n", conditions.join(", ")))
}

fn a_meaning() -> impl Strategy<Value = String> {
    let value = |dimension: &'static str, values: &[&'static str]| {
        vec(select(values.to_vec()).prop_map(move |value| format!(" {dimension}={value}")), 0..3)
    };
    (
        select(vec!["t.x", "t.y.z", "u.x", "foo.unknown"]),
        select(vec!["T0", "T2", "T4", "T?"]),
        value("workspace", &["dev-1", "dev-2", "prod", "?"]),
        value("path", &["/tmp/a", "/srv/b", "/etc/c", "/tmp/../d", "?"]),
    )
        .prop_map(|(operation, tier, workspaces, paths)| {
            format!("{operation} {tier}{}{}", workspaces.concat(), paths.concat())
        })
}

pub(super) fn a_command() -> impl Strategy<Value = String> {
    vec(a_meaning(), 1..3).prop_map(|meanings| meanings.join(" & "))
}

pub(super) fn an_agent() -> impl Strategy<Value = &'static str> {
    select(vec!["claude", "claude C1", "claude C3 exec", "codex C2", "unknown", "unknown exec"])
}

pub(super) fn rules() -> impl Strategy<Value = Vec<String>> {
    vec(any_rule(), 0..6)
}

/// One file a rule, so that a rule's place does not depend on the other rules.
pub(super) fn sources(rules: &[String]) -> Vec<Source> {
    let file = |(index, rule): (usize, &String)| {
        source(&format!("{index}.toml"), &format!("[[rule]]\nname = 'r{index}'\n{rule}"))
    };
    rules.iter().enumerate().map(file).collect()
}

fn judge(sources: &[Source], command: &str, agent: &str) -> Judgement {
    let policy = Policy::parse(sources).unwrap_or_else(|problems| panic!("{problems}"));
    policy.judge(&Asked::new(&operation(command), subject(agent)))
}

/// The command with every value, or just the first one, no longer known.
fn forgotten(command: &str) -> [String; 2] {
    let forget = |word: &str| word.split_once('=').map_or(word.to_owned(), |(dimension, _)| format!("{dimension}=?"));
    let all = command.split(' ').map(forget).collect::<Vec<_>>().join(" ");
    let mut once = true;
    let first = |word: &str| {
        let forgets = word.contains('=') && std::mem::take(&mut once);
        if forgets { forget(word) } else { word.to_owned() }
    };
    let first = command.split(' ').map(first).collect::<Vec<_>>().join(" ");
    [all, first]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_files_never_matters(
        (rules, order) in rules().prop_flat_map(|rules| { let order = shuffled(&rules); (Just(rules), order) }),
        command in a_command(),
        agent in an_agent(),
    ) {
        let rules = sources(&rules);
        let shuffled: Vec<Source> = order.iter().map(|index| rules[*index].clone()).collect();
        prop_assert_eq!(judge(&rules, &command, agent), judge(&shuffled, &command, agent));
    }

    #[test]
    fn the_order_of_rules_in_a_file_never_matters(
        (rules, order) in rules().prop_flat_map(|rules| { let order = shuffled(&rules); (Just(rules), order) }),
        command in a_command(),
        agent in an_agent(),
    ) {
        let named: Vec<String> = sources(&rules).into_iter().map(|source| source.text).collect();
        let shuffled: Vec<String> = order.iter().map(|index| named[*index].clone()).collect();
        let one = judge(&[source("p.toml", &named.concat())], &command, agent);
        let other = judge(&[source("p.toml", &shuffled.concat())], &command, agent);
        prop_assert_eq!((one.verdict, one.reason, one.meaning), (other.verdict, other.reason, other.meaning));
    }

    #[test]
    fn one_more_deny_never_makes_anything_milder(rules in rules(), deny in hard_deny(), command in a_command(), agent in an_agent()) {
        let before = judge(&sources(&rules), &command, agent);
        let after = judge(&sources(&[rules, vec![deny]].concat()), &command, agent);
        prop_assert!(after.verdict >= before.verdict);
    }

    #[test]
    fn one_more_deny_or_escalate_never_allows_more(rules in rules(), strict in rule(select(vec!["escalate", "deny"])), command in a_command(), agent in an_agent()) {
        let before = judge(&sources(&rules), &command, agent);
        let after = judge(&sources(&[rules, vec![strict]].concat()), &command, agent);
        prop_assert!(before.verdict == Verdict::Allow || after.verdict != Verdict::Allow);
    }

    #[test]
    fn what_is_not_known_never_allows_more(rules in rules(), command in a_command(), agent in an_agent()) {
        let before = judge(&sources(&rules), &command, agent);
        for forgotten in forgotten(&command) {
            let after = judge(&sources(&rules), &forgotten, agent);
            prop_assert!(before.verdict == Verdict::Allow || after.verdict != Verdict::Allow, "{} {}", command, forgotten);
        }
    }

    #[test]
    fn a_clearance_that_is_not_known_never_allows_more(rules in rules(), command in a_command()) {
        for agent in ["claude C0", "claude C1", "claude C2", "claude C3", "claude C4"] {
            let before = judge(&sources(&rules), &command, agent);
            let after = judge(&sources(&rules), &command, "claude");
            prop_assert!(before.verdict == Verdict::Allow || after.verdict != Verdict::Allow, "{}", agent);
        }
    }

    #[test]
    fn what_else_a_command_does_never_makes_it_milder(rules in rules(), command in a_command(), more in a_meaning(), agent in an_agent()) {
        let before = judge(&sources(&rules), &command, agent);
        let after = judge(&sources(&rules), &format!("{command} & {more}"), agent);
        prop_assert!(after.verdict >= before.verdict);
    }

    #[test]
    fn nothing_unknown_is_allowed_unless_a_rule_names_it(rules in rules(), command in a_command(), agent in an_agent()) {
        let rules: Vec<String> = rules.into_iter().filter(|rule| !rule.contains("unknown")).collect();
        let judgement = judge(&sources(&rules), &command, agent);
        let unknown = command.contains("unknown") || command.contains("T?");
        prop_assert!(!unknown || judgement.verdict != Verdict::Allow);
    }

    #[test]
    fn only_an_allow_comes_without_a_reason(rules in rules(), command in a_command(), agent in an_agent()) {
        let judgement = judge(&sources(&rules), &command, agent);
        prop_assert_eq!(judgement.reason.is_none(), judgement.verdict == Verdict::Allow);
        prop_assert_eq!(judgement.rule.is_some(), judgement.reason.is_none_or(|reason| reason == Reason::Rule));
    }

    #[test]
    fn it_does_not_matter_whether_a_rule_names_its_tools_outright(rules in rules(), command in a_command(), agent in an_agent()) {
        let vague = |rule: &String| rule.replace("tools = 't'", "tools = ['t', 'no*one']").replace("['t.*', 'u.x']", "['t.*', 'u.x', '*.no.one']");
        let vague: Vec<String> = rules.iter().map(vague).collect();
        prop_assert_eq!(judge(&sources(&rules), &command, agent), judge(&sources(&vague), &command, agent));
    }

    #[test]
    fn of_two_policies_the_verdict_is_the_stricter(one in rules(), other in rules(), command in a_command(), agent in an_agent()) {
        let (one, other) = (judge(&sources(&one), &command, agent), judge(&sources(&other), &command, agent));
        prop_assert_eq!(one.clone().stricter(other.clone()).verdict, one.verdict.max(other.verdict));
        prop_assert_eq!(one.clone().stricter(one.clone()), one);
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused(text in "(\\[\\[rule\\]\\]\n|name = |verdict = |tier|tiers|target\\.|agents|unless|[\\[\\]{}=.,'\"\n#]|[a-z0-9é\u{202e}\u{0}-]|>=|allow|'deny'| ){0,40}") {
        if let Err(problems) = Policy::parse(&[source("p.toml", &text)]) {
            prop_assert!(problems.iter().count() > 0);
            prop_assert!(problems.to_string().lines().all(|line| line.starts_with("p.toml:") && line.contains("; ")));
        }
    }
}

fn shuffled(rules: &[String]) -> impl Strategy<Value = Vec<usize>> + use<> {
    Just((0..rules.len()).collect::<Vec<_>>()).prop_shuffle()
}
