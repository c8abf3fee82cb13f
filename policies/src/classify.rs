//! What a command means: argv, environment and facts become an [`Operation`].
//!
//! Grammars, one TOML file a tool, say how a tool reads its arguments and what
//! each of its commands may do. What only the disk knows is named as a [`Need`]
//! and comes back as a [`Finding`], from whoever is asked: the crate that reads.
//!
//! An argv that is not understood to its end is an operation too: `TOOL.unknown`,
//! of no tier. Whatever of it was understood stands beside it.
//!
//! Deliberately not here: whether the command may run (that is the policy), and
//! reading anything.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};

use smallvec::SmallVec;

use crate::{Changes, Meaning, Operation, Target};

/// Stands in an argument or a value for what only a shell can tell: no argument
/// holds this byte.
const UNCLEAR: u8 = 0;

mod aim;
pub mod arguments;
mod brought;
mod case;
mod dialect;
mod environment;
mod evidence;
mod extra;
pub mod facts;
mod folder;
pub mod grammar;
mod inner;
mod meaning;
mod milder;
mod mounts;
mod needs;
mod parse;
mod pin;
pub mod print;
mod rules;
mod script;
mod secrets;
mod table;

pub use arguments::Arguments;
pub use brought::{Brought, replaced};
pub use facts::{Facts, Finding, Need, Resolver};
pub use grammar::{GrammarError, Grammars, Listed, Stopping};
pub use milder::Milder;
pub use pin::{By, Pinned, applied};

use case::Case;
use environment::Environment;
use evidence::Evidence;
use folder::Folder;
use grammar::Tool;
use parse::{Argument, Parsed};

/// One command as its caller gave it.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// The name of the shim that was called.
    pub tool: &'a [u8],
    /// The whole argv, the program's own name first.
    pub argv: &'a [&'a [u8]],
    /// The environment, `NAME=value` each, in the caller's order.
    pub env: &'a [&'a [u8]],
    /// The working directory's path, where it has one.
    pub cwd: Option<&'a [u8]>,
    /// The user's home by the passwd database, whatever the environment says; without
    /// one no file of the caller's is in its usual place.
    pub home: Option<&'a [u8]>,
    /// What the gate has every bash of the caller's session read first.
    pub start: Option<Start<'a>>,
}

/// A file of the gate's own that `BASH_ENV` names: it is no evidence of anything, as
/// long as it holds what the gate wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start<'a> {
    /// The value of `BASH_ENV` that leads to it.
    pub value: &'a [u8],
    /// Its absolute path.
    pub path: &'a [u8],
    /// What the gate wrote.
    pub text: &'a [u8],
}

/// What [`classify`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "taken apart as soon as it is made: a box would be one allocation a command"
)]
pub enum Classified {
    /// The command's meaning.
    Operation(Operation),
    /// What must be read first. Never empty, and nothing that the facts hold.
    Needs(Vec<Need>),
}

/// What this invocation means, or what must be known first.
#[must_use]
pub fn classify(grammars: &Grammars, invocation: &Invocation<'_>, facts: &Facts<'_>) -> Classified {
    let (needs, inside, noticed) = Default::default();
    let scene = Scene {
        grammars,
        facts,
        cwd: invocation.cwd,
        home: invocation.home,
        start: invocation.start,
        needs: &needs,
        inside: &inside,
    };
    let mut argv: SmallVec<[Argument<'_>; 16]> = SmallVec::new();
    argv.extend(invocation.argv.iter().enumerate().map(|(at, bytes)| Argument { bytes, index: Some(at) }));
    let name = last_part(invocation.tool);
    let evidence = Evidence::all(&noticed);
    let call = Call { tool: name, argv: &argv, env: invocation.env, folder: Folder::Callers, evidence, depth: 0 };
    let mut operation = understand(&scene, &call);
    let needs = needs.into_inner();
    if !needs.is_empty() {
        return Classified::Needs(needs);
    }
    // What the files of commands inside it say.
    let inside = inside.into_inner();
    if !inside.is_empty() {
        operation.changes.get_or_insert_default().join(inside);
    }
    Classified::Operation(operation)
}

/// The meaning of a command that could not be looked into.
#[must_use]
pub fn unresolved(invocation: &Invocation<'_>) -> Operation {
    unknown(last_part(invocation.tool), "what it needs to know could not be found out")
}

/// What all commands of one argv share.
struct Scene<'s> {
    grammars: &'s Grammars,
    facts: &'s Facts<'s>,
    /// The caller's working folder.
    cwd: Option<&'s [u8]>,
    /// The user's home, whatever the environment says.
    home: Option<&'s [u8]>,
    start: Option<Start<'s>>,
    needs: &'s RefCell<Vec<Need>>,
    /// What the files of commands inside the caller's say.
    inside: &'s RefCell<Changes>,
}

