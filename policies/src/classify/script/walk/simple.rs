//! One simple command of a script: its assignments, words and redirections, and
//! what the shell's own commands do.

use brush_parser::ast::{Assignment, AssignmentName, AssignmentValue, SimpleCommand};

use super::super::builtin::{self, Builtin};
use super::super::state::{State, Value};
use super::super::word::Word;
use super::{Item, UNCLEAR, Walk};

/// Why the words of a command can be others.
const EXPANDED: &str = "what one of its arguments becomes is for the shell to find out";

/// A simple command as far as it is read.
#[derive(Debug, Default)]
struct Simple {
    words: Vec<Vec<u8>>,
    unclear: bool,
    /// Assignments before the command, or among a declaration's words.
    before: Vec<(Vec<u8>, Value)>,
    among: Vec<(Vec<u8>, Value)>,
    writes: Vec<Vec<u8>>,
}

impl Walk<'_> {
    pub(super) fn simple(&mut self, command: &SimpleCommand, state: &mut State) {
        let read = self.read(command, state);
        let mut around = state.clone();
        if read.words.is_empty() {
            for (name, value) in read.before {
                state.set(&name, value, self.env);
            }
            return self.writes(read.writes, state);
        }
        for (name, value) in &read.before {
            around.set(name, value.clone(), self.env);
            around.export(name);
        }
        let own = own(&read.words);
        match read.words.get(own).and_then(|name| builtin::of(name)) {
            Some(builtin) => {
                self.writes(read.writes.clone(), &around);
                self.builtin(builtin, read.words.get(own + 1..).unwrap_or_default(), &read, state);
            }
            None => {
                if read.words.first().is_some_and(|name| name == b"printf")
                    && !read.words.iter().any(|word| word.starts_with(b"-v"))
                {
                    return self.writes(read.writes, &around);
                }
                state.scrambled |= read.words.first().is_some_and(|name| name == b"printf");
                let unclear = read.unclear.then_some(EXPANDED);
                self.step(read.words, unclear, read.writes, &around);
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
                let word = self.word(&word.value, state);
                read.among.extend(among(assignment, &word));
                read.add(word);
            }
            Item::ProcessSubstitution(_, shell) => {
                self.subshell(shell, state);
                read.words.push([b"/dev/fd/", &[UNCLEAR][..]].concat());
            }
        }
    }

    fn assigned(&mut self, assignment: &Assignment, state: &State) -> (Vec<u8>, Value) {
        let name = match &assignment.name {
            AssignmentName::VariableName(name) => name,
            AssignmentName::ArrayElementName(name, index) => {
                self.word(index, state);
                name
            }
        };
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => {
                let word = self.word(&word.value, state);
                let known =
                    !word.unclear && !assignment.append && matches!(assignment.name, AssignmentName::VariableName(_));
                word.bytes.map_or(Value::Is(Vec::new()), Value::Is).only_if(known)
            }
            AssignmentValue::Array(values) => {
                for (index, value) in values {
                    index.iter().for_each(|index| drop(self.word(&index.value, state)));
                    self.word(&value.value, state);
                }
                Value::Unknown
            }
        };
        (name.as_bytes().to_vec(), value)
    }

    fn builtin(&mut self, builtin: Builtin, words: &[Vec<u8>], read: &Simple, state: &mut State) {
        match builtin {
            Builtin::Quiet => {}
            Builtin::Goes => {
                let folder = self.folder(words, state);
                state.go(folder);
            }
            Builtin::GoesSomewhere => state.go(None),
            Builtin::Declares => self.declare(words, read, state),
            Builtin::Unsets if read.unclear => state.scrambled = true,
            Builtin::Unsets => words.iter().for_each(|name| state.set(name, Value::Unset, self.env)),
            Builtin::Sets => {
                let all = |word: &Vec<u8>| {
                    word.contains(&UNCLEAR)
                        || (word.starts_with(b"-") && word.iter().any(|letter| matches!(letter, b'a' | b'k')))
                        || matches!(word.as_slice(), b"allexport" | b"keyword")
                };
                state.exports_all |= words.iter().take_while(|word| *word != b"--").any(all);
            }
            Builtin::Reads => state.scrambled = true,
            Builtin::Evaluates => {
                self.doubt("`eval` makes commands of its words");
                self.later(&words.join(&b' '), state);
                state.scrambled = true;
            }
            Builtin::Traps => match words.first().map(Vec::as_slice) {
                None | Some(b"-" | b"" | b"-l" | b"-p") => {}
                Some(script) => {
                    self.doubt("`trap` runs its words later");
                    self.later(script, state);
                }
            },
            Builtin::Redefines => self.doubt("a command of the shell's makes names mean something else"),
        }
    }

    /// A script that is made of words which are known.
    fn later(&mut self, script: &[u8], state: &State) {
        if let Ok(text) = std::str::from_utf8(script)
            && !script.contains(&UNCLEAR)
        {
            self.nested(text, state);
        }
    }

    fn declare(&mut self, words: &[Vec<u8>], read: &Simple, state: &mut State) {
        let exports =
            read.words.iter().any(|word| word == b"export" || (word.starts_with(b"-") && word.contains(&b'x')));
        for (name, value) in &read.among {
            state.set(name, value.clone(), self.env);
            if exports {
                state.export(name);
            }
        }
        for name in words.iter().filter(|word| !word.starts_with(b"-") && !word.contains(&b'=')) {
            if name.contains(&UNCLEAR) {
                state.scrambled = true;
            } else if exports {
                state.export(name);
            }
        }
        // `declare -n` makes one name stand for another, `-i` and others change values.
        let shaped = |word: &&Vec<u8>| word.starts_with(b"-") && word.iter().any(|letter| b"nilucA".contains(letter));
        state.scrambled |= words.iter().any(|word| shaped(&word)) && !exports;
    }

    /// The folder that `cd` with these words goes to.
    fn folder(&self, words: &[Vec<u8>], state: &State) -> Option<Vec<u8>> {
        let mut rest = words;
        while let [b, after @ ..] = rest
            && matches!(b.as_slice(), b"-L" | b"--")
        {
            rest = after;
        }
        let set = |name: &[u8]| {
            let around =
                self.env.iter().any(|entry| entry.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"=")));
            state.variables.contains_key(name) || around
        };
        match rest {
            [] => self.home(state),
            [folder] => {
                let relative = !folder.starts_with(b"/") && !folder.starts_with(b"./");
                let climbs = folder.split(|byte| *byte == b'/').any(|part| part == b"..");
                let told = !folder.is_empty() && !folder.starts_with(b"-") && !folder.contains(&UNCLEAR);
                (told && !climbs && !(relative && set(b"CDPATH"))).then(|| folder.clone())
            }
            _ => None,
        }
    }

    fn home(&self, state: &State) -> Option<Vec<u8>> {
        use super::super::word::Variables;
        super::Known { state, env: self.env, zsh: self.zsh }.value("HOME").filter(|home| home.starts_with(b"/"))
    }
}

/// The place of the command itself behind `command` and `builtin`, where that is
/// one of the shell's own.
fn own(words: &[Vec<u8>]) -> usize {
    let wraps = |word: &&Vec<u8>| matches!(word.as_slice(), b"command" | b"builtin");
    let at = words.iter().take_while(wraps).count();
    if words.get(at).is_some_and(|name| builtin::of(name).is_some()) { at } else { 0 }
}

/// What a declaration that is one word sets.
fn among(assignment: &Assignment, word: &Word) -> Option<(Vec<u8>, Value)> {
    let AssignmentName::VariableName(name) = &assignment.name else {
        return None;
    };
    let scalar = matches!(assignment.value, AssignmentValue::Scalar(_)) && !assignment.append && !word.unclear;
    let value = word.bytes.as_ref().and_then(|bytes| bytes.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let value = value.filter(|_| scalar).map_or(Value::Unknown, |value| Value::Is(value.to_vec()));
    Some((name.as_bytes().to_vec(), value))
}

impl Simple {
    fn add(&mut self, word: Word) {
        self.unclear |= word.unclear;
        self.words.extend(word.bytes);
    }
}

impl Value {
    fn only_if(self, known: bool) -> Self {
        if known { self } else { Self::Unknown }
    }
}
