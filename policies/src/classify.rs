//! What a command means: argv, environment and facts become an [`Operation`].
//!
//! Grammars, one TOML file a tool, say how a tool reads its arguments and what
//! each of its commands may do. What only the disk knows is named as a [`Need`]
//! and comes back as a [`Finding`]; the loop is in the crate that reads.
//!
//! An argv that is not understood to its end is an operation too: `TOOL.unknown`,
//! of no tier. Whatever of it was understood stands beside it.
//!
//! Deliberately not here: whether the command may run (that is the policy), and
//! reading anything.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::{Meaning, Operation, Target};

mod aim;
pub mod arguments;
mod case;
mod dialect;
mod environment;
mod extra;
pub mod facts;
pub mod grammar;
mod meaning;
mod milder;
mod needs;
mod parse;
mod rules;
mod table;

pub use arguments::Arguments;
pub use facts::{Facts, Finding, Need, Resolver};
pub use grammar::{GrammarError, Grammars, Stopping};

use case::Case;
use environment::Environment;
use grammar::Tool;
use parse::Argument;

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
}

/// What [`classify`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classified {
    /// The command's meaning.
    Operation(Operation),
    /// What must be read first. Never empty, and nothing that the facts hold.
    Needs(Vec<Need>),
}

/// What this invocation means, or what must be known first.
#[must_use]
pub fn classify(grammars: &Grammars, invocation: &Invocation<'_>, facts: &Facts) -> Classified {
    let name = last_part(invocation.tool);
    let Some(tool) = grammars.tool(name) else {
        return Classified::Operation(unknown(name, "no grammar knows this tool"));
    };
    let called = invocation.argv.first().copied().map(last_part);
    if !called.is_some_and(|called| tool.names.iter().any(|name| name.as_bytes() == called)) {
        let why = "the tool is called by another name, and may act by that";
        return Classified::Operation(unknown(tool.name().as_bytes(), why));
    }
    known(grammars, tool, invocation, facts)
}

/// The meaning of a command that could not be looked into.
#[must_use]
pub fn unresolved(invocation: &Invocation<'_>) -> Operation {
    unknown(last_part(invocation.tool), "what it needs to know could not be found out")
}

fn known(grammars: &Grammars, tool: &Tool, invocation: &Invocation<'_>, facts: &Facts) -> Classified {
    let environment = Environment::of(invocation.env, &grammars.interest(tool));
    let rest = invocation.argv.get(1..).unwrap_or_default();
    let own: Vec<Argument<'_>> =
        rest.iter().enumerate().map(|(at, bytes)| Argument { bytes, index: Some(at + 1) }).collect();
    let Some(mut parsed) = parse::parse(tool, &own, &environment) else {
        return Classified::Operation(unknown(tool.name().as_bytes(), "its grammar is empty"));
    };
    let mut arguments = Cow::Borrowed(&own);
    let words = extra::words(tool, &environment, &parsed);
    match &words {
        Err(trouble) => parsed.trouble = Some(*trouble),
        Ok(words) if words.iter().any(|words| !words.is_empty()) => {
            arguments = Cow::Owned(extra::merged(&own, words, &parsed));
            parsed = match parse::parse(tool, &arguments, &environment) {
                Some(parsed) => parsed,
                None => parsed,
            };
        }
        Ok(_) => {}
    }
    let case = Case {
        tool,
        parsed: &parsed,
        environment: &environment,
        facts,
        cwd: invocation.cwd,
        needs: RefCell::default(),
        questions: Default::default(),
    };
    let meanings = meaning::meanings(&case, grammars.shared());
    let needs = case.needs.into_inner();
    if !needs.is_empty() {
        return Classified::Needs(needs);
    }
    let name = invocation.argv.first().copied().unwrap_or_default();
    Classified::Operation(Operation {
        tool: Cow::Borrowed(tool.name()),
        primary: meanings.primary,
        also: meanings.also,
        milder: milder::argv(tool, &parsed, name, &arguments),
    })
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
    Operation { tool: Cow::Owned(tool), primary, also: Vec::new(), milder: None }
}

/// The file name of a path.
fn last_part(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}
