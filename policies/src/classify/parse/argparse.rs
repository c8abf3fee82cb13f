//! Python's argparse, one parser below another.
//!
//! The root's parser takes its own options out, wherever they stand, and hands
//! the rest on: the first plain argument is the first word, the next the second,
//! whatever unknown options stand before them. The last parser reads what is left.
//! Options may be shortened to any beginning that only one of a parser's options
//! has. An argument with a space in it is plain even if it starts with a dash.

use smallvec::SmallVec;

use super::{
    AMBIGUOUS, Argument, MISPLACED, NO_VALUE, NO_VALUE_TAKEN, Parsed, Role, SEPARATOR, Tool, UNKNOWN_FLAG,
    UNKNOWN_WORD, split,
};
use crate::classify::grammar::{Flag, Flags, Shortened, Stops, Takes};

pub(super) fn parse<'g, 'a>(tool: &'g Tool, arguments: &[Argument<'a>], parsed: &mut Parsed<'g, 'a>) {
    if let Some(at) = arguments.iter().position(|argument| argument.bytes == b"--") {
        parsed.role(at, Role::Skipped);
        parsed.trouble(SEPARATOR, arguments.get(at).and_then(|argument| argument.index));
    }
    let mut left = globals(arguments, parsed);
    words(tool, &mut left, parsed);
    match left.as_slice() {
        [(_, only)] if only.bytes == b"help" => parsed.stops = parsed.stops.or(Some((Stops::Help, only.index))),
        _ => options(&left, parsed),
    }
}

type Placed<'a> = (usize, Argument<'a>);

/// What no parser has taken yet.
type Left<'a> = SmallVec<[Placed<'a>; 16]>;

/// What an argument is to one parser.
enum Kind<'a> {
    Plain,
    Option(Flag, Option<&'a [u8]>),
    Ambiguous,
    Unknown,
}

fn kind<'a>(flags: &Flags, bytes: &'a [u8]) -> Kind<'a> {
    let [b'-', _, ..] = bytes else {
        return Kind::Plain;
    };
    if let Some(rest) = bytes.strip_prefix(b"--") {
        let (name, value) = split(rest);
        match flags.shortened(name) {
            Shortened::To(flag) => return Kind::Option(flag, value),
            Shortened::Ambiguous => return Kind::Ambiguous,
            Shortened::Unknown => {}
        }
    }
    if bytes.contains(&b' ') || number(bytes) { Kind::Plain } else { Kind::Unknown }
}

/// `-1`, `-.5`: no option looks like that.
fn number(bytes: &[u8]) -> bool {
    bytes.iter().skip(1).all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// Takes the root's options out; what is left keeps its order.
fn globals<'a>(arguments: &[Argument<'a>], parsed: &mut Parsed<'_, 'a>) -> Left<'a> {
    let flags = &parsed.command.flags;
    let mut left = Left::new();
    let all = arguments.iter().copied().enumerate();
    let mut rest = all.filter(|(_, argument)| argument.bytes != b"--").peekable();
    while let Some((at, argument)) = rest.next() {
        match kind(flags, argument.bytes) {
            Kind::Option(flag, value) => {
                parsed.role(at, Role::Flag);
                let plain = |next: &Placed<'a>| matches!(kind(flags, next.1.bytes), Kind::Plain);
                take(flag, value, argument, &mut rest, plain, parsed);
            }
            Kind::Ambiguous => parsed.trouble(AMBIGUOUS, argument.index),
            Kind::Plain | Kind::Unknown => left.push((at, argument)),
        }
    }
    left
}

/// Follows the words, and takes them out.
fn words<'g, 'a>(tool: &'g Tool, left: &mut Left<'a>, parsed: &mut Parsed<'g, 'a>) {
    while let Some((place, at, word)) = next_plain(left) {
        if parsed.first.is_some() && left.len() == 1 && word.bytes == b"help" {
            break;
        }
        let below = parsed.command.child(word.bytes).and_then(|index| tool.command(index));
        if let Some(below) = below {
            parsed.descend(at, word, below);
            left.remove(place);
        } else if parsed.command.tier.is_some() && !parsed.command.words.is_empty() {
            break;
        } else {
            return table(tool, left, parsed);
        }
        if parsed.command.stops.is_some() {
            break;
        }
    }
}

