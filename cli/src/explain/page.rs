//! An answer as a person reads it.
//!
//! What came from the command is escaped and cut; the JSON form has it whole.

use tollgate_audit::{Bytes, TargetValue, Targets};
use tollgate_policies::{Tier, show};

use super::judge::{By, Explained};

/// Most characters of anything on one line.
const MOST: usize = 400;

/// Most changes that are named.
const MOST_CHANGES: usize = 20;

/// The page, without a last line's end.
pub(super) fn text(explained: &Explained<'_>, by: &By) -> String {
    let described = &explained.described;
    let mut lines = vec![show::command(explained.argv, MOST)];
    let mut line = |name: &str, value: String| lines.push(format!("  {name:<9}  {value}"));
    line("operation", escaped(&described.operation));
    line("tier", format!("{}: {}", tier(described.tier), escaped(&described.rationale)));
    explained.decided_by.iter().for_each(|word| line("because", show::text(word.as_slice(), MOST)));
    targets(&described.target).into_iter().for_each(|target| line("target", target));
    for also in &described.also {
        let by = also.wrapped_by.iter().map(|tool| format!(", by {}", escaped(tool))).collect::<String>();
        line("also", format!("{} ({}){by}", escaped(&also.operation), tier(also.tier)));
        let own = targets(&also.target).into_iter().filter(|_| also.target != described.target);
        own.for_each(|target| line("  target", target));
    }
    explained.corrected.iter().for_each(|argv| line("corrected", show::command(argv, MOST)));
    let changes = described.changes.as_ref().map(|changes| changes.phrases(MOST_CHANGES)).unwrap_or_default();
    changes.iter().for_each(|change| line("changes", escaped(change)));
    line("verdict", verdict(explained));
    explained.objection.iter().for_each(|objection| line("argument", escaped(objection)));
    explained.rule_reason().iter().for_each(|reason| line("reason", escaped(reason)));
    explained.milder.iter().for_each(|argv| line("milder", show::command(argv, MOST)));
    explained.runs_as.iter().for_each(|argv| line("runs as", runs_as(argv)));
    for file in &explained.read {
        let absent = if file.sha256.is_none() { " (absent)" } else { "" };
        line("read", format!("{}{absent}", show::text(file.path.as_slice(), MOST)));
    }
    line("agent", agent(by));
    line("policy", escaped(&by.policy.join(", ")));
    if by.observes {
        line("observed", "the policy is only tried out: it runs whatever the verdict".to_owned());
    }
    line("note", format!("not counted here: {}", by.not_counted.join(", ")));
    lines.join("\n")
}

fn escaped(text: &str) -> String {
    show::text(text.as_bytes(), MOST)
}

fn tier(number: Option<u8>) -> String {
    number.and_then(Tier::of_number).map_or_else(|| "tier unknown".to_owned(), |tier| tier.to_string())
}

fn verdict(explained: &Explained) -> String {
    let because = match (explained.rule(), explained.rule_at(), explained.reason) {
        (Some(table), Some(at), Some("default")) => {
            format!("no rule names it, and {} ({}) says so of what none names", escaped(table), escaped(&at))
        }
        (Some(rule), None, _) => format!("rule {}", escaped(rule)),
        (Some(rule), Some(at), _) => format!("rule {} ({})", escaped(rule), escaped(&at)),
        (_, _, Some("unknown")) => "no rule speaks of it, and what it would do is not known".to_owned(),
        _ => "no rule speaks of it".to_owned(),
    };
    format!("{}: {because}", explained.verdict)
}

fn targets(targets: &Targets) -> Vec<String> {
    let values = targets.iter().flat_map(|(name, found)| found.values().iter().map(move |value| (name, value)));
    values.map(|(name, value)| phrase(name, value)).collect()
}

fn phrase(name: &str, value: &TargetValue) -> String {
    match value {
        TargetValue::Known { value, source } => {
            format!("{name} {} (from {})", show::text(value.as_slice(), MOST), escaped(source))
        }
        TargetValue::Unknown { unknown } => format!("{name} unknown ({})", escaped(unknown)),
    }
}

fn agent(by: &By) -> String {
    let clearance = by.clearance.map_or("no clearance".to_owned(), |number| format!("clearance {number}"));
    format!("{}, {clearance}, door {}", escaped(&by.agent), by.door)
}

/// As a shell takes it: where variables are set, by `env`.
fn runs_as(argv: &[Bytes]) -> String {
    let sets = argv.first().is_some_and(|first| first.as_slice().contains(&b'='));
    let words: Vec<_> = sets.then_some(&b"env"[..]).into_iter().chain(argv.iter().map(Bytes::as_slice)).collect();
    show::command(&words, MOST)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tollgate_audit::{Also, Changed, Described, Found};
    use tollgate_policies::policy::{Layer, RuleReference};

    use super::super::judge::{Named, Read};
    use super::*;

    #[test]
    fn a_page_says_what_why_and_by_which_rule() {
        let workspace = TargetValue::Known { value: "prod\x1b".into(), source: "TF_WORKSPACE".into() };
        let backend = TargetValue::Unknown { unknown: "no folder".into() };
        let explained = Explained {
            described: Described {
                tool: "terraform".into(),
                operation: "terraform.apply".into(),
                also: vec![Also { operation: "terraform.destroy".into(), tier: Some(4), ..Also::default() }],
                tier: Some(4),
                target: [("backend".into(), Found::One(backend)), ("workspace".into(), Found::One(workspace))].into(),
                rationale: "destroys everything".into(),
                changes: Some(Changed { counts: [("delete".to_owned(), 1)].into(), ..Changed::default() }),
            },
            verdict: "deny",
            reason: Some("rule"),
            decided_by: Some("-destroy".into()),
            rule: Some(Named::Deciding(Arc::new(RuleReference {
                name: "prod-no-destroy".into(),
                file: "10-infra.toml".into(),
                line: 14,
                layer: Layer::User,
                reason: Some("prod stays".into()),
                code: None,
            }))),
            corrected: None,
            objection: None,
            milder: Some(vec!["terraform".into(), "plan".into(), "-destroy".into()]),
            runs_as: Some(vec!["TF_WORKSPACE=prod".into(), "terraform".into(), "apply".into()]),
            read: vec![Read { path: ".terraform/environment".into(), sha256: None }],
            argv: &["terraform".into(), "apply".into(), "-destroy".into()],
        };
        let by = By {
            agent: "claude-code".into(),
            clearance: Some(2),
            door: "shim",
            policy: vec!["10-infra.toml".into()],
            policy_hash: "sha256:ab".into(),
            observes: false,
            not_counted: ["grants", "rates", "a session's own policy"],
        };
        let expected = "terraform apply -destroy
  operation  terraform.apply
  tier       T4 break-glass: destroys everything
  because    -destroy
  target     backend unknown (no folder)
  target     workspace prod\\x1b (from TF_WORKSPACE)
  also       terraform.destroy (T4 break-glass)
  changes    1 to delete
  changes    and 1 more
  verdict    deny: rule prod-no-destroy (10-infra.toml:14)
  reason     prod stays
  milder     terraform plan -destroy
  runs as    env TF_WORKSPACE=prod terraform apply
  read       .terraform/environment (absent)
  agent      claude-code, clearance 2, door shim
  policy     10-infra.toml
  note       not counted here: grants, rates, a session's own policy";
        assert_eq!(text(&explained, &by), expected);
    }
}
