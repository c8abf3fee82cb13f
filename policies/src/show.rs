//! What came from a caller, made safe to show to a person.
//!
//! The result is one line without anything that a terminal obeys or that an eye
//! cannot see: control characters (C0, C1), line breaks, changes of direction
//! and invisible characters are escaped, bytes that are no UTF-8 too. It hides no
//! secrets; those are scrubbed before.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The mark of a text that was cut.
const CUT: char = '…';

/// The bytes in hexadecimal, as digests and keys are written.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut shown, byte| {
        // A string takes whatever is written.
        let _ = write!(shown, "{byte:02x}");
        shown
    })
}

/// The bytes as one safe line of at most `most` characters; a longer one is cut
/// and ends with `…`.
#[must_use]
pub fn text(bytes: &[u8], most: usize) -> String {
    if let Some(plain) = plain(bytes).filter(|plain| plain.len() <= most) {
        return plain.to_owned();
    }
    let mut line = Line::new(most);
    for piece in pieces(bytes) {
        match piece {
            Piece::Plain(character) => line.push_character(character),
            Piece::Escaped(character) => line.push(&escape(character)),
            Piece::Byte(byte) => line.push(&format!("\\x{byte:02x}")),
        }
        if line.full {
            break;
        }
    }
    line.shown
}

/// The argv as one safe line of at most `most` characters, quoted so that a shell
/// (bash, zsh, ksh) would read the same words again; a longer one is cut and ends
/// with `…`.
#[must_use]
pub fn command(argv: &[impl AsRef<[u8]>], most: usize) -> String {
    let mut line = Line::new(most);
    for (index, word) in argv.iter().enumerate() {
        if index > 0 {
            line.push_character(' ');
        }
        push_word(&mut line, word.as_ref(), quoting(word.as_ref(), index));
        if line.full {
            break;
        }
    }
    line.shown
}

/// A line that grows up to its limit.
struct Line {
    shown: String,
    characters: usize,
    most: usize,
    /// How much of `shown` leaves room for the mark.
    fits: usize,
    full: bool,
}

impl Line {
    fn new(most: usize) -> Self {
        Self { shown: String::new(), characters: 0, most, fits: 0, full: false }
    }

    /// Adds a piece whole, or cuts the line.
    fn push(&mut self, piece: &str) {
        if self.full {
            return;
        }
        self.characters += piece.chars().count();
        if self.characters > self.most {
            self.cut();
            return;
        }
        self.shown.push_str(piece);
        if self.characters < self.most {
            self.fits = self.shown.len();
        }
    }

    /// Whether so many characters can be added, and one more after them.
    fn has_room_for(&self, characters: usize) -> bool {
        self.characters + characters < self.most
    }

    fn push_character(&mut self, character: char) {
        self.push(character.encode_utf8(&mut [0; 4]));
    }

    fn cut(&mut self) {
        self.full = true;
        self.shown.truncate(self.fits);
        if self.most > 0 {
            self.shown.push(CUT);
        }
    }
}

/// The bytes as they are, where each is a character of ASCII that shows: nearly always so.
fn plain(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~')))
}

enum Piece {
    /// Safe as it is.
    Plain(char),
    /// A character that must not be shown as it is.
    Escaped(char),
    /// A byte that belongs to no character.
    Byte(u8),
}

fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let characters = chunk.valid().chars();
        let characters =
            characters.map(|known| if hidden(known) { Piece::Escaped(known) } else { Piece::Plain(known) });
        characters.chain(chunk.invalid().iter().copied().map(Piece::Byte))
    })
}

/// Whether a character moves the cursor, changes direction, cannot be seen, or is a
/// blank that only looks like a space, and parts no words (Unicode: Cc, Zl, Zp, Zs but
/// for the space, Bidi_Control, Default_Ignorable_Code_Point, the interlinear marks, and
/// Braille's empty cell).
fn hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}'
            | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// As a reader knows it: `\n`, `\x1b`, `\u{202e}`.
