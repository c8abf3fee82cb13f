//! Go's `flag` package below hashicorp/cli.
//!
//! The version flags count anywhere, even after `--` and as values. Help counts
//! anywhere before `--`. Flags before the first word are the root's; the words
//! follow one another; then flags, with one dash or two, up to the first operand.

use super::{Argument, MISPLACED, NO_VALUE, Parsed, Role, Tool, UNKNOWN_FLAG, UNKNOWN_WORD, split};
use crate::classify::grammar::{Flag, Stops, Takes};

pub(super) fn parse<'g, 'a>(tool: &'g Tool, arguments: &[Argument<'a>], parsed: &mut Parsed<'g, 'a>) {
    stops(arguments, parsed);
    if let Some(first) = before_words(arguments, parsed) {
        let after = words(tool, arguments, first, parsed);
        flags(arguments, after, parsed);
    }
    if parsed.stops.is_some() {
        parsed.trouble = None;
    }
}

/// Finds what makes the tool print and stop, wherever it stands.
fn stops(arguments: &[Argument<'_>], parsed: &mut Parsed<'_, '_>) {
    let flags = &parsed.command.flags;
    let stop = |argument: &Argument<'_>| named(argument.bytes).and_then(|name| flags.long(name)?.stops);
    let version = arguments.iter().find(|argument| stop(argument) == Some(Stops::Version));
    let mut open = arguments.iter().take_while(|argument| argument.bytes != b"--");
    let help = open.find(|argument| stop(argument) == Some(Stops::Help));
    parsed.stops =
        version.map(|argument| (Stops::Version, argument.index)).or(help.map(|argument| (Stops::Help, argument.index)));
}

/// The name of a flag without one dash or two.
fn named(bytes: &[u8]) -> Option<&[u8]> {
    let bare = bytes.strip_prefix(b"-")?;
    Some(bare.strip_prefix(b"-").unwrap_or(bare))
}

/// Reads the flags before the first word, and gives its place.
fn before_words<'a>(arguments: &[Argument<'a>], parsed: &mut Parsed<'_, 'a>) -> Option<usize> {
    let flags = &parsed.command.flags;
    let mut skipped = false;
    for (at, argument) in arguments.iter().enumerate() {
        match argument.bytes {
            b"--" => return None,
            b"" => {
                skipped = true;
                parsed.role(at, Role::Skipped);
            }
            [b'-', rest @ ..] => {
                parsed.role(at, Role::Flag);
                let (name, value) = split(rest);
                match flags.long(name) {
                    Some(flag) if flag.stops.is_some() => {}
                    Some(flag) if value.is_some() && !skipped => parsed.give(flag, value, argument.index),
                    _ if named(argument.bytes).and_then(|name| flags.long(name)?.stops).is_some() => {}
                    _ => parsed.trouble(MISPLACED, argument.index),
                }
            }
            _ => return Some(at),
        }
    }
    None
}

/// Follows the words from `first` on, and gives the place after the last.
fn words<'g, 'a>(tool: &'g Tool, arguments: &[Argument<'a>], first: usize, parsed: &mut Parsed<'g, 'a>) -> usize {
    let mut at = first;
    while let Some(word) = arguments.get(at).copied() {
        match parsed.command.child(word.bytes).and_then(|index| tool.command(index)) {
            Some(below) => parsed.descend(at, word, below),
            None => break,
        }
        at += 1;
    }
    let only_leads = parsed.command.only_leads() && at < arguments.len();
    if at == first || only_leads {
        parsed.trouble(UNKNOWN_WORD, arguments.get(at).and_then(|argument| argument.index));
    }
    at
}

fn flags<'a>(arguments: &[Argument<'a>], from: usize, parsed: &mut Parsed<'_, 'a>) {
    let mut rest = arguments.iter().copied().enumerate().skip(from);
    let mut ended = false;
    while let Some((at, argument)) = rest.next() {
        match argument.bytes {
            _ if ended => parsed.operand(at, argument),
            b"--" => {
                ended = true;
                parsed.role(at, Role::Skipped);
            }
            [b'-', _, ..] => {
                parsed.role(at, Role::Flag);
                flag(argument, &mut rest, parsed);
            }
            _ => {
                ended = true;
                parsed.operand(at, argument);
            }
        }
    }
}

fn flag<'a>(
    argument: Argument<'a>,
    rest: &mut impl Iterator<Item = (usize, Argument<'a>)>,
    parsed: &mut Parsed<'_, 'a>,
) {
    let (name, value) = named(argument.bytes).map(split).unwrap_or_default();
    match parsed.command.flags.long(name) {
        None => parsed.trouble(UNKNOWN_FLAG, argument.index),
        Some(Flag { stops: Some(_), .. }) => {}
        Some(flag) if value.is_some() || flag.takes == Takes::Nothing => parsed.give(flag, value, argument.index),
        Some(flag) => match rest.next() {
            Some((at, next)) => {
                parsed.role(at, Role::Value);
                parsed.give(flag, Some(next.bytes), argument.index);
            }
            None => parsed.trouble(NO_VALUE, argument.index),
        },
    }
}
