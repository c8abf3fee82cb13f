//! What the shell's own commands do: to variables, to the folder, and whether they
//! can do more than their words say.
//!
//! Deliberately not here: which commands are the shell's own (`builtin`).

use super::super::builtin::Builtin;
use super::super::state::{State, Value, is_around};
use super::super::word::Variables;
use super::simple::Term;
use super::{EVALUATED, Shape, UNCLEAR, Walk};

/// Why a command that only prints is more than that.
const PRINTS_ALL: &str = "it prints variables, credentials among them";

/// Why what a command of the shell's sets or does cannot be told.
const OPTIONS: &str = "what a command of the shell's does is for the shell to find out";

impl Walk<'_> {
    pub(super) fn builtin(&mut self, builtin: Builtin, name: &[u8], words: &[Term], state: &mut State) {
        match builtin {
            Builtin::Quiet => {}
            Builtin::Bare if words.is_empty() => {}
            Builtin::Bare => self.doubt(OPTIONS),
            Builtin::Tests => self.tests(words),
            Builtin::Prints => self.prints(words, state),
            Builtin::Waits => self.waits(words),
            Builtin::Goes => {
                let folder = self.folder(words, state);
                state.go(folder);
            }
            Builtin::GoesSomewhere => state.go(None),
            Builtin::Declares => self.declares(name, words, state),
            Builtin::Unsets => self.unsets(words, state),
            Builtin::Sets => self.options(words, state),
            Builtin::Reads => self.reads(name, words, state),
            Builtin::Computes => words.iter().for_each(|word| self.computed(word, state)),
            Builtin::Evaluates => {
                self.doubt("`eval` makes commands of its words");
                let words: Vec<&[u8]> = words.iter().map(|word| word.bytes.as_slice()).collect();
                self.later(&words.join(&b' '), state);
            }
            Builtin::Traps => match words.first().map(|word| word.bytes.as_slice()) {
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

    fn computed(&mut self, word: &Term, state: &mut State) {
        match std::str::from_utf8(&word.bytes).ok().filter(|_| word.is_known()) {
            Some(text) => self.arithmetic(text, state),
            None => self.doubt(EVALUATED),
        }
    }

    /// `-v` evaluates the subscript of what it names; so a word that can be anything
    /// must stand where it is no operator. test(1), bash(1) CONDITIONAL EXPRESSIONS.
    fn tests(&mut self, words: &[Term]) {
        let is = |at: Option<usize>, known: &[&[u8]]| {
            at.and_then(|at| words.get(at))
                .is_some_and(|word| word.is_known() && known.contains(&word.bytes.as_slice()))
        };
        let certain = |(at, word): (usize, &Term)| match word.shape {
            _ if word.is_known() => {
                !matches!(word.bytes.as_slice(), b"-v" | b"-R") || words.get(at + 1).is_none_or(Term::is_name)
            }
            Shape::Number => true,
            Shape::Text if at == 0 && words.get(1).is_none_or(|end| end.bytes == b"]") => true,
            Shape::Text => is(at.checked_sub(1), &BEFORE) || is(Some(at + 1), &BETWEEN),
            Shape::Known | Shape::Words => false,
        };
        let computes = |word: &Term| self.zsh && COMPUTING.contains(&word.bytes.as_slice());
        if !words.iter().enumerate().all(certain) || words.iter().any(computes) {
            self.doubt(EVALUATED);
        }
    }

    /// `-v NAME` sets the variable.
    fn prints(&mut self, words: &[Term], state: &mut State) {
        match words {
            [first, name, ..] if first.bytes == b"-v" && name.is_name() => {
                state.set(&name.bytes, Value::Unknown, self.env);
            }
            [first, ..] if first.bytes != b"--" && first.bytes.starts_with(b"-") => self.doubt(OPTIONS),
            [first, ..] if first.bytes.starts_with(&[UNCLEAR]) => self.doubt(OPTIONS),
            _ => {}
        }
    }

    /// `-p NAME` sets the variable.
    fn waits(&mut self, words: &[Term]) {
        let plain = |word: &Term| match word.is_known() {
            true => !word.bytes.starts_with(b"-") || matches!(word.bytes.as_slice(), b"-n" | b"-f" | b"--"),
            false => word.shape == Shape::Number,
        };
        if !words.iter().all(plain) {
            self.doubt(OPTIONS);
        }
    }

    /// `NAME`, `NAME=value`: only `-x`, `-g` and `-p` change nothing else about it.
    fn declares(&mut self, command: &[u8], words: &[Term], state: &mut State) {
        let is_option = |word: &&Term| word.bytes.starts_with(b"-") && word.is_known();
        let options: Vec<&Term> = words.iter().take_while(is_option).collect();
        let plain = |word: &&&Term| matches!(word.bytes.as_slice(), b"-x" | b"-g" | b"-p" | b"-gx" | b"-xg" | b"--");
        if options.iter().filter(plain).count() < options.len() || matches!(command, b"local" | b"readonly") {
            return self.doubt("a variable is made that behaves in another way");
        }
        if words.len() == options.len() || options.iter().any(|word| word.bytes.contains(&b'p')) {
            self.doubt(PRINTS_ALL);
        }
        let exports = command == b"export" || options.iter().any(|word| word.bytes.contains(&b'x'));
        for word in words.iter().skip(options.len()) {
            let at = word.bytes.iter().position(|byte| *byte == b'=');
            let name = word.bytes.get(..at.unwrap_or(word.bytes.len())).unwrap_or_default();
            if word.shape == Shape::Words {
                self.doubt(OPTIONS);
            }
            if let Some(value) = at.and_then(|at| word.bytes.get(at + 1..)) {
                let value = if word.is_known() { Value::Is(value.to_vec()) } else { Value::Unknown };
                self.named(name, value, state);
            }
            match super::special::is_plain(name) {
                true if exports => state.exported(name, self.env),
                true => {}
                false => self.doubt(OPTIONS),
            }
        }
    }

    fn unsets(&mut self, words: &[Term], state: &mut State) {
        let words = words.iter().skip_while(|word| matches!(word.bytes.as_slice(), b"-v" | b"--"));
        for word in words {
            match word.is_name() {
                true => state.set(&word.bytes, Value::Unset, self.env),
                false => self.doubt(OPTIONS),
            }
        }
    }

    /// `set -k` has words behind a command set variables.
    fn options(&mut self, words: &[Term], state: &mut State) {
        if words.is_empty() {
            self.doubt(PRINTS_ALL);
        }
        for word in words.iter().take_while(|word| word.bytes != b"--") {
            let letters = word.bytes.strip_prefix(b"-").or_else(|| word.bytes.strip_prefix(b"+"));
            let has = |letter| letters.is_some_and(|letters| letters.contains(&letter));
            if !word.is_known() || has(b'k') || word.bytes == b"keyword" {
                self.doubt(OPTIONS);
            }
            state.exports_all |= has(b'a') || word.bytes == b"allexport";
        }
    }

    /// `read`, `mapfile`, `getopts`: options with plain values, then names.
    fn reads(&mut self, command: &[u8], words: &[Term], state: &mut State) {
        let (with_value, alone): (&[u8], &[u8]) = match command {
            b"read" => (b"dinNptu", b"rs"),
            b"getopts" => (b"", b""),
            _ => (b"dnOsu", b"t"),
        };
        let mut words = words.iter().skip(usize::from(command == b"getopts"));
        let mut names: Vec<&[u8]> = Vec::new();
        while let Some(word) = words.next() {
            match word.bytes.strip_prefix(b"-").filter(|_| names.is_empty()) {
                Some(b"-") => {}
                Some([letters @ .., last])
                    if word.is_known() && letters.iter().all(|letter| alone.contains(letter)) =>
                {
                    match with_value.contains(last) {
                        true => drop(words.next()),
                        false if alone.contains(last) => {}
                        false => self.doubt(OPTIONS),
                    }
                }
                // `-n1`
                Some([first, ..]) if with_value.contains(first) && word.is_known() => {}
                Some(_) => self.doubt(OPTIONS),
                None if word.is_name() => names.push(&word.bytes),
                None if command == b"getopts" && !names.is_empty() => {}
                None => self.doubt(OPTIONS),
            }
        }
        let usual: &[&[u8]] = match command {
            b"read" => &[b"REPLY"],
            b"getopts" => &[b"OPTARG"],
            _ => &[b"MAPFILE"],
        };
        for name in names.into_iter().chain(usual.iter().copied()) {
            state.set(name, Value::Unknown, self.env);
        }
    }

    /// The folder that `cd` with these words goes to.
    fn folder(&self, words: &[Term], state: &State) -> Option<Vec<u8>> {
        let mut rest = words;
        while let [first, after @ ..] = rest
            && matches!(first.bytes.as_slice(), b"-L" | b"--")
        {
            rest = after;
        }
        let set = |name: &[u8]| state.variables.contains_key(name) || is_around(name, self.env);
        match rest {
            [] => self.known(state).value("HOME").filter(|home| home.starts_with(b"/")),
            [folder] => {
                let folder = &folder.bytes;
                let relative = !folder.starts_with(b"/") && !folder.starts_with(b"./");
                let climbs = folder.split(|byte| *byte == b'/').any(|part| part == b"..");
                let told = !folder.is_empty() && !folder.starts_with(b"-") && !folder.contains(&UNCLEAR);
                (told && !climbs && !(relative && set(b"CDPATH"))).then(|| folder.clone())
            }
            _ => None,
        }
    }
}

/// Words of a test that take one word behind them.
const BEFORE: [&[u8]; 22] = [
    b"-n", b"-z", b"-e", b"-f", b"-d", b"-r", b"-w", b"-x", b"-s", b"-L", b"-h", b"-b", b"-c", b"-p", b"-S", b"-t",
    b"=", b"==", b"!=", b"-nt", b"-ot", b"-ef",
];

/// Words of a test that stand between two.
const BETWEEN: [&[u8]; 12] =
    [b"=", b"==", b"!=", b"-nt", b"-ot", b"-ef", b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge"];

/// Those that zsh computes both sides for.
const COMPUTING: [&[u8]; 9] = [b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge", b"-v", b"-R", b"-t"];
