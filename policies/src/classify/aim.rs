//! What a command would touch: each dimension from the first source that tells.
//!
//! Deliberately not here: which sources there are (a grammar file says), and
//! reading them (facts).

use smallvec::{SmallVec, smallvec};

use super::case::Case;
use super::facts::{Field, Finding, Plan, Resolver};
use super::grammar::{Origin, Source, TargetRule};
use super::{UNCLEAR, brought, rules};
use crate::{Dimension, Target, Value};

pub(crate) mod url;

/// The target of a command.
#[derive(Default)]
pub(crate) struct Aim {
    pub target: Target,
    pub told: Told,
}

/// Who told what of a target.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    /// What files were asked about.
    pub by_files: Dimensions,
    /// What nothing says, so that the tool's default holds.
    pub by_default: Dimensions,
}

/// A set of dimensions, a bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Dimensions(u32);

const _: () = assert!(Dimension::ALL.len() <= u32::BITS as usize);

impl Dimensions {
    fn insert(&mut self, dimension: Dimension) {
        self.0 |= 1 << dimension as u32;
    }

    pub(crate) fn contains(self, dimension: Dimension) -> bool {
        self.0 & (1 << dimension as u32) != 0
    }
}

/// What a command touches, as far as anything tells.
pub(crate) fn aim(case: &Case<'_, '_, '_>) -> Aim {
    let mut aim = Aim::default();
    if case.parsed.command.local {
        return aim;
    }
    for rule in &case.tool.targets {
        dimension(case, rule, &mut aim);
    }
    aim
}

fn dimension(case: &Case<'_, '_, '_>, rule: &TargetRule, aim: &mut Aim) {
    for source in &rule.from {
        if rules::holds(&source.when, case).is_none() {
            continue;
        }
        let against = against(case, source);
        let unknown = source.unknown.or(against);
        // A bare condition counts as found, also where it gives no value.
        let mut found = source.of == Origin::Condition;
        if let (Origin::Condition, Some(reason)) = (source.of, unknown) {
            add(&mut aim.target, rule.dimension, Value::unknown(reason));
        }
        values(case, source, against, |value| {
            found = true;
            add(&mut aim.target, rule.dimension, unknown.map_or(value, Value::unknown));
        });
        match source.of {
            Origin::Fact(..) if found => aim.told.by_files.insert(rule.dimension),
            Origin::Fixed(_) if found => aim.told.by_default.insert(rule.dimension),
            _ => {}
        }
        if found && !source.further {
            return;
        }
    }
}

/// Why what this source says counts for nothing.
fn against(case: &Case<'_, '_, '_>, source: &Source) -> Option<&'static str> {
    let by_variables = || case.evidence.against_variables().filter(|_| source.when.asks_variables());
    case.evidence.against(source.of).or_else(by_variables)
}

fn add(target: &mut Target, dimension: Dimension, value: Value) {
    let same = |known: &Value| match (known, &value) {
        (Value::Known { value: one, .. }, Value::Known { value: other, .. }) => one == other,
        (one, other) => one == other,
    };
    if !target.values(dimension).any(same) {
        target.add(dimension, value);
    }
}

/// The source of what the argv says itself.
pub(crate) const ARGUMENT: &str = "argument";

/// As many values as a person would look at.
const MOST: usize = 64;

/// Nearly always one.
type Values = SmallVec<[Value; 1]>;

/// Gives each value of a source; none where the next one is to be asked. `against` is why
/// what it says counts for nothing.
fn values(case: &Case<'_, '_, '_>, source: &Source, against: Option<&'static str>, give: impl FnMut(Value)) {
    let one = match source.of {
        Origin::Condition => None,
        Origin::Flag(_) | Origin::Variable(_) | Origin::Fixed(_) => {
            case.setting(std::slice::from_ref(source)).map(|(value, source)| Value::known(value, source))
        }
        Origin::ServiceVariable(stem) => service_variable(case, stem),
        Origin::Operand(at) => case.parsed.operands.get(at).map(|operand| Value::known(operand.bytes, ARGUMENT)),
        Origin::Reference(at) => case.parsed.operands.get(at).map(|operand| reference(operand.bytes)),
        Origin::Operands => {
            return many(case.parsed.operands.iter().map(|operand| operand.bytes)).into_iter().for_each(give);
        }
        Origin::Names => {
            let kinds = source.when.terms.as_ref().map_or(&[][..], |terms| &terms.only_kinds);
            return many(rules::names(kinds, case.parsed)).into_iter().for_each(give);
        }
        Origin::Url(part) => return url::values(part, case.urls()).into_iter().for_each(give),
        Origin::Tree => return tree(case).into_iter().for_each(give),
        Origin::Word => case.parsed.first.map(|word| Value::known(word.bytes, ARGUMENT)),
        Origin::Fact(resolver, field) => fact(case, resolver, field, against),
    };
    one.into_iter().for_each(give);
}

/// What a refspec is called at the other end (`git help push`, `<refspec>`).
fn reference(refspec: &[u8]) -> Value {
    let plain = refspec.strip_prefix(b"+").unwrap_or(refspec);
    let there = plain.splitn(2, |byte| *byte == b':').last().unwrap_or_default();
    match there.strip_prefix(b"refs/heads/").unwrap_or(there) {
        b"" => Value::unknown("all branches that both have"),
        name => Value::known(name, ARGUMENT),
    }
}

/// Several arguments, up to as many as a person would look at.
fn many<'a>(mut names: impl Iterator<Item = &'a [u8]>) -> Values {
    let values = names.by_ref().take(MOST).map(|name| Value::known(name, ARGUMENT)).collect();
    if names.next().is_some() { more_than(MOST) } else { values }
}

