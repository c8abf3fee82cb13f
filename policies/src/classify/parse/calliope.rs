//! Calliope, the library of the Google Cloud command-line tool: argparse with
//! groups of any depth, flags of every level anywhere after it, and no shortened
//! flags.
//!
//! The words are the plain arguments from the first on, up to a command. What
//! follows `--` goes to the command as it is. A release track before the words
//! (`alpha`, `beta`) is no part of the operation.

use smallvec::SmallVec;

use super::{Argument, NO_VALUE, NO_VALUE_TAKEN, Parsed, Role, Tool, UNKNOWN_FLAG, UNKNOWN_WORD, split};
use crate::classify::grammar::{Flag, Stops, Takes};

pub(super) fn parse<'g, 'a>(tool: &'g Tool, arguments: &[Argument<'a>], parsed: &mut Parsed<'g, 'a>) {
    let mut reading = Reading { tool, group: SmallVec::new(), found: false };
    let mut rest = arguments.iter().copied().enumerate();
    while let Some((at, argument)) = rest.next() {
        match argument.bytes {
            b"--" => {
                parsed.role(at, Role::Skipped);
                break;
            }
            [b'-', b'-', ..] => {
                parsed.role(at, Role::Flag);
                let (name, value) = split(argument.bytes);
                reading.flag(name, value, argument, &mut rest, parsed);
            }
            [b'-', letters @ ..] if !letters.is_empty() && !is_plain(argument.bytes) => {
                parsed.role(at, Role::Flag);
                reading.cluster(letters, argument, &mut rest, parsed);
            }
            _ if reading.found => parsed.operand(at, argument),
            _ => reading.word(at, argument, parsed),
        }
        if parsed.trouble.is_some() && !reading.found {
            return;
        }
    }
    for (at, argument) in rest {
        parsed.operand(at, argument);
    }
    if !reading.found {
        parsed.stops = parsed.stops.or(Some((Stops::Help, parsed.word)));
    }
}

/// A negative number, or an argument with a space, is no flag to argparse.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.contains(&b' ') || bytes.iter().skip(1).all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

struct Reading<'g> {
    tool: &'g Tool,
    /// The words so far, separated by a space; without the release track.
    group: SmallVec<[u8; 48]>,
    /// Whether the words are complete.
    found: bool,
}

