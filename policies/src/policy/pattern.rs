//! Patterns over output, by name, that `redact` in a rule may ask for.
//!
//! Deliberately not here: reading output, and putting anything in its place.

use regex::bytes::RegexBuilder;

/// Patterns that every policy may name. Shapes of keys are from their makers'
/// own documents.
pub(super) const BUILT_IN: [(&str, &str); 6] = [
    (
        "api-keys",
        "(?:sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{36,}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35})",
    ),
    ("aws-keys", "\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b"),
    ("connection-strings", "[A-Za-z][A-Za-z0-9+.-]*://[^\\s/:@]+:[^\\s/@]+@[^\\s]+"),
    ("private-keys", "-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\\s]*-----END [A-Z ]*PRIVATE KEY-----"),
    ("social-security", "\\b[0-9]{3}-[0-9]{2}-[0-9]{4}\\b"),
    ("credit-cards", "\\b(?:[0-9][ -]?){13,19}\\b"),
];

/// The most bytes that a compiled pattern may take.
const LARGEST: usize = 1 << 20;

/// Whether it can be used.
///
/// # Errors
/// What is wrong with it, for a person.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    let regex = RegexBuilder::new(pattern).unicode(false).size_limit(LARGEST).build();
    let regex = regex.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        _ => "it is no regular expression".to_owned(),
    })?;
    if regex.is_match(b"") { Err("it matches nothing at all, so it would match everywhere".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_pattern_can_be_used() {
        for (name, pattern) in BUILT_IN {
            assert_eq!(check(pattern), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_used_says_why() {
        assert_eq!(check("(a"), Err("it is no regular expression".to_owned()));
        assert_eq!(check("(?:(?:a{1000}){1000}){1000}"), Err("it is too large".to_owned()));
        assert_eq!(check("a*"), Err("it matches nothing at all, so it would match everywhere".to_owned()));
    }
}