fn escape(character: char) -> Cow<'static, str> {
    match character {
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        _ if character.is_ascii() => format!("\\x{:02x}", u32::from(character)).into(),
        _ => format!("\\u{{{:x}}}", u32::from(character)).into(),
    }
}

/// How a word is written for a shell.
enum Quoting {
    Bare,
    Single,
    /// `$'...'`, which alone can say what must be escaped.
    Dollar,
}

fn quoting(word: &[u8], index: usize) -> Quoting {
    // A first word with `=` would set a variable; a flag cannot.
    let may_hold_equals = index > 0 || word.starts_with(b"-");
    let plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:@+,".contains(byte) || (*byte == b'=' && may_hold_equals);
    if pieces(word).any(|piece| !matches!(piece, Piece::Plain(_))) {
        Quoting::Dollar
    } else if !word.is_empty() && word.iter().all(plain) {
        Quoting::Bare
    } else {
        Quoting::Single
    }
}

fn push_word(line: &mut Line, word: &[u8], quoting: Quoting) {
    let (open, close) = match quoting {
        Quoting::Bare => ("", ""),
        Quoting::Single => ("'", "'"),
        Quoting::Dollar => ("$'", "'"),
    };
    line.push(open);
    let plain = plain(word).filter(|plain| !plain.contains(['\'', '\\']) && line.has_room_for(plain.len()));
    if let Some(plain) = plain {
        line.push(plain);
        line.push(close);
        return;
    }
    for piece in pieces(word) {
        match (piece, &quoting) {
            (Piece::Plain('\''), Quoting::Single) => line.push("'\\''"),
            (Piece::Plain('\''), Quoting::Dollar) => line.push("\\'"),
            (Piece::Plain('\\'), Quoting::Dollar) => line.push("\\\\"),
            (Piece::Plain(character), _) => line.push_character(character),
            (Piece::Escaped(character), _) => line.push(&shell_escape(character)),
            (Piece::Byte(byte), _) => line.push(&format!("\\x{byte:02x}")),
        }
        if line.full {
            return;
        }
    }
    line.push(close);
}

