//! From a grammar file as written to tables, with every name checked.

use std::collections::{BTreeMap, HashMap};

use super::forever::{all_forever, forever};
use super::source::{
    BringsSource, CommandSource, SavedPlanSource, SetSource, SharedFile, TableSource, ToolFile, VariableSource,
    WrapsSource,
};
use super::{
    Brings, Clause, Command, Condition, Flags, Form, Further, Milder, Names, Origin, SavedPlan, Secret, SecretFlag,
    Stops, Tool, Variable, Wraps, notation,
};
use crate::Tier;
use crate::changes::Act;
use crate::classify::dialect::Dialect;
use crate::classify::environment::Interest;
use crate::classify::facts::BroughtForm;
use crate::classify::table::{ClassRule, Table, TableRule};

mod clause;
mod target;

pub(super) use clause::{mount_paths, secret_paths};

/// The format that this program reads.
const VERSION: u32 = 1;

/// Why a grammar file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GrammarError {
    /// It is not TOML, or has other keys than a grammar.
    #[error("{file}:{line}:{column}: this is no grammar: {message}")]
    Toml {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It names a tool that is known already.
    #[error("{file}: the tool `{name}` is known already, and what is known of it cannot be replaced")]
    Taken {
        /// The file.
        file: String,
        /// The tool.
        name: String,
    },
    /// It says something that means nothing.
    #[error("{file}:{line}:{column}: the grammar is wrong at `{at}`: {problem} `{word}`")]
    Wrong {
        /// The file.
        file: String,
        /// Counted from 1: the line where the wrong word stands, or its table.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// The command, set or table.
        at: String,
        /// What is wrong.
        problem: &'static str,
        /// The word that is.
        word: String,
    },
}

/// A problem within one file.
type Problem = (String, &'static str, String);

/// Reads one tool's file.
pub(super) fn tool(file: &str, text: &str) -> Result<Tool, GrammarError> {
    let source: ToolFile = toml(file, text)?;
    build(&source).map_err(|problem| wrong(file, text, problem))
}

/// A tool of which only the name is known, and the tiers of some commands.
pub(super) fn generic(file: &str, name: &str, commands: &[(&str, Option<Tier>)]) -> Result<Tool, GrammarError> {
    let declared = |(words, tier): &(&str, Option<Tier>)| {
        let tier = tier.map(Tier::number);
        let why = tier.map_or("", |_| "the policy says so").to_owned();
        (
            words.split_whitespace().collect::<Vec<_>>().join(" "),
            CommandSource { tier, why, ..CommandSource::default() },
        )
    };
    let mut all: BTreeMap<String, CommandSource> = BTreeMap::new();
    for (words, _) in commands {
        let parts: Vec<&str> = words.split_whitespace().collect();
        for end in 1..parts.len() {
            let above = parts.get(..end).unwrap_or_default().join(" ");
            all.entry(above).or_insert_with(|| CommandSource { leads: true, ..CommandSource::default() });
        }
    }
    all.extend(commands.iter().map(declared));
    let source = ToolFile {
        version: VERSION,
        names: vec![name.to_owned()],
        reference: file.to_owned(),
        dialect: Dialect::Generic,
        root: Some(CommandSource { leads: true, ..CommandSource::default() }),
        commands: all,
        ..ToolFile::default()
    };
    build(&source).map_err(|problem| wrong(file, "", problem))
}

fn wrong(file: &str, text: &str, (at, problem, word): Problem) -> GrammarError {
    let table = text.find(&format!(".{at}]")).or_else(|| text.find(&format!("\"{at}\"]"))).unwrap_or_default();
    let place = text.get(table..).and_then(|rest| rest.find(word.as_str())).map_or(table, |found| table + found);
    let (line, column) = position(text, place);
    GrammarError::Wrong { file: file.to_owned(), line, column, at, problem, word }
}

/// Line and column, each counted from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}

/// What all grammars share: variables that matter for every tool, and named lists
/// of patterns.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub variables: Vec<Variable>,
    pub patterns: BTreeMap<String, Vec<String>>,
}

