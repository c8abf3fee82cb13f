//! Commands inside a command: what `sudo`, `env`, `timeout`, `xargs` or `bash -c`
//! would run.
//!
//! Each is classified as if it were called by itself, in the environment and the
//! folder that its wrapper gives it, and stands among the wrapper's meanings with
//! its own tier and target. Nesting is bounded.
//! Deliberately not here: which operands are the command (a grammar says), and
//! reading a script (that is `script`).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::case::Case;
use super::environment::sets;
use super::evidence::Evidence;
use super::folder::Folder;
use super::grammar::{Credentials, Form, Wraps, secret_paths};
use super::parse::Argument;
use super::script::{self, Does, Script, Step};
use super::{Call, Scene, UNCLEAR, last_part, secrets, understand};
use crate::{Changes, Dimension, Meaning, Target, Tier, Value};

/// How deep commands may stand in one another.
const DEEPEST: usize = 8;

/// What is told of files that commands inside bring along.
const NOT_COPIED: &str = "what a command inside brings along is compared before the run, and not copied";

/// Folders in which a program of a tool's name is taken for that tool.
const SYSTEM: [&[u8]; 8] = [
    b"/bin/",
    b"/sbin/",
    b"/usr/bin/",
    b"/usr/sbin/",
    b"/usr/local/bin/",
    b"/usr/local/sbin/",
    b"/snap/bin/",
    b"/opt/homebrew/bin/",
];

/// Whether there is a command inside.
pub(crate) fn is_there(case: &Case<'_, '_, '_>) -> bool {
    case.parsed.command.wraps.as_ref().is_some_and(|wraps| !words(wraps, case).is_empty())
}

/// What the commands inside do.
pub(super) fn meanings<'a>(scene: &Scene<'_>, call: &Call<'_, 'a>, case: &Case<'_, '_, 'a>) -> Vec<Meaning> {
    let Some(wraps) = case.parsed.command.wraps.as_ref() else {
        return Vec::new();
    };
    let words = words(wraps, case);
    if words.is_empty() || case.parsed.stops.is_some() {
        return Vec::new();
    }
    let wrapper = Wrapper { scene, call, case, wraps };
    if call.depth >= DEEPEST {
        return vec![wrapper.unknown("commands are nested too deep", None)];
    }
    let mut meanings = wrapper.inside(words);
    for meaning in &mut meanings {
        meaning.wrapped_by.insert(0, Cow::Borrowed(case.tool.name()));
    }
    meanings
}