/// As `$'...'` takes it, in any locale: `\n`, or the bytes of the character.
fn shell_escape(character: char) -> Cow<'static, str> {
    match character {
        '\n' | '\r' | '\t' => escape(character),
        _ => character
            .encode_utf8(&mut [0; 4])
            .bytes()
            .fold(String::new(), |mut shown, byte| {
                let _ = write!(shown, "\\x{byte:02x}");
                shown
            })
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_shown_as_it_is_where_that_is_safe() {
        for safe in ["", "terraform apply", "prod-1", "käse 東京 🚀", "a\\b 'c' \"d\" $e", "…"] {
            assert_eq!(text(safe.as_bytes(), 80), safe);
        }
    }

    #[test]
    fn what_a_terminal_obeys_or_an_eye_misses_is_escaped() {
        for (raw, shown) in [
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred\u{7}\u{0}\u{7f}", "\\x1b[31mred\\x07\\x00\\x7f"),
            ("\u{9b}2J\u{85}", "\\u{9b}2J\\u{85}"),
            ("a\u{202e}b\u{2066}c\u{200f}\u{61c}", "a\\u{202e}b\\u{2066}c\\u{200f}\\u{61c}"),
            ("pro\u{200b}d\u{feff}\u{2060}\u{ad}\u{fe0f}", "pro\\u{200b}d\\u{feff}\\u{2060}\\u{ad}\\u{fe0f}"),
            ("one\u{2028}two\u{2029}", "one\\u{2028}two\\u{2029}"),
            ("\u{e0041}\u{3164}", "\\u{e0041}\\u{3164}"),
            ("x\u{a0}--dry-run\u{3000}\u{2003}\u{2800}", "x\\u{a0}--dry-run\\u{3000}\\u{2003}\\u{2800}"),
        ] {
            assert_eq!(text(raw.as_bytes(), 80), shown);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        assert_eq!(text(b"a\xffb\xe6\x9d", 80), "a\\xffb\\xe6\\x9d");
    }

    #[test]
    fn a_long_text_is_cut_with_a_mark_and_no_escape_is_torn() {
        for (raw, most, shown) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abcde…"),
            ("abc\ndef", 5, "abc…"),
            ("abc\ndef", 6, "abc\\n…"),
            ("ab\u{202e}", 5, "ab…"),
            ("東京都", 2, "東…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(text(raw.as_bytes(), most), shown);
        }
    }

    #[test]
    fn a_command_is_quoted_where_a_shell_needs_it() {
        for (argv, shown) in [
            (vec!["terraform", "apply", "-auto-approve", "-var=a=b"], "terraform apply -auto-approve -var=a=b"),
            (
                vec!["kubectl", "get", "pods", "-o", "jsonpath={.items[*]}"],
                "kubectl get pods -o 'jsonpath={.items[*]}'",
            ),
            (vec!["git", "commit", "-m", "it's done"], "git commit -m 'it'\\''s done'"),
            (vec!["sh", "-c", "a && b; c | d"], "sh -c 'a && b; c | d'"),
            (vec!["echo", "", "~", "$HOME", "#x", "*", "\\"], "echo '' '~' '$HOME' '#x' '*' '\\'"),
            (vec!["FOO=bar", "FOO=bar"], "'FOO=bar' FOO=bar"),
            (vec!["echo", "a\nb'c\\d\u{1b}"], "echo $'a\\nb\\'c\\\\d\\x1b'"),
            (vec!["echo", "pro\u{202e}d"], "echo $'pro\\xe2\\x80\\xaed'"),
            (vec!["echo", "käse"], "echo 'käse'"),
            (vec![], ""),
        ] {
            assert_eq!(command(&argv, 200), shown);
        }
        assert_eq!(command(&[b"ls".as_slice(), b"a\xff"], 200), "ls $'a\\xff'");
    }

    #[test]
    fn a_long_command_is_cut_with_a_mark() {
        let long = "x".repeat(1 << 20);
        assert_eq!(command(&["rm", "-rf", &long], 10), "rm -rf xx…");
        assert_eq!(command(&["rm", "a b c"], 6), "rm 'a…");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_one_safe_line_within_its_limit(raw in vec(any::<u8>(), 0..40), odd in "\\PC{0,9}|[\u{200b}-\u{202f}\u{0}-\u{9f}]{0,9}", most in 0_usize..30) {
            for raw in [raw.as_slice(), odd.as_bytes()] {
                for shown in [text(raw, most), command(&[raw, raw], most)] {
                    prop_assert!(shown.chars().count() <= most);
                    prop_assert!(!shown.chars().any(hidden));
                }
            }
        }

        #[test]
        fn only_what_does_not_fit_is_cut(raw in vec(any::<u8>(), 0..20)) {
            let whole = text(&raw, usize::MAX);
            let characters = whole.chars().count();
            prop_assert_eq!(text(&raw, characters), whole);
            prop_assert!(characters == 0 || text(&raw, characters - 1).ends_with(CUT) || characters == 1);
        }
    }

    #[test]
    fn a_shell_reads_the_same_words_again() {
        let argv: Vec<Vec<u8>> = vec![
            b"printf".to_vec(),
            b"%s\\0".to_vec(),
            b"it's".to_vec(),
            b"".to_vec(),
            b"a\\'b\n\x1b\xff\x01f".to_vec(),
            "pro\u{202e}d ab\u{200b}1 k\u{e4}se".as_bytes().to_vec(),
            (1..=255).collect(),
        ];
        let read = std::process::Command::new("bash").arg("-c").arg(command(&argv, usize::MAX)).output().unwrap();
        let words: Vec<&[u8]> = read.stdout.split(|byte| *byte == 0).collect();
        let expected: Vec<&[u8]> = argv.iter().skip(2).map(Vec::as_slice).chain([b"".as_slice()]).collect();
        assert_eq!(words, expected);
    }
}
