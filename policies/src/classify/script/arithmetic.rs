//! Whether an arithmetic expression of a shell can do no more than compute.
//!
//! bash(1), ARITHMETIC EVALUATION: the value of a variable is evaluated as an
//! expression itself, and so is the subscript of an array, with all expansions; so
//! `x='a[$(cmd)]'; (( x ))` runs `cmd`. Only numbers, operators and variables that
//! hold nothing but a number compute and stop there.
//! Deliberately not here: what comes out.

/// The variables that this expression sets, where it is certain that it does
/// nothing else; none where it is not.
pub(super) fn sets(text: &str, is_number: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
    let mut set = Vec::new();
    let mut rest = text;
    // An expansion `$x` counts as the variable: a number either way.
    let mut expands = false;
    while let Some(letter) = rest.chars().next() {
        if letter.is_ascii_alphabetic() || letter == '_' {
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let after = after.trim_start();
            let replaced = !expands && after.starts_with('=') && !after.starts_with("==");
            if !(replaced || is_number(name)) || super::special::has_meaning(name) && (replaced || writes(text)) {
                return None;
            }
            if writes(text) {
                set.push(name);
            }
            (rest, expands) = (after, false);
            continue;
        }
        if expands || !(letter.is_ascii_digit() || letter == '$' || " \t\n+-*/%()<>=!&|^~?:,".contains(letter)) {
            return None;
        }
        expands = letter == '$';
        let number = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        rest = rest.get(number.max(1)..)?;
    }
    (!expands).then_some(set)
}

/// Whether it has an operator that sets a variable, or one that may be.
fn writes(text: &str) -> bool {
    let bytes = text.as_bytes();
    let assigns = |(at, byte): (usize, &u8)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let compared = bytes.get(at + 1) == Some(&b'=') || matches!(before, Some(b'=' | b'!'));
        *byte == b'=' && !compared
    };
    text.contains("++") || text.contains("--") || bytes.iter().enumerate().any(assigns)
}

/// Whether this is a number as written, without a base (`10#$x` names one).
pub(super) fn is_number(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").or_else(|| bytes.strip_prefix(b"+")).unwrap_or(bytes);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_variables_that_hold_them_are_certain() {
        let known = |name: &str| matches!(name, "i" | "n");
        for (text, set) in [
            ("1 + 2", vec![]),
            ("i < n", vec![]),
            ("$i * 2", vec![]),
            ("i++", vec!["i"]),
            ("x = 1", vec!["x"]),
            ("i += n", vec!["i", "n"]),
            ("i == 1 && n != 2", vec![]),
            ("i <= 3", vec!["i"]),
            ("", vec![]),
        ] {
            assert_eq!(sets(text, known), Some(set), "{text}");
        }
    }

    #[test]
    fn what_can_be_evaluated_again_is_not() {
        for text in [
            "x", "a[0]", "i + x", "$(date)", "`date`", "\"1\"", "16#ff", "${i}", "x += 1", "$", "i=x", "RANDOM=1",
            "'1'", "$x=1",
        ] {
            assert_eq!(sets(text, |name| name == "i"), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_digits() {
        assert!(is_number(b"10") && is_number(b"-1"));
        assert!(!is_number(b"") && !is_number(b"x") && !is_number(b"1x") && !is_number(b"a[1]") && !is_number(b"-"));
    }
}
