//! Files that a command is judged by, and where they stand in its argv: a saved
//! plan, manifests, values.
//!
//! Only what may change something is looked into: a dry run's files are its own
//! business. Deliberately not here: reading them, and what tier follows.

use super::Call;
use super::case::Case;
use super::facts::{BroughtFiles, BroughtForm, Contents, Depth, Finding, Mount, Need, Plan, Resolver};
use super::folder::Folder;
use super::grammar::Brings;
use super::meaning::Meanings;
use super::needs;
use super::parse::Argument;
use crate::{Bytes, Changes, Meaning, Tier};

/// A file that a command is judged by, and its place in the argv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// The argument that names it, as an index into argv.
    pub argument: usize,
    /// Where in that argument the name starts and ends, in bytes.
    pub place: std::ops::Range<usize>,
    /// The file as the caller would open it, from its working folder; `-` is its
    /// standard input.
    pub path: Vec<u8>,
}

/// The argv with other names for files that it brings along.
#[must_use]
pub fn replaced(argv: &[&[u8]], names: &[(&Brought, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut argv: Vec<Vec<u8>> = argv.iter().map(|argument| argument.to_vec()).collect();
    // From the end, so that places within one argument stay true.
    let mut names: Vec<_> = names.iter().collect();
    names.sort_by_key(|(brought, _)| std::cmp::Reverse((brought.argument, brought.place.start)));
    for (brought, name) in names {
        if let Some(argument) = argv.get_mut(brought.argument)
            && brought.place.start <= brought.place.end
            && brought.place.end <= argument.len()
        {
            argument.splice(brought.place.clone(), name.iter().copied());
        }
    }
    argv
}

/// Why a saved plan is not known; another may stand there when the tool looks.
pub(crate) const ABSENT: &str = "there is no such file yet";

/// What is known of the files that a command brings along.
pub(crate) enum Look<'f> {
    /// It brings none, or must be asked about first.
    Nothing,
    /// This stands in them.
    Read(&'f Contents),
    /// They cannot be read.
    Unread(String),
}

/// What stands in the files that the command's grammar knows it to bring.
pub(crate) fn look<'c>(case: &'c Case<'_, '_, '_>) -> Look<'c> {
    let Some(brings) = &case.parsed.command.brings else { return Look::Nothing };
    if brings.form == BroughtForm::Compose {
        let unseen = case.evidence.against_variables();
        if let Some(reason) = unseen.filter(|_| needs::names_variables(case, Resolver::ComposeFiles)) {
            return Look::Unread(reason.to_owned());
        }
        let need = needs::need(case, Resolver::ComposeFiles);
        return need.map_or_else(Look::Unread, |need| answer(case, need));
    }
    let unread = brings.unread.iter().find(|flag| case.parsed.last(flag).is_some());
    match (unread, paths(case, brings)) {
        (Some(flag), _) => Look::Unread(format!("what `{flag}` names is not looked into")),
        (None, Err(reason)) => Look::Unread(reason),
        (None, Ok(paths)) if paths.is_empty() => Look::Nothing,
        (None, Ok(paths)) => ask(case, brings, paths),
    }
}

fn ask<'c>(case: &'c Case<'_, '_, '_>, brings: &Brings, paths: Vec<Bytes>) -> Look<'c> {
    let recursive = brings.recursive.is_some_and(|flag| case.parsed.set(flag));
    let depth = if recursive { Depth::Recursive } else { Depth::Flat };
    let files = BroughtFiles { paths, form: brings.form, act: brings.act, depth };
    answer(case, Need::BroughtFiles(files))
}

fn answer<'c>(case: &'c Case<'_, '_, '_>, need: Need) -> Look<'c> {
    match case.brought(need) {
        Ok(None) => Look::Nothing,
        Ok(Some(Finding::Brought(contents))) => Look::Read(contents),
        Ok(Some(Finding::Unknown { reason })) => Look::Unread(reason.clone()),
        Ok(Some(_)) => Look::Unread(String::from("it cannot be looked into")),
        Err(reason) => Look::Unread(reason),
    }
}

/// The files that the flag names; an error is why they cannot be told.
fn paths(case: &Case<'_, '_, '_>, brings: &Brings) -> Result<Vec<Bytes>, String> {
    let mut paths = Vec::new();
    for given in case.parsed.flags.iter().filter(|given| given.flag.name == brings.flag) {
        for path in names(given.value.unwrap_or_default()) {
            let path = path?;
            if is_address(path) {
                return Err(format!("`{}` is fetched by the tool itself", String::from_utf8_lossy(path)));
            }
            paths.push(path.into());
        }
    }
    Ok(paths)
}

/// The names in one value, which is a line of comma-separated values. A quoted one
/// is not taken apart.
fn names(value: &[u8]) -> impl Iterator<Item = Result<&[u8], String>> {
    let quoted = value.iter().any(|byte| matches!(byte, b'"' | b'\n' | b'\r'));
    let whole = quoted.then(|| Err(String::from("a list with quotes or line breaks is not taken apart")));
    let parts = (!quoted).then(|| value.split(|byte| *byte == b',').map(Ok));
    whole.into_iter().chain(parts.into_iter().flatten())
}

fn is_address(path: &[u8]) -> bool {
    path.windows(3).any(|part| part == b"://")
}

/// What a person is told of the files, where the command may change something.
pub(crate) fn changes(case: &Case<'_, '_, '_>, meanings: &Meanings) -> Option<Changes> {
    if !changes_something(case, meanings) {
        return None;
    }
    let mut changes = match plan(case) {
        Some(Ok(Plan::Saved(plan))) => plan.changes.clone(),
        Some(Ok(Plan::Foreign { reason })) => noted(reason.clone()),
        Some(Err(reason)) => noted(reason),
        Some(Ok(Plan::Absent)) => noted(ABSENT.to_owned()),
        None => match look(case) {
            Look::Nothing => Changes::default(),
            Look::Read(contents) => {
                let mut changes = contents.changes.clone();
                contents.unread.iter().for_each(|reason| changes.note(format!("not all is known: {reason}")));
                changes
            }
            Look::Unread(reason) => noted(format!("not looked into: {reason}")),
        },
    };
    let beside = case.parsed.command.brings.as_ref().and_then(|brings| brings.beside);
    beside.iter().for_each(|note| changes.note((*note).to_owned()));
    Some(changes).filter(|changes| !changes.is_empty())
}

fn noted(note: String) -> Changes {
    let mut changes = Changes::default();
    changes.note(note);
    changes
}

/// A saved plan that the command applies: what is known of it, once that was asked.
pub(crate) fn plan<'c>(case: &'c Case<'_, '_, '_>) -> Option<Result<&'c Plan, String>> {
    let operand = operand(case)?;
    match case.plan(operand.bytes) {
        Ok(None) => None,
        Ok(Some(Finding::Plan(plan))) => Some(Ok(plan)),
        Ok(Some(Finding::Unknown { reason })) => Some(Err(reason.clone())),
        Ok(Some(_)) => Some(Err(String::from("it is no plan"))),
        Err(reason) => Some(Err(reason)),
    }
}

/// The operand that is a saved plan.
pub(crate) fn operand<'a>(case: &Case<'_, '_, 'a>) -> Option<Argument<'a>> {
    let rule = case.parsed.command.saved_plan.as_ref()?;
    case.parsed.operands.get(rule.operand).copied()
}

