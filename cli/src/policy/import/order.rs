//! Rules whose order counts, as rules whose order does not.
//!
//! Where the first rule that matches decides, a later one holds only where none
//! before it does. That is written out as `unless`, for those before it that could
//! match the same command.

use std::collections::BTreeMap;

/// What a rule asks of a command: for each key (`agents`, `target.workspace`) globs,
/// one of which must match.
pub(super) type Conditions = BTreeMap<String, Vec<String>>;

/// Where this rule does not hold, for the rules before it.
pub(super) fn unless(rule: &Conditions, before: &[Conditions]) -> Vec<Conditions> {
    let mut unless: Vec<Conditions> = Vec::new();
    for earlier in before.iter().filter(|earlier| may_meet(rule, earlier)) {
        // What both ask for in the same words need not be asked again.
        let rest = earlier.iter().filter(|(key, globs)| rule.get(*key) != Some(*globs));
        let rest: Conditions = rest.map(|(key, globs)| (key.clone(), globs.clone())).collect();
        let exception = if rest.is_empty() { earlier.clone() } else { rest };
        if !unless.contains(&exception) {
            unless.push(exception);
        }
    }
    unless
}

/// Whether one command could match both: what they ask for by the same key can meet.
fn may_meet(one: &Conditions, other: &Conditions) -> bool {
    let meet = |key: &String, globs: &Vec<String>| {
        other.get(key).is_none_or(|others| globs.iter().any(|glob| others.iter().any(|other| globs_meet(glob, other))))
    };
    one.iter().all(|(key, globs)| meet(key, globs))
}

/// Whether a text could be like both. In doubt, it could.
fn globs_meet(one: &str, other: &str) -> bool {
    let split = |glob: &str| -> (String, Option<String>) {
        match glob.split_once('*') {
            Some((start, rest)) => (start.to_owned(), Some(rest.rsplit('*').next().unwrap_or_default().to_owned())),
            None => (glob.to_owned(), None),
        }
    };
    match (split(one), split(other)) {
        ((one, None), (other, None)) => one == other,
        ((exact, None), (start, Some(end))) | ((start, Some(end)), (exact, None)) => {
            exact.starts_with(&start) && exact.ends_with(&end)
        }
        ((start, Some(end)), (other_start, Some(other_end))) => {
            (start.starts_with(&other_start) || other_start.starts_with(&start))
                && (end.ends_with(&other_end) || other_end.ends_with(&end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(keys: &[(&str, &[&str])]) -> Conditions {
        let globs = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        keys.iter().map(|(key, list)| ((*key).to_owned(), globs(list))).collect()
    }

    #[test]
    fn only_what_could_match_the_same_command_is_an_exception() {
        let rule = asks(&[("agents", &["claude"]), ("operations", &["terraform.*"])]);
        let before = [
            asks(&[("agents", &["claude"]), ("operations", &["terraform.destroy"])]),
            asks(&[("agents", &["codex"]), ("operations", &["terraform.plan"])]),
            asks(&[("agents", &["*"]), ("operations", &["gh.*", "kubectl.get"])]),
            asks(&[("agents", &["cl*"]), ("operations", &["*.apply"])]),
        ];
        let expected = [
            asks(&[("operations", &["terraform.destroy"])]),
            asks(&[("agents", &["cl*"]), ("operations", &["*.apply"])]),
        ];
        assert_eq!(unless(&rule, &before), expected);
    }

    #[test]
    fn a_rule_that_stands_twice_never_holds_the_second_time() {
        let rule = asks(&[("operations", &["a.b"])]);
        assert_eq!(unless(&rule, std::slice::from_ref(&rule)), std::slice::from_ref(&rule));
    }

    #[test]
    fn globs_meet_unless_a_start_or_an_end_keeps_them_apart() {
        for (one, other, meet) in [
            ("a", "a", true),
            ("a", "b", false),
            ("staging-*", "staging-web", true),
            ("staging-*", "prod-web", false),
            ("*-web", "staging-*", true),
            ("a*x", "a*y", false),
            ("*", "anything", true),
            ("a*b*c", "axc", true),
        ] {
            assert_eq!(globs_meet(one, other), meet, "{one} {other}");
            assert_eq!(globs_meet(other, one), meet, "{other} {one}");
        }
    }
}
