//! Texts with `*` in them, which stands for anything; `\*` is a star itself.

use super::forever::forever;

/// Stands for a star that is meant, while the others are looked for.
const HIDDEN: &str = "\u{0}";

/// A text to compare with.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Up to the first `*`; the whole text where there is none.
    pub start: &'static [u8],
    /// Between two `*`, in order.
    middle: Vec<&'static [u8]>,
    /// After the last `*`; none where there is none.
    end: Option<&'static [u8]>,
    /// What stands in it, `*` aside.
    letters: u64,
}

/// Whether one of these matches.
pub(crate) fn any(patterns: &[Pattern], bytes: &[u8]) -> bool {
    // Of few, each is compared sooner than the text is looked through.
    if patterns.len() < 8 {
        return patterns.iter().any(|pattern| pattern.matches(bytes));
    }
    Candidate::new(bytes).is_any(patterns)
}

/// A text that is compared with many: most of them hold a letter that it does not, and
/// one look passes those by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'b> {
    bytes: &'b [u8],
    letters: u64,
}

impl<'b> Candidate<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, letters: letters(bytes) }
    }

    /// Whether one of these matches it.
    pub(crate) fn is_any(&self, patterns: &[Pattern]) -> bool {
        patterns.iter().any(|pattern| pattern.letters & !self.letters == 0 && pattern.matches(self.bytes))
    }
}

/// Which bytes stand in a text, a bit each; some share one.
fn letters(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |letters, byte| letters | 1 << (byte & 31 | u8::from(*byte >= b'`') << 5))
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        let hidden = text.replace("\\*", HIDDEN);
        let mut parts = hidden.split('*').map(|part| forever(&part.replace(HIDDEN, "*")).as_bytes());
        let start = parts.next().unwrap_or_default();
        let mut middle: Vec<&'static [u8]> = parts.collect();
        let end = middle.pop();
        let parts = std::iter::once(&start).chain(&middle).chain(&end);
        let letters = parts.fold(0, |all, part| all | letters(part));
        Self { start, middle, end, letters }
    }

    /// Whether anything may follow its start.
    pub(crate) fn is_open(&self) -> bool {
        self.end.is_some()
    }

    pub(crate) fn matches(&self, bytes: &[u8]) -> bool {
        // Most patterns differ in their first character: no need to compare more.
        if self.start.first().is_some_and(|first| bytes.first() != Some(first)) {
            return false;
        }
        let Some(end) = self.end else {
            return bytes == self.start;
        };
        if end.last().is_some_and(|last| bytes.last() != Some(last)) {
            return false;
        }
        let Some(mut rest) = bytes.strip_prefix(self.start).and_then(|rest| rest.strip_suffix(end)) else {
            return false;
        };
        self.middle.iter().all(|part| match find(rest, part) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

impl Pattern {
    /// Whether it can match a path in which `glob` stands for any part of a file's name
    /// that a shell would put there: at a name's start no dot.
    pub(crate) fn may_match(&self, path: &[u8], glob: u8) -> bool {
        let mut pattern: Vec<Option<u8>> = self.start.iter().copied().map(Some).collect();
        for part in self.middle.iter().copied().chain(self.end) {
            pattern.push(None);
            pattern.extend(part.iter().copied().map(Some));
        }
        let tried = vec![false; 2 * (pattern.len() + 1) * (path.len() + 1)];
        Meeting { width: path.len() + 1, glob, tried }.can(&pattern, path, false)
    }
}

/// A pattern and a path with globs, each of which can be several texts.
struct Meeting {
    /// Of a row of `tried`.
    width: usize,
    glob: u8,
    /// What was tried already, in vain, by what was left of both.
    tried: Vec<bool>,
}

impl Meeting {
    /// Whether they can be the same from here on; `inside` of a name, or at its start.
    fn can(&mut self, pattern: &[Option<u8>], path: &[u8], inside: bool) -> bool {
        let place = 2 * (pattern.len() * self.width + path.len()) + usize::from(inside);
        let known = self.tried.get_mut(place).is_none_or(|tried| std::mem::replace(tried, true));
        match (pattern, path) {
            _ if known => false,
            ([], []) => true,
            ([None, rest @ ..], []) => self.can(rest, path, inside),
            ([None, rest @ ..], [byte, after @ ..]) => {
                let within = *byte == self.glob && self.can(rest, path, true);
                within || self.can(rest, path, inside) || self.can(pattern, after, *byte != b'/')
            }
            (_, [byte, after @ ..]) if *byte == self.glob => {
                let named = |byte: &u8| *byte != b'/' && (inside || *byte != b'.');
                let more = matches!(pattern, [Some(byte), ..] if named(byte));
                self.can(pattern, after, true) || (more && self.can(pattern.get(1..).unwrap_or_default(), path, true))
            }
            ([Some(one), rest @ ..], [other, after @ ..]) => one == other && self.can(rest, after, *other != b'/'),
            _ => false,
        }
    }
}

/// What follows the first place where `part` stands.
fn find<'b>(bytes: &'b [u8], part: &[u8]) -> Option<&'b [u8]> {
    let Some(first) = part.first() else {
        return Some(bytes);
    };
    let starts = |at: &usize| bytes.get(*at..).is_some_and(|rest| rest.starts_with(part));
    let mut places = bytes.iter().enumerate().filter(|(_, byte)| *byte == first).map(|(at, _)| at);
    bytes.get(places.find(starts)? + part.len()..)
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, yes, no) in [
            ("a", "a", "ab"),
            ("a*", "ab", "ba"),
            ("*a", "ba", "ab"),
            ("*a*", "bab", "bb"),
            ("a*c", "abc", "ab"),
            ("a*b*c", "axbxc", "axc"),
            ("*", "", "?"),
            (r"*\**", "a/**", "a/b"),
        ] {
            assert!(Pattern::new(pattern).matches(yes.as_bytes()), "{pattern} {yes}");
            assert!(no == "?" || !Pattern::new(pattern).matches(no.as_bytes()), "{pattern} {no}");
        }
    }

    #[test]
    fn a_glob_can_be_part_of_one_name() {
        for (pattern, path, can) in [
            ("*/.aws/credentials", "/me/.aws/c?", true),
            ("*/.aws/credentials", "/me/.a?/credentials", true),
            ("*/.aws/credentials", "/home/?/.aws/credentials", true),
            ("*/.aws/credentials", "/me/?", false),
            ("*/.env", "./?", false),
            ("*/.env", "./.e?", true),
            ("*.pem", "./?", true),
            ("*.pem", "./?.md", false),
            ("*.pem", "./?m", true),
        ] {
            assert_eq!(Pattern::new(pattern).may_match(path.as_bytes(), b'?'), can, "{pattern} {path}");
        }
    }

    proptest! {
        #[test]
        fn a_look_at_the_letters_passes_by_none_that_matches(
            text in r"[a-z./~A-Z0-9_-]{0,6}(/\.aws/|/\.env\.|\.tfstate\.|_TOKEN)?[a-z.]{0,6}(credentials|key|backup)?"
        ) {
            let patterns = ["*/.aws/credentials", "*/.aws/sso/*", "*.key", "*/.env.*", "*.tfstate.*.backup", "*TOKEN*", "/etc/*", "a*b", "x"];
            let patterns = patterns.map(Pattern::new);
            let found = patterns.iter().any(|pattern| pattern.matches(text.as_bytes()));
            prop_assert_eq!(any(&patterns, text.as_bytes()), found);
        }
    }

    #[test]
    fn start_and_end_do_not_overlap() {
        assert!(!Pattern::new("ab*bc").matches(b"abc"));
    }
}
