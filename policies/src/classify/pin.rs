//! The same command with its targets written out.
//!
//! What a target was concluded from can change between the judgement and the run:
//! another context becomes the current one, another workspace is selected. A
//! pinned command names them itself, so that what was judged is what runs. Values
//! that the argv or the environment names already stay as they are.
//! Deliberately not here: whether a verdict depended on a target (the policy
//! knows).

use super::case::Case;
use super::facts::Finding;
use super::grammar::{Pin, PinBy};
use super::meaning::Meanings;
use crate::{Dimension, Target, Value};

/// One target, written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// Which one.
    pub dimension: Dimension,
    /// How.
    pub by: By,
}

/// How a target is written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// This argument, right after the tool's name.
    Argument(Vec<u8>),
    /// This variable, `NAME=value`, in place of one of that name.
    Variable(Vec<u8>),
}

/// What can be written out of this command's target.
pub(crate) fn pins(case: &Case<'_, '_, '_>, meanings: &Meanings) -> Vec<Pinned> {
    if case.parsed.trouble.is_some() || case.parsed.stops.is_some() {
        return Vec::new();
    }
    case.tool.pins.iter().filter_map(|pin| one(case, pin, meanings)).collect()
}

fn one(case: &Case<'_, '_, '_>, pin: &Pin, meanings: &Meanings) -> Option<Pinned> {
    // The argv and the environment are frozen: only what a file says, or will say, can be
    // another by the time the command runs.
    let by_default = pin.defaults && meanings.told.by_default.contains(pin.dimension);
    if !(by_default || meanings.told.by_files.contains(pin.dimension)) {
        return None;
    }
    let target = &meanings.primary.target;
    let mut values = target.values(pin.dimension);
    let (Some(Value::Known { value, .. }), None) = (values.next(), values.next()) else {
        return None;
    };
    if value.is_empty() || is_barred(case, pin, target) {
        return None;
    }
    let by = match pin.by {
        PinBy::Flag(name) => By::Argument([name.as_bytes(), b"=", value].concat()),
        PinBy::Variable(name) => By::Variable([name.as_bytes(), b"=", value].concat()),
    };
    Some(Pinned { dimension: pin.dimension, by })
}

/// Whether it would mean something else for this command.
fn is_barred(case: &Case<'_, '_, '_>, pin: &Pin, target: &Target) -> bool {
    let words = case.parsed.command.words;
    let below = |first: &&str| words.strip_prefix(first).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let beside = |flag: &&str| case.parsed.last(flag).is_some();
    let backend = target.values(Dimension::Backend).any(|found| match found {
        Value::Known { value, .. } => pin.not_backends.iter().any(|name| name.as_bytes() == &**value),
        Value::Unknown { .. } => !pin.not_backends.is_empty(),
    });
    let found = pin.not_found.is_some_and(|(resolver, field)| match case.found(resolver) {
        Ok(Some(Finding::Found(found))) => found.value(field).is_some(),
        Ok(_) | Err(_) => true,
    });
    backend || found || pin.except.iter().any(below) || pin.not_with.iter().any(beside)
}

/// The argv and the environment with these targets written out.
#[must_use]
pub fn applied(pins: &[&Pinned], argv: &[&[u8]], env: &[&[u8]]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let added = pins.iter().filter_map(|pin| match &pin.by {
        By::Argument(argument) => Some(argument.clone()),
        By::Variable(_) => None,
    });
    let name = argv.iter().take(1).map(|name| name.to_vec());
    let argv = name.chain(added).chain(argv.iter().skip(1).map(|word| word.to_vec())).collect();
    let mut env: Vec<Vec<u8>> = env.iter().map(|entry| entry.to_vec()).collect();
    for pin in pins {
        if let By::Variable(entry) = &pin.by {
            let name = entry.split_inclusive(|byte| *byte == b'=').next().unwrap_or_default();
            env.retain(|known| !known.starts_with(name));
            env.push(entry.clone());
        }
    }
    (argv, env)
}
