//! What is known of each tool: its commands, its flags and what they may do.
//!
//! One TOML file a tool is read once (`grammar/source.rs` is the file's shape,
//! `grammar/compile.rs` checks it) into flat tables with names that live as long
//! as the program. Deliberately not here: reading an argv (that is `parse`).

use std::sync::OnceLock;

use super::dialect::Dialect;
use super::environment::{Environment, Interest};
use super::facts::BroughtForm;
pub(crate) use super::facts::Field;
use super::table::Table;
use crate::Tier;
use crate::changes::Act;

mod aim;
mod built_in;
mod compile;
mod condition;
mod flag;
mod forever;
mod listing;
mod names;
mod notation;
mod pattern;
mod source;

pub(crate) use aim::{Origin, Part, Pin, PinBy, ResolverRule, Source, TargetRule};
pub(crate) use built_in::{mount_paths, secret_paths};
pub use compile::GrammarError;
pub(crate) use condition::{
    Condition, Credentials, Exposes, FlagTest, MountPaths, OperandTest, SecretPaths, SecretTest, Terms, Values,
};
pub(crate) use flag::{Flag, Flags, Marks, Secret, SecretFlag, Shortened, Stops, Takes};
pub use listing::Listed;
pub(crate) use names::Names;
pub(crate) use pattern::{Candidate, Pattern, any};

/// The grammars of all known tools.
#[derive(Debug, Default)]
pub struct Grammars {
    tools: Vec<Known>,
    /// The place of each among them by its names.
    places: Names<usize>,
    shared: Vec<Variable>,
    /// The beginnings of their names.
    interest: Interest,
    /// Their names, those with a star by their beginnings.
    shared_names: Interest,
}

/// A tool that is known by its names, and read when it is first asked for.
#[derive(Debug)]
enum Known {
    BuiltIn(&'static built_in::File, OnceLock<Option<Tool>>),
    Own(Tool),
}

impl Known {
    fn names(&self) -> &[&'static str] {
        match self {
            Self::BuiltIn(file, _) => file.names,
            Self::Own(tool) => &tool.names,
        }
    }

    fn tool(&self) -> Option<&Tool> {
        match self {
            Self::BuiltIn(file, read) => read.get_or_init(|| file.read().ok()).as_ref(),
            Self::Own(tool) => Some(tool),
        }
    }
}

impl Grammars {
    /// The grammars that every copy of this crate carries.
    #[must_use]
    pub fn built_in() -> &'static Self {
        built_in::grammars()
    }

    /// The built-in grammars and a person's own, each by its file's name and text.
    /// A name that is taken is an error: what is known of a tool is never replaced.
    pub fn with(files: &[(&str, &str)]) -> Result<Self, GrammarError> {
        let mut grammars = built_in::read();
        for (file, text) in files {
            let tool = compile::tool(file, text)?;
            grammars.add(file, tool)?;
        }
        Ok(grammars)
    }

    /// Adds a tool of which only the name is known and, perhaps, the tiers of some
    /// commands (`pr list`). Its commands are the leading words before the first
    /// flag: `mytool.pr.list`; one without a tier is unknown. `file` is what names
    /// the tool, for messages.
    pub fn add_generic(
        &mut self,
        file: &str,
        name: &str,
        commands: &[(&str, Option<Tier>)],
    ) -> Result<(), GrammarError> {
        let tool = compile::generic(file, name, commands)?;
        self.add(file, tool)
    }

    fn add(&mut self, file: &str, tool: Tool) -> Result<(), GrammarError> {
        if let Some(taken) = tool.names.iter().find(|name| self.tools().any(|known| known == **name)) {
            return Err(GrammarError::Taken { file: file.to_owned(), name: (*taken).to_owned() });
        }
        self.push(Known::Own(tool));
        Ok(())
    }

    fn push(&mut self, tool: Known) {
        let place = self.tools.len();
        tool.names().iter().for_each(|name| self.places.put(name.as_bytes(), place));
        self.tools.push(tool);
    }