/// The operands, or the flag's value, that are or hold the command.
fn words<'c, 'a>(wraps: &Wraps, case: &Case<'c, '_, 'a>) -> Cow<'c, [Argument<'a>]> {
    let parsed = case.parsed;
    if wraps.flag.is_some_and(|flag| !parsed.set(flag)) || wraps.absent.iter().any(|flag| parsed.set(flag)) {
        return Cow::Borrowed(&[]);
    }
    if let Some(name) = wraps.value {
        let given = parsed.last(name).and_then(|given| Some(Argument { bytes: given.value?, index: given.index }));
        return given.into_iter().collect();
    }
    let operands = parsed.operands.get(wraps.after..).unwrap_or_default();
    let assigned = |operand: &&Argument<'_>| wraps.assignments && operand.bytes.contains(&b'=');
    let first = operands.iter().take_while(assigned).count();
    Cow::Borrowed(operands.get(first..).unwrap_or_default())
}

/// A step of a script, judged by itself.
struct Judged {
    meanings: Vec<Meaning>,
    /// What files that it brings along say it would change.
    changes: Changes,
    /// Whether it may change files that others are judged by.
    stirs: bool,
    /// Whether files had a say.
    reads: bool,
}

/// A command with another inside.
struct Wrapper<'w, 'a> {
    scene: &'w Scene<'w>,
    call: &'w Call<'w, 'a>,
    case: &'w Case<'w, 'w, 'a>,
    wraps: &'w Wraps,
}

impl<'a> Wrapper<'_, 'a> {
    fn inside(&self, words: Cow<'_, [Argument<'a>]>) -> Vec<Meaning> {
        let env = self.environment();
        let stated = self.wraps.folder.and_then(|flag| self.case.parsed.last(flag)?.value);
        let placed = stated.map(|folder| self.call.folder.place(folder));
        let parsed = self.case.parsed;
        // `-` is an operand; a flag among those is the inner command's.
        let dash = || parsed.operands.iter().any(|operand| operand.bytes == b"-");
        let moved = self.wraps.moves.iter().any(|word| parsed.set(word) || *word == "-" && dash());
        let folder = match &placed {
            _ if moved => Folder::Unknown,
            None => self.call.folder,
            Some(None) => Folder::Unknown,
            Some(Some(folder)) => Folder::At(folder),
        };
        let own = self.call.evidence;
        let evidence = self.wraps.elsewhere.map_or(own, |reason| own.unseen(reason));
        let place = Place { env: &env, folder, evidence };
        let form = match self.wraps.words {
            Some(flag) if self.case.parsed.set(flag) => Form::Words,
            _ => self.wraps.form,
        };
        match form {
            Form::Words => self.words(words, &place),
            Form::Script => words.first().map(|script| self.script(*script, &place)).unwrap_or_default(),
            Form::Joined => {
                let joined = words.iter().map(|word| word.bytes).collect::<Vec<_>>().join(&b' ');
                let index = words.first().and_then(|word| word.index);
                self.script(Argument { bytes: &joined, index }, &place)
            }
        }
    }

    /// The variables that the command inside gets.
    fn environment(&self) -> Cow<'_, [&'a [u8]]> {
        let parsed = self.case.parsed;
        let unset = parsed.flags.iter().filter(|given| self.wraps.unset == Some(given.flag.name));
        let mut gone: HashSet<&[u8]> = unset.filter_map(|given| given.value).collect();
        let operands = parsed.operands.iter().skip(self.wraps.after).map(|operand| operand.bytes);
        let assigned: Vec<&'a [u8]> =
            operands.filter(|_| self.wraps.assignments).take_while(|bytes| bytes.contains(&b'=')).collect();
        // The last assignment of a name holds.
        let mut set: HashMap<&[u8], &'a [u8]> = HashMap::new();
        for assignment in &assigned {
            set.insert(variable(assignment), assignment);
        }
        gone.extend(set.keys());
        if self.wraps.clear.is_some_and(|flag| parsed.set(flag)) {
            return set.into_values().collect();
        }
        if gone.is_empty() {
            return Cow::Borrowed(self.call.env);
        }
        let kept = self.call.env.iter().filter(|entry| !gone.contains(variable(entry))).copied();
        kept.chain(set.into_values()).collect()
    }

    /// The command that the operands are.
    fn words(&self, mut words: Cow<'_, [Argument<'a>]>, place: &Place<'_>) -> Vec<Meaning> {
        let Some(program) = words.first().map(|word| word.bytes) else {
            return Vec::new();
        };
        if let Some(name) = self.wraps.called.and_then(|flag| self.case.parsed.last(flag)?.value)
            && let Some(word) = words.to_mut().first_mut()
        {
            word.bytes = name;
        }
        if self.wraps.further.is_some() {
            words.to_mut().push(Argument { bytes: &[UNCLEAR], index: None });
        }
        self.one(program, &words, place, self.wraps.further)
    }

    /// Each command of a script.
    fn script(&self, script: Argument<'_>, place: &Place<'_>) -> Vec<Meaning> {
        let shell = self.case.tool.name();
        // A variable that is not what can be seen is put in nowhere.
        let blank: Vec<Vec<u8>> = match place.evidence.against_variables() {
            Some(_) => place.env.iter().map(|entry| [variable(entry), b"=", &[UNCLEAR]].concat()).collect(),
            None => Vec::new(),
        };
        let blank: Vec<&[u8]> = blank.iter().map(Vec::as_slice).collect();
        let env = if blank.is_empty() { place.env } else { &blank };
        let read = match script::read(script.bytes, shell, env) {
            Ok(read) => read,
            Err(why) => return vec![self.unknown(why, script.index)],
        };
        let mut meanings: Vec<Meaning> = Vec::new();
        for found in self.steps(&read, script.index, place) {
            meanings.extend(found.into_iter().filter(|new| !meanings.contains(new)).collect::<Vec<_>>());
        }
        meanings.extend(read.doubts.iter().map(|why| self.unknown(why.clone(), script.index)));
        meanings.dedup();
        meanings
    }

    /// What each does; where another may change files, whatever the files say now counts
    /// for nothing, in whichever order they stand: a script may loop.
    fn steps(&self, script: &Script, index: Option<usize>, place: &Place<'_>) -> Vec<Vec<Meaning>> {
        let steps = &script.steps;
        let mut found: Vec<_> = steps.iter().map(|step| self.judged(step, index, place)).collect();
        if !place.evidence.is_stirred() {
            let stirring = found.iter().filter(|judged| judged.stirs).count() + script.doubts.len();
            let stirred = Place { evidence: place.evidence.stirred(), ..*place };
            for (step, judged) in steps.iter().zip(&mut found) {
                let others = stirring - usize::from(judged.stirs);
                if judged.reads && others > 0 {
                    *judged = self.judged(step, index, &stirred);
                }
            }
        }
        let mut inside = self.scene.inside.borrow_mut();
        let keep = |judged: Judged| {
            inside.join(judged.changes);
            judged.meanings
        };
        found.into_iter().map(keep).collect()
    }

    fn judged(&self, step: &Step, index: Option<usize>, place: &Place<'_>) -> Judged {
        let before = self.scene.inside.take();
        let (meanings, noticed) = place.evidence.noticing(|| self.step(step, index, place));
        let changes = self.scene.inside.replace(before);
        let stirs = noticed.writes || meanings.iter().any(|meaning| meaning.tier != Some(Tier::Observe));
        Judged { meanings, changes, stirs, reads: noticed.reads }
    }

    fn step(&self, step: &Step, index: Option<usize>, place: &Place<'_>) -> Vec<Meaning> {
        let placed = match &step.folder {
            script::Folder::Start => Some(None),
            script::Folder::At(folder) => place.folder.place(folder).map(Some),
            script::Folder::Unknown => None,
        };
        let folder = match &placed {
            None => Folder::Unknown,
            Some(None) => place.folder,
            Some(Some(folder)) => Folder::At(folder),
        };
        match &step.does {
            Does::Writes(path) => vec![self.write(path, index, folder)],
            Does::Reads(path) => self.read(path, index, folder).into_iter().collect(),
            Does::Runs { words, unclear } => {
                let env = step.environment(place.env);
                let env: Vec<&[u8]> = env.iter().map(AsRef::as_ref).collect();
                let evidence = match step.doubtful {
                    true => place.evidence.unseen("what the script did before it cannot be told"),
                    false => place.evidence,
                };
                let place = Place { env: &env, folder, evidence };
                let words: Vec<Argument<'_>> = words.iter().map(|bytes| Argument { bytes, index }).collect();
                let program = words.first().map(|program| program.bytes).unwrap_or_default();
                self.one(program, &words, &place, *unclear)
            }
        }
    }

    /// One command with all its words.
    fn one(
        &self,
        program: &[u8],
        words: &[Argument<'_>],
        place: &Place<'_>,
        further: Option<&'static str>,
    ) -> Vec<Meaning> {
        let index = words.first().and_then(|word| word.index);
        if program.contains(&UNCLEAR) {
            return vec![self.unknown("which command it runs is for the shell to find out", index)];
        }
        let Some(name) = name(program) else {
            let why = format!("`{}` can be any program", String::from_utf8_lossy(program));
            return vec![self.unknown(why, index)];
        };
        let depth = self.call.depth + 1;
        let Place { env, folder, evidence } = *place;
        let call = Call { tool: name, argv: words, env, folder, evidence, depth };
        let operation = understand(self.scene, &call);
        if let Some(mut changes) = operation.changes {
            changes.note(NOT_COPIED.to_owned());
            self.scene.inside.borrow_mut().join(*changes);
        }
        let mut meanings = Vec::with_capacity(1 + operation.also.len());
        let tool = operation.tool.clone();
        meanings.push(operation.primary);
        meanings.extend(operation.also);
        meanings.iter_mut().for_each(|meaning| clear(&mut meaning.target));
        let closed = || self.scene.grammars.tool(name).is_some_and(super::Tool::is_closed);
        let doubt = further.filter(|_| !closed()).or_else(|| self.path_changed(place.env));
        if let Some(why) = doubt {
            meanings.push(Meaning { operation: Cow::Owned(format!("{tool}.unknown")), ..self.unknown(why, index) });
        }
        meanings
    }

    /// Whether names lead to other programs than they do for the caller.
    fn path_changed(&self, env: &[&[u8]]) -> Option<&'static str> {
        let sets_path = |entry: &&&[u8]| sets(entry, b"PATH");
        let inner = env.iter().find(sets_path);
        let changed = inner.is_some() && inner != self.call.env.iter().find(sets_path);
        changed.then_some("PATH is changed, so that its name can lead to another program")
    }

    /// A file that a redirection writes.
    fn write(&self, path: &[u8], index: Option<usize>, folder: Folder<'_>) -> Meaning {
        let outside = super::rules::is_outside(self.scene.cwd, folder, path);
        let (tier, why) = match outside {
            true => (Tier::Sensitive, "a redirection writes to a file outside of the working folder"),
            false => (Tier::Modify, "a redirection writes to a file"),
        };
        self.redirection("write", path, (tier, why), index)
    }

    /// A file of credentials that a redirection reads; other files are no meaning of it.
    fn read(&self, path: &[u8], index: Option<usize>, folder: Folder<'_>) -> Option<Meaning> {
        let secret = secrets::names(secret_paths(Credentials::Files), self.scene.cwd, folder, path);
        let tier = (Tier::Sensitive, "a redirection reads a file that holds credentials");
        secret.then(|| self.redirection("read", path, tier, index))
    }

    fn redirection(&self, what: &str, path: &[u8], (tier, why): (Tier, &'static str), index: Option<usize>) -> Meaning {
        let mut target = Target::default();
        target.set(Dimension::Path, Value::known(path, "redirection"));
        clear(&mut target);
        Meaning {
            operation: Cow::Owned(format!("{}.{what}", self.case.tool.name())),
            tier: Some(tier),
            rationale: Cow::Borrowed(why),
            target,
            decided_by: index,
            wrapped_by: Vec::new(),
        }
    }

    fn unknown(&self, why: impl Into<Cow<'static, str>>, index: Option<usize>) -> Meaning {
        Meaning {
            operation: Cow::Borrowed(self.case.tool.operation_unknown),
            tier: None,
            rationale: why.into(),
            target: Target::default(),
            decided_by: index,
            wrapped_by: Vec::new(),
        }
    }
}

