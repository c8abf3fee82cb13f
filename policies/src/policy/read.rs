//! From text to [`File`]: TOML, then its keys, then the kinds of its values.
//!
//! serde stops at the first thing it cannot take. To tell all of them, what it
//! stumbled over is taken out and the rest is read again; a rule that lost a part
//! so is not looked at any further, so that nobody is told of a gap that we made.

use std::collections::BTreeSet;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Source;
use super::file::{Agent, Command, Correct, Exception, File, Narrow, Persons, Rule, Runbook, Tool};
use super::problem::{Findings, Span, meant, quoted};
use crate::show;

/// How many problems of one file are worth telling.
const MOST: usize = 100;

const RULES: &str = "rule";
const RUNBOOKS: &str = "runbook";
/// What stands in a file in lists of tables.
const LISTS: [&str; 2] = [RULES, RUNBOOKS];

/// Reads one source. What is wrong with it is added to the findings; what can be
/// looked at further comes back.
pub(super) fn read(source: &Source, findings: &mut Findings) -> Option<File> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    for error in errors.iter().take(MOST) {
        let what = format!("this is not TOML: {}", error.message().to_lowercase());
        findings.add(source, &error.span().unwrap_or_default(), what, "correct the line");
    }
    if !errors.is_empty() {
        return None;
    }
    let mut reader = Reader { source, findings, damaged: BTreeSet::new() };
    reader.read(table)
}

struct Reader<'a> {
    source: &'a Source,
    findings: &'a mut Findings,
    /// What lost a part, by its list and its index there.
    damaged: BTreeSet<(&'static str, usize)>,
}

