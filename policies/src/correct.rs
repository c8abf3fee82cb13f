//! The corrected argv: what the rules that correct a command make of it.
//!
//! All corrections hold at once, so their order means nothing; two that would
//! change the same flag differently refuse the call. Deliberately not here: judging
//! the corrected argv, which goes through everything once more.

use crate::classify::Arguments;
use crate::classify::print::{Found, PrintError, Printer};
use crate::policy::{Correction, Edit, Mode};

/// What corrections come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// The arguments after the tool's name.
    pub arguments: Vec<Vec<u8>>,
    /// Whether they run or are offered: one rule that only offers is enough.
    pub mode: Mode,
    /// The rules that made a difference, by name.
    pub rules: Vec<String>,
}

/// Why a command cannot be corrected. It does not run then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorrectError {
    /// Two rules want the same flag to be different.
    #[error("the rules `{one}` and `{other}` would change `{flag}` differently")]
    Conflict {
        /// The first rule, by name.
        one: String,
        /// The other.
        other: String,
        /// The flag.
        flag: String,
    },
    /// The argv cannot be changed.
    #[error("the rule `{rule}` cannot correct it: {cause}")]
    Cannot {
        /// The rule.
        rule: String,
        /// Why not.
        cause: PrintError,
    },
}

/// What the corrections make of these arguments; none where they ask for nothing
/// that is not so already.
///
/// # Errors
/// Where they contradict each other, or the arguments cannot be changed.
pub fn correct(arguments: Option<&Arguments>, corrections: &[Correction]) -> Result<Option<Corrected>, CorrectError> {
    let Some(first) = corrections.first() else { return Ok(None) };
    agree(corrections)?;
    let cannot = |rule: &str, cause| CorrectError::Cannot { rule: rule.to_owned(), cause };
    let unread = |cause| cannot(&first.rule.name, cause);
    let mut printer = Printer::of(arguments.ok_or(PrintError::NotUnderstood).map_err(unread)?).map_err(unread)?;
    let (mut mode, mut rules) = (Mode::Run, Vec::new());
    for correction in corrections {
        let before = printer.argv();
        for edit in &correction.edits {
            apply(&mut printer, edit).map_err(|cause| cannot(&correction.rule.name, cause))?;
        }
        if printer.argv() != before {
            mode = mode.max(correction.mode);
            rules.push(correction.rule.name.clone());
        }
    }
    Ok((!rules.is_empty()).then(|| Corrected { arguments: printer.argv(), mode, rules }))
}

/// Whether no flag is to be different in two ways.
fn agree(corrections: &[Correction]) -> Result<(), CorrectError> {
    let all = || corrections.iter().flat_map(|correction| correction.edits.iter().map(move |edit| (correction, edit)));
    for (at, (one, edit)) in all().enumerate() {
        let against = all().skip(at + 1).find(|(_, other)| subject(other) == subject(edit) && *other != edit);
        if let Some((other, _)) = against {
            let (one, other) = (one.rule.name.clone(), other.rule.name.clone());
            return Err(CorrectError::Conflict { one, other, flag: subject(edit).to_owned() });
        }
    }
    Ok(())
}

/// What an edit changes.
fn subject(edit: &Edit) -> &str {
    match edit {
        Edit::On { flag, .. } | Edit::Off { flag } | Edit::Instead { flag, .. } | Edit::AtMost { flag, .. } => flag,
        Edit::Narrow { flag, .. } => flag.as_deref().unwrap_or("operands"),
    }
}

