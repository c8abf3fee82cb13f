//! Reading an argv as the tool would: words, flags with their values, operands.
//!
//! One module a dialect. Every argument gets a role, so that an argv can be
//! printed again with another word or without a flag. Where the tool would stop
//! with an error, or where this grammar does not know a word or a flag, the
//! result says so: what was read up to there is not to be trusted.
//! Deliberately not here: what any of it means.

use smallvec::{SmallVec, smallvec};

use super::dialect::Dialect;
use super::environment::Environment;
use super::grammar::{Command, Flag, Marks, Stops, Takes, Tool};
use super::table::Entry;

mod argparse;
mod calliope;
mod cobra;
mod generic;
mod getopt;
mod go_flag;

/// One argument, and its place in the caller's argv if it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Argument<'a> {
    pub bytes: &'a [u8],
    pub index: Option<usize>,
}

/// What an argument is to its tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Part of the command's name.
    Word,
    /// A flag, with its value if that is attached.
    Flag,
    /// The value of the flag before it.
    Value,
    Operand,
    /// `--`, or an argument that the tool skips.
    Skipped,
}

/// A flag that was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub flag: Flag,
    pub value: Option<&'a [u8]>,
    pub index: Option<usize>,
}

impl Given<'_> {
    /// Whether a switch is on; a flag with a value always is. What is neither true
    /// nor false stops the tool, and counts as on.
    pub(crate) fn on(&self) -> bool {
        self.flag.takes != Takes::Nothing || self.value.is_none_or(|value| truth(value) != Some(false))
    }
}

/// What Go's `strconv.ParseBool` takes.
pub(crate) fn truth(value: &[u8]) -> Option<bool> {
    match value {
        b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True" => Some(true),
        b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False" => Some(false),
        _ => None,
    }
}

/// Why an argv could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub what: &'static str,
    pub index: Option<usize>,
}

