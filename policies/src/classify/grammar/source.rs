//! The shape of a grammar file, as written.
//!
//! Deliberately not here: what the file means (`compile` checks and resolves it).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::dialect::Dialect;
use super::Stopping;

/// One file: `policies/tools/NAME.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolFile {
    /// The format's version.
    pub version: u32,
    /// The canonical name, then its twins.
    pub names: Vec<String>,
    /// Where the facts in the file come from.
    pub reference: String,
    pub dialect: Dialect,
    #[serde(default)]
    pub underscores: bool,
    /// Flags before a word belong to the command that stands before it.
    #[serde(default)]
    pub traverses: bool,
    pub file_arguments: Option<char>,
    /// Flags whose value is a file with more arguments.
    #[serde(default)]
    pub file_flags: Vec<String>,
    /// Flags whose value is an operand like others.
    #[serde(default)]
    pub operand_flags: Vec<String>,
    /// Words before the others that are no part of the operation: release tracks.
    #[serde(default)]
    pub tracks: Vec<String>,
    /// Flags of every command; of none but the root where the dialect says so.
    #[serde(default)]
    pub flags: String,
    /// Flags that make any command print its help and stop.
    #[serde(default)]
    pub help: Vec<String>,
    /// Flags that make any command print the version and stop.
    #[serde(default)]
    pub version_flags: Vec<String>,
    /// Flags whose value is a program.
    #[serde(default)]
    pub runs: Vec<String>,
    /// Flags whose value is a file that is written, also by a command that changes nothing else.
    #[serde(default)]
    pub writes: Vec<String>,
    /// Flags with secret values; `NAME=` where the value is `key=secret`, `NAME=?`
    /// where that holds only if the key says so.
    #[serde(default)]
    pub secret: Vec<String>,
    /// Flags whose value is text to the tool, whatever stands in it.
    #[serde(default)]
    pub text: Vec<String>,
    #[serde(default)]
    pub extra_arguments: Vec<String>,
    /// Named lists of resource kinds.
    #[serde(default)]
    pub kinds: BTreeMap<String, Vec<String>>,
    /// Flags and rules that several commands share.
    #[serde(default)]
    pub sets: BTreeMap<String, SetSource>,
    /// The root command, for a tool that does something without a word.
    pub root: Option<CommandSource>,
    #[serde(default)]
    pub commands: BTreeMap<String, CommandSource>,
    /// Other words for a command that stands elsewhere: the words, and its own.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
    #[serde(default)]
    pub raises: Vec<ClauseSource>,
    /// What makes the operation unknown, whatever command it is.
    #[serde(default)]
    pub doubts: Vec<ClauseSource>,
    #[serde(default)]
    pub variables: Vec<VariableSource>,
    #[serde(default)]
    pub targets: BTreeMap<String, Vec<ClauseSource>>,
    #[serde(default)]
    pub resolvers: BTreeMap<String, ResolverSource>,
    pub table: Option<TableSource>,
    /// How patiently it is asked to stop.
    pub stop: Option<Stopping>,
    #[serde(default)]
    pub pins: BTreeMap<String, PinSource>,
    /// Variables that make the tool complete a line for a shell and stop.
    #[serde(default)]
    pub completes: Vec<String>,
}

/// How one dimension of a target is written out: by a flag or by a variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinSource {
    pub flag: Option<String>,
    pub variable: Option<String>,
    #[serde(default)]
    pub except: Vec<String>,
    #[serde(default)]
    pub defaults: bool,
    #[serde(default)]
    pub not_backends: Vec<String>,
    /// Flags beside which it would mean something else.
    #[serde(default)]
    pub not_with: Vec<String>,
    /// `kubeconfig tls-name`: what a resolver must not have found.
    pub not_found: Option<String>,
}

/// Flags and rules that commands take over with `use`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetSource {
    #[serde(default)]
    pub flags: String,
    #[serde(default)]
    pub when: Vec<ClauseSource>,
}

