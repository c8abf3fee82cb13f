//! Whether a condition of a grammar holds for an argv.
//!
//! Deliberately not here: conditions themselves (a grammar file has them).

use super::aim::url::Address;
use super::brought;
use super::case::Case;
use super::facts::Finding;
use super::folder::Folder;
use super::grammar::{Condition, FlagTest, OperandTest, Origin, Pattern, SecretTest, Terms, Values, any};
use super::inner;
use super::parse::{Argument, Given, Parsed, Role};
use super::{mounts, secrets};
use crate::Value;

/// A condition held; the argument that made it so, where one did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub index: Option<usize>,
}

/// Whether everything that a condition states holds.
#[inline(always)]
pub(crate) fn holds(condition: &Condition, case: &Case<'_, '_, '_>) -> Option<Held> {
    // Most are about flags and variables that are not there.
    if !case.parsed.given.have(condition.flag_marks) || !case.environment.may_have_all(condition.variable_marks) {
        return None;
    }
    match &condition.terms {
        None => Some(Held { index: None }),
        Some(terms) => all_hold(terms, case),
    }
}

/// Out of the way of those that need one look.
#[inline(never)]
fn all_hold(condition: &Terms, case: &Case<'_, '_, '_>) -> Option<Held> {
    let parsed = case.parsed;
    if !(command(condition, parsed) && surroundings(condition, case)) {
        return None;
    }
    let flag = condition.flag.as_ref().map_or(Some(None), |test| flag(test, case))?;
    let secret = condition.secrets.as_ref().map_or(Some(None), |_| secret(condition, case))?;
    if !urls(condition, case) || !unlike(condition, case) {
        return None;
    }
    let kind = kinds(&condition.kinds, parsed)?;
    if !condition.only_kinds.is_empty() && !only_kinds(&condition.only_kinds, parsed) {
        return None;
    }
    let operand = condition.operand.as_ref().map_or(Some(None), |test| operand(test, parsed))?;
    let stray = condition.strays.as_ref().map_or(Some(None), |known| stray(known, parsed))?;
    if (!condition.brings.is_empty() || condition.brings_unread) && !brings(condition, case) {
        return None;
    }
    let exposed = match condition.exposes {
        Some(what) => mounts::exposes(what, condition.flag.as_ref().map(|test| test.name), case)?,
        None => None,
    };
    let outside = if condition.outside { outside(condition, case)? } else { None };
    if condition.alone && inner::is_there(case) || condition.after_dashes && !is_after_dashes(parsed) {
        return None;
    }
    Some(Held { index: secret.or(exposed).or(flag).or(kind).or(operand).or(stray).or(outside) })
}

/// The first value of the flag that is a path of credentials; the first operand where
/// no flag with a value is stated.
fn secret(condition: &Terms, case: &Case<'_, '_, '_>) -> Option<Option<usize>> {
    let SecretTest { paths, after } = condition.secrets.as_ref()?;
    let is = |text: &[u8]| secrets::names(paths, case.cwd, case.folder, text);
    match &condition.flag {
        Some(FlagTest { name, values: Values::Set, .. }) => {
            let mut given = case.parsed.flags.iter().filter(|given| given.flag.name == *name);
            given.find(|given| given.value.is_some_and(is)).map(|given| given.index)
        }
        _ => {
            let mut operands = case.parsed.operands.iter().skip(*after);
            operands.find(|operand| is(operand.bytes)).map(|operand| operand.index)
        }
    }
}

/// What is stated of the URLs that the operands are; true where they are too many to tell.
fn urls(condition: &Terms, case: &Case<'_, '_, '_>) -> bool {
    if condition.schemes.is_empty() && condition.hosts.is_empty() {
        return true;
    }
    let Some(urls) = case.urls() else { return true };
    let scheme = |url: &Address<'_>| {
        condition.schemes.is_empty() || condition.schemes.contains(&url.scheme.as_deref().unwrap_or("?"))
    };
    let host = |url: &Address<'_>| {
        condition.hosts.is_empty() || url.host().is_some_and(|host| any(&condition.hosts, host.as_bytes()))
    };
    urls.iter().any(|url| scheme(url) && host(url))
}

