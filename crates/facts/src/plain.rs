//! Text that every reader of YAML takes apart in the same way.
//!
//! Versions of YAML differ in what ends a line: U+0085, U+2028 and U+2029 do for
//! Go's reader, which follows YAML 1.1, and not for one that follows 1.2 (section
//! 5.4). A comment then ends for one and goes on for the other. Tabs before a value,
//! a byte order mark, directives and the end marker `...` are read in different ways
//! as well.
//! Deliberately not here: what the text says.

/// Whether all readers take it apart alike; else the reason why not.
pub(crate) fn check(text: &str) -> Result<(), &'static str> {
    if text.replace("\r\n", "\n").chars().any(is_odd) {
        return Err("it holds characters that readers of YAML take in different ways");
    }
    let is_json = text.trim_start().starts_with('{');
    for line in text.lines() {
        if line.starts_with('%') || line.starts_with("...") {
            return Err("it holds directives or the end of a document, which readers of YAML take in different ways");
        }
        if !is_json && has_odd_tab(line) {
            return Err("it holds tabs where readers of YAML take them in different ways");
        }
    }
    Ok(())
}

/// Control characters, other ends of lines, and what is no character.
fn is_odd(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a tab stands where the structure is: before all else, or behind a mark of
/// YAML's.
fn has_odd_tab(line: &str) -> bool {
    let structural = |(at, _): (usize, &str)| {
        let before = line.get(..at).unwrap_or_default().trim_end_matches([' ', '\t']);
        before.is_empty() || before.ends_with(['-', ':', '?', ',', '[', '{', '|', '>', '&', '!', '*'])
    };
    line.match_indices('\t').any(structural)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_differ_in_is_no_plain_text() {
        for text in [
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{2029}b",
            "\u{feff}a",
            "a\rb",
            "a\0",
            "\u{7f}",
            "%YAML 1.1\n---\n",
            "a\n...\nb",
            "a:\tb",
            "\ta",
            "-\ta",
        ] {
            assert!(check(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_people_write_is_plain() {
        for text in ["a: b\r\nc: d\r\n", "a: grüße 🎉 \u{a0}x\n", "{\n\t\"a\": 1\n}", "a: b\t# c", "x: |\n  a\tb\n", ""]
        {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
    }
}