fn more_than(most: usize) -> Values {
    smallvec![Value::Unknown { reason: format!("more than {most} of them").into() }]
}

/// Whether the paths lie inside of the working folder: one value for each answer.
fn tree(case: &Case<'_, '_, '_>) -> Values {
    let mut sides: SmallVec<[Option<bool>; 3]> = SmallVec::new();
    for operand in case.parsed.operands.iter().filter(|operand| !operand.bytes.is_empty()) {
        let unclear = operand.bytes.contains(&UNCLEAR);
        let outside = (!unclear).then(|| rules::is_outside(case.cwd, case.folder, operand.bytes));
        if !sides.contains(&outside) {
            sides.push(outside);
        }
    }
    let side = |outside: Option<bool>| match outside {
        None => Value::unknown("it is for the shell to find out"),
        Some(true) => Value::known(b"outside", ARGUMENT),
        Some(false) => Value::known(b"inside", ARGUMENT),
    };
    sides.into_iter().map(side).collect()
}

/// `AWS_ENDPOINT_URL_S3`: the variable of the service that is called.
fn service_variable(case: &Case<'_, '_, '_>, stem: &'static str) -> Option<Value> {
    let word = case.parsed.first?.bytes;
    let suffix: Vec<u8> =
        word.iter().map(|byte| if *byte == b'-' { b'_' } else { byte.to_ascii_uppercase() }).collect();
    let name = [stem.as_bytes(), &suffix].concat();
    let value = case.environment.get(&name)?;
    Some(Value::Known { value: value.into(), source: String::from_utf8_lossy(&name).into() })
}

fn fact(case: &Case<'_, '_, '_>, resolver: Resolver, field: Field, against: Option<&'static str>) -> Option<Value> {
    if resolver == Resolver::PlanFile && brought::operand(case).is_none() {
        return None;
    }
    let unknown = |reason: &str| Some(Value::Unknown { reason: reason.into() });
    let found = match case.found(resolver) {
        Ok(found) => found?,
        Err(reason) => return unknown(reason),
    };
    // Asked all the same, for what it makes the tool run counts (`meaning::code`). What says
    // nothing now may say something by the time it runs.
    if let Some(reason) = against {
        return Some(Value::unknown(reason));
    }
    match found {
        Finding::Unknown { reason } => unknown(reason),
        Finding::Plan(Plan::Saved(plan)) => plan.found.value(field).cloned(),
        Finding::Plan(Plan::Absent) | Finding::Brought(_) => None,
        Finding::Plan(Plan::Foreign { reason }) => unknown(reason),
        Finding::Found(found) => found.value(field).cloned(),
    }
}
