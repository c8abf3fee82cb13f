//! Which rules could say something to an operation, without asking each.
//!
//! Rules are found by the first and the last word of the operation, by its tier,
//! and strictest verdict first: a rule about other commands costs nothing, and
//! the first rule that holds ends the search.

use foldhash::HashMap;

use super::Verdict;
use super::glob::Glob;
use super::range::UNKNOWN;
use super::rule::Rule;

/// The places of all rules.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the first word of all operations that the rule can match.
    by_first: HashMap<String, ByLast>,
    everywhere: ByLast,
}

#[derive(Debug, Default)]
struct ByLast {
    /// By the last word of all operations that the rule can match.
    by_last: HashMap<String, Group>,
    any: Group,
}

/// Rules that are found by the same words.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// By tier, and by the strictest that each could say to it; each list in the
    /// order of the places.
    tiers: [[Vec<usize>; Verdict::ALL.len()]; UNKNOWN + 1],
    /// Those that ask for something.
    owing: Vec<usize>,
}

impl Index {
    /// The index of rules whose places are their order.
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            let lasts = last_words(rule);
            match first_words(rule) {
                None => index.everywhere.add(lasts.as_deref(), place, rule),
                Some(words) => {
                    for word in words {
                        index.by_first.entry(word).or_default().add(lasts.as_deref(), place, rule);
                    }
                }
            }
        }
        index
    }

    /// The groups in which every rule stands that could match this operation.
    pub(super) fn groups(&self, operation: &str) -> Groups<'_> {
        let last = last_word(operation);
        let named = self.by_first.get(first_word(operation));
        let everywhere = &self.everywhere;
        Groups([
            named.and_then(|named| named.by_last.get(last)),
            named.map(|named| &named.any),
            everywhere.by_last.get(last),
            Some(&everywhere.any),
        ])
    }
}

/// The groups of one operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups<'r>([Option<&'r Group>; 4]);

impl<'r> Groups<'r> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'r Group> {
        self.0.into_iter().flatten()
    }

    /// The places of the rules that ask for something.
    pub(super) fn owing(self) -> impl Iterator<Item = usize> + 'r {
        self.iter().flat_map(|group| &group.owing).copied()
    }
}

impl ByLast {
    fn add(&mut self, lasts: Option<&[String]>, place: usize, rule: &Rule) {
        match lasts {
            None => self.any.add(place, rule),
            Some(words) => words.iter().for_each(|word| self.by_last.entry(word.clone()).or_default().add(place, rule)),
        }
    }
}

impl Group {
    fn add(&mut self, place: usize, rule: &Rule) {
        for (said, tier) in rule.verdicts.iter().zip(&mut self.tiers) {
            if let Some(list) = said.and_then(|said| tier.get_mut(said as usize)) {
                list.push(place);
            }
        }
        if rule.owes.is_some() {
            self.owing.push(place);
        }
    }

    /// The rules that say this to the tier at this place, in their order.
    pub(super) fn saying(&self, verdict: Verdict, tier: usize) -> &[usize] {
        self.tiers.get(tier).and_then(|lists| lists.get(verdict as usize)).map_or(&[], Vec::as_slice)
    }
}

/// The first words of all operations that the rule can match; none where it
/// could match any.
fn first_words(rule: &Rule) -> Option<Vec<String>> {
    let exact = |globs: &Vec<Glob>| globs.iter().map(|glob| glob.exact().map(first_word).map(str::to_owned)).collect();
    rule.when.tools.as_ref().and_then(exact).or_else(|| words(rule, Glob::first_word)).map(once)
}

fn last_words(rule: &Rule) -> Option<Vec<String>> {
    words(rule, Glob::last_word).map(once)
}

fn words(rule: &Rule, word: impl Fn(&Glob) -> Option<&str>) -> Option<Vec<String>> {
    rule.when.operations.as_ref()?.iter().map(|glob| word(glob).map(str::to_owned)).collect()
}

fn once(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words.dedup();
    words
}

/// The word before the first dot.
pub(super) fn first_word(operation: &str) -> &str {
    let end = operation.bytes().position(|byte| byte == b'.');
    end.and_then(|end| operation.get(..end)).unwrap_or(operation)
}

/// The word after the last dot.
fn last_word(operation: &str) -> &str {
    let dot = operation.bytes().rposition(|byte| byte == b'.');
    dot.and_then(|dot| operation.get(dot + 1..)).unwrap_or(operation)
}
