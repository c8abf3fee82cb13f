//! One command of the past, as its record tells it.
//!
//! What a record leaves open is taken at its worst: where a command means several
//! operations and the first one's own tier cannot be told, it has the highest.

use std::borrow::Cow;

use tollgate_audit::{Also, Bytes, Entry, Record, TargetValue, Targets};
use tollgate_policies::classify::{Classified, Facts, Grammars, Invocation, arguments, classify};
use tollgate_policies::policy::{Asked, Door, Moment, Subject};
use tollgate_policies::{Dimension, Meaning, Operation, Target, Tier, Value, show};

/// See the module.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) agent: String,
    pub(super) operation: Operation,
    clearance: Option<u8>,
    session: Option<String>,
    door: Door,
    at: Moment,
    argv: Vec<Bytes>,
}

impl Past {
    /// The command; none where the record does not tell what it means.
    pub(super) fn of(record: &Record, grammars: &'static Grammars) -> Option<Self> {
        let entry = &record.entry;
        let call = entry.command.as_ref()?;
        let argv: Vec<&[u8]> = call.argv.iter().map(Bytes::as_slice).collect();
        let env: Vec<&[u8]> = call.env.iter().map(Bytes::as_slice).collect();
        let cwd = call.cwd.as_ref().map(Bytes::as_slice);
        let tool = entry.tool.as_deref()?;
        let invocation = Invocation { tool: tool.as_bytes(), argv: &argv, env: &env, cwd, home: None, start: None };
        let name = entry.door.as_deref()?;
        Some(Self {
            agent: entry.agent.clone().unwrap_or_else(|| Subject::UNKNOWN.to_owned()),
            operation: operation(entry, grammars, &invocation)?,
            clearance: entry.clearance,
            session: entry.session.clone(),
            door: Door::ALL.into_iter().find(|door| door.name() == name)?,
            at: tollgate_facts::moment(record.timestamp.as_second()),
            argv: call.argv.clone(),
        })
    }

    pub(super) fn asked(&self) -> Asked<'_> {
        let subject = Subject {
            agent: &self.agent,
            clearance: self.clearance,
            session: self.session.as_deref(),
            door: self.door,
        };
        Asked { at: Some(self.at), ..Asked::new(&self.operation, subject) }
    }

    /// The command line, safe to look at.
    pub(super) fn command(&self, most: usize) -> String {
        show::command(&self.argv, most)
    }
}

fn operation(entry: &Entry, grammars: &'static Grammars, invocation: &Invocation<'_>) -> Option<Operation> {
    let words = entry.operation.clone()?;
    let tier = if entry.also.is_empty() { tier(entry.tier)? } else { own_tier(entry, &words, grammars, invocation)? };
    let first = meaning(words.into(), tier, &entry.target, &[])?;
    let also = entry.also.iter().map(also).collect::<Option<_>>()?;
    let arguments = arguments::arguments(grammars, invocation);
    Some(Operation { also, arguments, ..Operation::of(entry.tool.clone()?, first) })
}

/// The tier of the first of several operations: the record has the highest of all.
fn own_tier(
    entry: &Entry,
    words: &str,
    grammars: &'static Grammars,
    invocation: &Invocation<'_>,
) -> Option<Option<Tier>> {
    match classify(grammars, invocation, &Facts::default()) {
        Classified::Operation(now) if now.primary.operation == words => Some(now.primary.tier),
        _ => tier(entry.tier),
    }
}

fn also(also: &Also) -> Option<Meaning> {
    meaning(also.operation.clone(), tier(also.tier)?, &also.target, &also.wrapped_by)
}

fn meaning(
    operation: Cow<'static, str>,
    tier: Option<Tier>,
    target: &Targets,
    wrapped_by: &[Cow<'static, str>],
) -> Option<Meaning> {
    Some(Meaning {
        operation,
        tier,
        rationale: "".into(),
        target: touched(target)?,
        decided_by: None,
        wrapped_by: wrapped_by.to_vec(),
    })
}

/// A tier of a later version is none of ours.
fn tier(number: Option<u8>) -> Option<Option<Tier>> {
    match number {
        None => Some(None),
        Some(number) => Tier::of_number(number).map(Some),
    }
}

/// A dimension of a later version is none of ours.
fn touched(targets: &Targets) -> Option<Target> {
    let mut target = Target::default();
    for (name, found) in targets.iter() {
        let dimension = Dimension::of_name(name)?;
        found.values().iter().for_each(|found| target.add(dimension, value(found)));
    }
    Some(target)
}

fn value(found: &TargetValue) -> Value {
    match found {
        TargetValue::Known { value, source } => Value::Known { value: value.as_slice().into(), source: source.clone() },
        TargetValue::Unknown { unknown } => Value::Unknown { reason: unknown.clone() },
    }
}