/// Reads the file of what all grammars share.
pub(super) fn shared(file: &str, text: &str) -> Result<Shared, GrammarError> {
    let source: SharedFile = toml(file, text)?;
    let variables = version(source.version).and_then(|()| variables(&source.variables));
    let variables = variables.map_err(|problem| wrong(file, text, problem))?;
    Ok(Shared { variables, patterns: source.patterns })
}

fn version(found: u32) -> Result<(), Problem> {
    let wrong = || (String::from("version"), "this program does not know the version", found.to_string());
    if found == VERSION { Ok(()) } else { Err(wrong()) }
}

fn toml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, GrammarError> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        GrammarError::Toml { file: file.to_owned(), line, column, message: error.message().to_owned() }
    })
}

fn build(source: &ToolFile) -> Result<Tool, Problem> {
    version(source.version)?;
    let at = |problem, word: &str| (String::from("file"), problem, word.to_owned());
    if source.reference.is_empty() {
        return Err(at("a reference is missing", "reference"));
    }
    let name = source.names.first().ok_or_else(|| at("a name is missing", "names"))?;
    let tool = Tool {
        names: all_forever(&source.names),
        dialect: source.dialect,
        underscores: source.underscores,
        traverses: source.traverses,
        file_flags: all_forever(&source.file_flags),
        operand_flags: all_forever(&source.operand_flags),
        tracks: all_forever(&source.tracks),
        file_arguments: source.file_arguments.and_then(|mark| u8::try_from(mark).ok()),
        commands: commands(source, name)?,
        operation_unknown: forever(&format!("{name}.unknown")),
        operation_help: forever(&format!("{name}.help")),
        operation_version: forever(&format!("{name}.version")),
        table: source.table.as_ref().map(|table| table_of(source, table)).transpose()?,
        raises: clause::rules(source, "raises", &source.raises)?,
        doubts: clause::doubts(source, &source.doubts)?,
        variables: variables(&source.variables)?,
        extra_arguments: all_forever(&source.extra_arguments),
        interest: Interest::default(),
        targets: target::rules(source)?,
        resolvers: target::resolvers(source)?,
        secrets: source.secret.iter().map(|flag| secret(flag)).collect(),
        stopping: source.stop,
        text: all_forever(&source.text),
        pins: target::pins(source)?,
        completes: all_forever(&source.completes),
        operation_complete: forever(&format!("{name}.complete")),
    };
    Ok(Tool { interest: interest(&tool), ..tool })
}

/// The beginnings of the names of all variables that the tool looks at.
fn interest(tool: &Tool) -> Interest {
    let mut interest = Interest::default();
    ["HOME", "POSIXLY_CORRECT"]
        .iter()
        .chain(&tool.extra_arguments)
        .chain(&tool.completes)
        .for_each(|name| interest.add(name.as_bytes()));
    tool.variables.iter().flat_map(|variable| &variable.names).for_each(|name| interest.add(name.start));
    let of_commands = tool.commands.iter().flat_map(|command| command.rules.iter().chain(&command.also));
    let clauses = of_commands.chain(&tool.raises).chain(&tool.doubts);
    clauses.flat_map(|clause| clause.when.asked()).for_each(|name| interest.add(name.as_bytes()));
    let parameters = tool.resolvers.iter().flat_map(|rule| &rule.parameters).map(|(_, sources)| sources);
    for source in tool.targets.iter().map(|rule| &rule.from).chain(parameters).flatten() {
        source.when.asked().for_each(|name| interest.add(name.as_bytes()));
        if let Origin::Variable(name) | Origin::ServiceVariable(name) = source.of {
            interest.add(name.as_bytes());
        }
    }
    interest
}

