//! The arguments of a command as its tool reads them: the caller's own, and those
//! that a variable adds.
//!
//! Rules look at these, not at the argv alone, so that `TF_CLI_ARGS="-destroy"`
//! hides nothing. Deliberately not here: what they mean.

use smallvec::SmallVec;

use super::environment::Environment;
use super::grammar::{Grammars, Tool};
use super::parse::{Argument as Word, Parsed, Role};
use super::{Invocation, extra, last_part, parse};

/// Everything after the tool's own name, in the order in which the tool takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// All of them, one behind the other.
    text: Vec<u8>,
    items: Vec<Item>,
    /// The flags that they give, one behind the other.
    flags: Vec<&'static str>,
    /// Whether the tool's grammar could read all of it.
    pub understood: bool,
}

/// One argument, by where its text and its flags end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Item {
    text_end: usize,
    flags_end: usize,
    index: Option<usize>,
    kind: Option<Kind>,
    text: bool,
}

/// One argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument<'a> {
    /// As the tool gets it.
    pub bytes: &'a [u8],
    /// What it is to the tool; none where no grammar tells.
    pub kind: Option<Kind>,
    /// The flags that it gives, by their canonical names: several of a cluster.
    pub flags: &'a [&'static str],
    /// Whether it is text to the tool, whatever stands in it: `--query`, a message.
    pub text: bool,
    /// Its place in the argv; none where a variable adds it.
    pub index: Option<usize>,
}

impl Arguments {
    /// Each argument.
    pub fn iter(&self) -> impl Iterator<Item = Argument<'_>> {
        let (mut text, mut flags) = (self.text.as_slice(), self.flags.as_slice());
        let (mut text_start, mut flags_start) = (0, 0);
        self.items.iter().map(move |item| {
            let bytes = text.split_off(..item.text_end - text_start).unwrap_or_default();
            let given = flags.split_off(..item.flags_end - flags_start).unwrap_or_default();
            (text_start, flags_start) = (item.text_end, item.flags_end);
            Argument { bytes, kind: item.kind, flags: given, text: item.text, index: item.index }
        })
    }
}

/// What an argument is to its tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Part of the command's name.
    Word,
    /// A flag, with its value if that is attached.
    Flag,
    /// The value of the flag before it.
    Value,
    /// What the command is done to.
    Operand,
    /// `--`, or what the tool skips.
    Skipped,
}

/// The arguments of this invocation; none where it cannot be told what they are:
/// a variable that adds some cannot be read.
#[must_use]
pub fn arguments(grammars: &Grammars, invocation: &Invocation<'_>) -> Option<Arguments> {
    let rest = invocation.argv.get(1..).unwrap_or_default();
    let own: Vec<Word<'_>> = (1..).zip(rest).map(|(at, bytes)| Word { bytes, index: Some(at) }).collect();
    match grammars.tool(last_part(invocation.tool)) {
        Some(tool) => of(grammars, tool, &own, invocation.env),
        None => Some(unread(&own)),
    }
}