impl<'g> Reading<'g> {
    fn word<'a>(&mut self, at: usize, word: Argument<'a>, parsed: &mut Parsed<'g, 'a>) {
        if self.group.is_empty() && self.tool.tracks.iter().any(|track| track.as_bytes() == word.bytes) {
            return parsed.role(at, Role::Word);
        }
        let written = parsed.command.words.as_bytes() == &*self.group;
        let below = parsed.command.child(word.bytes).filter(|_| written).and_then(|index| self.tool.command(index));
        if let Some(below) = below {
            parsed.descend(at, word, below);
            self.extend(word.bytes);
            self.found = !below.only_leads();
            return;
        }
        let Some(table) = &self.tool.table else {
            return parsed.trouble(UNKNOWN_WORD, word.index);
        };
        if let Some(entry) = table.find(&self.group, word.bytes) {
            parsed.descend(at, word, &table.command);
            parsed.entry = Some(entry);
            self.found = true;
            return;
        }
        self.extend(word.bytes);
        match self.tool.command(0).filter(|_| table.leads(&self.group)) {
            Some(root) => parsed.descend(at, word, root),
            None => parsed.trouble(UNKNOWN_WORD, word.index),
        }
    }

    fn extend(&mut self, word: &[u8]) {
        if !self.group.is_empty() {
            self.group.push(b' ');
        }
        self.group.extend_from_slice(word);
    }

    fn known(&self, name: &[u8], parsed: &Parsed<'g, '_>) -> Option<Flag> {
        let bare = name.strip_prefix(b"--").unwrap_or(name);
        let at_root = self.tool.command(0).and_then(|root| root.flags.long(bare));
        let root = at_root.filter(|flag| flag.stops != Some(Stops::Version) || parsed.typed.is_empty());
        let in_table = || self.tool.table.as_ref().filter(|_| !self.group.is_empty())?.command.flags.long(bare);
        parsed.command.flags.long(bare).filter(|_| !parsed.typed.is_empty()).or(root).or_else(in_table)
    }

    fn flag<'a>(
        &self,
        name: &'a [u8],
        value: Option<&'a [u8]>,
        argument: Argument<'a>,
        rest: &mut (impl Iterator<Item = (usize, Argument<'a>)> + Clone),
        parsed: &mut Parsed<'g, 'a>,
    ) {
        if let Some(flag) = self.known(name, parsed) {
            return take(flag, value, argument, rest, parsed);
        }
        if value.is_some() {
            return;
        }
        // What is no text is the name of no flag.
        let named = std::str::from_utf8(name).is_ok();
        match self.tool.table.as_ref().filter(|_| named) {
            Some(table) if table.stands_alone(&self.group, name) => {}
            Some(table) if self.found || table.may_stand_between(name) => skip(rest, parsed),
            _ => parsed.trouble(UNKNOWN_FLAG, argument.index),
        }
    }

    fn cluster<'a>(
        &self,
        mut letters: &'a [u8],
        argument: Argument<'a>,
        rest: &mut (impl Iterator<Item = (usize, Argument<'a>)> + Clone),
        parsed: &mut Parsed<'g, 'a>,
    ) {
        while let [letter, after @ ..] = letters {
            let root = self.tool.command(0).and_then(|root| root.flags.short(*letter));
            let attached = Some(after).filter(|after| !after.is_empty());
            let name = [b'-', *letter];
            let alone = |table: &crate::classify::table::Table| table.stands_alone(&self.group, &name);
            match parsed.command.flags.short(*letter).or(root) {
                Some(flag) if flag.takes == Takes::Nothing => parsed.give(flag, None, argument.index),
                Some(flag) => return take(flag, attached, argument, rest, parsed),
                None if self.tool.table.as_ref().is_some_and(alone) => {}
                None if self.found && attached.is_some() => return,
                None if self.found => return skip(rest, parsed),
                None => return parsed.trouble(UNKNOWN_FLAG, argument.index),
            }
            letters = after;
        }
    }
}

/// Passes over the value of a flag that no grammar has by name.
fn skip<'a>(rest: &mut (impl Iterator<Item = (usize, Argument<'a>)> + Clone), parsed: &mut Parsed<'_, 'a>) {
    if let Some((at, _)) = rest.clone().next().filter(|(_, next)| takes_as_value(next.bytes)) {
        rest.next();
        parsed.role(at, Role::Value);
    }
}

/// What argparse takes as a value: anything that does not look like a flag.
fn takes_as_value(bytes: &[u8]) -> bool {
    !matches!(bytes, [b'-', _, ..]) || is_plain(bytes)
}

fn take<'a>(
    flag: Flag,
    value: Option<&'a [u8]>,
    argument: Argument<'a>,
    rest: &mut (impl Iterator<Item = (usize, Argument<'a>)> + Clone),
    parsed: &mut Parsed<'_, 'a>,
) {
    match (flag.takes, value) {
        (Takes::Nothing, Some(_)) => return parsed.trouble(NO_VALUE_TAKEN, argument.index),
        (Takes::Nothing, None) => return parsed.give(flag, None, argument.index),
        (_, Some(value)) => return parsed.give(flag, Some(value), argument.index),
        _ => {}
    }
    match rest.clone().next().filter(|(_, next)| takes_as_value(next.bytes)) {
        Some((at, next)) => {
            rest.next();
            parsed.role(at, Role::Value);
            parsed.give(flag, Some(next.bytes), argument.index);
        }
        None if flag.takes == Takes::Maybe => parsed.give(flag, None, argument.index),
        None => parsed.trouble(NO_VALUE, argument.index),
    }
}
