//! Commands that come from a generated table instead of being written one by one:
//! `GROUP OPERATION`, each with the class that its vendor gives it.
//!
//! Tiers come from rules and then from the class. An operation of a class that no
//! rule and no class clause is about has none: it is unknown.
//! Deliberately not here: the tiers themselves (a grammar file has them), and the
//! shape of the text (`table/text.rs`).

use foldhash::{HashMap, HashSet};

use super::case::Case;
use super::grammar::{Candidate, Clause, Command, Pattern};
use super::rules;
use crate::Tier;

mod text;

use text::{FlagLines, classed};

/// One operation of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Words above it, separated by a space: `compute instances`.
    pub group: &'static str,
    /// The last word: `terminate-instances`.
    pub operation: &'static str,
    /// The letter of its class.
    pub class: u8,
}

impl Entry {
    /// `aws.ec2.terminate-instances`.
    pub(crate) fn named(&self, tool: &str) -> String {
        let mut name = String::with_capacity(tool.len() + self.group.len() + self.operation.len() + 2);
        for word in std::iter::once(tool).chain(self.group.split(' ')).chain([self.operation]) {
            if !word.is_empty() {
                name.push_str(if name.is_empty() { "" } else { "." });
                name.push_str(word);
            }
        }
        name
    }

    /// The first word of the operation: `terminate` of `terminate-instances`.
    fn verb(&self) -> &'static str {
        let end = self.operation.bytes().position(|byte| byte == b'-');
        end.and_then(|end| self.operation.get(..end)).unwrap_or(self.operation)
    }
}

/// A table with its rules.
#[derive(Debug)]
pub(crate) struct Table {
    /// What every operation has: flags and rules about them.
    pub command: Command,
    flags: FlagLines,
    groups: HashMap<&'static [u8], Group>,
    /// The words above groups.
    leading: HashSet<&'static [u8]>,
    rules: Vec<TableRule>,
    /// The rules about every group that can be about an operation of this verb.
    by_verb: HashMap<&'static str, Vec<usize>>,
    /// Those that can be about any verb.
    by_any: Vec<usize>,
    classes: Vec<ClassRule>,
}

/// A group with the rules about it alone.
#[derive(Debug)]
struct Group {
    text: text::Group,
    rules: Vec<usize>,
}

/// A rule about some operations.
#[derive(Debug)]
pub(crate) struct TableRule {
    /// Every group where empty.
    pub services: Vec<Pattern>,
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

/// The words above a group: `compute` of `compute instances`.
fn above(group: &'static [u8]) -> impl Iterator<Item = &'static [u8]> {
    let spaces = group.iter().enumerate().filter(|(_, byte)| **byte == b' ');
    spaces.filter_map(|(at, _)| group.get(..at))
}

/// What the operations of some classes do, unless a rule knows better.
#[derive(Debug)]
pub(crate) struct ClassRule {
    /// The letters of the classes.
    pub classes: &'static [u8],
    /// The first words of the operations, sorted; every operation where empty.
    pub verbs: Vec<&'static str>,
    pub tier: Tier,
    pub why: &'static str,
}

impl ClassRule {
    fn is_about(&self, entry: &Entry) -> bool {
        self.classes.contains(&entry.class)
            && (self.verbs.is_empty() || self.verbs.binary_search(&entry.verb()).is_ok())
    }
}

/// The tables that every copy of this crate carries.
const TABLES: [(&str, &str); 2] = [
    ("aws-operations", include_str!("../../data/aws-operations.txt")),
    ("gcloud-operations", include_str!("../../data/gcloud-operations.txt")),
];

impl Table {
    /// The table of this name; none if there is no such.
    pub(crate) fn new(name: &str, command: Command, rules: Vec<TableRule>, classes: Vec<ClassRule>) -> Option<Self> {
        let text = TABLES.iter().find(|(known, _)| *known == name)?.1;
        let about = |group: &str| {
            let named = |rule: &TableRule| rule.services.iter().any(|pattern| pattern.matches(group.as_bytes()));
            numbered(&rules, named)
        };
        let groups: HashMap<_, _> = text::groups(text)
            .map(|group| (group.name.as_bytes(), Group { rules: about(group.name), text: group }))
            .collect();
        let for_verb = |verb| numbered(&rules, |rule| rule.services.is_empty() && rule.may_be_about(verb));
        let starts = |pattern: &Pattern| std::str::from_utf8(pattern.start).ok()?.split('-').next();
        let verbs = rules.iter().flat_map(|rule| &rule.operations).filter_map(starts);
        let by_verb = verbs.map(|verb| (verb, for_verb(Some(verb)))).collect();
        let by_any = for_verb(None);
        let leading = groups.keys().flat_map(|group| above(group)).collect();
        Some(Self { command, flags: text::flag_lines(text), groups, leading, by_verb, by_any, rules, classes })
    }

    pub(crate) fn has(&self, group: &[u8]) -> bool {
        self.groups.contains_key(group)
    }

    /// Whether these words are a group, or lead to one.
    pub(crate) fn leads(&self, words: &[u8]) -> bool {
        self.has(words) || self.leading.contains(words)
    }

    /// The operation of this group, if both are listed.
    pub(crate) fn find(&self, group: &[u8], operation: &[u8]) -> Option<Entry> {
        let group = &self.groups.get(group)?.text;
        let (operation, class) = classed(group.operations.find(operation)?)?;
        Some(Entry { group: group.name, operation, class })
    }

    /// Whether a flag stands alone in this group.
    pub(crate) fn stands_alone(&self, group: &[u8], flag: &[u8]) -> bool {
        let odd = self.groups.get(group).map_or("", |group| group.text.odd);
        let otherwise = odd.split(' ').find(|word| word.as_bytes().get(1..) == Some(flag));
        match otherwise {
            Some(word) => word.starts_with('+'),
            None => self.flags.switches.find(flag).is_some(),
        }
    }

    /// Whether a flag takes a value and may stand between words.
    pub(crate) fn may_stand_between(&self, flag: &[u8]) -> bool {
        self.flags.between.find(flag).is_some()
    }

    /// The tier of an operation, and why; none if no rule and no class says.
    pub(crate) fn tier(&self, entry: &Entry, case: &Case<'_, '_, '_>) -> Option<(Tier, &'static str, Option<usize>)> {
        let group = self.groups.get(entry.group.as_bytes())?;
        let operation = Candidate::new(entry.operation.as_bytes());
        let mut about = self.about(group, entry).filter(|rule| rule.means(operation));
        let decided = about.find_map(|rule| {
            let held = rules::holds(&rule.clause.when, case)?;
            Some((rule.clause.tier?, rule.clause.why, held.index))
        });
        decided.or_else(|| self.by_class(entry).map(|class| (class.tier, class.why, None)))
    }

    /// The rules that can be about an operation, in the file's order.
    fn about<'t>(&'t self, group: &'t Group, entry: &Entry) -> impl Iterator<Item = &'t TableRule> {
        let everywhere = self.by_verb.get(entry.verb()).unwrap_or(&self.by_any);
        in_order(&group.rules, everywhere).filter_map(|index| self.rules.get(index))
    }

    fn by_class(&self, entry: &Entry) -> Option<&ClassRule> {
        self.classes.iter().find(|class| class.is_about(entry))
    }

    /// Every group with its operations.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.groups.values().flat_map(|group| {
            let operations = group.text.operations.iter().filter_map(classed);
            operations.map(|(operation, class)| Entry { group: group.text.name, operation, class })
        })
    }
}

