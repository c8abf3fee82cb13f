//! A milder argv: what this command would do, asked without doing it.
//!
//! The caller's own argv is printed again with another word, and without the
//! flags that the other command has no use for. None where that would not be the
//! same question: arguments from the environment, a saved plan.

use super::grammar::{self, Command, Tool};
use super::parse::{Argument, Parsed, Role};

/// A milder argv, by what it has of the caller's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milder(Vec<Word>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// The caller's word at this place.
    Own(usize),
    Other(&'static str),
}

impl Milder {
    /// Written out, from the caller's argv.
    #[must_use]
    pub fn argv<'a>(&self, argv: &[&'a [u8]]) -> Vec<&'a [u8]> {
        let written = |word: &Word| match word {
            Word::Own(place) => argv.get(*place).copied(),
            Word::Other(text) => Some(text.as_bytes()),
        };
        self.0.iter().filter_map(written).collect()
    }
}

/// The milder argv, if the grammar knows one.
pub(crate) fn argv(tool: &Tool, parsed: &Parsed<'_, '_>, arguments: &[Argument<'_>]) -> Option<Milder> {
    let milder = parsed.command.milder.as_ref()?;
    let command = match &milder.words {
        Some(words) => reach(tool, words)?,
        None => parsed.command,
    };
    if !same_question(parsed, milder, arguments) {
        return None;
    }
    let mut argv = Vec::with_capacity(arguments.len() + milder.add.len() + 2);
    argv.push(Word::Own(0));
    let mut kept = true;
    for (argument, role) in arguments.iter().zip(&parsed.roles) {
        kept = match role {
            Role::Word => milder.words.is_none(),
            Role::Flag => is_kept(parsed, milder, tool, command, argument),
            Role::Value => kept,
            Role::Operand | Role::Skipped => true,
        };
        argv.extend(argument.index.filter(|_| kept).map(Word::Own));
        if *role == Role::Word && argument.index == parsed.word {
            let words = milder.words.iter().flatten().chain(&milder.add);
            argv.extend(words.map(|word| Word::Other(word)));
        }
    }
    Some(Milder(argv))
}

/// The longest argv for which a milder one is offered: nobody reads a longer.
const LONGEST: usize = 256;

fn same_question(parsed: &Parsed<'_, '_>, milder: &grammar::Milder, arguments: &[Argument<'_>]) -> bool {
    let own = arguments.iter().all(|argument| argument.index.is_some());
    let plan = parsed.command.saved_plan.is_some() && !parsed.operands.is_empty();
    let asked = milder.add.iter().any(|flag| parsed.last(flag.split('=').next().unwrap_or(flag)).is_some());
    arguments.len() <= LONGEST && own && !plan && !asked && parsed.trouble.is_none() && parsed.stops.is_none()
}

fn reach<'g>(tool: &'g Tool, words: &[&str]) -> Option<&'g Command> {
    words.iter().try_fold(tool.command(0)?, |command, word| tool.command(command.child(word.as_bytes())?))
}

/// Whether the other command takes this flag too, and the grammar does not drop it.
fn is_kept(
    parsed: &Parsed<'_, '_>,
    milder: &grammar::Milder,
    tool: &Tool,
    command: &Command,
    argument: &Argument<'_>,
) -> bool {
    let takes = |name: &str| {
        let bare = name.trim_start_matches('-').as_bytes();
        let root = tool.command(0).and_then(|root| root.flags.long(bare));
        command.flags.long(bare).or(root).is_some()
    };
    let same = milder.words.is_none();
    let mut given = parsed.flags.iter().filter(|given| given.index == argument.index);
    given.all(|given| !milder.drop.contains(&given.flag.name) && (same || takes(given.flag.name)))
}