/// Whether the flag's value is another than a resolver found, where that is stated.
fn unlike(condition: &Terms, case: &Case<'_, '_, '_>) -> bool {
    let Some((resolver, field)) = condition.unlike else { return true };
    let flag = condition.flag.as_ref().and_then(|test| case.parsed.last(test.name)?.value);
    let given = flag.or_else(|| case.environment.get(condition.variables.first()?.as_bytes()));
    let doubted = case.evidence.against(Origin::Fact(resolver, field)).is_some();
    match case.found(resolver) {
        // It is asked about first.
        Ok(None) => false,
        Ok(Some(_)) if doubted => true,
        Ok(Some(Finding::Found(found))) => match found.value(field) {
            Some(Value::Known { value, .. }) => given != Some(&**value),
            Some(Value::Unknown { .. }) | None => true,
        },
        Ok(Some(_)) | Err(_) => true,
    }
}

/// What is stated of the files that are brought along; asked last, for it reads them.
fn brings(condition: &Terms, case: &Case<'_, '_, '_>) -> bool {
    let look = brought::look(case);
    let of = |kind: &String| is_kind(&condition.brings, kind.as_bytes());
    brought::kinds(&look).iter().any(of) || (condition.brings_unread && brought::is_unread(&look))
}

/// What is stated of the command and of how many operands it has.
fn command(condition: &Terms, parsed: &Parsed<'_, '_>) -> bool {
    let first = parsed.first.map_or(&b""[..], |word| word.bytes);
    let services = &condition.services;
    (condition.commands.is_empty() || condition.commands.contains(&parsed.command.words))
        && (services.is_empty() || services.binary_search_by(|service| service.as_bytes().cmp(first)).is_ok())
        && condition.operands.is_none_or(|least| parsed.operands.len() >= least)
        && condition.fewer.is_none_or(|limit| parsed.operands.len() < limit)
}

/// What is stated of other flags and of variables.
fn surroundings(condition: &Terms, case: &Case<'_, '_, '_>) -> bool {
    let set = |name: &&str| case.parsed.set(name);
    let variable = |name: &&str| case.environment.get(name.as_bytes()).is_some();
    condition.with.iter().all(set)
        && !condition.absent.iter().any(set)
        && condition.variables.iter().all(variable)
        && !condition.absent_variables.iter().any(variable)
}

/// The first operand that is a path outside of the working folder, as far as its
/// text tells; the flag's value, where a flag is stated.
fn outside(condition: &Terms, case: &Case<'_, '_, '_>) -> Option<Option<usize>> {
    if let Some(test) = &condition.flag {
        let last = case.parsed.last(test.name)?;
        return is_outside(case.cwd, case.folder, last.value?).then_some(last.index);
    }
    let out = |operand: &&Argument<'_>| is_outside(case.cwd, case.folder, operand.bytes);
    case.parsed.operands.iter().find(out).map(|operand| operand.index)
}

/// Whether a path leads out of the caller's working folder, as far as its text
/// tells; the folder itself counts.
pub(crate) fn is_outside(cwd: Option<&[u8]>, folder: Folder<'_>, path: &[u8]) -> bool {
    // Most are the plain name of something in the folder.
    if folder == Folder::Callers && !matches!(path, b"" | b"." | b"..") && !path.contains(&b'/') {
        return false;
    }
    let Some(path) = folder.place(path) else { return true };
    match path.strip_prefix(b"/") {
        None => climbs_out(&path),
        Some(_) => {
            let inside = cwd.and_then(|cwd| path.strip_prefix(cwd)?.strip_prefix(b"/"));
            inside.is_none_or(|inside| inside.is_empty() || climbs_out(inside))
        }
    }
}

/// Whether a relative path names its own start, or what lies above.
fn climbs_out(path: &[u8]) -> bool {
    let mut depth = 0_usize;
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    depth == 0
}

/// Whether `--` says of an operand that it is one.
fn is_after_dashes(parsed: &Parsed<'_, '_>) -> bool {
    let after = parsed.roles.iter().skip_while(|role| **role != Role::Skipped);
    after.into_iter().any(|role| *role == Role::Operand)
}