fn apply(printer: &mut Printer, edit: &Edit) -> Result<(), PrintError> {
    match edit {
        Edit::On { flag, value } => {
            let wanted = value.as_deref().map(str::as_bytes);
            let all = printer.all(flag)?;
            if all.is_empty() || all.iter().any(|found| found.value.as_deref() != wanted) {
                printer.remove(flag)?;
                printer.add(flag, wanted);
            }
        }
        Edit::Off { flag } => printer.remove(flag)?,
        Edit::Instead { flag, by, value } => {
            while let Some(found) = printer.find(flag)?.filter(|_| flag != by) {
                let value = value.as_deref().map(str::as_bytes).or(found.value.as_deref());
                printer.replace(&found, by, value);
            }
        }
        Edit::AtMost { flag, number } => at_most(printer, flag, *number)?,
        Edit::Narrow { flag: Some(flag), from, to } => {
            let wide = |value: &[u8]| value != to.as_bytes() && is_like(from, value);
            if printer.all(flag)?.iter().any(|found| found.value.as_deref().is_some_and(wide)) {
                printer.remove(flag)?;
                printer.add(flag, Some(to.as_bytes()));
            }
        }
        Edit::Narrow { flag: None, from, to } => {
            printer.operands(|value| is_like(from, value).then(|| to.as_bytes().to_vec()));
        }
    }
    Ok(())
}

fn at_most(printer: &mut Printer, flag: &str, number: u64) -> Result<(), PrintError> {
    let read = |found: &Found| std::str::from_utf8(found.value.as_deref()?).ok()?.parse::<u64>().ok();
    let values = printer.all(flag)?.iter().map(read).collect::<Option<Vec<_>>>().ok_or(PrintError::NoNumber)?;
    if values.iter().any(|value| *value > number) {
        printer.remove(flag)?;
        printer.add(flag, Some(number.to_string().as_bytes()));
    }
    Ok(())
}