/// As this tool reads them.
pub(super) fn of(grammars: &Grammars, tool: &Tool, own: &[Word<'_>], env: &[&[u8]]) -> Option<Arguments> {
    let environment = Environment::of(env, &grammars.interest(tool));
    let Some(parsed) = parse::parse(tool, own, &environment) else { return Some(unread(own)) };
    let words = extra::words(tool, &environment, &parsed).ok()?;
    if words.iter().all(Vec::is_empty) {
        return Some(read(own, tool, &parsed));
    }
    merged(&extra::merged(own, &words, &parsed), tool, &environment)
}

/// Of a tool that no grammar knows.
pub(super) fn unread(words: &[Word<'_>]) -> Arguments {
    told(words, &[], None)
}

/// The caller's own, as they were read.
pub(super) fn read(words: &[Word<'_>], tool: &Tool, parsed: &Parsed<'_, '_>) -> Arguments {
    told(words, &tool.text, Some(parsed))
}

/// The caller's own with those that variables add.
pub(super) fn merged(words: &[Word<'_>], tool: &Tool, environment: &Environment<'_>) -> Option<Arguments> {
    // By their places in the whole, so that each flag finds its own argument.
    let placed: Vec<Word<'_>> = (1..).zip(words).map(|(at, word)| Word { index: Some(at), ..*word }).collect();
    Some(told(words, &tool.text, Some(&parse::parse(tool, &placed, environment)?)))
}

/// What each is. The places of flags are those in the argv that they were read from.
fn told(words: &[Word<'_>], text: &[&str], parsed: Option<&Parsed<'_, '_>>) -> Arguments {
    let mut given: SmallVec<[(usize, &'static str); 8]> = parsed.into_iter().flat_map(given).collect();
    given.sort_by_key(|(at, _)| *at);
    let mut given = given.as_slice();
    let mut roles = parsed.into_iter().flat_map(|parsed| &parsed.roles);
    let mut told = Arguments {
        text: Vec::with_capacity(words.iter().map(|word| word.bytes.len()).sum()),
        items: Vec::with_capacity(words.len()),
        flags: Vec::with_capacity(given.len()),
        understood: parsed.is_some_and(|parsed| parsed.trouble.is_none()),
    };
    let mut before = false;
    for (at, word) in (1..).zip(words) {
        let kind = roles.next().copied().map(kind);
        let mut is_text = false;
        while let [(place, name), rest @ ..] = given
            && *place == at
        {
            given = rest;
            is_text |= text.contains(name);
            told.flags.push(name);
        }
        before = is_text || (before && kind == Some(Kind::Value));
        told.text.extend_from_slice(word.bytes);
        let (text_end, flags_end) = (told.text.len(), told.flags.len());
        told.items.push(Item { text_end, flags_end, index: word.index, kind, text: before });
    }
    told
}

fn given(parsed: &Parsed<'_, '_>) -> impl Iterator<Item = (usize, &'static str)> {
    parsed.flags.iter().filter_map(|given| Some((given.index?, given.flag.name)))
}

fn kind(role: Role) -> Kind {
    match role {
        Role::Word => Kind::Word,
        Role::Flag => Kind::Flag,
        Role::Value => Kind::Value,
        Role::Operand => Kind::Operand,
        Role::Skipped => Kind::Skipped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(argv: &[&str], env: &[&str]) -> Option<Vec<String>> {
        let argv: Vec<&[u8]> = argv.iter().map(|word| word.as_bytes()).collect();
        let env: Vec<&[u8]> = env.iter().map(|entry| entry.as_bytes()).collect();
        let tool = argv.first().copied().unwrap_or_default();
        let found = arguments(
            Grammars::built_in(),
            &Invocation { tool, argv: &argv, env: &env, cwd: None, home: None, start: None },
        )?;
        let shown = |item: Argument<'_>| {
            let kind = item.kind.map_or(String::from("?"), |kind| format!("{kind:?}"));
            let from = if item.index.is_none() { "+" } else { "" };
            format!("{from}{} {kind} {}", String::from_utf8_lossy(item.bytes), item.flags.join(","))
                .trim_end()
                .to_owned()
        };
        Some(found.iter().map(shown).collect())
    }

    #[test]
    fn every_argument_is_told_what_it_is() {
        let found = told(&["kubectl", "delete", "pod", "-n", "prod", "x", "--force=true"], &[]).unwrap();
        assert_eq!(
            found,
            [
                "delete Word",
                "pod Operand",
                "-n Flag --namespace",
                "prod Value",
                "x Operand",
                "--force=true Flag --force"
            ]
        );
    }

    #[test]
    fn what_a_variable_adds_is_among_them() {
        let found = told(&["terraform", "apply", "x.tfplan"], &["TF_CLI_ARGS_apply=-auto-approve -destroy"]).unwrap();
        assert_eq!(
            found,
            ["apply Word", "+-auto-approve Flag -auto-approve", "+-destroy Flag -destroy", "x.tfplan Operand"]
        );
        assert_eq!(told(&["terraform", "apply"], &["TF_CLI_ARGS=$(x)"]), None);
    }

    #[test]
    fn without_a_grammar_nothing_is_said_of_them() {
        assert_eq!(told(&["frob", "-x", "y"], &[]).unwrap(), ["-x ?", "y ?"]);
    }
}
