//! Secrets out of what is shown, recorded or sent: the one place.
//!
//! Values of flags that a grammar calls secret, of variables and settings whose
//! name says so, credentials in URLs and headers, and well-known shapes of tokens
//! become `[scrubbed]`; names stay, so that a person still sees what was set.
//! Nothing here can know a secret of no known name and no known shape.
//! Deliberately not here: what a tool prints while it runs.

use std::borrow::Cow;

use crate::classify::Grammars;
use crate::classify::grammar::{Secret, SecretFlag};

mod name;
mod shape;
mod text;

pub use text::text;

/// What stands where a secret stood.
pub const SCRUBBED: &str = "[scrubbed]";

/// This argv without its secrets. Works for tools of no grammar too, by the names
/// of flags and the shapes of values.
#[must_use]
pub fn argv(grammars: &Grammars, tool: &[u8], argv: &[&[u8]]) -> Vec<Vec<u8>> {
    let name = tool.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let declared = grammars.tool(name).map(|tool| tool.secrets.as_slice()).unwrap_or_default();
    let mut next = None;
    argv.iter().map(|argument| one(argument, declared, &mut next)).collect()
}

/// The value of this variable without its secrets.
#[must_use]
pub fn variable<'a>(name: &[u8], value: &'a [u8]) -> Cow<'a, [u8]> {
    if !value.is_empty() && name::of_variable(name) { Cow::Borrowed(SCRUBBED.as_bytes()) } else { text(value) }
}

/// One argument; `next` says what the one before made of it.
fn one(argument: &[u8], declared: &[SecretFlag], next: &mut Option<Secret>) -> Vec<u8> {
    if let Some(secret) = next.take() {
        let is_flag = secret == Secret::Guessed && argument.starts_with(b"-");
        if !is_flag {
            return value(secret, argument);
        }
    }
    if !argument.starts_with(b"-") {
        return setting(argument);
    }
    let (flag, attached) = match argument.iter().position(|byte| *byte == b'=') {
        Some(at) => (argument.get(..at).unwrap_or_default(), argument.get(at + 1..)),
        None => (argument, None),
    };
    match (secret_of(flag, declared), attached) {
        (Some(secret), Some(attached)) => [flag, b"=", &value(secret, attached)].concat(),
        (Some(secret), None) => {
            *next = Some(secret);
            argument.to_vec()
        }
        (None, _) => clustered(argument, declared).unwrap_or_else(|| text(argument).into_owned()),
    }
}

/// The least characters by which a shortened flag is taken for a secret one.
const SHORTENED: usize = 4;

/// What is secret about the value of this flag: `--from_literal`, `-var` and
/// `--var`, and a shortened `--master-user-pass` too.
fn secret_of(flag: &[u8], declared: &[SecretFlag]) -> Option<Secret> {
    let dashed: Vec<u8> = flag.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect();
    let typed = bare(&dashed);
    let same = |known: &&SecretFlag| {
        let known = bare(known.name.as_bytes());
        known == typed || (typed.len() >= SHORTENED && known.starts_with(typed))
    };
    match declared.iter().find(same) {
        Some(known) => Some(known.secret),
        None => name::of_flag(flag).then_some(Secret::Guessed),
    }
}

fn bare(flag: &[u8]) -> &[u8] {
    flag.strip_prefix(b"--").or(flag.strip_prefix(b"-")).unwrap_or(flag)
}

/// `-pSECRET`, where the grammar knows `-p`.
fn clustered(argument: &[u8], declared: &[SecretFlag]) -> Option<Vec<u8>> {
    let letter = argument.get(..2).filter(|_| argument.len() > 2 && !argument.starts_with(b"--"))?;
    let known = declared.iter().find(|known| known.name.as_bytes() == letter)?;
    Some([letter, &value(known.secret, argument.get(2..)?)].concat())
}

fn value(secret: Secret, bytes: &[u8]) -> Vec<u8> {
    match secret {
        Secret::Whole | Secret::Guessed => SCRUBBED.as_bytes().to_vec(),
        Secret::Pair => match bytes.iter().position(|byte| *byte == b'=') {
            Some(at) => [bytes.get(..=at).unwrap_or_default(), SCRUBBED.as_bytes()].concat(),
            None => text(bytes).into_owned(),
        },
        Secret::NamedPair => pairs(bytes),
    }
}

/// `a=b,password=c`: the values whose names say that they are secret. A comma after
/// a backslash belongs to the value.
fn pairs(bytes: &[u8]) -> Vec<u8> {
    let mut scrubbed = Vec::new();
    let mut goes_on = false;
    for part in bytes.split(|byte| *byte == b',') {
        if !goes_on {
            scrubbed.push(setting(part));
        }
        let secret = goes_on || scrubbed.last().is_some_and(|shown| shown.ends_with(SCRUBBED.as_bytes()));
        goes_on = secret && part.ends_with(b"\\");
    }
    scrubbed.join(&b',')
}

/// `NAME=VALUE`, by its name.
fn setting(bytes: &[u8]) -> Vec<u8> {
    let at = bytes.iter().position(|byte| *byte == b'=');
    match at.and_then(|at| Some((bytes.get(..at)?, bytes.get(at + 1..)?))) {
        Some((name, value)) if name::is_name(name) && !value.is_empty() && name::of_variable(name) => {
            [name, b"=", SCRUBBED.as_bytes()].concat()
        }
        _ => text(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests;
