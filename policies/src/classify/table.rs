//! Commands that come from a generated table instead of being written one by one:
//! `SERVICE OPERATION`, with tiers by rules and by the operation's verb.
//!
//! The table's text is searched where it lies; reading it once only notes where
//! each service starts. Deliberately not here: the tiers themselves (a grammar
//! file has them).

use std::collections::HashMap;

use super::case::Case;
use super::grammar::{Clause, Command, Pattern};
use super::rules;
use crate::Tier;

/// One operation of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub service: &'static str,
    /// The first word of the operation: `terminate` of `terminate-instances`.
    pub verb: &'static str,
    /// What follows the verb, empty where nothing does.
    pub rest: &'static str,
}

impl Entry {
    /// `aws.ec2.terminate-instances`.
    pub(crate) fn named(&self, tool: &str) -> String {
        let parts = [tool, ".", self.service, ".", self.verb, "-", self.rest];
        let end = if self.rest.is_empty() { 5 } else { parts.len() };
        parts.get(..end).unwrap_or_default().concat()
    }

    /// `terminate-instances`.
    fn operation(&self) -> String {
        let parts = [self.verb, "-", self.rest];
        if self.rest.is_empty() { self.verb.to_owned() } else { parts.concat() }
    }
}

/// A table with its rules.
#[derive(Debug)]
pub(crate) struct Table {
    /// What every operation has: flags and rules about them.
    pub command: Command,
    services: HashMap<&'static [u8], Service>,
    rules: Vec<TableRule>,
    /// The rules about every service that can be about an operation of this verb.
    by_verb: HashMap<&'static str, Vec<usize>>,
    /// Those that can be about any verb.
    by_any: Vec<usize>,
    verbs: HashMap<&'static str, Verb>,
}

/// Where a service's operations stand, and the rules about it alone.
#[derive(Debug)]
struct Service {
    name: &'static str,
    /// The verbs, sorted, each with what may follow it, sorted too.
    verbs: Vec<(&'static str, &'static str)>,
    rules: Vec<usize>,
}

/// A rule about some operations.
#[derive(Debug)]
pub(crate) struct TableRule {
    /// Every service where empty.
    pub services: Vec<&'static str>,
    /// Every operation where empty.
    pub operations: Vec<Pattern>,
    pub except: Vec<Pattern>,
    pub clause: Clause,
}

impl TableRule {
    /// Whether it can be about an operation that starts with this verb; with none,
    /// whether about one that starts with any.
    fn may_be_about(&self, verb: Option<&str>) -> bool {
        let starts = |pattern: &Pattern| match pattern.start.iter().position(|byte| *byte == b'-') {
            Some(end) => verb.is_some_and(|verb| pattern.start.get(..end) == Some(verb.as_bytes())),
            None => pattern.is_open() || verb.is_some_and(|verb| pattern.start == verb.as_bytes()),
        };
        self.operations.is_empty() || self.operations.iter().any(starts)
    }
}

/// The places of the rules that are wanted.
fn numbered(rules: &[TableRule], wanted: impl Fn(&TableRule) -> bool) -> Vec<usize> {
    rules.iter().enumerate().filter(|(_, rule)| wanted(rule)).map(|(index, _)| index).collect()
}

/// Two sorted lists as one.
fn in_order<'l>(one: &'l [usize], other: &'l [usize]) -> impl Iterator<Item = usize> + 'l {
    let (mut one, mut other) = (one.iter().copied().peekable(), other.iter().copied().peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if second < first => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    })
}

/// What an operation that starts with this word does, unless a rule knows better.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verb {
    pub word: &'static str,
    pub tier: Tier,
    pub why: &'static str,
}

/// The tables that every copy of this crate carries.
const TABLES: [(&str, &str); 1] = [("aws-operations", include_str!("../../data/aws-operations.txt"))];

impl Table {
    /// The table of this name; none if there is no such.
    pub(crate) fn new(name: &str, command: Command, rules: Vec<TableRule>, verbs: Vec<Verb>) -> Option<Self> {
        let text = TABLES.iter().find(|(known, _)| *known == name)?.1;
        let about = |service: &str| numbered(&rules, |rule| rule.services.contains(&service));
        let services = services(text)
            .map(|(name, verbs)| (name.as_bytes(), Service { name, verbs, rules: about(name) }))
            .collect();
        let verbs: HashMap<&'static str, Verb> = verbs.into_iter().map(|verb| (verb.word, verb)).collect();
        let for_verb = |verb| numbered(&rules, |rule| rule.services.is_empty() && rule.may_be_about(verb));
        let by_verb = verbs.keys().map(|verb| (*verb, for_verb(Some(*verb)))).collect();
        Some(Self { command, services, by_verb, by_any: for_verb(None), rules, verbs })
    }

    pub(crate) fn has(&self, service: &[u8]) -> bool {
        self.services.contains_key(service)
    }