fn secret(flag: &str) -> SecretFlag {
    let (name, secret) = match (flag.strip_suffix("=?"), flag.strip_suffix('=')) {
        (Some(name), _) => (name, Secret::NamedPair),
        (None, Some(name)) => (name, Secret::Pair),
        (None, None) => (flag, Secret::Whole),
    };
    SecretFlag { name: forever(name), secret }
}

/// All commands, the root first, each linked below its parent.
fn commands(source: &ToolFile, name: &str) -> Result<Vec<Command>, Problem> {
    let empty = CommandSource { stops: Some(String::from("help")), tier: Some(0), ..CommandSource::default() };
    let root = source.root.as_ref().unwrap_or(&empty);
    let mut commands = vec![command(source, name, "", root)?];
    let mut places: HashMap<&str, usize> = HashMap::from([("", 0)]);
    for (words, below) in &source.commands {
        places.insert(words, commands.len());
        commands.push(command(source, name, words, below)?);
    }
    for (words, below) in &source.commands {
        link(&mut commands, &places, words, below)?;
    }
    for (words, meant) in &source.links {
        let unknown = || (words.clone(), "there is no command", meant.clone());
        let own = places.get(meant.as_str()).copied().ok_or_else(unknown)?;
        below(&mut commands, &places, words, own, std::iter::empty())?;
    }
    Ok(commands)
}

fn link(
    commands: &mut [Command],
    places: &HashMap<&str, usize>,
    words: &str,
    source: &CommandSource,
) -> Result<(), Problem> {
    let unknown = || (words.to_owned(), "there is no command", words.to_owned());
    let own = *places.get(words).ok_or_else(unknown)?;
    below(commands, places, words, own, source.aliases.iter().map(String::as_str))
}

/// Makes a command reachable by these words, and by other last words.
fn below<'w>(
    commands: &mut [Command],
    places: &HashMap<&str, usize>,
    words: &'w str,
    own: usize,
    aliases: impl Iterator<Item = &'w str>,
) -> Result<(), Problem> {
    let (parent, last) = words.rsplit_once(' ').unwrap_or(("", words));
    let unknown = || (words.to_owned(), "there is no command", parent.to_owned());
    let above = places.get(parent).and_then(|place| commands.get_mut(*place)).ok_or_else(unknown)?;
    for name in std::iter::once(last).chain(aliases) {
        if above.children.get(name.as_bytes()).is_some() {
            return Err((words.to_owned(), "this name is taken", name.to_owned()));
        }
        above.children.put(forever(name).as_bytes(), own);
    }
    Ok(())
}

fn command(source: &ToolFile, name: &str, words: &str, written: &CommandSource) -> Result<Command, Problem> {
    let operation = if words.is_empty() { name.to_owned() } else { format!("{name}.{}", words.replace(' ', ".")) };
    let mut rules = Vec::new();
    for set in &written.sets {
        rules.extend(clause::rules(source, words, &set_of(source, words, set)?.when)?);
    }
    rules.extend(clause::rules(source, words, &written.when)?);
    if written.tier.is_some() && written.stops.is_none() && written.why.is_empty() {
        return Err((words.to_owned(), "a reason is missing for tier", format!("{:?}", written.tier)));
    }
    Ok(Command {
        operation: forever(&operation),
        words: forever(words),
        children: Names::default(),
        flags: flags(source, words, written)?,
        tier: tier(words, written.tier)?,
        why: forever(&written.why),
        rules,
        also: clause::also(source, name, words, &written.also)?,
        opaque: written.opaque,
        ends: written.ends,
        declared: !written.leads,
        local: written.local,
        writes: written.writes,
        stops: stops(words, written.stops.as_deref())?,
        saved_plan: written.saved_plan.as_ref().map(|plan| saved_plan(name, words, plan)).transpose()?,
        brings: written.brings.as_ref().map(|brings| self::brings(words, brings)).transpose()?,
        milder: written.milder.as_ref().map(|milder| Milder {
            words: milder.words.as_ref().map(|words| all_forever(words)),
            add: all_forever(&milder.add),
            drop: all_forever(&milder.drop),
        }),
        wraps: written.wraps.as_ref().map(|wraps| self::wraps(words, wraps)).transpose()?,
    })
}

