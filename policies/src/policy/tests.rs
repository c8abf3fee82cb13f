//! The policy as its callers see it: short ways to write policies, commands and
//! judgements down, and the tests that use them.

mod contents;
mod grants;
mod layers;
mod messages;
mod owed;
mod profiles;
mod properties;
mod resolution;
mod truth;

use super::*;
use crate::{Dimension, Meaning, Operation, Target, Tier, Value};

/// A source of the person's.
fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), text: text.to_owned(), layer: Layer::User }
}

/// The policy of these rules; each is the inside of a `[[rule]]`, named `a`, `b`, ...
fn policy(rules: &[&str]) -> Policy {
    let mut text = String::new();
    for (name, rule) in ('a'..='z').zip(rules) {
        text.push_str(&format!("[[rule]]\nname = '{name}'\n{rule}\n"));
    }
    Policy::parse(&[source("p.toml", &text)]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A command, written as `terraform.apply T2 workspace=staging region=?`; `T?` is
/// an unknown tier, `?` an unknown value, ` & ` stands before what else it does, and
/// `wrapped=sudo,env` tells what starts it.
fn operation(written: &str) -> Operation {
    let mut meanings = written.split(" & ").map(meaning);
    let primary = meanings.next().unwrap();
    let tool = primary.operation.split('.').next().unwrap().to_owned();
    Operation { also: meanings.collect(), ..Operation::of(tool, primary) }
}

fn meaning(written: &str) -> Meaning {
    let mut words = written.split_whitespace();
    let operation = words.next().unwrap().to_owned().into();
    let tier = words.next().unwrap().strip_prefix('T').unwrap().parse().ok().and_then(Tier::of_number);
    let mut target = Target::default();
    let mut wrapped_by = Vec::new();
    for (dimension, value) in words.map(|word| word.split_once('=').unwrap()) {
        if dimension == "wrapped" {
            wrapped_by.extend(value.split(',').map(|name| name.to_owned().into()));
            continue;
        }
        let value = match value {
            "?" => Value::unknown("it could not be read"),
            known => Value::known(known, "argv"),
        };
        target.add(Dimension::of_name(dimension).unwrap(), value);
    }
    Meaning { operation, tier, rationale: "".into(), target, decided_by: None, wrapped_by }
}

/// An agent, written as `claude-code C2 exec`; without `C`, its clearance is not
/// known, and without a door it comes through a shim.
fn subject(written: &str) -> Subject<'_> {
    let mut words = written.split(' ');
    let mut subject = Subject { agent: words.next().unwrap(), clearance: None, session: None, door: Door::Shim };
    for word in words {
        match word.strip_prefix('C') {
            Some(clearance) => subject.clearance = Some(clearance.parse().unwrap()),
            None => subject.door = Door::ALL.into_iter().find(|door| door.name() == word).unwrap(),
        }
    }
    subject
}

/// A judgement, written as `allow a`, `escalate b`, `deny default`.
fn said(judgement: &Judgement) -> String {
    let by = match &judgement.rule {
        Some(rule) => rule.name.as_str(),
        None => judgement.reason.unwrap().name(),
    };
    format!("{} {by}", judgement.verdict.name())
}

/// What the rules say to an agent about a command.
fn judged(rules: &[&str], command: &str, agent: &str) -> String {
    said(&policy(rules).judge(&Asked::new(&operation(command), subject(agent))))
}

/// What is wrong with this text, all of it.
fn problems(text: &str) -> String {
    match Policy::parse(&[source("p.toml", text)]) {
        Ok(_) => "nothing".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

/// A command that is called by this line, split at blanks, its arguments as its grammar
/// reads them.
fn called(written: &str, line: &str, env: &[&str]) -> Operation {
    let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let env: Vec<&[u8]> = env.iter().map(|entry| entry.as_bytes()).collect();
    let tool = argv.first().copied().unwrap_or_default();
    let invocation = crate::classify::Invocation { tool, argv: &argv, env: &env, cwd: None, home: None, start: None };
    let arguments = crate::classify::arguments::arguments(crate::classify::Grammars::built_in(), &invocation);
    Operation { arguments, ..operation(written) }
}
