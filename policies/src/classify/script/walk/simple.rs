//! One simple command of a script: its assignments, words and redirections.
//!
//! Deliberately not here: what the shell's own commands do (`own`).

use brush_parser::ast::{Assignment, AssignmentName, AssignmentValue, SimpleCommand};

use super::super::builtin::{self, Builtin};
use super::super::state::{State, Value};
use super::super::word::Word;
use super::{Does, EVALUATED, Item, Shape, UNCLEAR, Walk, special};

/// Why the words of a command can be others.
const EXPANDED: &str = "what one of its arguments becomes is for the shell to find out";

/// A simple command as far as it is read.
#[derive(Debug, Default)]
struct Simple {
    words: Vec<Term>,
    unclear: bool,
    /// Assignments before the command.
    before: Vec<(Vec<u8>, Value)>,
    writes: Vec<Vec<u8>>,
}

/// A word of a command.
#[derive(Debug)]
pub(super) struct Term {
    pub(super) bytes: Vec<u8>,
    pub(super) shape: Shape,
}

impl Walk<'_> {
    pub(super) fn simple(&mut self, command: &SimpleCommand, state: &mut State) {
        let read = self.read(command, state);
        if read.words.is_empty() {
            read.before.into_iter().for_each(|(name, value)| self.named(&name, value, state));
            if self.zsh && command.prefix.iter().any(|prefix| !prefix.0.is_empty()) {
                self.doubt("zsh runs a command of its own for a redirection that stands alone");
            }
            return self.writes(read.writes, state);
        }
        let mut around = state.clone();
        for (name, value) in &read.before {
            self.named(name, value.clone(), &mut around);
            around.export(name);
        }
        // The shell opens these before it starts the command.
        self.writes(read.writes, &around);
        let own = own(&read.words, self.zsh);
        let name = read.words.get(own).map(|name| name.bytes.as_slice()).unwrap_or_default();
        match builtin::of(name, self.zsh) {
            // `CDPATH=x cd y` goes to `x/y`.
            Some(Builtin::Goes) if !read.before.is_empty() => state.go(None),
            Some(builtin) => self.builtin(builtin, name, read.words.get(own + 1..).unwrap_or_default(), state),
            None => {
                let words = read.words.iter().map(|word| word.bytes.clone()).collect();
                self.step(Does::Runs { words, unclear: read.unclear.then_some(EXPANDED) }, &around);
            }
        }
        if builtin::keeps_assignments(name) {
            for (name, _) in &read.before {
                self.named(name, Value::Unknown, state);
                state.export(name);
            }
        }
    }

    fn read(&mut self, command: &SimpleCommand, state: &State) -> Simple {
        let mut read = Simple::default();
        for item in command.prefix.iter().flat_map(|prefix| &prefix.0) {
            self.item(item, true, &mut read, state);
        }
        if let Some(name) = &command.word_or_name {
            let word = self.word(&name.value, state);
            read.add(word);
        }
        for item in command.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, false, &mut read, state);
        }
        read
    }

    fn item(&mut self, item: &Item, before: bool, read: &mut Simple, state: &State) {
        match item {
            Item::IoRedirect(redirect) => read.writes.extend(self.redirect(redirect, state)),
            Item::Word(word) => {
                let word = self.word(&word.value, state);
                read.add(word);
            }
            Item::AssignmentWord(assignment, _) if before => {
                let assigned = self.assigned(assignment, state);
                read.before.push(assigned);
            }
            Item::AssignmentWord(assignment, word) => {
                let word = match assignment.value {
                    AssignmentValue::Scalar(_) => {
                        let word = self.word(&word.value, state);
                        // bash does not split what a declaration assigns.
                        let whole = self.bash && read.words.first().is_some_and(|name| declares(&name.bytes));
                        let shape = if whole { word.shape.min(Shape::Text) } else { word.shape };
                        Word { shape, ..word }
                    }
                    AssignmentValue::Array(_) => {
                        self.assigned(assignment, state);
                        Word { bytes: Some(vec![UNCLEAR]), unclear: true, shape: Shape::Words, ..Word::default() }
                    }
                };
                read.add(word);
            }
            Item::ProcessSubstitution(_, shell) => {
                self.subshell(shell, state);
                let bytes = [b"/dev/fd/", &[UNCLEAR][..]].concat();
                read.words.push(Term { bytes, shape: Shape::Text });
            }
        }
    }

    fn assigned(&mut self, assignment: &Assignment, state: &State) -> (Vec<u8>, Value) {
        let name = match &assignment.name {
            AssignmentName::VariableName(name) => name,
            AssignmentName::ArrayElementName(name, index) => {
                self.index(index, state);
                name
            }
        };
        let whole = !assignment.append && matches!(assignment.name, AssignmentName::VariableName(_));
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => value(self.word(&word.value, state)),
            AssignmentValue::Array(values) => {
                for (index, value) in values {
                    index.iter().for_each(|index| self.index(&index.value, state));
                    self.word(&value.value, state);
                }
                Value::Unknown
            }
        };
        (name.as_bytes().to_vec(), if whole { value } else { Value::Unknown })
    }

    /// The subscript of an element.
    fn index(&mut self, text: &str, state: &State) {
        if !self.word(text, state).is_number() {
            self.doubt(EVALUATED);
        }
    }
}

/// What a variable holds that is set to this word.
fn value(word: Word) -> Value {
    match word.shape {
        Shape::Number => Value::Number,
        Shape::Known if !word.unclear => Value::Is(word.bytes.unwrap_or_default()),
        _ => Value::Unknown,
    }
}

fn declares(name: &[u8]) -> bool {
    matches!(name, b"export" | b"declare" | b"typeset" | b"local" | b"readonly")
}

/// The place of the command itself behind `command` and `builtin`, where that is
/// one of the shell's own.
fn own(words: &[Term], zsh: bool) -> usize {
    let wraps = |word: &&Term| matches!(word.bytes.as_slice(), b"command" | b"builtin");
    let at = words.iter().take_while(wraps).count();
    if words.get(at).is_some_and(|name| builtin::of(&name.bytes, zsh).is_some()) { at } else { 0 }
}

impl Simple {
    fn add(&mut self, word: Word) {
        self.unclear |= word.unclear;
        let shape = word.shape;
        self.words.extend(word.bytes.map(|bytes| Term { bytes, shape }));
    }
}

impl Term {
    /// Whether all of it is known.
    pub(super) fn is_known(&self) -> bool {
        self.shape == Shape::Known && !self.bytes.contains(&UNCLEAR)
    }

    /// Whether it names one variable that is no more than that.
    pub(super) fn is_name(&self) -> bool {
        self.is_known() && special::is_plain(&self.bytes)
    }
}