fn wraps(at: &str, written: &WrapsSource) -> Result<Wraps, Problem> {
    let name = |name: &Option<String>| name.as_deref().map(forever);
    Ok(Wraps {
        form: match written.form.as_str() {
            "words" => Form::Words,
            "script" => Form::Script,
            "joined" => Form::Joined,
            other => return Err((at.to_owned(), "a command inside is words, script or joined, not", other.to_owned())),
        },
        words: name(&written.words),
        after: written.after,
        flag: name(&written.flag),
        absent: all_forever(&written.absent),
        value: name(&written.value),
        assignments: written.assignments,
        clear: name(&written.clear),
        unset: name(&written.unset),
        folder: name(&written.folder),
        called: name(&written.called),
        further: name(&written.further),
        elsewhere: name(&written.elsewhere),
        moves: all_forever(&written.moves),
    })
}

fn set_of<'s>(source: &'s ToolFile, words: &str, name: &str) -> Result<&'s SetSource, Problem> {
    source.sets.get(name).ok_or_else(|| (words.to_owned(), "there is no set", name.to_owned()))
}

/// The flags of one command: the tool's where they are inherited, those of its
/// sets, its own.
fn flags(source: &ToolFile, words: &str, written: &CommandSource) -> Result<Flags, Problem> {
    let mut flags = Flags { open: written.open, ..Flags::default() };
    let wrong = |word| (words.to_owned(), "this is no flag", word);
    if words.is_empty() || source.dialect == Dialect::Cobra {
        notation::flags(&source.flags, &mut flags).map_err(wrong)?;
    }
    for set in &written.sets {
        notation::flags(&set_of(source, words, set)?.flags, &mut flags).map_err(wrong)?;
    }
    notation::flags(&written.flags, &mut flags).map_err(wrong)?;
    match source.dialect {
        // Here a letter is a name like any other.
        Dialect::GoFlag => notation::only_long(&mut flags),
        Dialect::Getopt => notation::flags(&source.help.join(" "), &mut flags).map_err(wrong)?,
        Dialect::Cobra | Dialect::Argparse | Dialect::Calliope | Dialect::Generic => {}
    }
    mark(source, &mut flags);
    Ok(flags)
}

/// Marks the flags that stop the command, run a program or write a file.
fn mark(source: &ToolFile, flags: &mut Flags) {
    let Flags { long, short, open: _ } = flags;
    let all = long.values_mut().chain(short.iter_mut().map(|(_, flag)| flag));
    for flag in all {
        let named = |names: &[String]| names.iter().any(|name| name == flag.name);
        flag.runs = named(&source.runs);
        flag.writes = named(&source.writes);
        flag.stops = match (named(&source.help), named(&source.version_flags)) {
            (true, _) => Some(Stops::Help),
            (_, true) => Some(Stops::Version),
            _ => None,
        };
    }
}

fn tier(at: &str, number: Option<u8>) -> Result<Option<Tier>, Problem> {
    let of =
        |number: u8| Tier::of_number(number).ok_or_else(|| (at.to_owned(), "there is no tier", number.to_string()));
    number.map(of).transpose()
}

fn stops(at: &str, word: Option<&str>) -> Result<Option<Stops>, Problem> {
    match word {
        None => Ok(None),
        Some("help") => Ok(Some(Stops::Help)),
        Some("version") => Ok(Some(Stops::Version)),
        Some(other) => Err((at.to_owned(), "a command stops for `help` or `version`, not for", other.to_owned())),
    }
}

fn saved_plan(name: &str, words: &str, plan: &SavedPlanSource) -> Result<SavedPlan, Problem> {
    let further = |operation: &str, tier: u8, why: &str| {
        let tier = Tier::of_number(tier).ok_or_else(|| (words.to_owned(), "there is no tier", tier.to_string()))?;
        Ok(Further { operation: forever(&format!("{name}.{operation}")), tier, why: forever(why) })
    };
    Ok(SavedPlan {
        operand: plan.operand,
        destroys: further(&plan.operation, plan.tier, &plan.why)?,
        forgets: further(&plan.forgets, plan.forgets_tier, &plan.forgets_why)?,
    })
}

