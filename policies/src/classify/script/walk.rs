//! Following a script from command to command.
//!
//! One walk over the parsed text. Where the script may go one way or another,
//! each way is followed from the same state, and what differs afterwards is not
//! known any more.

use std::borrow::Cow;
use std::io::Cursor;

use brush_parser::ast::{
    AndOr, AndOrList, Command, CommandPrefixOrSuffixItem, CompoundCommand, CompoundList, ExtendedTestExpr,
    IoFileRedirectKind, IoFileRedirectTarget, IoRedirect, Pipeline, SeparatorOperator, SubshellCommand,
};
use brush_parser::{Parser, ParserOptions};

use super::state::{Folder, State, Value};
use super::word::{self, Variables, Word};
use super::{Script, Step, UNCLEAR, bounds};

mod simple;

/// How many commands are followed, those of repeated ways each time.
const MOST: usize = 4_096;

/// How deep scripts may stand in words of one another.
const DEEPEST: usize = 6;

pub(super) struct Walk<'e> {
    /// Words are expanded as zsh does it, which differs.
    zsh: bool,
    env: &'e [&'e [u8]],
    script: Script,
    left: usize,
    depth: usize,
}

impl<'e> Walk<'e> {
    pub(super) fn new(shell: &str, env: &'e [&'e [u8]]) -> Self {
        Self { zsh: shell == "zsh", env, script: Script::default(), left: MOST, depth: 0 }
    }

    pub(super) fn into_script(self) -> Script {
        self.script
    }

    /// Follows a whole script.
    pub(super) fn script(&mut self, script: &[u8]) -> Result<(), Cow<'static, str>> {
        let text = std::str::from_utf8(script).map_err(|_| "the script is no text")?;
        self.text(text, &mut State::new())
    }

    fn text(&mut self, text: &str, state: &mut State) -> Result<(), Cow<'static, str>> {
        bounds::script(text)?;
        // A carriage return, and bytes that shells treat each in their own way.
        if text.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\n' | b'\t')) {
            return Err(Cow::Borrowed("the script holds a control character"));
        }
        let options = ParserOptions::default();
        let program = Parser::new(Cursor::new(text.as_bytes()), &options).parse_program();
        let program = program.map_err(|_| "the script cannot be read")?;
        for list in &program.complete_commands {
            self.list(list, state);
        }
        Ok(())
    }

    /// A script that stands in a word: its own process, so nothing of it remains.
    fn nested(&mut self, text: &str, state: &State) {
        self.depth += 1;
        let read = match self.depth > DEEPEST {
            true => Err(Cow::Borrowed("scripts are nested too deep")),
            false => self.text(text, &mut state.clone()),
        };
        self.depth -= 1;
        if let Err(why) = read {
            self.doubt(why);
        }
    }

    fn doubt(&mut self, why: impl Into<Cow<'static, str>>) {
        let why = why.into();
        if !self.script.doubts.contains(&why) {
            self.script.doubts.push(why);
        }
    }

    fn list(&mut self, list: &CompoundList, state: &mut State) {
        for item in &list.0 {
            match item.1 {
                SeparatorOperator::Async => self.and_or(&item.0, &mut state.clone()),
                SeparatorOperator::Sequence => self.and_or(&item.0, state),
            }
        }
    }

    fn and_or(&mut self, list: &AndOrList, state: &mut State) {
        let before = state.clone();
        self.pipeline(&list.first, state);
        let first = State { folder: before.folder.clone(), ..state.clone() };
        for next in &list.additional {
            match next {
                AndOr::And(pipeline) => self.pipeline(pipeline, state),
                AndOr::Or(pipeline) => {
                    state.blur(&before);
                    self.pipeline(pipeline, state);
                }
            }
        }
        // Whether the later ones ran, and whether a change of folder worked, cannot be told.
        state.blur(&first);
    }

    fn pipeline(&mut self, pipeline: &Pipeline, state: &mut State) {
        match pipeline.seq.as_slice() {
            [only] => self.command(only, state),
            all => {
                let mut last = state.clone();
                for command in all {
                    last = state.clone();
                    self.command(command, &mut last);
                }
                // Some shells run the last one themselves.
                state.blur(&last);
            }
        }
    }

    fn command(&mut self, command: &Command, state: &mut State) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return self.doubt("the script runs too many commands");
        }
        match command {
            Command::Simple(simple) => self.simple(simple, state),
            Command::Compound(compound, redirects) => {
                let redirects = redirects.iter().flat_map(|list| &list.0);
                let writes = redirects.filter_map(|redirect| self.redirect(redirect, state)).collect();
                self.writes(writes, state);
                self.compound(compound, state);
            }
            Command::Function(function) => {
                self.doubt("it defines functions, which can stand for any command");
                self.compound(&function.body.0, &mut state.clone());
            }
            Command::ExtendedTest(test, redirects) => {
                let redirects = redirects.iter().flat_map(|list| &list.0);
                let writes = redirects.filter_map(|redirect| self.redirect(redirect, state)).collect();
                self.writes(writes, state);
                self.test(&test.expr, state);
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand, state: &mut State) {
        match compound {
            CompoundCommand::BraceGroup(group) => self.list(&group.list, state),
            CompoundCommand::Subshell(shell) => self.subshell(shell, state),
            CompoundCommand::ForClause(each) => {
                for value in each.values.iter().flatten() {
                    self.word(&value.value, state);
                }
                state.set(each.variable_name.as_bytes(), Value::Unknown, self.env);
                self.repeated(None, &each.body.list, state);
            }
            CompoundCommand::ArithmeticForClause(each) => {
                for part in [&each.initializer, &each.condition, &each.updater].into_iter().flatten() {
                    self.arithmetic(&part.value, state);
                }
                self.repeated(None, &each.body.list, state);
            }
            CompoundCommand::WhileClause(each) | CompoundCommand::UntilClause(each) => {
                self.repeated(Some(&each.0), &each.1.list, state);
            }
            CompoundCommand::IfClause(choice) => {
                self.list(&choice.condition, state);
                self.perhaps(&choice.then, state);
                for other in choice.elses.iter().flatten() {
                    other.condition.iter().for_each(|condition| self.perhaps(condition, state));
                    self.perhaps(&other.body, state);
                }
            }
            CompoundCommand::CaseClause(choice) => {
                self.word(&choice.value.value, state);
                for case in &choice.cases {
                    case.patterns.iter().for_each(|pattern| drop(self.word(&pattern.value, state)));
                    case.cmd.iter().for_each(|list| self.perhaps(list, state));
                }
            }
            CompoundCommand::Arithmetic(arithmetic) => self.arithmetic(&arithmetic.expr.value, state),
            CompoundCommand::Coprocess(process) => self.command(&process.body, &mut state.clone()),
        }
    }

    fn subshell(&mut self, shell: &SubshellCommand, state: &State) {
        self.list(&shell.list, &mut state.clone());
    }

    /// A list that runs, or does not.
    fn perhaps(&mut self, list: &CompoundList, state: &mut State) {
        let mut after = state.clone();
        self.list(list, &mut after);
        state.blur(&after);
    }

    /// A list that runs any number of times: what it changes is not known in it.
    fn repeated(&mut self, condition: Option<&CompoundList>, body: &CompoundList, state: &mut State) {
        let kept = (self.script.steps.len(), self.script.doubts.len());
        for _ in 0..2 {
            self.script.steps.truncate(kept.0);
            self.script.doubts.truncate(kept.1);
            let mut after = state.clone();
            condition.iter().for_each(|condition| self.list(condition, &mut after));
            self.list(body, &mut after);
            state.blur(&after);
        }
    }

    /// Arithmetic can assign.
    fn arithmetic(&mut self, text: &str, state: &mut State) {
        if text.contains("$(") || text.contains('`') {
            self.doubt("arithmetic runs commands");
        }
        state.scrambled |= text.contains('=') || text.contains("++") || text.contains("--");
    }

    fn test(&mut self, test: &ExtendedTestExpr, state: &State) {
        match test {
            ExtendedTestExpr::And(one, other) | ExtendedTestExpr::Or(one, other) => {
                self.test(one, state);
                self.test(other, state);
            }
            ExtendedTestExpr::Not(one) | ExtendedTestExpr::Parenthesized(one) => self.test(one, state),
            ExtendedTestExpr::UnaryTest(_, word) => drop(self.word(&word.value, state)),
            ExtendedTestExpr::BinaryTest(_, one, other) => {
                self.word(&one.value, state);
                self.word(&other.value, state);
            }
        }
    }

    /// Expands a word, and follows the scripts in it.
    fn word(&mut self, text: &str, state: &State) -> Word {
        let mut word = word::expand(text, &Known { state, env: self.env, zsh: self.zsh });
        if word.hidden {
            self.doubt("a word holds commands that are not looked into");
        }
        for script in std::mem::take(&mut word.scripts) {
            self.nested(&script, state);
        }
        // zsh replaces `=name` by the program's path, and more.
        if self.zsh && text.contains(['=', '^', '#', '~', '<']) {
            word.unclear = true;
        }
        word
    }

    /// The file that a redirection writes, if it writes one.
    fn redirect(&mut self, redirect: &IoRedirect, state: &State) -> Option<Vec<u8>> {
        let target = match redirect {
            IoRedirect::File(_, kind, target) => match target {
                IoFileRedirectTarget::Filename(word) => {
                    let path = self.word(&word.value, state).bytes.unwrap_or_default();
                    let reads = matches!(kind, IoFileRedirectKind::Read | IoFileRedirectKind::DuplicateInput);
                    if reads || matches!(kind, IoFileRedirectKind::ReadAndWrite) {
                        self.reads(path.clone(), state);
                    }
                    (!reads).then_some(path)
                }
                IoFileRedirectTarget::ProcessSubstitution(_, shell) => {
                    self.subshell(shell, state);
                    None
                }
                IoFileRedirectTarget::Duplicate(word) => {
                    let path = self.word(&word.value, state).bytes.unwrap_or_default();
                    let number = path.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
                    (!number && *kind_writes(kind)).then_some(path)
                }
                IoFileRedirectTarget::Fd(_) => None,
            },
            IoRedirect::OutputAndError(word, _) => self.word(&word.value, state).bytes,
            IoRedirect::HereString(_, word) => {
                self.word(&word.value, state);
                None
            }
            IoRedirect::HereDocument(_, document) => {
                let text = &document.doc.value;
                if document.requires_expansion && (text.contains("$(") || text.contains('`')) {
                    self.doubt("a here document runs commands");
                }
                None
            }
        };
        target.filter(|path| !matches!(path.as_slice(), b"/dev/null" | b"/dev/stdout" | b"/dev/stderr" | b"/dev/tty"))
    }

    /// Notes files that a compound writes.
    fn writes(&mut self, writes: Vec<Vec<u8>>, state: &State) {
        if !writes.is_empty() {
            self.step(Vec::new(), None, writes, state);
        }
    }

    /// Notes a file that a redirection reads.
    fn reads(&mut self, path: Vec<u8>, state: &State) {
        let (folder, changes) = (state.folder.clone(), state.changes(self.env));
        let (words, writes, reads) = (Vec::new(), Vec::new(), vec![path]);
        self.script.steps.push(Step { words, unclear: None, writes, reads, folder, changes });
    }

    fn step(&mut self, words: Vec<Vec<u8>>, unclear: Option<&'static str>, writes: Vec<Vec<u8>>, state: &State) {
        let (folder, changes) = (state.folder.clone(), state.changes(self.env));
        self.script.steps.push(Step { words, unclear, writes, reads: Vec::new(), folder, changes });
    }
}

