//! What a shell makes of one word.
//!
//! Quotes and escapes are taken off, variables that are known are put in, and
//! `~` is the home. For what only the shell can tell stands one unclear byte.
//! Deliberately not here: running anything; commands that a word substitutes are
//! handed back.

use brush_parser::ParserOptions;
use brush_parser::word::{
    Parameter, ParameterExpr, SpecialParameter, TildeExpr, WordPiece, WordPieceWithSource, parse,
};

use super::{UNCLEAR, arithmetic, bounds};

/// A word after expansion.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// Its bytes; none where it is gone.
    pub bytes: Option<Vec<u8>>,
    /// It can be several words, or a flag where it looks like none.
    pub unclear: bool,
    pub shape: Shape,
    /// Scripts that the shell runs to make it.
    pub scripts: Vec<String>,
    /// The shell evaluates a part of it again, which can run commands.
    pub hidden: bool,
}

impl Word {
    /// Whether it is a number, known or not.
    pub(super) fn is_number(&self) -> bool {
        self.shape == Shape::Number || self.bytes.as_deref().is_some_and(arithmetic::is_number)
    }
}

/// How much of a word is known.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// All of it.
    #[default]
    Known,
    /// That it is a number, or nothing.
    Number,
    /// That it is one word.
    Text,
    /// Nothing.
    Words,
}

/// Who knows the values of variables.
pub(super) trait Variables {
    fn value(&self, name: &str) -> Option<Vec<u8>>;
    /// Whether its value is a number, known or not.
    fn is_number(&self, name: &str) -> bool;
    /// Whether an unquoted value is split at white space, and there alone.
    fn splits_at_space(&self) -> bool;
}

/// Expands a word as written.
pub(super) fn expand(text: &str, variables: &impl Variables) -> Word {
    // Most words are literal, and need no parser. `[` is no pattern, but a command's name.
    if text == "[" || is_literal(text) {
        return Word { bytes: Some(text.into()), ..Word::default() };
    }
    parsed(text, variables)
}

/// Whether every expansion of a shell leaves the word as it is.
fn is_literal(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,@%+".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}

fn parsed(text: &str, variables: &impl Variables) -> Word {
    let mut word = Building {
        variables,
        bytes: Vec::new(),
        quoted: false,
        unclear: false,
        shape: Shape::Known,
        scripts: Vec::new(),
        hidden: false,
    };
    word.text(text, Quotes::None);
    word.finish()
}

/// What expanding a here document does: as between double quotes.
pub(super) fn document(text: &str, variables: &impl Variables) -> Word {
    expand(&format!("\"{}\"", text.replace('"', "")), variables)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Double,
}

struct Building<'v, V> {
    variables: &'v V,
    bytes: Vec<u8>,
    quoted: bool,
    unclear: bool,
    shape: Shape,
    scripts: Vec<String>,
    hidden: bool,
}