/// One command.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandSource {
    pub tier: Option<u8>,
    #[serde(default)]
    pub why: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    #[serde(default, rename = "use")]
    pub sets: Vec<String>,
    #[serde(default)]
    pub flags: String,
    #[serde(default)]
    pub open: bool,
    #[serde(default)]
    pub when: Vec<ClauseSource>,
    #[serde(default)]
    pub also: Vec<ClauseSource>,
    #[serde(default)]
    pub opaque: bool,
    /// Its flags end at its first operand.
    #[serde(default)]
    pub ends: bool,
    /// It only leads to others.
    #[serde(skip)]
    pub leads: bool,
    #[serde(default)]
    pub local: bool,
    /// It writes a file, whatever its tier.
    #[serde(default)]
    pub writes: bool,
    /// `help` or `version`.
    pub stops: Option<String>,
    pub saved_plan: Option<SavedPlanSource>,
    pub brings: Option<BringsSource>,
    pub milder: Option<MilderSource>,
    pub wraps: Option<WrapsSource>,
}

/// Files that are judged by what stands in them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BringsSource {
    /// The flag that names them.
    pub flag: String,
    /// `manifests`, `compose` or `values`.
    pub form: String,
    /// What is done with what stands in them: `apply`, `delete`.
    pub act: Option<String>,
    /// The switch that takes folders with all that is below them.
    pub recursive: Option<String>,
    /// Flags that name what cannot be read.
    #[serde(default)]
    pub unread: Vec<String>,
    /// What the command takes beside files, where that is never read.
    pub beside: Option<String>,
}

