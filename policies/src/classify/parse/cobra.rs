//! spf13/cobra and pflag.
//!
//! Two passes, as the library makes them (`Command.Find`, then
//! `FlagSet.Parse`). The first looks for the next word at each level and skips
//! what it takes for a flag's value: a flag that it does not know at that level,
//! without `=`, swallows the next argument. The second reads all arguments but
//! the words with the flags of the command that was found.

use super::{Argument, NO_VALUE, Parsed, Role, Tool, UNKNOWN_FLAG, UNKNOWN_WORD, split};
use crate::classify::grammar::{Command, Flag, Flags, Takes};

pub(super) fn parse<'g, 'a>(tool: &'g Tool, arguments: &[Argument<'a>], parsed: &mut Parsed<'g, 'a>) {
    if tool.traverses {
        return traverse(tool, arguments, parsed);
    }
    while let Some((at, word)) = next_word(tool, parsed, arguments) {
        match parsed.command.child(word.bytes).and_then(|index| tool.command(index)) {
            Some(below) => parsed.descend(at, word, below),
            None => {
                if misses(parsed.command) {
                    parsed.trouble(UNKNOWN_WORD, word.index);
                }
                break;
            }
        }
        if parsed.command.opaque {
            break;
        }
    }
    flags(tool, arguments, parsed);
}

/// As `Command.Traverse` does it: each command reads the flags up to the next word.
fn traverse<'g, 'a>(tool: &'g Tool, arguments: &[Argument<'a>], parsed: &mut Parsed<'g, 'a>) {
    let mut rest = arguments.iter().copied().enumerate();
    let mut ended = false;
    while let Some((at, argument)) = rest.next() {
        let plain = ended || !matches!(argument.bytes, [b'-', _, ..]);
        if !plain {
            ended = flag(tool, (at, argument), &mut rest, parsed);
            continue;
        }
        let child = parsed.command.child(argument.bytes).filter(|_| !ended && parsed.operands.is_empty());
        match child.and_then(|index| tool.command(index)) {
            Some(below) => {
                parsed.descend(at, argument, below);
                ended = below.opaque;
            }
            None => {
                if misses(parsed.command) {
                    return parsed.trouble(UNKNOWN_WORD, argument.index);
                }
                parsed.operand(at, argument);
                ended |= parsed.command.ends;
            }
        }
    }
}

/// Reads one flag; whether it was `--`, which ends them.
fn flag<'g, 'a>(
    tool: &Tool,
    (at, argument): (usize, Argument<'a>),
    rest: &mut impl Iterator<Item = (usize, Argument<'a>)>,
    parsed: &mut Parsed<'g, 'a>,
) -> bool {
    let command = parsed.command;
    parsed.role(at, Role::Flag);
    match argument.bytes {
        b"--" => {
            parsed.role(at, Role::Skipped);
            return true;
        }
        [b'-', b'-', name @ ..] => {
            let (name, value) = split(name);
            match long(tool, &command.flags, name) {
                Some(flag) => take(flag, value, argument, rest, parsed),
                None => parsed.trouble(UNKNOWN_FLAG, argument.index),
            }
        }
        [_, letters @ ..] => cluster(&command.flags, letters, argument, rest, parsed),
        [] => {}
    }
    false
}

/// A word that leads nowhere is a trouble where the command is only a way to
/// others; elsewhere it is an operand.
fn misses(command: &Command) -> bool {
    command.only_leads() || command.words.is_empty()
}

/// The first argument that is neither a flag nor what looks like a flag's value.
fn next_word<'a>(tool: &Tool, parsed: &Parsed<'_, 'a>, arguments: &[Argument<'a>]) -> Option<(usize, Argument<'a>)> {
    let flags = &parsed.command.flags;
    let mut skip = false;
    for (at, argument) in arguments.iter().enumerate() {
        if parsed.roles.get(at) == Some(&Role::Word) {
            continue;
        }
        if std::mem::take(&mut skip) {
            continue;
        }
        match argument.bytes {
            b"--" => return None,
            [b'-', b'-', name @ ..] => skip = !name.contains(&b'=') && !alone(long(tool, flags, name)),
            [b'-', letter] => skip = *letter != b'=' && !alone(flags.short(*letter)),
            [] | [b'-', ..] => {}
            _ => return Some((at, *argument)),
        }
    }
    None
}

/// Whether a flag stands without a value after it.
fn alone(flag: Option<Flag>) -> bool {
    flag.is_some_and(|flag| matches!(flag.takes, Takes::Nothing | Takes::Attached(_)))
}

fn long(tool: &Tool, flags: &Flags, name: &[u8]) -> Option<Flag> {
    if tool.underscores && name.contains(&b'_') {
        let name: Vec<u8> = name.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect();
        return flags.long(&name);
    }
    flags.long(name)
}

fn flags<'a>(tool: &Tool, arguments: &[Argument<'a>], parsed: &mut Parsed<'_, 'a>) {
    let mut rest = arguments.iter().copied().enumerate();
    let mut ended = parsed.command.opaque;
    while let Some((at, argument)) = rest.next() {
        if parsed.roles.get(at) == Some(&Role::Word) {
            continue;
        }
        if ended || !matches!(argument.bytes, [b'-', _, ..]) {
            parsed.operand(at, argument);
            ended |= parsed.command.ends;
        } else {
            ended = flag(tool, (at, argument), &mut rest, parsed);
        }
    }
}

/// `-it`, `-nprod`, `-n=prod`: letters up to the one that takes a value.
fn cluster<'a>(
    known: &Flags,
    mut letters: &'a [u8],
    argument: Argument<'a>,
    rest: &mut impl Iterator<Item = (usize, Argument<'a>)>,
    parsed: &mut Parsed<'_, 'a>,
) {
    while let [letter, after @ ..] = letters {
        let Some(flag) = known.short(*letter) else {
            return parsed.trouble(UNKNOWN_FLAG, argument.index);
        };
        match after {
            [b'=', value @ ..] if !value.is_empty() => return parsed.give(flag, Some(value), argument.index),
            _ if alone(Some(flag)) => parsed.give(flag, bare(flag), argument.index),
            [] => return take(flag, None, argument, rest, parsed),
            value => return parsed.give(flag, Some(value), argument.index),
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
    if value.is_some() || alone(Some(flag)) {
        return parsed.give(flag, value.or(bare(flag)), argument.index);
    }
    let next = rest.find(|(at, _)| parsed.roles.get(*at) != Some(&Role::Word));
    match next {
        Some((at, next)) => {
            parsed.role(at, Role::Value);
            parsed.give(flag, Some(next.bytes), argument.index);
        }
        None => parsed.trouble(NO_VALUE, argument.index),
    }
}

/// The value that a flag has where none is given.
fn bare(flag: Flag) -> Option<&'static [u8]> {
    match flag.takes {
        Takes::Attached(value) => Some(value.as_bytes()),
        _ => None,
    }
}