    /// The names of all known tools, twins too, in no order.
    pub fn tools(&self) -> impl Iterator<Item = &'static str> {
        self.tools.iter().flat_map(|known| known.names().iter().copied())
    }

    /// The name by which a tool is judged, its twins' too; none for one that is not
    /// known.
    #[must_use]
    pub fn canonical(&self, tool: &str) -> Option<&'static str> {
        self.tool(tool.as_bytes()).map(Tool::name)
    }

    /// Whether this tool has operations beside those that are listed.
    pub(crate) fn has_table(&self, tool: &str) -> bool {
        self.tool(tool.as_bytes()).is_some_and(|tool| tool.table.is_some())
    }

    /// The canonical operation names of one tool, without those of its table.
    pub fn operations(&self, tool: &str) -> impl Iterator<Item = &'static str> {
        self.tool(tool.as_bytes()).into_iter().flat_map(|tool| tool.commands.iter().map(|command| command.operation))
    }

    /// How patiently a tool is asked to stop, where its grammar says so.
    #[must_use]
    pub fn stopping(&self, tool: &[u8]) -> Option<Stopping> {
        self.tool(tool)?.stopping
    }

    pub(crate) fn tool(&self, name: &[u8]) -> Option<&Tool> {
        self.tools.get(*self.places.get(name)?)?.tool()
    }

    /// Variables that matter whatever the tool is; none where this environment has none.
    pub(crate) fn shared(&self, environment: &Environment<'_>) -> &[Variable] {
        if environment.may_have(&self.shared_names) { &self.shared } else { &[] }
    }

    /// The beginnings of all variables that matter for this tool.
    pub(crate) fn interest(&self, tool: &Tool) -> Interest {
        let mut interest = tool.interest;
        interest.join(&self.interest);
        interest
    }
}

/// How much time a tool has between the signals that ask it to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopping {
    /// Seconds after SIGINT, before SIGTERM.
    pub interrupted_s: u32,
    /// Seconds after SIGTERM, before SIGKILL.
    pub terminated_s: u32,
}

/// One tool.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The canonical name first, then its twins.
    pub names: Vec<&'static str>,
    pub dialect: Dialect,
    /// Whether `_` in a long flag means `-`.
    pub underscores: bool,
    /// Whether flags before a word belong to the command that stands before it.
    pub traverses: bool,
    /// What an argument starts with that the tool replaces by a file's words.
    pub file_arguments: Option<u8>,
    /// Flags whose value is a file with more arguments.
    pub file_flags: Vec<&'static str>,
    /// Flags whose value is an operand like others.
    pub operand_flags: Vec<&'static str>,
    /// Words before the others that are no part of the operation.
    pub tracks: Vec<&'static str>,
    /// The root is the first.
    pub commands: Vec<Command>,
    pub operation_unknown: &'static str,
    pub operation_help: &'static str,
    pub operation_version: &'static str,
    /// Commands that are found in a generated table instead.
    pub table: Option<Table>,
    /// Raise the tier of whatever command it is.
    pub raises: Vec<Clause>,
    /// Make the operation unknown, whatever command it is.
    pub doubts: Vec<Clause>,
    pub variables: Vec<Variable>,
    /// The beginnings of the names of all variables that the tool looks at.
    pub interest: Interest,
    /// Where more arguments come from: the variable's name, `*` for the command.
    pub extra_arguments: Vec<&'static str>,
    pub targets: Vec<TargetRule>,
    pub resolvers: Vec<ResolverRule>,
    /// Flags whose value is secret, and how much of it.
    pub secrets: Vec<SecretFlag>,
    /// How patiently it is asked to stop.
    pub stopping: Option<Stopping>,
    /// Flags whose value is text to the tool, whatever stands in it.
    pub text: Vec<&'static str>,
    /// How targets can be written out.
    pub pins: Vec<Pin>,
    /// Variables that make the tool complete a line for a shell and stop, whatever
    /// its argv is.
    pub completes: Vec<&'static str>,
    pub operation_complete: &'static str,
}

impl Tool {
    /// Whether it is the same whatever arguments follow.
    pub(crate) fn is_closed(&self) -> bool {
        let alone = |command: &Command| {
            let flags = command.flags.long.iter().map(|(_, flag)| flag);
            let runs = flags.chain(command.flags.short.iter().map(|(_, flag)| flag)).any(|flag| flag.runs);
            command.rules.is_empty() && command.also.is_empty() && command.wraps.is_none() && !runs
        };
        let [root] = self.commands.as_slice() else { return false };
        self.table.is_none() && self.raises.is_empty() && root.tier.is_some() && alone(root)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    pub(crate) fn command(&self, index: usize) -> Option<&Command> {
        self.commands.get(index)
    }
}

/// One command, which may have others below it.
#[derive(Debug, Default)]
pub(crate) struct Command {
    /// `terraform.state.rm`.
    pub operation: &'static str,
    /// `state rm`; empty for the root.
    pub words: &'static str,
    /// Names and aliases of the commands below.
    pub children: Names<usize>,
    pub flags: Flags,
    /// `None` for a word that only leads to others.
    pub tier: Option<Tier>,
    pub why: &'static str,
    /// The first that holds decides the tier.
    pub rules: Vec<Clause>,
    /// What it does as well, each if it holds.
    pub also: Vec<Clause>,
    /// What follows the word is not this tool's to read.
    pub opaque: bool,
    /// Its flags end at its first operand.
    pub ends: bool,
    /// The file names it, and not only what stands below it.
    pub declared: bool,
    /// It touches nothing that a target could name.
    pub local: bool,
    /// It writes a file, whatever its tier.
    pub writes: bool,
    pub stops: Option<Stops>,
    /// The operand that is a saved plan.
    pub saved_plan: Option<SavedPlan>,
    /// The files that it brings along.
    pub brings: Option<Brings>,
    pub milder: Option<Milder>,
    /// It runs the command that its operands are.
    pub wraps: Option<Wraps>,
}

impl Command {
    /// Whether it does nothing itself, but has commands below it that do.
    pub(crate) fn only_leads(&self) -> bool {
        self.tier.is_none() && self.stops.is_none()
    }