impl<V: Variables> Building<'_, V> {
    /// A text in which the shell expands.
    fn text(&mut self, text: &str, quotes: Quotes) {
        // The old form of arithmetic, which the parser takes for text.
        let pieces = match bounds::word(text) && !text.contains("$[") {
            true => parse(text, &ParserOptions::default()).ok(),
            false => None,
        };
        match pieces {
            Some(pieces) => self.pieces(&pieces, quotes),
            None => self.evaluated(),
        }
    }

    fn pieces(&mut self, pieces: &[WordPieceWithSource], quotes: Quotes) {
        for piece in pieces {
            self.piece(&piece.piece, quotes);
        }
    }

    fn piece(&mut self, piece: &WordPiece, quotes: Quotes) {
        match piece {
            WordPiece::Text(text) if quotes == Quotes::Double => {
                self.bytes.extend(text.replace("\\\n", "").bytes());
            }
            WordPiece::Text(text) => self.plain(text),
            WordPiece::SingleQuotedText(text) => {
                self.quoted = true;
                self.bytes.extend(text.bytes());
            }
            WordPiece::AnsiCQuotedText(text) if !text.contains('\\') => {
                self.quoted = true;
                self.bytes.extend(text.bytes());
            }
            WordPiece::DoubleQuotedSequence(pieces) => {
                self.quoted = true;
                self.pieces(pieces, Quotes::Double);
            }
            WordPiece::EscapeSequence(text) => match text.strip_prefix('\\') {
                Some("\n") => {}
                Some(escaped) => {
                    self.quoted = true;
                    self.bytes.extend(escaped.bytes());
                }
                None => self.doubt(Shape::Words),
            },
            WordPiece::TildeExpansion(TildeExpr::Home) => match self.variables.value("HOME") {
                Some(home) => self.bytes.extend(home),
                None => self.doubt(Shape::Text),
            },
            WordPiece::ParameterExpansion(parameter) => self.parameter(parameter, quotes),
            WordPiece::CommandSubstitution(script) => {
                self.scripts.push(script.clone());
                self.doubt(quotes.shape());
            }
            WordPiece::BackquotedCommandSubstitution(script) => {
                self.scripts.push(script.replace("\\`", "`").replace("\\\\", "\\").replace("\\$", "$"));
                self.doubt(quotes.shape());
            }
            WordPiece::ArithmeticExpression(expression) => match self.computes(&expression.value) {
                true => self.doubt(Shape::Number),
                false => self.evaluated(),
            },
            // What a translation says is expanded.
            WordPiece::GettextDoubleQuotedSequence(_) => self.evaluated(),
            WordPiece::AnsiCQuotedText(_) => self.doubt(Shape::Text),
            WordPiece::TildeExpansion(_) => self.doubt(Shape::Words),
        }
    }

    /// Whether an expression computes a number, and does nothing else.
    fn computes(&self, expression: &str) -> bool {
        arithmetic::sets(expression, |name| self.variables.is_number(name)).is_some_and(|set| set.is_empty())
    }

    /// Text outside of quotes: globs and braces are the shell's.
    fn plain(&mut self, text: &str) {
        let braces = text.contains('{') && (text.contains(',') || text.contains(".."));
        let glob = |byte: u8| matches!(byte, b'*' | b'?' | b'[');
        let extended = ["@(", "!(", "+("].iter().any(|open| text.contains(open));
        if braces || extended {
            return self.doubt(Shape::Words);
        }
        match text.bytes().position(glob) {
            None => self.bytes.extend(text.bytes()),
            Some(at) => {
                self.bytes.extend(text.bytes().take(at));
                // Names of files below a path that is written out are no flags.
                let path = [&b"./"[..], b"/", b"../"].iter().any(|start| self.bytes.starts_with(start));
                self.bytes.extend(globbed(text.get(at..).unwrap_or_default()));
                self.shape = Shape::Words;
                self.unclear |= !path;
            }
        }
    }

    fn parameter(&mut self, parameter: &ParameterExpr, quotes: Quotes) {
        use ParameterExpr as E;
        match parameter {
            E::Parameter { parameter, indirect: false } => self.plain_parameter(parameter, quotes),
            E::UseDefaultValues { parameter, indirect: false, default_value: text, .. }
            | E::UseAlternativeValue { parameter, indirect: false, alternative_value: text, .. }
            | E::IndicateErrorIfNullOrUnset { parameter, indirect: false, error_message: text, .. }
            | E::RemoveSmallestSuffixPattern { parameter, indirect: false, pattern: text }
            | E::RemoveLargestSuffixPattern { parameter, indirect: false, pattern: text }
            | E::RemoveSmallestPrefixPattern { parameter, indirect: false, pattern: text }
            | E::RemoveLargestPrefixPattern { parameter, indirect: false, pattern: text }
                if is_plain(parameter) =>
            {
                self.aside(text.as_deref().unwrap_or_default(), quotes);
                self.doubt(quotes.shape());
            }
            E::ParameterLength { parameter, indirect: false } if is_plain(parameter) => self.doubt(Shape::Number),
            E::Substring { parameter, indirect: false, offset, length } if is_plain(parameter) => {
                let lengths = length.iter().all(|length| self.computes(&length.value));
                match lengths && self.computes(&offset.value) {
                    true => self.doubt(quotes.shape()),
                    false => self.evaluated(),
                }
            }
            E::ReplaceSubstring { parameter, indirect: false, pattern, replacement, .. } if is_plain(parameter) => {
                self.aside(pattern, quotes);
                self.aside(replacement.as_deref().unwrap_or_default(), quotes);
                self.doubt(quotes.shape());
            }
            // An element of an array, a name that a variable holds, `:=`, `@P`.
            _ => self.evaluated(),
        }
    }

    fn plain_parameter(&mut self, parameter: &Parameter, quotes: Quotes) {
        let value = match parameter {
            Parameter::Named(name) => self.variables.value(name),
            _ => None,
        };
        match value {
            Some(value) if quotes == Quotes::Double || !self.is_split(&value) => self.bytes.extend(value),
            _ if self.holds_number(parameter) => self.doubt(Shape::Number),
            _ if matches!(parameter, Parameter::NamedWithIndex { .. }) => self.evaluated(),
            // `"$@"` is several words, quoted or not.
            _ if matches!(parameter, Parameter::Named(_) | Parameter::Positional(_)) => self.doubt(quotes.shape()),
            _ => self.doubt(Shape::Words),
        }
    }

    fn holds_number(&self, parameter: &Parameter) -> bool {
        match parameter {
            Parameter::Named(name) => self.variables.is_number(name),
            Parameter::Special(special) => matches!(
                special,
                SpecialParameter::ProcessId
                    | SpecialParameter::LastExitStatus
                    | SpecialParameter::PositionalParameterCount
                    | SpecialParameter::LastBackgroundProcessId
            ),
            _ => false,
        }
    }

    /// Expands a text of which only counts what the shell runs for it. Between double
    /// quotes a single one is a letter, except in patterns: both are looked into.
    fn aside(&mut self, text: &str, quotes: Quotes) {
        if quotes == Quotes::Double && text.contains('\'') {
            self.aside(&text.replace('\'', ""), Quotes::None);
        }
        let word = expand(text, self.variables);
        self.scripts.extend(word.scripts);
        self.hidden |= word.hidden;
    }

    fn is_split(&self, value: &[u8]) -> bool {
        !self.variables.splits_at_space()
            || value.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'*' | b'?' | b'['))
    }

    /// The shell evaluates something again.
    fn evaluated(&mut self) {
        self.hidden = true;
        self.doubt(Shape::Words);
    }

    fn doubt(&mut self, shape: Shape) {
        self.shape = match self.bytes.is_empty() && self.shape == Shape::Known {
            true => shape,
            false => self.shape.max(shape).max(Shape::Text),
        };
        self.bytes.push(UNCLEAR);
        self.unclear = true;
    }

    fn finish(self) -> Word {
        let gone = self.bytes.is_empty() && !self.quoted;
        // Digits beside a number are text.
        let alone = self.shape != Shape::Number || self.bytes == [UNCLEAR];
        Word {
            bytes: (!gone).then_some(self.bytes),
            unclear: self.unclear,
            shape: if alone { self.shape } else { Shape::Text },
            scripts: self.scripts,
            hidden: self.hidden,
        }
    }
}

