//! What a policy says of whole tools: how each is run, what holds where no rule
//! speaks, and which flags may be given whatever a rule says.
//!
//! Several sources may speak of one tool: every constraint of any of them holds,
//! and of several defaults the strictest.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::constraint::Allowed;
use super::rule::Case;
use super::{Environment, Pin, RuleReference, Verdict};

/// The tables of all sources, by tool.
#[derive(Debug, Default)]
pub(super) struct Tools(BTreeMap<String, Vec<Table>>);

/// `[tools.NAME]` of one source.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) reference: Arc<RuleReference>,
    pub(super) default: Option<Verdict>,
    pub(super) strict: bool,
    pub(super) setting: Setting,
    pub(super) whole: Command,
    /// By operation: `terraform.state.rm`.
    pub(super) commands: BTreeMap<String, Command>,
}

/// What is said of a command, and of those below it that are not named themselves.
#[derive(Debug, Default)]
pub(super) struct Command {
    pub(super) allowed: Option<Allowed>,
    pub(super) timeout: Option<Duration>,
}

/// How a tool is run: which binary, where, and with which environment. A call is
/// judged as it will run, so this is applied before it is classified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setting {
    /// The binary; the one that the caller would get where there is none.
    pub pin: Option<Pin>,
    /// The folder that it runs in, absolute; the caller's where there is none.
    pub working_dir: Option<String>,
    /// Its whole environment; the caller's where there is none.
    pub environment: Option<Environment>,
}

/// What holds where no rule speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fallback<'a> {
    pub(super) verdict: Verdict,
    pub(super) reference: &'a Arc<RuleReference>,
}

impl Tools {
    pub(super) fn add(&mut self, name: String, table: Table) {
        self.0.entry(name).or_default().push(table);
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn references(&self) -> impl Iterator<Item = (&str, &RuleReference)> {
        self.0.iter().flat_map(|(name, tables)| tables.iter().map(|table| (name.as_str(), &*table.reference)))
    }

    /// Puts the tables into an order that depends on nothing but what they are.
    pub(super) fn sort(&mut self) {
        for tables in self.0.values_mut() {
            tables.sort_by(|one, other| place(&one.reference).cmp(&place(&other.reference)));
        }
    }

    fn of(&self, tool: &str) -> &[Table] {
        self.0.get(tool).map_or(&[], Vec::as_slice)
    }

    /// How this tool is run.
    pub(super) fn setting(&self, tool: &str) -> Option<Setting> {
        let mut tables = self.of(tool).iter();
        let first = tables.next()?.setting.clone();
        Some(tables.fold(first, |setting, table| {
            let more = table.setting.clone();
            Setting {
                pin: setting.pin.or(more.pin),
                working_dir: setting.working_dir.or(more.working_dir),
                environment: setting.environment.or(more.environment),
            }
        }))
    }

    /// The strictest default of all sources. What is not understood is allowed by
    /// no default.
    pub(super) fn fallback(&self, case: &Case<'_>) -> Option<Fallback<'_>> {
        let held = self.of(case.tool).iter().filter_map(|table| table.default(case)).reduce(stricter)?;
        let understood = held.verdict != Verdict::Allow || !is_outside(case);
        understood.then_some(held)
    }

    /// The first thing that a constraint has against this meaning's arguments.
    pub(super) fn objection(&self, case: &Case<'_>) -> Option<(&Arc<RuleReference>, String)> {
        self.of(case.tool).iter().find_map(|table| {
            let mut allowed = table.said(case).filter_map(|command| command.allowed.as_ref());
            allowed.find_map(|allowed| allowed.objection(case)).map(|why| (&table.reference, why))
        })
    }

    /// How long this meaning may run: the shortest that a table asks for.
    pub(super) fn timeout(&self, case: &Case<'_>) -> Option<Duration> {
        self.of(case.tool).iter().filter_map(|table| table.timeout(case)).min()
    }
}

fn place(reference: &RuleReference) -> (&str, usize) {
    (&reference.file, reference.line)
}

fn stricter<'a>(one: Fallback<'a>, other: Fallback<'a>) -> Fallback<'a> {
    if other.verdict > one.verdict { other } else { one }
}

impl Table {
    fn default(&self, case: &Case<'_>) -> Option<Fallback<'_>> {
        let unlisted = self.strict && (self.command(case).is_none() || is_outside(case));
        let verdict = if unlisted { Some(Verdict::Deny) } else { self.default };
        verdict.map(|verdict| Fallback { verdict, reference: &self.reference })
    }

    /// The most exact command that the meaning is one of.
    fn command(&self, case: &Case<'_>) -> Option<&Command> {
        let mut operation: &str = &case.meaning.operation;
        loop {
            if let Some(command) = self.commands.get(operation) {
                return Some(command);
            }
            operation = operation.rsplit_once('.')?.0;
        }
    }

    /// The whole tool's word and the command's.
    fn said(&self, case: &Case<'_>) -> impl Iterator<Item = &Command> {
        std::iter::once(&self.whole).chain(self.command(case))
    }

    /// The command's own time, or the tool's where the command has none.
    fn timeout(&self, case: &Case<'_>) -> Option<Duration> {
        self.command(case).and_then(|command| command.timeout).or(self.whole.timeout)
    }
}

/// Whether it is no command of the tool's at all.
fn is_outside(case: &Case<'_>) -> bool {
    case.meaning.operation.ends_with(".unknown")
}