/// Where a command inside runs.
#[derive(Clone, Copy)]
struct Place<'p> {
    env: &'p [&'p [u8]],
    folder: Folder<'p>,
    /// What counts there besides a command's own words.
    evidence: Evidence<'p>,
}

/// The tool's name of a program that a shell would find: a bare name, or a path
/// in a folder of the system's.
fn name(program: &[u8]) -> Option<&[u8]> {
    let name = last_part(program);
    let folder = program.strip_suffix(name)?;
    (folder.is_empty() || SYSTEM.contains(&folder)).then_some(name).filter(|name| !name.is_empty())
}

/// The name in `NAME=value`.
fn variable(entry: &[u8]) -> &[u8] {
    entry.split(|byte| *byte == b'=').next().unwrap_or_default()
}

/// Values that only a shell could tell are unknown.
fn clear(target: &mut Target) {
    target.doubt(|value| value.contains(&UNCLEAR), "it is for the shell to find out");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name_alone_or_in_a_folder_of_the_system() {
        assert_eq!(name(b"terraform"), Some(&b"terraform"[..]));
        assert_eq!(name(b"/usr/bin/terraform"), Some(&b"terraform"[..]));
        assert_eq!(name(b"./terraform"), None);
        assert_eq!(name(b"/tmp/terraform"), None);
        assert_eq!(name(b""), None);
    }
}