    pub(crate) fn child(&self, word: &[u8]) -> Option<usize> {
        self.children.get(word).copied()
    }
}

/// A condition and what follows from it.
#[derive(Debug, Default)]
pub(crate) struct Clause {
    pub when: Condition,
    pub tier: Option<Tier>,
    pub why: &'static str,
    /// It raises also what only reads.
    pub reads: bool,
    /// The further operation that this clause is about.
    pub operation: Option<&'static str>,
}

/// How a command stands inside another.
#[derive(Debug)]
pub(crate) struct Wraps {
    pub form: Form,
    /// With this flag each operand is a word of it, whatever the form.
    pub words: Option<&'static str>,
    /// How many operands stand before it.
    pub after: usize,
    /// It is there only where this flag is set.
    pub flag: Option<&'static str>,
    /// It is not there where one of these is.
    pub absent: Vec<&'static str>,
    /// The flag whose value it is, instead of the operands.
    pub value: Option<&'static str>,
    /// `NAME=value` before it is put into its environment.
    pub assignments: bool,
    /// The flag that empties its environment.
    pub clear: Option<&'static str>,
    /// The flag that takes one variable out.
    pub unset: Option<&'static str>,
    /// The flag that names the folder it runs in.
    pub folder: Option<&'static str>,
    /// The flag that gives it another name than the program's.
    pub called: Option<&'static str>,
    /// Arguments that nobody sees follow it, and why.
    pub further: Option<&'static str>,
    /// Its variables and files need not be the caller's, and why.
    pub elsewhere: Option<&'static str>,
    /// Flags after which its folder is not known.
    pub moves: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Each operand is a word of it.
    Words,
    /// One operand is a script of several.
    Script,
    /// The operands, joined by spaces, are a script.
    Joined,
}

/// A variable that changes what a command means.
#[derive(Debug)]
pub(crate) struct Variable {
    pub names: Vec<Pattern>,
    /// Its names, those with a star by their beginnings.
    pub interest: Interest,
    /// Values that change nothing.
    pub harmless: Vec<Pattern>,
    /// Only these values change something, where there are any.
    pub harmful: Vec<Pattern>,
    /// Each part between `:` is a value.
    pub list: bool,
    /// Paths from the user's home on that change nothing, for they are the usual ones.
    pub usual: Vec<&'static str>,
    pub commands: Vec<&'static str>,
    /// It matters also where one of these flags is.
    pub flags: Vec<&'static str>,
    /// The tier that it raises to; `None` makes the operation unknown.
    pub tier: Option<Tier>,
    pub why: &'static str,
}

impl Variable {
    /// Whether this value changes what a command means, for a user with this home.
    pub(crate) fn matters(&self, value: &[u8], home: Option<&[u8]>) -> bool {
        let usual = |part: &[u8]| {
            let below = home.and_then(|home| part.strip_prefix(home));
            let below = below.map(|below| below.strip_suffix(b"/").unwrap_or(below));
            below.is_some_and(|below| self.usual.iter().any(|path| path.as_bytes() == below))
        };
        let one = |part: &[u8]| {
            let harmless = part.is_empty() || any(&self.harmless, part) || usual(part);
            !harmless && (self.harmful.is_empty() || any(&self.harmful, part))
        };
        if self.list { value.split(|byte| *byte == b':').any(one) } else { one(value) }
    }
}

/// A saved plan, and what applying it is as well.
#[derive(Debug)]
pub(crate) struct SavedPlan {
    pub operand: usize,
    /// Where it destroys something.
    pub destroys: Further,
    /// Where it forgets something.
    pub forgets: Further,
}

/// What a command is as well.
#[derive(Debug)]
pub(crate) struct Further {
    pub operation: &'static str,
    pub tier: Tier,
    pub why: &'static str,
}

/// Files that a command is judged by.
#[derive(Debug)]
pub(crate) struct Brings {
    /// The flag that names them.
    pub flag: &'static str,
    pub form: BroughtForm,
    pub act: Act,
    pub recursive: Option<&'static str>,
    /// Flags that name what cannot be read.
    pub unread: Vec<&'static str>,
    /// What is taken beside files and never read.
    pub beside: Option<&'static str>,
}

/// How to ask for the same without doing it.
#[derive(Debug)]
pub(crate) struct Milder {
    /// Other words than the command's, if any.
    pub words: Option<Vec<&'static str>>,
    pub add: Vec<&'static str>,
    pub drop: Vec<&'static str>,
}