/// Whether a duplication is of an output.
fn kind_writes(kind: &IoFileRedirectKind) -> &'static bool {
    if matches!(kind, IoFileRedirectKind::DuplicateOutput) { &true } else { &false }
}

/// What a word can know.
struct Known<'k> {
    state: &'k State,
    env: &'k [&'k [u8]],
    zsh: bool,
}

/// Variables that a shell sets itself, whatever it was given.
const OWN: [&str; 30] = [
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "IFS",
    "PS4",
    "PPID",
    "UID",
    "EUID",
    "GID",
    "EGID",
    "RANDOM",
    "SRANDOM",
    "SECONDS",
    "LINENO",
    "HOSTNAME",
    "HOSTTYPE",
    "OSTYPE",
    "MACHTYPE",
    "SHELLOPTS",
    "OPTIND",
    "OPTARG",
    "OPTERR",
    "REPLY",
    "DIRSTACK",
    "GROUPS",
    "FUNCNAME",
    "PIPESTATUS",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
];

impl Variables for Known<'_> {
    fn value(&self, name: &str) -> Option<Vec<u8>> {
        if self.zsh || self.state.scrambled || OWN.contains(&name) || name.starts_with("BASH") {
            return None;
        }
        match self.state.variables.get(name.as_bytes()) {
            Some(variable) => match &variable.value {
                Value::Is(value) => Some(value.clone()),
                Value::Unknown | Value::Unset => None,
            },
            None => {
                let value = |entry: &&[u8]| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec);
                self.env.iter().find_map(value)
            }
        }
        .filter(|value| !value.contains(&UNCLEAR))
    }

    fn splits_at_space(&self) -> bool {
        !self.state.variables.contains_key(&b"IFS"[..])
    }
}

impl State {
    /// Sets a variable; it is exported where it was, or where all are.
    fn set(&mut self, name: &[u8], value: Value, env: &[&[u8]]) {
        let known = self.variables.get(name).map(|variable| variable.exported);
        let around = || env.iter().any(|entry| entry.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"=")));
        let exported = known.unwrap_or_else(around) || self.exports_all;
        self.variables.insert(name.to_vec(), super::state::Variable { value, exported });
    }

    fn export(&mut self, name: &[u8]) {
        if let Some(variable) = self.variables.get_mut(name) {
            variable.exported = true;
        }
    }

    /// Goes to a folder, if that works.
    fn go(&mut self, folder: Option<Vec<u8>>) {
        self.folder = match (folder, &self.folder) {
            (Some(folder), _) if folder.starts_with(b"/") => Folder::At(folder),
            (Some(folder), Folder::Start) => Folder::At(folder),
            (Some(folder), Folder::At(here)) => Folder::At([here, &b"/"[..], &folder].concat()),
            _ => Folder::Unknown,
        };
    }
}

/// A parsed item, for the part that reads simple commands.
type Item = CommandPrefixOrSuffixItem;