/// Where a flag test holds: the flag's place.
fn flag(test: &FlagTest, case: &Case<'_, '_, '_>) -> Option<Option<usize>> {
    let parsed = case.parsed;
    let last = parsed.last(test.name)?;
    let is = |patterns: &[Pattern], given: &Given<'_>| {
        let value = given.value.unwrap_or(b"true");
        let path = test.paths.then(|| secrets::whole(case.cwd, case.folder, value));
        let values = std::iter::once(value).chain(path.as_deref());
        values.into_iter().any(|value| any(patterns, value))
    };
    let found = match &test.values {
        Values::Set => Some(last).filter(|given| given.on()),
        Values::Last(patterns) => Some(last).filter(|given| is(patterns, given)),
        Values::Other(patterns) => Some(last).filter(|given| !is(patterns, given)),
        Values::Stray(patterns) => {
            let mut all = parsed.flags.iter().filter(|given| given.flag.name == test.name);
            all.find(|given| !is(patterns, given))
        }
        Values::Any(patterns) => {
            let mut all = parsed.flags.iter().filter(|given| given.flag.name == test.name);
            all.find(|given| is(patterns, given))
        }
    };
    found.map(|given| given.index)
}

fn operand(test: &OperandTest, parsed: &Parsed<'_, '_>) -> Option<Option<usize>> {
    let is = |operand: &&Argument<'_>| {
        (test.is.is_empty() || test.is.iter().any(|pattern| pattern.matches(operand.bytes)))
            && !operand.bytes.iter().any(|byte| test.without.contains(byte))
    };
    let found = match test.at {
        Some(at) => parsed.operands.get(at).filter(is),
        None => parsed.operands.iter().find(is),
    };
    found.map(|operand| operand.index)
}

/// The first operand that looks like a flag and is none of these.
fn stray(known: &[Pattern], parsed: &Parsed<'_, '_>) -> Option<Option<usize>> {
    let is = |operand: &&Argument<'_>| operand.bytes.starts_with(b"-") && !any(known, operand.bytes);
    parsed.operands.iter().find(is).map(|operand| operand.index)
}

/// Where an operand is a resource of one of these kinds: `pods,secrets`,
/// `secret/name`, `Secret.v1`.
fn kinds(kinds: &[&str], parsed: &Parsed<'_, '_>) -> Option<Option<usize>> {
    if kinds.is_empty() {
        return Some(None);
    }
    let of = |operand: &&Argument<'_>| types(operand.bytes).any(|kind| is_kind(kinds, kind));
    resources(parsed).find(of).map(|operand| operand.index)
}

/// Whether all resources are of these kinds, and there is one.
fn only_kinds(kinds: &[&str], parsed: &Parsed<'_, '_>) -> bool {
    let mut named = resources(parsed).flat_map(|operand| types(operand.bytes)).peekable();
    named.peek().is_some() && named.all(|kind| is_kind(kinds, kind))
}

/// The operands that name a kind: the first, and those with a slash.
fn resources<'p, 'a>(parsed: &'p Parsed<'_, 'a>) -> impl Iterator<Item = &'p Argument<'a>> {
    let named = |(at, operand): &(usize, &Argument<'_>)| *at == 0 || operand.bytes.contains(&b'/');
    parsed.operands.iter().enumerate().filter(named).map(|(_, operand)| operand)
}

fn types(operand: &[u8]) -> impl Iterator<Item = &[u8]> {
    let before = operand.split(|byte| *byte == b'/').next().unwrap_or_default();
    before.split(|byte| *byte == b',').map(|kind| kind.split(|byte| *byte == b'.').next().unwrap_or_default())
}

pub(crate) fn is_kind(kinds: &[&str], kind: &[u8]) -> bool {
    kinds.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(kind))
}

/// The names of the resources of these kinds.
pub(crate) fn names<'p, 'a>(kinds: &'p [&str], parsed: &'p Parsed<'_, 'a>) -> impl Iterator<Item = &'a [u8]> {
    let first_names_all = parsed.operands.first().is_some_and(|first| !first.bytes.contains(&b'/'));
    parsed.operands.iter().skip(usize::from(first_names_all)).filter_map(move |operand| {
        match operand.bytes.iter().position(|byte| *byte == b'/') {
            None => Some(operand.bytes),
            Some(at) => {
                let kind = types(operand.bytes).next().unwrap_or_default();
                operand.bytes.get(at + 1..).filter(|_| is_kind(kinds, kind))
            }
        }
    })
}