/// An argv as its tool reads it.
#[derive(Debug)]
pub(crate) struct Parsed<'g, 'a> {
    pub command: &'g Command,
    /// Where the command is one of a generated table.
    pub entry: Option<Entry>,
    /// The place of the last word.
    pub word: Option<usize>,
    /// The first word below the tool.
    pub first: Option<Argument<'a>>,
    /// The words as they were typed, aliases too.
    pub typed: SmallVec<[&'a [u8]; 4]>,
    pub flags: SmallVec<[Given<'a>; 4]>,
    /// The marks of all of them.
    pub given: Marks,
    /// The place of each flag's last use among them.
    latest: SmallVec<[(&'static str, usize); 4]>,
    pub operands: SmallVec<[Argument<'a>; 4]>,
    /// A flag that makes the tool print something and stop.
    pub stops: Option<(Stops, Option<usize>)>,
    pub trouble: Option<Trouble>,
    /// The role of each argument, in the order of the arguments.
    pub roles: SmallVec<[Role; 16]>,
}

impl<'g, 'a> Parsed<'g, 'a> {
    /// Starts at the tool's root command, with nothing read.
    fn new(command: &'g Command, arguments: &[Argument<'a>]) -> Self {
        Self {
            command,
            entry: None,
            word: None,
            first: None,
            typed: SmallVec::new(),
            flags: SmallVec::new(),
            given: Marks::default(),
            latest: SmallVec::new(),
            operands: SmallVec::new(),
            stops: None,
            trouble: None,
            roles: smallvec![Role::Operand; arguments.len()],
        }
    }

    /// The arguments after the program's name, read from the tool's root command on.
    // Returned by itself: in an `Option` it would be copied, and it is large.
    pub(crate) fn of(
        tool: &'g Tool,
        root: &'g Command,
        arguments: &[Argument<'a>],
        environment: &Environment<'_>,
    ) -> Self {
        let mut parsed = Self::new(root, arguments);
        match tool.dialect {
            Dialect::Cobra => cobra::parse(tool, arguments, &mut parsed),
            Dialect::GoFlag => go_flag::parse(tool, arguments, &mut parsed),
            Dialect::Calliope => calliope::parse(tool, arguments, &mut parsed),
            Dialect::Argparse => argparse::parse(tool, arguments, &mut parsed),
            Dialect::Getopt => getopt::parse(tool, arguments, environment, &mut parsed),
            Dialect::Generic => generic::parse(tool, arguments, &mut parsed),
        }
        let Self { flags, operands, .. } = &mut parsed;
        let given = flags.iter().filter(|given| tool.operand_flags.contains(&given.flag.name));
        operands.extend(given.filter_map(|given| Some(Argument { bytes: given.value?, index: given.index })));
        from_file(tool, arguments, &mut parsed);
        parsed
    }

    fn role(&mut self, at: usize, role: Role) {
        if let Some(known) = self.roles.get_mut(at) {
            *known = role;
        }
    }

    fn descend(&mut self, at: usize, word: Argument<'a>, command: &'g Command) {
        self.role(at, Role::Word);
        self.command = command;
        self.word = word.index;
        self.first = self.first.or(Some(word));
        self.typed.push(word.bytes);
    }

    fn give(&mut self, flag: Flag, value: Option<&'a [u8]>, index: Option<usize>) {
        let given = Given { flag, value, index };
        if let Some(stops) = flag.stops.filter(|_| given.on()) {
            self.stops = self.stops.or(Some((stops, index)));
        }
        self.given.add(Marks::of(flag.name));
        let place = self.flags.len();
        match self.latest.iter_mut().find(|(name, _)| std::ptr::eq(*name, flag.name)) {
            Some((_, latest)) => *latest = place,
            None => self.latest.push((flag.name, place)),
        }
        self.flags.push(given);
    }

    fn operand(&mut self, at: usize, argument: Argument<'a>) {
        self.role(at, Role::Operand);
        self.operands.push(argument);
    }

    fn trouble(&mut self, what: &'static str, index: Option<usize>) {
        self.trouble = self.trouble.or(Some(Trouble { what, index }));
    }

    /// The last use of this flag; where the tool reads flags again, that one holds.
    pub(crate) fn last(&self, name: &str) -> Option<&Given<'a>> {
        if !self.given.have(Marks::of(name)) {
            return None;
        }
        // A grammar's names stand in one place each: most are found without reading them.
        let mut latest = self.latest.iter();
        let one = latest.clone().find(|(known, _)| std::ptr::eq(*known, name));
        let (_, place) = one.or_else(|| latest.find(|(known, _)| *known == name))?;
        self.flags.get(*place)
    }

    /// Whether this flag is given and not switched off.
    pub(crate) fn set(&self, name: &str) -> bool {
        self.last(name).is_some_and(Given::on)
    }
}

/// As [`Parsed::of`]; none where the tool's grammar is empty.
pub(crate) fn parse<'g, 'a>(
    tool: &'g Tool,
    arguments: &[Argument<'a>],
    environment: &Environment<'_>,
) -> Option<Parsed<'g, 'a>> {
    Some(Parsed::of(tool, tool.command(0)?, arguments, environment))
}

/// An argument that the tool replaces by the words of a file can mean anything.
fn from_file(tool: &Tool, arguments: &[Argument<'_>], parsed: &mut Parsed<'_, '_>) {
    let marked = |mark| arguments.iter().find(|argument| argument.bytes.first() == Some(&mark));
    let argument = tool.file_arguments.and_then(marked).map(|argument| argument.index);
    let flag = || parsed.flags.iter().find(|given| tool.file_flags.contains(&given.flag.name)).map(|given| given.index);
    if let Some(index) = argument.or_else(flag) {
        parsed.trouble = Some(Trouble { what: FROM_FILE, index });
    }
}

const FROM_FILE: &str = "the tool replaces it by the words of a file";
const UNKNOWN_WORD: &str = "no command of that name is known here: a plugin, an alias, or a newer version";
const UNKNOWN_FLAG: &str = "no flag of that name is known here, so what follows it may be its value or not";
const AMBIGUOUS: &str = "it is the beginning of several flags";
const NO_VALUE: &str = "its value is missing";
const NO_VALUE_TAKEN: &str = "it takes no value";
const MISPLACED: &str = "the tool does not take it here";
const SEPARATOR: &str = "versions of the tool differ in what they read after it";

/// `--name=value` without its dashes, as name and value.
fn split(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    match bytes.iter().position(|byte| *byte == b'=') {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..)),
        None => (bytes, None),
    }
}
