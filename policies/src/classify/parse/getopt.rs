//! GNU getopt_long, with or without commands.
//!
//! The root's flags end at the first word. After it, and without words, flags and
//! operands mix, letters cluster, and long flags may be shortened to any beginning
//! that only one has.

use super::{
    AMBIGUOUS, Argument, Environment, MISPLACED, NO_VALUE, NO_VALUE_TAKEN, Parsed, Role, Tool, UNKNOWN_FLAG,
    UNKNOWN_WORD, split,
};
use crate::classify::grammar::{Command, Flag, Flags, Shortened, Takes};

pub(super) fn parse<'g, 'a>(
    tool: &'g Tool,
    arguments: &[Argument<'a>],
    environment: &Environment<'_>,
    parsed: &mut Parsed<'g, 'a>,
) {
    let has_words = tool.commands.len() > 1;
    let mixed = tool.command(0).is_none_or(ends_late) && environment.any(b"POSIXLY_CORRECT").is_none();
    let root = match (has_words, mixed) {
        (true, _) => Until::Word,
        (false, true) => Until::End,
        (false, false) => Until::Operand,
    };
    let mut from = read(arguments, 0, root, parsed);
    while let Some(word) = arguments.get(from).copied().filter(|_| has_words) {
        match parsed.command.child(word.bytes).and_then(|index| tool.command(index)) {
            Some(below) => parsed.descend(from, word, below),
            None if parsed.command.only_leads() || parsed.command.words.is_empty() => {
                return parsed.trouble(UNKNOWN_WORD, word.index);
            }
            None => break,
        }
        from += 1;
        // Flags may stand before the next word too: `git remote -v add`.
        if !parsed.command.children.is_empty() && !parsed.command.opaque {
            from = read(arguments, from, Until::Word, parsed);
        }
    }
    if has_words && !parsed.command.words.is_empty() {
        read(arguments, from, Until::End, parsed);
    }
}

/// How far flags are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// To what may be a command's name.
    Word,
    /// To the first operand, and operands from there on.
    Operand,
    /// To the end, operands between them.
    End,
}

/// Whether flags go on after an operand: not where that is another command's.
fn ends_late(root: &Command) -> bool {
    !root.ends && root.wraps.as_ref().is_none_or(|wraps| wraps.value.is_some())
}

/// Reads flags, and operands where those are meant; gives the place of the first
/// argument that was not read.
fn read<'a>(arguments: &[Argument<'a>], from: usize, until: Until, parsed: &mut Parsed<'_, 'a>) -> usize {
    let flags = &parsed.command.flags;
    let words = until == Until::Word && !parsed.command.children.is_empty();
    let is_root = parsed.command.words.is_empty();
    let mut rest = arguments.iter().copied().enumerate().skip(from);
    let mut ended = parsed.command.opaque;
    while let Some((at, argument)) = rest.next() {
        match argument.bytes {
            _ if ended => parsed.operand(at, argument),
            b"--" if words && is_root => parsed.trouble(MISPLACED, argument.index),
            b"--" if words => return at,
            b"--" => {
                ended = true;
                parsed.role(at, Role::Skipped);
            }
            [b'-', b'-', name @ ..] => {
                parsed.role(at, Role::Flag);
                long(flags, name, argument, &mut rest, parsed);
            }
            [b'-', letters @ ..] if !letters.is_empty() => {
                parsed.role(at, Role::Flag);
                cluster(flags, letters, argument, &mut rest, parsed);
            }
            _ if words => return at,
            _ => {
                ended = until == Until::Operand;
                parsed.operand(at, argument);
            }
        }
    }
    arguments.len()
}

fn long<'a>(
    flags: &Flags,
    name: &'a [u8],
    argument: Argument<'a>,
    rest: &mut impl Iterator<Item = (usize, Argument<'a>)>,
    parsed: &mut Parsed<'_, 'a>,
) {
    let (name, value) = split(name);
    match flags.shortened(name) {
        Shortened::To(flag) => take(flag, value, argument, rest, parsed),
        Shortened::Ambiguous => parsed.trouble(AMBIGUOUS, argument.index),
        Shortened::Unknown if flags.open && !takes_back(flags, name) => {}
        Shortened::Unknown => parsed.trouble(UNKNOWN_FLAG, argument.index),
    }
}

/// Whether this is the opposite of a flag that counts: `--no-check`, shortened too.
fn takes_back(flags: &Flags, name: &[u8]) -> bool {
    name.strip_prefix(b"no-").is_some_and(|flag| !flag.is_empty() && flags.starting(flag).next().is_some())
}

fn cluster<'a>(
    flags: &Flags,
    mut letters: &'a [u8],
    argument: Argument<'a>,
    rest: &mut impl Iterator<Item = (usize, Argument<'a>)>,
    parsed: &mut Parsed<'_, 'a>,
) {
    while let [letter, after @ ..] = letters {
        match flags.short(*letter) {
            None if flags.open => return,
            None => return parsed.trouble(UNKNOWN_FLAG, argument.index),
            Some(flag) if flag.takes == Takes::Nothing => parsed.give(flag, None, argument.index),
            Some(flag) => {
                let value = Some(after).filter(|after| !after.is_empty());
                return take(flag, value, argument, rest, parsed);
            }
        }
        letters = after;
    }
}

fn take<'a>(
    flag: Flag,
    value: Option<&'a [u8]>,
    argument: Argument<'a>,
    rest: &mut impl Iterator<Item = (usize, Argument<'a>)>,
    parsed: &mut Parsed<'_, 'a>,
) {
    match (flag.takes, value) {
        (Takes::Nothing, Some(_)) => parsed.trouble(NO_VALUE_TAKEN, argument.index),
        (Takes::Nothing, None) => parsed.give(flag, None, argument.index),
        (_, Some(value)) => parsed.give(flag, Some(value), argument.index),
        (Takes::Attached(bare), None) => parsed.give(flag, Some(bare.as_bytes()), argument.index),
        (_, None) => match rest.next() {
            Some((at, next)) => {
                parsed.role(at, Role::Value);
                parsed.give(flag, Some(next.bytes), argument.index);
            }
            None => parsed.trouble(NO_VALUE, argument.index),
        },
    }
}