impl Reader<'_> {
    fn read(&mut self, mut table: Spanned<DeTable<'_>>) -> Option<File> {
        self.known_keys(table.get_mut());
        for _ in 0..MOST {
            let error = match File::deserialize(toml::de::Deserializer::from(table.clone())) {
                Ok(file) => return Some(self.whole_rules(file)),
                Err(error) => error,
            };
            let span = error.span().unwrap_or_default();
            let what = show::text(error.message().as_bytes(), 300);
            self.findings.add(self.source, &span, what, "correct the value");
            self.take_out(table.get_mut(), &span)?;
        }
        None
    }

    fn whole_rules(&self, mut file: File) -> File {
        let whole = |list: &'static str| {
            let mut index = 0..;
            move || index.next().is_none_or(|index| !self.damaged.contains(&(list, index)))
        };
        let (mut rules, mut runbooks) = (whole(RULES), whole(RUNBOOKS));
        file.rule.0.retain(|_| rules());
        file.runbook.0.retain(|_| runbooks());
        file
    }

    /// Takes out the keys that the language does not have.
    fn known_keys(&mut self, table: &mut DeTable<'_>) {
        self.keys(table, keys_of::<File>(), "a policy");
        if let Some(DeValue::Table(agents)) = table.get_mut("agents").map(Spanned::get_mut) {
            for (_, agent) in agents.iter_mut() {
                self.keys_of_value(agent, keys_of::<Agent>(), "an agent");
            }
        }
        if let Some(persons) = table.get_mut("persons") {
            self.keys_of_value(persons, keys_of::<Persons>(), "`persons`");
        }
        if let Some(DeValue::Table(tools)) = table.get_mut("tools").map(Spanned::get_mut) {
            tools.iter_mut().for_each(|(_, tool)| self.keys_of_tool(tool));
        }
        if let Some(DeValue::Array(runbooks)) = table.get_mut(RUNBOOKS).map(Spanned::get_mut) {
            for (index, runbook) in runbooks.iter_mut().enumerate() {
                let before = self.findings.len();
                self.keys_of_value(runbook, keys_of::<Runbook>(), "a runbook");
                if self.findings.len() > before {
                    self.damaged.insert((RUNBOOKS, index));
                }
            }
        }
        if let Some(DeValue::Array(rules)) = table.get_mut(RULES).map(Spanned::get_mut) {
            for (index, rule) in rules.iter_mut().enumerate() {
                let before = self.findings.len();
                self.keys_of_rule(rule);
                if self.findings.len() > before {
                    self.damaged.insert((RULES, index));
                }
            }
        }
    }

    fn keys_of_rule(&mut self, rule: &mut Spanned<DeValue<'_>>) {
        self.keys_of_value(rule, keys_of::<Rule>(), "a rule");
        let DeValue::Table(rule) = rule.get_mut() else { return };
        if let Some(correct) = rule.get_mut("correct") {
            self.keys_of_correction(correct);
        }
        let Some(unless) = rule.get_mut("unless") else { return };
        if let DeValue::Array(exceptions) = unless.get_mut() {
            for exception in exceptions.iter_mut() {
                self.keys_of_value(exception, keys_of::<Exception>(), "an exception");
            }
        } else {
            self.keys_of_value(unless, keys_of::<Exception>(), "an exception");
        }
    }

    fn keys_of_correction(&mut self, correct: &mut Spanned<DeValue<'_>>) {
        self.keys_of_value(correct, keys_of::<Correct>(), "a correction");
        let DeValue::Table(correct) = correct.get_mut() else { return };
        if let Some(DeValue::Table(narrow)) = correct.get_mut("narrow").map(Spanned::get_mut) {
            narrow.iter_mut().for_each(|(_, value)| self.keys_of_value(value, keys_of::<Narrow>(), "a value's bound"));
        }
    }

    fn keys_of_tool(&mut self, tool: &mut Spanned<DeValue<'_>>) {
        self.keys_of_value(tool, keys_of::<Tool>(), "a tool");
        let DeValue::Table(tool) = tool.get_mut() else { return };
        if let Some(DeValue::Table(commands)) = tool.get_mut("commands").map(Spanned::get_mut) {
            commands.iter_mut().for_each(|(_, command)| self.keys_of_value(command, keys_of::<Command>(), "a command"));
        }
    }

    fn keys_of_value(&mut self, value: &mut Spanned<DeValue<'_>>, known: &[&str], table_is: &str) {
        if let DeValue::Table(table) = value.get_mut() {
            self.keys(table, known, table_is);
        }
    }

    fn keys(&mut self, table: &mut DeTable<'_>, known: &[&str], table_is: &str) {
        let unknown: Vec<_> = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).cloned().collect();
        for key in unknown {
            let word = key.get_ref().as_ref();
            let what = format!("{table_is} has no key {}", quoted(word));
            self.findings.add(self.source, &key.span(), what, meant(word, known.iter().copied()));
            table.remove(word);
        }
    }

    /// Takes out the smallest part that the place lies in.
    fn take_out(&mut self, table: &mut DeTable<'_>, span: &Span) -> Option<()> {
        for list in LISTS {
            let Some(DeValue::Array(parts)) = table.get_mut(list).map(Spanned::get_mut) else { continue };
            for (index, part) in parts.iter_mut().enumerate() {
                if take_out_of(part, span) {
                    self.damaged.insert((list, index));
                    return Some(());
                }
            }
        }
        take_out(table, span).then_some(())
    }
}

/// Takes it out of a value that is a table, or a list of tables; a value of
/// another kind that the place lies in becomes an empty table.
fn take_out_of(value: &mut Spanned<DeValue<'_>>, span: &Span) -> bool {
    let lies_here = value.span() == *span;
    match value.get_mut() {
        DeValue::Table(table) => take_out(table, span),
        DeValue::Array(values) => values.iter_mut().any(|value| take_out_of(value, span)),
        other if lies_here => {
            *other = DeValue::Table(DeTable::new());
            true
        }
        _ => false,
    }
}

fn take_out(table: &mut DeTable<'_>, span: &Span) -> bool {
    if table.iter_mut().any(|(_, value)| value.get_ref().is_table() && take_out_of(value, span)) {
        return true;
    }
    let inside = |whole: Span| whole.start <= span.start && span.end <= whole.end;
    let found = table.iter().find(|(key, value)| inside(key.span()) || inside(value.span()));
    let Some(key) = found.map(|(key, _)| key.clone()) else { return false };
    table.remove(key.get_ref().as_ref()).is_some()
}

/// The keys of a table, as its type says.
fn keys_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut keys = Keys(&[]);
    let _ = T::deserialize(&mut keys);
    keys.0
}

/// Reads nothing: it only notes which keys a type asks for.
struct Keys(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Keys {
    type Error = serde::de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = fields;
        Err(Self::Error::custom("only the keys were asked for"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("only the keys were asked for"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