impl Quotes {
    /// What becomes of a value that is not known.
    fn shape(self) -> Shape {
        match self {
            Self::None => Shape::Words,
            Self::Double => Shape::Text,
        }
    }
}

/// Whether reading it evaluates nothing.
fn is_plain(parameter: &Parameter) -> bool {
    match parameter {
        Parameter::Named(_) | Parameter::Positional(_) | Parameter::Special(_) => true,
        Parameter::NamedWithIndex { .. } | Parameter::NamedWithAllIndices { .. } => false,
    }
}

/// The text with an unclear byte for each part of a name that the shell finds.
fn globbed(text: &str) -> Vec<u8> {
    let name = |name: &str| match (name.find('['), name.rfind(']')) {
        (None, _) => name.replace(['*', '?'], "\0"),
        (Some(open), Some(close)) if open < close => {
            let (before, after) = (name.get(..open).unwrap_or_default(), name.get(close + 1..).unwrap_or_default());
            format!("{before}\0{after}").replace(['*', '?'], "\0")
        }
        (Some(open), _) => format!("{}\0", name.get(..open).unwrap_or_default()).replace(['*', '?'], "\0"),
    };
    text.split('/').map(name).collect::<Vec<_>>().join("/").into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    struct Nothing;

    impl Variables for Nothing {
        fn value(&self, _: &str) -> Option<Vec<u8>> {
            None
        }

        fn is_number(&self, _: &str) -> bool {
            false
        }

        fn splits_at_space(&self) -> bool {
            true
        }
    }

    proptest! {
        #[test]
        fn the_parser_makes_the_same_of_a_literal_word(text in "[a-zA-Z0-9_./:,@%+-]{1,12}") {
            assert!(is_literal(&text));
            let told = |word: Word| (word.bytes, word.unclear, word.shape, word.scripts, word.hidden);
            prop_assert_eq!(told(expand(&text, &Nothing)), told(parsed(&text, &Nothing)));
        }
    }

    #[test]
    fn what_a_shell_looks_into_is_no_literal_word() {
        for text in [
            "", "a b", "$a", "`a`", "a*", "a?", "[a]", "{a,b}", "~", "a=~", "'a'", "\"a\"", "a\\b", "a=b", "!a", "#",
            "a;b", "\u{e9}",
        ] {
            assert!(!is_literal(text), "{text}");
        }
    }
}