/// The files of the caller's own argv that the run is bound to.
pub(crate) fn files(case: &Case<'_, '_, '_>, call: &Call<'_, '_>, meanings: &Meanings) -> Vec<Brought> {
    if call.folder != Folder::Callers || !call.is_callers() || !changes_something(case, meanings) {
        return Vec::new();
    }
    let mut files = Vec::new();
    if let Some(operand) = operand(case) {
        let path = needs::planned(case, operand.bytes);
        files.extend(at(call, operand.bytes).map(|(argument, place)| Brought { argument, place, path }));
    }
    // The names of a compose project's files say where it stands: they stay.
    let replaceable = |brings: &&Brings| brings.form != BroughtForm::Compose;
    if let Some(brings) = case.parsed.command.brings.as_ref().filter(replaceable) {
        let given = case.parsed.flags.iter().filter(|given| given.flag.name == brings.flag);
        for path in given.flat_map(|given| names(given.value.unwrap_or_default())).flatten() {
            let found = at(call, path).filter(|_| !is_address(path));
            files.extend(found.map(|(argument, place)| Brought { argument, place, path: path.to_vec() }));
        }
    }
    files
}

/// Where in the argv these very bytes stand: they are a part of it, not a copy. What
/// came from a variable stands nowhere in it.
fn at(call: &Call<'_, '_>, part: &[u8]) -> Option<(usize, std::ops::Range<usize>)> {
    let start = part.as_ptr().addr();
    call.argv.iter().enumerate().skip(1).find_map(|(argument, whole)| {
        let first = whole.bytes.as_ptr().addr();
        let from = start.checked_sub(first)?;
        let place = from..from.checked_add(part.len())?;
        (whole.bytes.get(place.clone())? == part && !part.is_empty()).then_some((argument, place))
    })
}