impl TableRule {
    /// Whether it is about this operation, its flags aside.
    fn means(&self, operation: Candidate<'_>) -> bool {
        (self.operations.is_empty() || operation.is_any(&self.operations)) && !operation.is_any(&self.except)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Grammars;

    fn table(tool: &str) -> &'static Table {
        Grammars::built_in().tool(tool.as_bytes()).unwrap().table.as_ref().unwrap()
    }

    /// An operation that the vendor says nothing of may stay unknown; any other has
    /// a tier whatever its flags are.
    #[test]
    fn every_operation_of_a_known_class_has_a_tier() {
        for (tool, least) in [("aws", 18_000), ("gcloud", 6_000)] {
            let table = table(tool);
            assert!(table.entries().count() > least);
            for entry in table.entries() {
                assert_eq!(table.find(entry.group.as_bytes(), entry.operation.as_bytes()), Some(entry));
                let always = |rule: &&TableRule| {
                    rule.clause.when.terms.is_none() && rule.means(Candidate::new(entry.operation.as_bytes()))
                };
                let group = &table.groups[entry.group.as_bytes()];
                let ruled = table.about(group, &entry).find(always).is_some();
                assert!(entry.class == b'?' || ruled || table.by_class(&entry).is_some(), "{tool} {entry:?}");
            }
        }
    }

    /// What the vendor says changes something is T0 only where a rule names it.
    #[test]
    fn a_class_that_changes_things_is_never_harmless_by_itself() {
        for tool in ["aws", "gcloud"] {
            for class in &table(tool).classes {
                let reads = class.classes.iter().all(|letter| matches!(letter, b'l' | b'r'));
                assert!(reads || class.tier > Tier::Observe, "{tool} {}", class.why);
            }
        }
    }

    /// Looking only at the rules of a verb must not miss one.
    #[test]
    fn the_rules_of_a_verb_are_all_that_can_be_about_it() {
        for tool in ["aws", "gcloud"] {
            let table = table(tool);
            for entry in table.entries() {
                let listed = table.by_verb.get(entry.verb()).unwrap_or(&table.by_any);
                for (index, rule) in table.rules.iter().enumerate().filter(|(_, rule)| rule.services.is_empty()) {
                    let operation = entry.operation.as_bytes();
                    let about = rule.operations.iter().any(|pattern| pattern.matches(operation));
                    assert!(!about || listed.contains(&index), "{entry:?} {}", rule.clause.why);
                }
            }
        }
    }

    #[test]
    fn a_name_has_the_words_of_its_group() {
        let entry = |group| Entry { group, operation: "list", class: b'r' };
        assert_eq!(entry("compute instances").named("gcloud"), "gcloud.compute.instances.list");
        assert_eq!(entry("").named("gcloud"), "gcloud.list");
    }
}
