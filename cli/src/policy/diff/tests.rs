//! Two policies against a log, written as the daemon writes it.

use tempfile::TempDir;
use tollgate_audit::{Command, Described, Entry, Options, Scrubbed, Writer};
use tollgate_facts::Reader;
use tollgate_policies::classify::Invocation;
use tollgate_policies::policy::Source;

use super::*;

/// One command of `agent`, in this workspace.
fn entry(kind: Kind, id: &str, agent: &str, workspace: &str, line: &str) -> Entry {
    let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let variable = format!("TF_WORKSPACE={workspace}");
    let env = [variable.as_bytes()];
    let invocation = Invocation { tool: argv[0], argv: &argv, env: &env, cwd: None, home: None, start: None };
    let judged = tollgate_facts::classify(Grammars::built_in(), &invocation, &Reader::new(None));
    let command = Command {
        argv: argv.iter().map(|argument| (*argument).into()).collect(),
        cwd: None,
        env: vec![variable.into()],
    };
    Entry {
        door: Some("shim".into()),
        agent: Some(agent.into()),
        clearance: Some(2),
        command: Some(command),
        ..Entry::of(kind, id)
    }
    .describing(Described::of(&judged.operation))
}

fn log(entries: Vec<Entry>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = Writer::open(folder.path(), Options::PLAIN).unwrap();
    for entry in entries {
        writer.append_blocking(entry).unwrap();
    }
    folder
}

fn of(text: &str) -> Policy {
    Policy::parse(&[Source { name: "p".into(), text: text.into(), layer: Layer::User }]).unwrap()
}

fn difference(old: &str, new: &str, entries: Vec<Entry>) -> Difference {
    let log = log(entries);
    Difference::between(&of(old), &of(new), Grammars::built_in(), log.path(), &Filter::default()).unwrap()
}

/// `terraform apply: allow a -> deny b, 2`
fn lines(difference: &Difference) -> Vec<String> {
    let line = |(change, times): (&Change, &Times)| {
        format!("{}: {} -> {}, {}", change.command, change.old.text(), change.new.text(), times.times)
    };
    difference.changes.iter().map(line).collect()
}

const OLD: &str = "[[rule]]\nname = 'all'\nverdict = 'allow'\n";
const NEW: &str = "[[rule]]\nname = 'all'\nverdict = 'allow'\n[[rule]]\nname = 'no-prod'\nverdict = 'deny'\n\
                   target.workspace = 'prod'\ntier = '>=2'\n";

#[test]
fn only_commands_whose_verdict_changes_are_told_and_equal_ones_once() {
    let difference = difference(
        OLD,
        NEW,
        vec![
            entry(Kind::Intent, "1", "claude", "prod", "terraform apply"),
            entry(Kind::Outcome, "1", "claude", "prod", "terraform apply"),
            entry(Kind::Intent, "2", "claude", "prod", "terraform apply"),
            entry(Kind::Intent, "3", "claude", "prod", "terraform plan"),
            entry(Kind::Intent, "4", "claude", "staging", "terraform apply"),
            entry(Kind::Question, "5", "codex", "prod", "terraform destroy"),
            entry(Kind::Refused, "5", "codex", "prod", "terraform destroy"),
        ],
    );
    let expected =
        ["terraform apply: allow (all) -> deny (no-prod), 2", "terraform destroy: allow (all) -> deny (no-prod), 1"];
    assert_eq!(lines(&difference), expected);
    assert_eq!((difference.commands, difference.untold), (5, 0));
    assert_eq!(difference.notes()[0], "3 of 5 commands would get another verdict");
    let apply = difference.changes.values().next().unwrap();
    assert_eq!(apply.last_id, "2");
}

#[test]
fn a_policy_does_not_differ_from_itself() {
    let difference = difference(NEW, NEW, vec![entry(Kind::Intent, "1", "claude", "prod", "terraform apply")]);
    assert!(difference.changes.is_empty());
}

#[test]
fn targets_are_those_of_the_record_and_not_of_today() {
    // What the argv and the environment say is gone; the record's target is not.
    let mut moved = entry(Kind::Intent, "1", "claude", "prod", "terraform apply");
    moved.command.as_mut().unwrap().env.clear();
    assert_eq!(lines(&difference(OLD, NEW, vec![moved])).len(), 1);
}

#[test]
fn each_of_several_operations_is_judged_as_it_was_recorded() {
    let new = "[[rule]]\nname = 'all'\nverdict = 'allow'\n[[rule]]\nname = 'no-destroy'\nverdict = 'deny'\n\
               operations = 'terraform.destroy'\n[[rule]]\nname = 'no-plan'\nverdict = 'deny'\noperations = 'terraform.plan'\ntier = 4\n";
    let difference = difference(OLD, new, vec![entry(Kind::Intent, "1", "claude", "a", "terraform apply -destroy")]);
    assert_eq!(lines(&difference), ["terraform apply -destroy: allow (all) -> deny (no-destroy), 1"]);
}

#[test]
fn what_a_record_does_not_tell_is_said() {
    let mut untold = entry(Kind::Refused, "1", "claude", "a", "terraform apply");
    untold.tool = None;
    let mut later = entry(Kind::Intent, "2", "claude", "a", "terraform apply");
    later.tier = Some(9);
    let mut secret = entry(Kind::Intent, "3", "claude", "a", "terraform apply -var x=REDACTED");
    secret.scrubbed = vec![Scrubbed::default()];
    let notes = difference(OLD, NEW, vec![untold, later, secret]).notes();
    assert_eq!(notes[0], "0 of 3 commands would get another verdict");
    assert!(notes[1].starts_with("judged by what was known then"), "{notes:?}");
    assert!(notes[2].starts_with("1 commands are recorded with secrets taken out"), "{notes:?}");
    assert!(notes[3].starts_with("2 records do not tell"), "{notes:?}");
}

#[test]
fn what_is_shown_of_a_caller_is_escaped() {
    let difference = difference(
        OLD,
        NEW,
        vec![entry(Kind::Intent, "1", "cl\u{1b}[2Jaude", "prod", "terraform destroy -target=\u{202e}x\ny")],
    );
    let (change, times) = difference.changes.iter().next().unwrap();
    let shown = text(change, times);
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\n']), "{shown:?}");
}

#[test]
fn to_observe_shows_as_what_it_loosens() {
    let entries = vec![entry(Kind::Refused, "1", "a", "prod", "terraform destroy")];
    let observing = format!("mode = 'observe'\n{NEW}");
    let found = difference("[[rule]]\nname = 'none'\nverdict = 'deny'\n", &observing, entries);
    assert_eq!(
        found.changes.keys().map(|change| (change.old.verdict, change.new.verdict)).collect::<Vec<_>>(),
        [("deny", "allow")]
    );
}