fn changes_something(case: &Case<'_, '_, '_>, meanings: &Meanings) -> bool {
    let does = |meaning: &Meaning| meaning.tier.is_none_or(|tier| tier >= Tier::Modify);
    let stands = case.parsed.stops.is_none() && case.parsed.trouble.is_none();
    stands && std::iter::once(&meanings.primary).chain(&meanings.also).any(does)
}

/// The kinds of objects in manifests, for conditions; none where there are none.
pub(crate) fn kinds<'c>(look: &Look<'c>) -> &'c [String] {
    match look {
        Look::Read(contents) => &contents.kinds,
        Look::Nothing | Look::Unread(_) => &[],
    }
}

/// What of the machine the files give to containers.
pub(crate) fn mounts<'c>(look: &Look<'c>) -> &'c [Mount] {
    match look {
        Look::Read(contents) => &contents.mounts,
        Look::Nothing | Look::Unread(_) => &[],
    }
}

/// Whether some of what is brought along could not be read.
pub(crate) fn is_unread(look: &Look<'_>) -> bool {
    match look {
        Look::Nothing => false,
        Look::Read(contents) => contents.unread.is_some(),
        Look::Unread(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_where_they_stand() {
        let argv: [&[u8]; 4] = [b"kubectl", b"apply", b"-f=a.yaml,b.yaml", b"c"];
        let brought = |argument, place, path: &[u8]| Brought { argument, place, path: path.to_vec() };
        let (one, other) = (brought(2, 3..9, b"a.yaml"), brought(2, 10..16, b"b.yaml"));
        let new = replaced(&argv, &[(&one, b"/1".to_vec()), (&other, b"/22".to_vec())]);
        assert_eq!(new, [&b"kubectl"[..], b"apply", b"-f=/1,/22", b"c"]);
        let beyond = brought(3, 0..9, b"c");
        assert_eq!(replaced(&argv, &[(&beyond, b"x".to_vec())])[3], b"c");
    }

    #[test]
    fn a_value_is_a_list_unless_it_is_quoted() {
        let all = |value| names(value).collect::<Result<Vec<_>, _>>();
        assert_eq!(all(b"a,b"), Ok(vec![&b"a"[..], b"b"]));
        assert!(all(b"\"a,b\"").is_err());
    }

    #[test]
    fn an_address_is_no_file() {
        assert!(is_address(b"https://x/y.yaml") && !is_address(b"a/b.yaml") && !is_address(b"-"));
    }
}