fn brings(words: &str, written: &BringsSource) -> Result<Brings, Problem> {
    let form = match written.form.as_str() {
        "manifests" => BroughtForm::Manifests,
        "compose" => BroughtForm::Compose,
        "values" => BroughtForm::Values,
        other => return Err((words.to_owned(), "files are `manifests`, `compose` or `values`, not", other.to_owned())),
    };
    let act = match &written.act {
        None => Act::Apply,
        Some(name) => Act::of_name(name).ok_or_else(|| (words.to_owned(), "there is no act", name.clone()))?,
    };
    Ok(Brings {
        flag: forever(&written.flag),
        form,
        act,
        recursive: written.recursive.as_deref().map(forever),
        unread: all_forever(&written.unread),
        beside: written.beside.as_deref().map(forever),
    })
}

fn variables(written: &[VariableSource]) -> Result<Vec<Variable>, Problem> {
    let one = |variable: &VariableSource| {
        let (usual, harmless): (Vec<String>, Vec<String>) =
            variable.harmless.iter().cloned().partition(|value| value.starts_with('~'));
        let names = clause::patterns(&variable.names);
        let mut interest = Interest::default();
        names.iter().for_each(|name| interest.add_like(name));
        Ok(Variable {
            names,
            interest,
            harmless: clause::patterns(&harmless),
            usual: usual.iter().map(|path| forever(path.trim_start_matches('~'))).collect(),
            harmful: clause::patterns(&variable.harmful),
            list: variable.list,
            commands: all_forever(&variable.commands),
            flags: all_forever(&variable.flags),
            tier: tier("variables", variable.tier)?,
            why: forever(&variable.why),
        })
    };
    written.iter().map(one).collect()
}

fn table_of(source: &ToolFile, written: &TableSource) -> Result<Table, Problem> {
    let wrong = |word| (String::from("table"), "this is no flag", word);
    let mut flags = Flags { open: true, ..Flags::default() };
    notation::flags(&written.flags, &mut flags).map_err(wrong)?;
    mark(source, &mut flags);
    let command = Command { flags, rules: clause::rules(source, "table", &written.when)?, ..Command::default() };
    let rules = written.rules.iter().map(table_rule).collect::<Result<_, _>>()?;
    let classes = written.classes.iter().map(class_rule).collect::<Result<_, _>>()?;
    let unknown = || (String::from("table"), "there is no table", written.data.clone());
    Table::new(&written.data, command, rules, classes).ok_or_else(unknown)
}

fn class_rule(written: &super::source::ClassSource) -> Result<ClassRule, Problem> {
    let mut verbs: Vec<&'static str> = written.verbs.split_whitespace().map(forever).collect();
    verbs.sort_unstable();
    let tier = tier("table", Some(written.tier))?.unwrap_or(Tier::BreakGlass);
    let letters: String = written.classes.split_whitespace().collect();
    Ok(ClassRule { classes: forever(&letters).as_bytes(), verbs, tier, why: forever(&written.why) })
}

fn table_rule(written: &super::source::TableRuleSource) -> Result<TableRule, Problem> {
    let condition = super::source::ClauseSource {
        flag: written.flag.clone(),
        any: written.any.clone(),
        absent: written.absent.clone(),
        ..Default::default()
    };
    let when: Condition = clause::flags_only(&condition)?;
    Ok(TableRule {
        services: clause::patterns(&written.services),
        operations: clause::patterns(&written.operations),
        except: clause::patterns(&written.except),
        clause: Clause {
            when,
            tier: tier("table", Some(written.tier))?,
            why: forever(&written.why),
            reads: false,
            operation: None,
        },
    })
}
