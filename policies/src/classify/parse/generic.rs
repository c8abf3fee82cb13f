//! A tool of which nothing is known but its name and, perhaps, some commands.
//!
//! The leading words before the first flag name the command: as far as they are
//! declared, and else all that look like words. What follows is not read.

use super::{Argument, Parsed, Role, Tool};

/// The most words that name a command nobody declared.
const MOST_WORDS: usize = 4;

pub(super) fn parse<'g, 'a>(tool: &'g Tool, arguments: &[Argument<'a>], parsed: &mut Parsed<'g, 'a>) {
    let mut at = 0;
    while let Some(word) = arguments.get(at).copied() {
        match parsed.command.child(word.bytes).and_then(|index| tool.command(index)) {
            Some(below) => parsed.descend(at, word, below),
            None => break,
        }
        at += 1;
    }
    // A declared command has its operands; of another the words go on.
    let declared = parsed.command.declared;
    for (at, argument) in arguments.iter().copied().enumerate().skip(at) {
        let words = !declared && parsed.operands.is_empty() && parsed.typed.len() < MOST_WORDS;
        if words
            && is_word(argument.bytes)
            && parsed.roles.get(..at).is_some_and(|roles| roles.iter().all(|role| *role == Role::Word))
        {
            parsed.descend(at, argument, parsed.command);
        } else if argument.bytes.starts_with(b"-") {
            parsed.role(at, Role::Flag);
        } else {
            parsed.operand(at, argument);
        }
    }
}

fn is_word(bytes: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.len() <= 32 && bytes.iter().all(letter)
}