/// Looks the service and the operation up in the tool's generated table. The
/// service may have been a word already, where it has commands of its own too.
fn table<'g, 'a>(tool: &'g Tool, left: &mut Left<'a>, parsed: &mut Parsed<'g, 'a>) {
    let service = match parsed.first {
        Some(first) => first,
        None => match next_plain(left) {
            Some((place, at, word)) => {
                left.remove(place);
                parsed.descend(at, word, parsed.command);
                word
            }
            None => return,
        },
    };
    let operation = next_plain(left);
    let Some(table) = tool.table.as_ref().filter(|table| table.has(service.bytes)) else {
        parsed.trouble(
            UNKNOWN_WORD,
            operation.filter(|_| !parsed.command.words.is_empty()).map_or(service, |found| found.2).index,
        );
        return;
    };
    let Some((place, at, word)) = operation else {
        parsed.stops = parsed.stops.or(Some((Stops::Help, service.index)));
        return;
    };
    left.remove(place);
    if word.bytes == b"help" {
        parsed.stops = parsed.stops.or(Some((Stops::Help, word.index)));
    }
    match table.find(service.bytes, word.bytes) {
        Some(entry) => {
            parsed.descend(at, word, &table.command);
            parsed.entry = Some(entry);
        }
        None if word.bytes == b"help" => {}
        None => parsed.trouble(UNKNOWN_WORD, word.index),
    }
}

/// The first plain argument: its place among what is left, and in the argv.
fn next_plain<'a>(left: &[Placed<'a>]) -> Option<(usize, usize, Argument<'a>)> {
    let place = left.iter().position(|(_, argument)| is_plain(argument.bytes))?;
    left.get(place).map(|(at, argument)| (place, *at, *argument))
}

/// What no parser without options of its own takes for an option.
fn is_plain(bytes: &[u8]) -> bool {
    matches!(kind(&Flags::default(), bytes), Kind::Plain)
}

fn options<'a>(left: &[Placed<'a>], parsed: &mut Parsed<'_, 'a>) {
    let flags = &parsed.command.flags;
    if parsed.command.words.is_empty() && parsed.entry.is_none() {
        return;
    }
    let mut rest = left.iter().copied().peekable();
    while let Some((at, argument)) = rest.next() {
        match kind(flags, argument.bytes) {
            Kind::Option(flag, value) => {
                parsed.role(at, Role::Flag);
                let plain = |next: &Placed<'a>| matches!(kind(flags, next.1.bytes), Kind::Plain);
                take(flag, value, argument, &mut rest, plain, parsed);
            }
            Kind::Ambiguous if flags.open => every(flags, argument, at, parsed),
            Kind::Ambiguous => parsed.trouble(AMBIGUOUS, argument.index),
            Kind::Unknown if flags.open => {
                parsed.role(at, Role::Flag);
                attached(argument, parsed);
            }
            Kind::Unknown => parsed.trouble(UNKNOWN_FLAG, argument.index),
            Kind::Plain => parsed.operand(at, argument),
        }
    }
}

/// Where not all flags are listed, the value of one counts whether it is attached or not.
fn attached<'a>(argument: Argument<'a>, parsed: &mut Parsed<'_, 'a>) {
    if let (_, Some(value)) = split(argument.bytes) {
        parsed.operands.push(Argument { bytes: value, index: argument.index });
    }
}

/// Where not all flags are listed, a beginning of several that are may be the name
/// of one that is not, or short for any of them: it counts as all.
fn every<'a>(flags: &Flags, argument: Argument<'a>, at: usize, parsed: &mut Parsed<'_, 'a>) {
    parsed.role(at, Role::Flag);
    let name = argument.bytes.strip_prefix(b"--").map(|bytes| split(bytes).0).unwrap_or_default();
    for flag in flags.starting(name) {
        parsed.give(flag, None, argument.index);
    }
}

fn take<'a>(
    flag: Flag,
    value: Option<&'a [u8]>,
    argument: Argument<'a>,
    rest: &mut std::iter::Peekable<impl Iterator<Item = Placed<'a>>>,
    plain: impl Fn(&Placed<'a>) -> bool,
    parsed: &mut Parsed<'_, 'a>,
) {
    match (flag.takes, value) {
        (Takes::Nothing, Some(_)) => return parsed.trouble(NO_VALUE_TAKEN, argument.index),
        (Takes::Nothing, None) => {
            // A version option followed by a value is more likely meant for the
            // command: what the command does is then the safer reading.
            if flag.stops.is_none() || !rest.peek().is_some_and(&plain) {
                parsed.give(flag, None, argument.index);
            }
            return;
        }
        (Takes::MustAttach, None) => return parsed.trouble(MISPLACED, argument.index),
        (_, Some(value)) => return parsed.give(flag, Some(value), argument.index),
        _ => {}
    }
    let mut found = None;
    while flag.takes == Takes::Many || found.is_none() {
        let Some((at, next)) = rest.next_if(&plain) else {
            break;
        };
        parsed.role(at, Role::Value);
        found = found.or(Some(next.bytes));
    }
    match (found, flag.takes) {
        (None, Takes::Maybe) | (Some(_), _) => parsed.give(flag, found, argument.index),
        (None, _) => parsed.trouble(NO_VALUE, argument.index),
    }
}