    /// The operation of this service, if both are listed.
    pub(crate) fn find(&self, service: &[u8], operation: &[u8]) -> Option<Entry> {
        let service = self.services.get(service)?;
        let operation = std::str::from_utf8(operation).ok()?;
        let (verb, rest) = operation.split_once('-').unwrap_or((operation, ALONE));
        let at = service.verbs.binary_search_by(|(known, _)| (*known).cmp(verb)).ok()?;
        let (verb, all) = *service.verbs.get(at)?;
        let rest = find(all, rest)?;
        Some(Entry { service: service.name, verb, rest: if rest == ALONE { "" } else { rest } })
    }

    /// The tier of an operation, and why; none if no rule and no verb says.
    pub(crate) fn tier(&self, entry: &Entry, case: &Case<'_, '_, '_>) -> Option<(Tier, &'static str, Option<usize>)> {
        let operation = entry.operation();
        let service = self.services.get(entry.service.as_bytes())?;
        let everywhere = self.by_verb.get(entry.verb).unwrap_or(&self.by_any);
        let mut about = in_order(&service.rules, everywhere).filter_map(|index| self.rules.get(index));
        let decided = about.find_map(|rule| {
            let named = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(operation.as_bytes()));
            let meant = (rule.operations.is_empty() || named(&rule.operations)) && !named(&rule.except);
            let held = meant.then(|| rules::holds(&rule.clause.when, case)).flatten()?;
            Some((rule.clause.tier?, rule.clause.why, held.index))
        });
        decided.or_else(|| self.verbs.get(entry.verb).map(|verb| (verb.tier, verb.why, None)))
    }

    /// Every service with its operations.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.services.values().flat_map(|service| {
            service.verbs.iter().flat_map(|(verb, all)| {
                let entry = |rest| Entry { service: service.name, verb, rest };
                all.split(' ').map(move |rest| entry(if rest == ALONE { "" } else { rest }))
            })
        })
    }
}

/// Stands for an operation that is its verb alone.
const ALONE: &str = ".";

/// Each `@service` of a table's text, with its lines split at the verb.
fn services(text: &'static str) -> impl Iterator<Item = (&'static str, Vec<(&'static str, &'static str)>)> {
    text.split("\n@").skip(1).map(|part| {
        let mut lines = part.lines();
        let name = lines.next().unwrap_or_default();
        (name, lines.filter_map(|line| line.split_once(' ')).collect())
    })
}

/// A word among sorted ones, found without splitting them all.
fn find(sorted: &'static str, word: &str) -> Option<&'static str> {
    let (mut from, mut to) = (0, sorted.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        let start = sorted.get(from..middle)?.rfind(' ').map_or(from, |at| from + at + 1);
        let end = sorted.get(middle..to)?.find(' ').map_or(to, |at| middle + at);
        let found = sorted.get(start..end)?;
        match found.cmp(word) {
            std::cmp::Ordering::Equal => return Some(found),
            std::cmp::Ordering::Less => from = end + 1,
            std::cmp::Ordering::Greater => to = start.saturating_sub(1).max(from),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_operation_has_a_tier() {
        let tool = crate::classify::Grammars::built_in().tool(b"aws").unwrap();
        let table = tool.table.as_ref().unwrap();
        assert!(table.entries().count() > 15_000);
        for entry in table.entries() {
            assert_eq!(table.find(entry.service.as_bytes(), entry.operation().as_bytes()), Some(entry));
            let verb = table.verbs.contains_key(entry.verb);
            let always = |rule: &&TableRule| {
                let named =
                    |patterns: &[Pattern]| patterns.iter().any(|known| known.matches(entry.operation().as_bytes()));
                let when = &rule.clause.when;
                when.flag.is_none()
                    && when.absent.is_empty()
                    && !named(&rule.except)
                    && (rule.operations.is_empty() || named(&rule.operations))
            };
            let service = &table.services[entry.service.as_bytes()];
            let about = in_order(&service.rules, table.by_verb.get(entry.verb).unwrap_or(&table.by_any));
            let ruled = about.map(|index| &table.rules[index]).find(always).is_some();
            assert!(verb || ruled, "{entry:?}");
        }
    }

    /// Looking only at the rules of a verb must not miss one.
    #[test]
    fn the_rules_of_a_verb_are_all_that_can_be_about_it() {
        let tool = crate::classify::Grammars::built_in().tool(b"aws").unwrap();
        let table = tool.table.as_ref().unwrap();
        for entry in table.entries() {
            let operation = entry.operation();
            let listed = table.by_verb.get(entry.verb).unwrap_or(&table.by_any);
            for (index, rule) in table.rules.iter().enumerate().filter(|(_, rule)| rule.services.is_empty()) {
                let about = rule.operations.iter().any(|pattern| pattern.matches(operation.as_bytes()));
                assert!(!about || listed.contains(&index), "{operation} {}", rule.clause.why);
            }
        }
    }

    #[test]
    fn every_word_of_a_line_is_found_and_no_other() {
        let line = ". a aa ab b-c d";
        for word in line.split(' ') {
            assert_eq!(find(line, word), Some(word));
        }
        for word in ["", "aaa", "b", "c", "e", " "] {
            assert_eq!(find(line, word), None, "{word}");
        }
    }
}