/// Whether the value is as wide as the pattern says, which is a glob; a value that
/// is what it would become is left alone.
fn is_like(from: &str, value: &[u8]) -> bool {
    crate::policy::glob_matches(from, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::arguments::arguments;
    use crate::classify::{Grammars, Invocation};
    use crate::policy::{Layer, RuleReference};

    fn rule(name: &str, mode: Mode, edits: &[Edit]) -> Correction {
        let name = name.to_owned();
        let rule = RuleReference { name, file: "p".to_owned(), line: 1, layer: Layer::User, reason: None, code: None };
        Correction { rule, mode, edits: edits.to_vec() }
    }

    fn on(flag: &str, value: Option<&str>) -> Edit {
        Edit::On { flag: flag.to_owned(), value: value.map(str::to_owned) }
    }

    fn off(flag: &str) -> Edit {
        Edit::Off { flag: flag.to_owned() }
    }

    fn made(line: &str, env: &[&[u8]], corrections: &[Correction]) -> Result<Option<Corrected>, CorrectError> {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let invocation = Invocation { tool: argv[0], argv: &argv, env, cwd: None, home: None, start: None };
        correct(arguments(Grammars::built_in(), &invocation).as_ref(), corrections)
    }

    /// The corrected line after the tool, or `as it is`, or what is wrong.
    fn one(line: &str, edits: &[Edit]) -> String {
        match made(line, &[], &[rule("a", Mode::Run, edits)]) {
            Ok(Some(corrected)) => String::from_utf8(corrected.arguments.join(&b' ')).unwrap(),
            Ok(None) => "as it is".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn flags_are_switched_off_and_on() {
        assert_eq!(one("terraform apply -auto-approve x.plan", &[off("-auto-approve")]), "apply x.plan");
        assert_eq!(one("terraform apply", &[off("-auto-approve")]), "as it is");
        assert_eq!(one("terraform apply", &[on("-lock-timeout", Some("5m"))]), "apply -lock-timeout=5m");
        assert_eq!(one("terraform apply -lock-timeout=5m", &[on("-lock-timeout", Some("5m"))]), "as it is");
        assert_eq!(
            one("terraform apply -lock-timeout=1s", &[on("-lock-timeout", Some("5m"))]),
            "apply -lock-timeout=5m"
        );
        assert_eq!(one("kubectl delete pod x", &[on("--dry-run", Some("server"))]), "delete --dry-run=server pod x");
        assert_eq!(one("kubectl get pods -n prod", &[off("--namespace")]), "get pods");
    }

    #[test]
    fn flags_and_values_are_replaced_and_narrowed() {
        let lease = Edit::Instead { flag: "--force".into(), by: "--force-with-lease".into(), value: None };
        assert_eq!(one("git push --force origin", &[lease]), "push --force-with-lease origin");
        let most = Edit::AtMost { flag: "-parallelism".into(), number: 5 };
        assert_eq!(one("terraform apply -parallelism=50", std::slice::from_ref(&most)), "apply -parallelism=5");
        assert_eq!(one("terraform apply -parallelism=4", std::slice::from_ref(&most)), "as it is");
        assert_eq!(
            one("terraform apply -parallelism=x", &[most]),
            "the rule `a` cannot correct it: the flag's value is no number"
        );
        let narrow = Edit::Narrow { flag: Some("--namespace".into()), from: "*".into(), to: "web".into() };
        assert_eq!(one("kubectl get pods -n prod", &[narrow]), "get --namespace=web pods");
        let scope = Edit::Narrow { flag: None, from: "/".into(), to: "/workspace".into() };
        assert_eq!(one("rm -r /", &[scope]), "-r /workspace");
    }

    #[test]
    fn every_place_of_a_flag_counts() {
        let most = [Edit::AtMost { flag: "-parallelism".into(), number: 5 }];
        assert_eq!(one("terraform apply -parallelism=3 -parallelism=77", &most), "apply -parallelism=5");
        let replicas = [Edit::AtMost { flag: "--replicas".into(), number: 3 }];
        assert_eq!(one("kubectl scale deploy x --replicas=1 --replicas=9", &replicas), "scale --replicas=3 deploy x");
        let web = [Edit::Narrow { flag: Some("--namespace".into()), from: "*".into(), to: "web".into() }];
        for line in ["kubectl get pods -nweb --namespace=prod", "kubectl get pods -nprod", "kubectl get pods -n=prod"] {
            assert_eq!(one(line, &web), "get --namespace=web pods");
        }
        assert_eq!(one("kubectl get pods -nweb", &web), "as it is");
        let patient = [on("-lock-timeout", Some("5m"))];
        assert_eq!(one("terraform apply -lock-timeout=5m -lock-timeout=0s", &patient), "apply -lock-timeout=5m");
    }

    #[test]
    fn what_cannot_be_changed_for_certain_is_not() {
        assert_eq!(
            one("terraform apply -frob", &[off("-auto-approve")]),
            "the rule `a` cannot correct it: its arguments are not understood"
        );
        let added =
            made("terraform apply", &[b"TF_CLI_ARGS=-auto-approve"], &[rule("a", Mode::Run, &[off("-auto-approve")])]);
        assert_eq!(added, Err(CorrectError::Cannot { rule: "a".into(), cause: PrintError::Added }));
        assert_eq!(
            one("kubectl exec -it pod", &[off("--tty")]),
            "the rule `a` cannot correct it: the flag stands in one argument with others"
        );
    }

    #[test]
    fn rules_that_contradict_each_other_are_both_named() {
        let rules = [rule("a", Mode::Run, &[off("-lock")]), rule("b", Mode::Run, &[on("-lock", Some("false"))])];
        let told = made("terraform apply", &[], &rules).unwrap_err().to_string();
        assert_eq!(told, "the rules `a` and `b` would change `-lock` differently");
        let same = [rule("a", Mode::Run, &[off("-lock")]), rule("b", Mode::Run, &[off("-lock")])];
        assert!(made("terraform apply", &[], &same).is_ok());
    }

    #[test]
    fn one_rule_that_only_offers_is_enough() {
        let rules = [
            rule("a", Mode::Run, &[off("-auto-approve")]),
            rule("b", Mode::Suggest, &[on("-lock-timeout", Some("5m"))]),
            rule("c", Mode::Suggest, &[off("-destroy")]),
        ];
        let corrected = made("terraform apply -auto-approve", &[], &rules).unwrap().unwrap();
        assert_eq!((corrected.mode, corrected.rules), (Mode::Suggest, vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn a_corrected_command_asks_for_no_further_change() {
        let rules = [rule("a", Mode::Run, &[off("-auto-approve"), on("-lock-timeout", Some("5m"))])];
        let corrected = made("terraform apply -auto-approve", &[], &rules).unwrap().unwrap();
        let line = String::from_utf8(corrected.arguments.join(&b' ')).unwrap();
        assert_eq!(made(&format!("terraform {line}"), &[], &rules), Ok(None));
    }
}
