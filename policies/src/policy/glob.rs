//! Globs over bytes: `staging-*`, `terraform.*`, `{dev,test}-[0-9]`.
//!
//! `*` stands for any bytes, `/` and `.` included; `?` for one byte; a class, a
//! choice and a backslash as everywhere else. Nothing is folded or normalised.
//! What nearly every rule uses (words and `*`) is compared as it stands; the
//! language itself is globset's.

use globset::GlobBuilder;
use regex::bytes::{Regex, RegexBuilder};

/// One glob.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    pattern: String,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// No special character at all.
    Exact,
    /// Nothing special but a `*` here and there, which stand between these pieces.
    Pieces(Vec<String>),
    /// Anything else.
    Pattern(Regex),
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let form = if !pattern.contains(special) {
            Form::Exact
        } else if pattern.contains("**") || pattern.split('*').any(|piece| piece.contains(special)) {
            Form::Pattern(compile(pattern)?)
        } else {
            Form::Pieces(pattern.split('*').map(str::to_owned).collect())
        };
        Ok(Self { pattern: pattern.to_owned(), form })
    }

    /// As it was written.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }

    pub(super) fn matches(&self, value: &[u8]) -> bool {
        match &self.form {
            Form::Exact => self.pattern.as_bytes() == value,
            Form::Pieces(pieces) => in_order(pieces, value),
            Form::Pattern(regex) => regex.is_match(value),
        }
    }

    /// The one value that it matches, if there is just one.
    pub(super) fn exact(&self) -> Option<&str> {
        matches!(self.form, Form::Exact).then_some(self.pattern.as_str())
    }

    /// The word after the last dot of everything that this glob matches, if that is
    /// always the same: `destroy` of `*.destroy`.
    pub(super) fn last_word(&self) -> Option<&str> {
        let word = self.pattern.rsplit('.').next()?;
        (!word.contains(special)).then_some(word)
    }

    /// The word before the first dot of everything that this glob matches, if
    /// that is always the same: `terraform` of `terraform.*`.
    pub(super) fn first_word(&self) -> Option<&str> {
        let (word, dot) = match self.pattern.split_once('.') {
            Some((word, _)) => (word, true),
            None => (self.pattern.as_str(), false),
        };
        let fixed = !word.contains(special) && (dot || matches!(self.form, Form::Exact));
        fixed.then_some(word)
    }
}

/// Whether the value starts with the first piece, ends with the last, and has the
/// others between them, one after the other.
fn in_order(pieces: &[String], value: &[u8]) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = value.strip_prefix(first.as_bytes()).and_then(|rest| rest.strip_suffix(last.as_bytes()))
    else {
        return false;
    };
    middle.iter().all(|piece| match find(rest, piece.as_bytes()) {
        Some(after) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// What comes after the first place where the piece stands.
fn find<'a>(value: &'a [u8], piece: &[u8]) -> Option<&'a [u8]> {
    if piece.is_empty() {
        return Some(value);
    }
    let at = value.windows(piece.len()).position(|window| window == piece)?;
    value.get(at + piece.len()..)
}

pub(super) fn special(character: char) -> bool {
    matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\')
}

fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.contains('[') && !pattern.is_ascii() {
        return Err("a class can name only ASCII characters".to_owned());
    }
    let glob = GlobBuilder::new(pattern).backslash_escape(true).build().map_err(|error| error.kind().to_string())?;
    let regex = RegexBuilder::new(glob.regex()).dot_matches_new_line(true).size_limit(1 << 20).build();
    regex.map_err(|_| "it is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(pattern: &str) -> Glob {
        Glob::new(pattern).unwrap()
    }

    #[test]
    fn a_glob_matches_what_it_says_and_nothing_else() {
        for (pattern, value, expected) in [
            ("staging", "staging", true),
            ("staging", "staging-1", false),
            ("staging-*", "staging-web", true),
            ("staging-*", "staging-", true),
            ("staging-*", "staging", false),
            ("staging-*", "my-staging-web", false),
            ("*", "", true),
            ("*", "any/thing.at all\n", true),
            ("*-prod", "eu-prod", true),
            ("*-prod", "eu-prod-2", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*-eu-*", "prod-eu-1", true),
            ("*ab*ab*", "ab-a-b", false),
            ("*ab*ab*", "xab-abx", true),
            ("**/x", "x", true),
            ("terraform.*", "terraform.state.rm", true),
            ("terraform.*", "terraformx", false),
            ("/srv/*", "/srv/a/b", true),
            ("?", "a", true),
            ("?", "ab", false),
            ("[ab]-1", "b-1", true),
            ("[!ab]-1", "b-1", false),
            ("{dev,test}-[0-9]", "test-7", true),
            ("{dev,test}-[0-9]", "prod-7", false),
            ("unknow[n]", "unknown", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("Prod", "prod", false),
        ] {
            assert_eq!(glob(pattern).matches(value.as_bytes()), expected, "{pattern} {value}");
        }
    }

    #[test]
    fn a_glob_matches_bytes_that_are_no_text() {
        assert!(glob("a*").matches(b"a\xff"));
        assert!(glob("a?").matches(b"a\xff"));
        assert!(!glob("a").matches(b"a\xff"));
    }

    #[test]
    fn a_glob_that_cannot_be_read_says_why() {
        for pattern in ["[a", "{a", "a}", "[z-a]", "a\\"] {
            assert!(Glob::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn the_first_word_is_given_where_it_is_certain() {
        for (pattern, word) in [
            ("terraform", Some("terraform")),
            ("terraform.*", Some("terraform")),
            ("terraform.state.rm", Some("terraform")),
            ("python3.11", Some("python3")),
            ("terra*", None),
            ("*.destroy", None),
            ("{aws,gcloud}.*", None),
            ("*", None),
        ] {
            assert_eq!(glob(pattern).first_word(), word, "{pattern}");
        }
    }

    #[test]
    fn the_last_word_is_given_where_it_is_certain() {
        for (pattern, word) in [
            ("*.destroy", Some("destroy")),
            ("terraform.state.rm", Some("rm")),
            ("terraform", Some("terraform")),
            ("{aws,gcloud}.delete", Some("delete")),
            ("*destroy", None),
            ("aws.delete-*", None),
            ("a[.]b", None),
            ("{a.x,b.y}", None),
            ("*", None),
        ] {
            assert_eq!(glob(pattern).last_word(), word, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn what_matches_begins_and_ends_with_its_words(pattern in "[ab.*?{},-]{1,7}", value in "[ab.-]{0,9}") {
            if let Ok(glob) = Glob::new(&pattern) && glob.matches(value.as_bytes()) {
                let (first, last) = (value.split('.').next().unwrap(), value.rsplit('.').next().unwrap());
                prop_assert!(glob.first_word().is_none_or(|word| word == first));
                prop_assert!(glob.last_word().is_none_or(|word| word == last));
            }
        }

        #[test]
        fn the_short_forms_match_what_the_language_matches(pattern in "[ab./*-]{1,7}", value in "[ab./\n-]{0,9}") {
            prop_assume!(!pattern.contains("**"));
            let long = compile(&pattern).unwrap();
            prop_assert_eq!(glob(&pattern).matches(value.as_bytes()), long.is_match(value.as_bytes()));
        }
    }
}
