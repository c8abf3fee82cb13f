//! What a script may look like so that reading it ends soon.
//!
//! The parser descends with its text and tries alternatives again, so the ways in
//! which things open are counted beforehand. A text beyond these bounds is one
//! that nobody types.

/// The longest script that is read, in bytes.
const LONGEST: usize = 16 << 10;

/// How many constructs may be opened.
const MOST_OPENED: usize = 96;

/// How many `case` there may be: each doubles the time to fail.
const MOST_CASES: usize = 6;

/// How many expansions one word may hold: each doubles the time to fail.
const MOST_EXPANSIONS: usize = 8;

/// Whether a script can be read in bounded time and depth.
pub(super) fn script(text: &str) -> Result<(), &'static str> {
    if text.len() > LONGEST {
        return Err("the script is too long to be read");
    }
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let (mut opened, mut cases) = (0, 0);
    for word in words {
        match word {
            "if" | "elif" | "while" | "until" | "for" | "select" | "function" | "coproc" => opened += 1,
            "case" => cases += 1,
            _ => {}
        }
    }
    opened += text.bytes().filter(|byte| matches!(byte, b'(' | b'{' | b'`' | b'!')).count();
    let heredocs = text.matches("<<").count();
    if opened > MOST_OPENED || cases > MOST_CASES || heredocs > MOST_EXPANSIONS {
        return Err("the script is nested too deep to be read");
    }
    Ok(())
}

/// Whether a word can.
pub(super) fn word(text: &str) -> bool {
    let braces = text.bytes().filter(|byte| matches!(byte, b'`' | b'(' | b'{')).count();
    text.len() <= LONGEST && braces <= MOST_EXPANSIONS
}
