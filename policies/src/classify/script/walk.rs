//! Following a script from command to command.
//!
//! One walk over the parsed text. Where the script may go one way or another,
//! each way is followed from the same state, and what differs afterwards is not
//! known any more.

use std::borrow::Cow;
use std::io::Cursor;

use brush_parser::ast::{
    AndOr, AndOrList, BinaryPredicate, Command, CommandPrefixOrSuffixItem, CompoundCommand, CompoundList,
    ExtendedTestExpr, IoFileRedirectKind, IoFileRedirectTarget, IoRedirect, Pipeline, SeparatorOperator,
    SubshellCommand, UnaryPredicate,
};
use brush_parser::{Parser, ParserOptions};

use super::state::{State, Value};
use super::word::{self, Shape, Variables, Word};
use super::{Does, Script, Step, UNCLEAR, arithmetic, bounds, special};

mod known;
mod own;
mod simple;

use known::Known;

/// How many commands are followed, those of repeated ways each time.
const MOST: usize = 4_096;

/// How deep scripts may stand in words of one another.
const DEEPEST: usize = 6;

pub(super) struct Walk<'e> {
    /// Words are expanded as zsh does it, which differs.
    zsh: bool,
    bash: bool,
    env: &'e [&'e [u8]],
    script: Script,
    /// It can have done something that is not followed.
    doubtful: bool,
    left: usize,
    depth: usize,
}

impl<'e> Walk<'e> {
    pub(super) fn new(shell: &str, env: &'e [&'e [u8]]) -> Self {
        Self {
            zsh: shell == "zsh",
            bash: shell == "bash",
            env,
            script: Script::default(),
            doubtful: false,
            left: MOST,
            depth: 0,
        }
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
        self.doubtful = true;
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
                self.named(each.variable_name.as_bytes(), Value::Unknown, state);
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
            CompoundCommand::Coprocess(process) => {
                self.doubt("a coprocess sets variables");
                self.command(&process.body, &mut state.clone());
            }
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

    /// Arithmetic can assign, and evaluates what it finds in variables.
    fn arithmetic(&mut self, text: &str, state: &mut State) {
        let known = self.known(state);
        let set = arithmetic::sets(text, |name| known.is_number(name));
        match set.filter(|_| !self.zsh) {
            Some(set) => set.into_iter().for_each(|name| state.set(name.as_bytes(), Value::Number, self.env)),
            None => self.doubt(EVALUATED),
        }
    }

    fn test(&mut self, test: &ExtendedTestExpr, state: &State) {
        match test {
            ExtendedTestExpr::And(one, other) | ExtendedTestExpr::Or(one, other) => {
                self.test(one, state);
                self.test(other, state);
            }
            ExtendedTestExpr::Not(one) | ExtendedTestExpr::Parenthesized(one) => self.test(one, state),
            ExtendedTestExpr::UnaryTest(predicate, word) => {
                let word = self.word(&word.value, state);
                let of_variable = matches!(
                    predicate,
                    UnaryPredicate::ShellVariableIsSetAndAssigned | UnaryPredicate::ShellVariableIsSetAndNameRef
                );
                if of_variable && !word.bytes.is_some_and(|name| special::is_plain(&name)) {
                    self.doubt(EVALUATED);
                }
            }
            ExtendedTestExpr::BinaryTest(predicate, one, other) => {
                for word in [one, other] {
                    let word = self.word(&word.value, state);
                    if computes(predicate) && !word.is_number() {
                        self.doubt(EVALUATED);
                    }
                }
            }
        }
    }

    /// Expands a word, and follows the scripts in it.
    fn word(&mut self, text: &str, state: &State) -> Word {
        let word = word::expand(text, &self.known(state));
        let mut word = self.followed(word, state);
        if self.zsh && !is_plain_in_zsh(text) {
            self.doubt("zsh makes more of a word than is looked into");
            word.unclear = true;
        }
        // `{name}<file` sets the variable.
        if text.len() > 2 && text.starts_with('{') && text.ends_with('}') && !text.contains(',') {
            self.doubt(EVALUATED);
        }
        word
    }

    fn followed(&mut self, mut word: Word, state: &State) -> Word {
        if word.hidden {
            self.doubt(EVALUATED);
        }
        for script in std::mem::take(&mut word.scripts) {
            self.nested(&script, state);
        }
        word
    }

    fn known<'k>(&'k self, state: &'k State) -> Known<'k> {
        Known { state, env: self.env, nothing: self.zsh || self.doubtful }
    }

    /// Sets the variable that a command names.
    fn named(&mut self, name: &[u8], value: Value, state: &mut State) {
        match special::is_plain(name) && !self.zsh {
            true => state.set(name, value, self.env),
            false => self.doubt("it sets a variable that the shell itself acts on, or that cannot be told"),
        }
    }

    /// The file that a redirection writes, if it writes one.
    fn redirect(&mut self, redirect: &IoRedirect, state: &State) -> Option<Vec<u8>> {
        let target = match redirect {
            IoRedirect::File(_, kind, target) => match target {
                IoFileRedirectTarget::Filename(word) => {
                    let path = self.word(&word.value, state).bytes.unwrap_or_default();
                    let reads = matches!(kind, IoFileRedirectKind::Read | IoFileRedirectKind::DuplicateInput);
                    if reads || matches!(kind, IoFileRedirectKind::ReadAndWrite) {
                        self.step(Does::Reads(path.clone()), state);
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
                if document.requires_expansion && ["$(", "${", "$[", "`"].iter().any(|open| text.contains(open)) {
                    let word = word::document(text, &self.known(state));
                    self.followed(word, state);
                }
                None
            }
        };
        target.filter(|path| !matches!(path.as_slice(), b"/dev/null" | b"/dev/stdout" | b"/dev/stderr" | b"/dev/tty"))
    }

    /// Notes files that redirections write.
    fn writes(&mut self, writes: Vec<Vec<u8>>, state: &State) {
        writes.into_iter().for_each(|path| self.step(Does::Writes(path), state));
    }

    fn step(&mut self, does: Does, state: &State) {
        let (folder, changes, doubtful) = (state.folder.clone(), state.changes(), self.doubtful);
        self.script.steps.push(Step { does, folder, doubtful, changes });
    }
}

/// Why a script can do more than its words say.
const EVALUATED: &str = "the shell evaluates a part of it again, which can run commands";

/// Whether a test evaluates both sides as arithmetic.
fn computes(predicate: &BinaryPredicate) -> bool {
    use BinaryPredicate as P;
    matches!(
        predicate,
        P::ArithmeticEqualTo
            | P::ArithmeticNotEqualTo
            | P::ArithmeticLessThan
            | P::ArithmeticLessThanOrEqualTo
            | P::ArithmeticGreaterThan
            | P::ArithmeticGreaterThanOrEqualTo
    )
}

/// Whether zsh takes a word as it stands: letters, or single quotes around them
/// (zshexpn(1) has an expansion for most other characters).
fn is_plain_in_zsh(text: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "_./:,@%+-=".contains(letter);
    let mut parts = text.split('\'').enumerate();
    let closed = text.matches('\'').count().is_multiple_of(2);
    text == "["
        || text == "]"
        || closed && !text.starts_with('=') && parts.all(|(at, part)| at % 2 == 1 || part.chars().all(letter))
}

/// Whether a duplication is of an output.
fn kind_writes(kind: &IoFileRedirectKind) -> &'static bool {
    if matches!(kind, IoFileRedirectKind::DuplicateOutput) { &true } else { &false }
}

/// A parsed item, for the part that reads simple commands.
type Item = CommandPrefixOrSuffixItem;