/// A command that stands inside this one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrapsSource {
    /// `words`, `script` or `joined`.
    pub form: String,
    /// The switch that makes it `words`.
    pub words: Option<String>,
    #[serde(default)]
    pub after: usize,
    pub flag: Option<String>,
    #[serde(default)]
    pub absent: Vec<String>,
    pub value: Option<String>,
    #[serde(default)]
    pub assignments: bool,
    pub clear: Option<String>,
    pub unset: Option<String>,
    pub folder: Option<String>,
    pub called: Option<String>,
    pub further: Option<String>,
    pub elsewhere: Option<String>,
    #[serde(default)]
    pub moves: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedPlanSource {
    pub operand: usize,
    /// What it is as well if the plan destroys anything.
    pub operation: String,
    pub tier: u8,
    pub why: String,
    /// What it is as well if the plan forgets something.
    pub forgets: String,
    pub forgets_tier: u8,
    pub forgets_why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MilderSource {
    pub words: Option<Vec<String>>,
    #[serde(default)]
    pub add: Vec<String>,
    #[serde(default)]
    pub drop: Vec<String>,
}

/// A condition, and what follows: a tier, a further operation, or a value of the
/// target.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClauseSource {
    #[serde(default)]
    pub commands: Vec<String>,
    /// First words.
    #[serde(default)]
    pub services: Vec<String>,
    pub flag: Option<String>,
    pub is: Option<Vec<String>>,
    pub any: Option<Vec<String>>,
    pub not: Option<Vec<String>>,
    pub any_not: Option<Vec<String>>,
    /// The flag's values are compared as paths too: without detours.
    #[serde(default)]
    pub path: bool,
    #[serde(default)]
    pub with: Vec<String>,
    #[serde(default)]
    pub absent: Vec<String>,
    /// The name of a list of kinds.
    pub kinds: Option<String>,
    pub only_kinds: Option<String>,
    /// The name of a list of kinds: a file that is brought holds one of them.
    pub brings: Option<String>,
    /// A file that is brought cannot be read.
    #[serde(default)]
    pub brings_unread: bool,
    /// `system` or `outside`: what a container is given by the flag's values, or by the
    /// files that are brought where no flag is named.
    pub exposes: Option<String>,
    /// The operand that `operand_is` means; any where it is not given.
    pub operand: Option<usize>,
    pub operand_is: Option<Vec<String>>,
    /// An operand, or the flag's value where there is one, is a file that holds
    /// credentials.
    #[serde(default)]
    pub secret_files: bool,
    /// So many operands before are no files.
    #[serde(default)]
    pub after: usize,
    /// The same, or a folder with such files in it.
    #[serde(default)]
    pub secret_folders: bool,
    /// Schemes of URLs; `?` for one that cannot be told.
    pub schemes: Option<Vec<String>>,
    pub hosts: Option<Vec<String>>,
    /// `kubeconfig server`: the flag's value, or the first variable's, is another than a
    /// resolver found.
    pub unlike: Option<String>,
    /// The operand, or any, holds none of these characters.
    pub operand_without: Option<String>,
    /// An operand that looks like a flag is none of these.
    pub strays: Option<Vec<String>>,
    pub operands: Option<usize>,
    pub fewer: Option<usize>,
    #[serde(default)]
    pub outside: bool,
    #[serde(default)]
    pub alone: bool,
    #[serde(default)]
    pub after_dashes: bool,
    pub variable: Option<String>,
    /// All of these are set.
    #[serde(default)]
    pub variables: Vec<String>,
    #[serde(default)]
    pub absent_variables: Vec<String>,

    pub tier: Option<u8>,
    #[serde(default)]
    pub why: String,
    /// Among `raises`: also what only reads.
    #[serde(default)]
    pub reads: bool,
    pub operation: Option<String>,

    /// Where a target's value comes from.
    pub from: Option<String>,
    pub unknown: Option<String>,
    #[serde(default)]
    pub further: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariableSource {
    pub names: Vec<String>,
    /// Values that change nothing; `~/PATH` is that path in the user's own home,
    /// which the environment does not tell.
    #[serde(default)]
    pub harmless: Vec<String>,
    /// Only these values change something, where any are listed.
    #[serde(default)]
    pub harmful: Vec<String>,
    /// It is a list with `:` between its parts.
    #[serde(default)]
    pub list: bool,
    #[serde(default)]
    pub commands: Vec<String>,
    /// It matters for every command with one of these flags.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The tier that it raises to; without, the operation becomes unknown.
    pub tier: Option<u8>,
    pub why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolverSource {
    #[serde(default)]
    pub always: bool,
    /// The commands that it is always asked for; all where empty.
    #[serde(default)]
    pub always_for: Vec<String>,
    #[serde(default)]
    pub parameters: BTreeMap<String, Vec<ClauseSource>>,
}

/// Commands that a generated table lists: `SERVICE OPERATION`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableSource {
    /// The table's name in `policies/data`.
    pub data: String,
    /// Flags of any operation that change its meaning.
    pub flags: String,
    #[serde(default)]
    pub when: Vec<ClauseSource>,
    #[serde(default)]
    pub rules: Vec<TableRuleSource>,
    /// By the class that the table gives an operation; the first that is about it
    /// decides.
    pub classes: Vec<ClassSource>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableRuleSource {
    /// Groups, `*` standing for anything; every one where there is none.
    #[serde(default)]
    pub services: Vec<String>,
    /// Operations, `*` standing for anything; every one where there is none.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Operations that the rule leaves to later ones.
    #[serde(default)]
    pub except: Vec<String>,
    pub flag: Option<String>,
    pub any: Option<Vec<String>>,
    #[serde(default)]
    pub absent: Vec<String>,
    pub tier: u8,
    pub why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassSource {
    /// Letters of the table.
    pub classes: String,
    /// First words of operations; every operation where there is none.
    #[serde(default)]
    pub verbs: String,
    pub tier: u8,
    pub why: String,
}

/// Variables that matter for every tool: `policies/tools/shared.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SharedFile {
    pub version: u32,
    #[serde(default)]
    pub variables: Vec<VariableSource>,
    /// Lists of patterns that any grammar may name: `@NAME`.
    #[serde(default)]
    pub patterns: BTreeMap<String, Vec<String>>,
}