/// One command: the caller's, or one inside another.
struct Call<'c, 'a> {
    /// The file name of the program.
    tool: &'a [u8],
    /// The whole argv, the name that it is called by first.
    argv: &'c [Argument<'a>],
    env: &'c [&'a [u8]],
    folder: Folder<'c>,
    /// What counts besides its own words.
    evidence: Evidence<'c>,
    /// In how many others it stands.
    depth: usize,
}

impl<'a> Call<'_, 'a> {
    /// The arguments behind the name.
    fn own(&self) -> &[Argument<'a>] {
        self.argv.get(1..).unwrap_or_default()
    }

    /// Whether it is the caller's, and stands in no other.
    fn is_callers(&self) -> bool {
        self.depth == 0
    }
}

fn understand(scene: &Scene<'_>, call: &Call<'_, '_>) -> Operation {
    let Some(tool) = scene.grammars.tool(call.tool) else {
        return unread(call, call.tool, "no grammar knows this tool");
    };
    let called = call.argv.first().map(|name| last_part(name.bytes));
    if !called.is_some_and(|called| tool.names.iter().any(|name| name.as_bytes() == called)) {
        let why = "the tool is called by another name, and may act by that";
        let arguments = || arguments::of(scene.grammars, tool, call.own(), call.env);
        let arguments = call.is_callers().then(arguments).flatten();
        return Operation { arguments, ..unknown(tool.name().as_bytes(), why) };
    }
    known(scene, tool, call)
}

fn known(scene: &Scene<'_>, tool: &Tool, call: &Call<'_, '_>) -> Operation {
    // Declared before what is read from them.
    let (words, arguments);
    let environment = Environment::of(call.env, &scene.grammars.interest(tool));
    let own = call.own();
    let Some(root) = tool.command(0) else {
        return unread(call, tool.name().as_bytes(), "its grammar is empty");
    };
    let mut parsed = Parsed::of(tool, root, own, &environment);
    words = extra::words(tool, &environment, &parsed);
    arguments = match &words {
        Ok(words) if words.iter().any(|words| !words.is_empty()) => Cow::Owned(extra::merged(own, words, &parsed)),
        Ok(_) | Err(_) => Cow::Borrowed(own),
    };
    if let Err(trouble) = &words {
        parsed.trouble = Some(*trouble);
    }
    if matches!(arguments, Cow::Owned(_)) {
        parsed = Parsed::of(tool, root, &arguments, &environment);
    }
    let case = Case {
        tool,
        parsed: &parsed,
        environment: &environment,
        facts: scene.facts,
        cwd: scene.cwd,
        home: scene.home,
        start: scene.start,
        folder: call.folder,
        needs: scene.needs,
        evidence: call.evidence,
        answers: Default::default(),
        urls: OnceCell::new(),
    };
    let mut meanings = meaning::meanings(&case, scene.grammars.shared(&environment));
    meanings.also.extend(inner::meanings(scene, call, &case));
    let changes = brought::changes(&case, &meanings).map(Box::new);
    // What is offered instead, what is written out and what rules look at is the caller's
    // own command alone.
    let outer = call.is_callers();
    let told = match (&words, &arguments) {
        _ if !outer => None,
        (Err(_), _) => None,
        (Ok(_), Cow::Borrowed(own)) => Some(arguments::read(own, tool, &parsed)),
        (Ok(_), Cow::Owned(merged)) => arguments::merged(merged, tool, &environment),
    };
    let milder = if outer { milder::argv(tool, &parsed, &arguments) } else { None };
    let pins = if outer { pin::pins(&case, &meanings) } else { Vec::new() };
    let brought = brought::files(&case, call, &meanings);
    Operation {
        tool: Cow::Borrowed(tool.name()),
        primary: meanings.primary,
        also: meanings.also,
        arguments: told,
        milder,
        pins,
        changes,
        brought,
    }
}

/// Of a command whose arguments no grammar reads.
fn unread(call: &Call<'_, '_>, tool: &[u8], why: &'static str) -> Operation {
    let arguments = call.is_callers().then(|| arguments::unread(call.own()));
    Operation { arguments, ..unknown(tool, why) }
}

fn unknown(tool: &[u8], why: &'static str) -> Operation {
    let tool = String::from_utf8_lossy(tool).into_owned();
    let primary = Meaning {
        operation: Cow::Owned(format!("{tool}.unknown")),
        tier: None,
        rationale: Cow::Borrowed(why),
        target: Target::default(),
        decided_by: None,
        wrapped_by: Vec::new(),
    };
    Operation::of(tool, primary)
}

/// The file name of a path.
fn last_part(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
