//! What denies whatever a rule says: flags that may not be given, and what a
//! shell would act on.
//!
//! Deliberately not here: which flags those are (that is a tool's table), and
//! what they mean.

use super::rule::Case;
use crate::classify::arguments::{Argument, Arguments, Kind};
use crate::show;

/// The flags that may be given; nothing else may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allowed(Vec<String>);

impl Allowed {
    pub(super) fn new(flags: Vec<String>) -> Self {
        Self(flags)
    }

    /// What there is against the arguments; none if all may be given.
    pub(super) fn objection(&self, case: &Case<'_>) -> Option<String> {
        if case.tool != case.asked.operation.tool {
            return Some("its arguments cannot be checked inside another command".to_owned());
        }
        let Some(arguments) = &case.asked.operation.arguments else {
            return Some("what a variable adds to its arguments cannot be read".to_owned());
        };
        let refused = arguments.iter().find(|item| is_flag(arguments, item) && !self.allows(item))?;
        let flag = refused.bytes.split(|byte| *byte == b'=').next().unwrap_or_default();
        let from = if refused.index.is_none() { ", which a variable adds," } else { "" };
        Some(format!("`{}`{from} is none of its `allowed_args`", show::text(flag, 80)))
    }

    fn allows(&self, item: &Argument<'_>) -> bool {
        let name = item.bytes.split(|byte| *byte == b'=').next().unwrap_or_default();
        let canonical = !item.flags.is_empty() && item.flags.iter().all(|flag| self.names(flag.as_bytes()));
        self.names(name) || canonical || self.allows_letters(item)
    }

    /// `-it`, `-nprod`: letters of which the grammar has told how many are flags.
    fn allows_letters(&self, item: &Argument<'_>) -> bool {
        let letters = match item.bytes {
            [b'-', letters @ ..] if letters.first() != Some(&b'-') => letters,
            _ => return false,
        };
        let flags = letters.get(..item.flags.len()).unwrap_or_default();
        !flags.is_empty() && flags.iter().all(|letter| self.names(&[b'-', *letter]))
    }

    fn names(&self, flag: &[u8]) -> bool {
        self.0.iter().any(|known| known.as_bytes() == flag)
    }
}

/// Whether it has to be allowed. Where the grammar could not read all of it,
/// everything that looks like a flag is taken for one.
fn is_flag(arguments: &Arguments, item: &Argument<'_>) -> bool {
    let looks = item.bytes.starts_with(b"-") && !matches!(item.bytes, b"-" | b"--");
    match item.kind {
        Some(Kind::Flag) => true,
        Some(_) if arguments.understood => false,
        _ => looks,
    }
}

/// What a shell would act on.
const METACHARACTERS: [&str; 9] = [";", "&&", "||", "|", "`", "$(", "${", "\n", "\r"];

/// The first argument that a shell would act on, of a caller that writes commands
/// down as text. What the grammar knows to be text is left alone.
pub(super) fn metacharacter(case: &Case<'_>) -> Option<String> {
    if !case.asked.subject.door.is_captured() {
        return None;
    }
    let Some(arguments) = &case.asked.operation.arguments else {
        return Some("what a variable adds to its arguments cannot be read".to_owned());
    };
    let found = |item: Argument<'_>| {
        let mark = METACHARACTERS.into_iter().find(|mark| holds(item.bytes, mark.as_bytes()))?;
        let shown = show::text(item.bytes, 80);
        Some(format!("`{shown}` holds `{}`, which a shell would act on", mark.escape_debug()))
    };
    arguments.iter().filter(|item| !item.text).find_map(found)
}

fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}
