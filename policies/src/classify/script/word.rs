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

use super::{UNCLEAR, bounds};

/// A word after expansion.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// Its bytes; none where it is gone.
    pub bytes: Option<Vec<u8>>,
    /// It can be several words, or a flag where it looks like none.
    pub unclear: bool,
    /// Scripts that the shell runs to make it.
    pub scripts: Vec<String>,
    /// Commands stand in it where they are not looked for.
    pub hidden: bool,
}

/// Who knows the values of variables.
pub(super) trait Variables {
    fn value(&self, name: &str) -> Option<Vec<u8>>;
    /// Whether an unquoted value is split at white space, and there alone.
    fn splits_at_space(&self) -> bool;
}

/// Expands a word as written.
pub(super) fn expand(text: &str, variables: &impl Variables) -> Word {
    let unclear = || Word { bytes: Some(vec![UNCLEAR]), unclear: true, scripts: Vec::new(), hidden: true };
    if !bounds::word(text) {
        return unclear();
    }
    let Ok(pieces) = parse(text, &ParserOptions::default()) else {
        return unclear();
    };
    let mut word =
        Building { variables, bytes: Vec::new(), quoted: false, unclear: false, scripts: Vec::new(), hidden: false };
    word.pieces(&pieces, Quotes::None);
    word.finish()
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
    scripts: Vec<String>,
    hidden: bool,
}

impl<V: Variables> Building<'_, V> {
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
                None => self.doubt(),
            },
            WordPiece::TildeExpansion(TildeExpr::Home) => match self.variables.value("HOME") {
                Some(home) => self.bytes.extend(home),
                None => self.doubt(),
            },
            WordPiece::ParameterExpansion(parameter) => self.parameter(parameter, quotes),
            WordPiece::CommandSubstitution(script) => {
                self.scripts.push(script.clone());
                self.doubt();
            }
            WordPiece::BackquotedCommandSubstitution(script) => {
                self.scripts.push(script.replace("\\`", "`").replace("\\\\", "\\").replace("\\$", "$"));
                self.doubt();
            }
            WordPiece::ArithmeticExpression(expression) => {
                self.inside(&expression.value);
                self.doubt();
            }
            WordPiece::AnsiCQuotedText(_)
            | WordPiece::GettextDoubleQuotedSequence(_)
            | WordPiece::TildeExpansion(_) => self.doubt(),
        }
    }

    /// Text outside of quotes: globs and braces are the shell's.
    fn plain(&mut self, text: &str) {
        let braces = text.contains('{') && (text.contains(',') || text.contains(".."));
        let glob = |byte: u8| matches!(byte, b'*' | b'?' | b'[');
        let extended = ["@(", "!(", "+("].iter().any(|open| text.contains(open));
        if braces || extended {
            return self.doubt();
        }
        match text.bytes().position(glob) {
            None => self.bytes.extend(text.bytes()),
            Some(at) => {
                self.bytes.extend(text.bytes().take(at));
                // Names of files below a path that is written out are no flags.
                let path = [&b"./"[..], b"/", b"../"].iter().any(|start| self.bytes.starts_with(start));
                self.bytes.extend(globbed(text.get(at..).unwrap_or_default()));
                self.unclear |= !path;
            }
        }
    }

    fn parameter(&mut self, parameter: &ParameterExpr, quotes: Quotes) {
        let value = match parameter {
            ParameterExpr::Parameter { parameter: Parameter::Named(name), indirect: false } => {
                self.variables.value(name)
            }
            ParameterExpr::Parameter {
                parameter:
                    Parameter::Special(
                        SpecialParameter::ProcessId
                        | SpecialParameter::LastExitStatus
                        | SpecialParameter::PositionalParameterCount
                        | SpecialParameter::LastBackgroundProcessId,
                    ),
                ..
            } => None,
            other => {
                self.inside(&format!("{other:?}"));
                None
            }
        };
        match value {
            Some(value) if quotes == Quotes::Double || !self.is_split(&value) => self.bytes.extend(value),
            _ => self.doubt(),
        }
    }

    fn is_split(&self, value: &[u8]) -> bool {
        !self.variables.splits_at_space()
            || value.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'*' | b'?' | b'['))
    }

    /// A text in which the shell expands again: commands in it are not looked for.
    fn inside(&mut self, text: &str) {
        if text.contains("$(") || text.contains('`') || text.contains("<(") || text.contains(">(") {
            self.hidden = true;
        }
    }

    fn doubt(&mut self) {
        self.bytes.push(UNCLEAR);
        self.unclear = true;
    }

    fn finish(self) -> Word {
        let gone = self.bytes.is_empty() && !self.quoted;
        Word { bytes: (!gone).then_some(self.bytes), unclear: self.unclear, scripts: self.scripts, hidden: self.hidden }
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
