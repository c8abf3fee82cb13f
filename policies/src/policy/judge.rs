//! All rules together: which of them decides?
//!
//! Each meaning of a command is judged by itself, and the strictest word holds
//! for the command. Rules are found by the first word of the operation, so that
//! the rules of other tools cost nothing; nothing is allocated but the answer.

use std::collections::HashMap;

use super::glob::Glob;
use super::rule::{Case, Rule, is_unknown};
use super::{Judgement, Obligations, Reason, Subject, Verdict};
use crate::{Meaning, Operation};

/// The rules of a policy, in the order that breaks ties.
#[derive(Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    /// Rules that can match only operations of this first word, by their places.
    by_word: HashMap<String, Vec<usize>>,
    /// All other rules.
    everywhere: Vec<usize>,
}

/// What is said to one meaning.
#[derive(Debug, Clone, Copy)]
struct Said<'a> {
    verdict: Verdict,
    reason: Option<Reason>,
    /// The rule, with its place in the order.
    rule: Option<(usize, &'a Rule)>,
}

impl Rules {
    /// Puts the rules into an order that depends on nothing but what they are.
    pub(super) fn new(mut rules: Vec<Rule>) -> Self {
        rules.sort_by(|one, other| {
            let (one, other) = (&one.reference, &other.reference);
            (&one.file, one.line, &one.name).cmp(&(&other.file, other.line, &other.name))
        });
        let mut ordered = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            match first_words(rule) {
                None => ordered.everywhere.push(place),
                Some(words) => {
                    for word in words {
                        ordered.by_word.entry(word).or_default().push(place);
                    }
                }
            }
        }
        Self { rules, ..ordered }
    }

    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The strictest of what is said to each meaning; of equally strict ones the
    /// one that a rule says, then the first.
    pub(super) fn judge(&self, operation: &Operation, subject: &Subject<'_>) -> Judgement {
        let mut holds = (0, self.say(operation, &operation.primary, subject));
        for (index, meaning) in operation.meanings().enumerate().skip(1) {
            let said = self.say(operation, meaning, subject);
            if said.weight() > holds.1.weight() {
                holds = (index, said);
            }
        }
        let (meaning, said) = holds;
        Judgement {
            verdict: said.verdict,
            reason: said.reason,
            rule: said.rule.map(|(_, rule)| rule.reference.clone()),
            meaning,
            obligations: Obligations::default(),
        }
    }

    fn say(&self, operation: &Operation, meaning: &Meaning, subject: &Subject<'_>) -> Said<'_> {
        let word = first_word(&meaning.operation);
        let case = Case { subject, tool: tool(operation, meaning), meaning };
        let mut decides: Option<(Verdict, usize, &Rule)> = None;
        let of_word = self.by_word.get(word).map_or(&[] as &[usize], Vec::as_slice);
        for place in of_word.iter().chain(&self.everywhere) {
            let Some(rule) = self.rules.get(*place) else { continue };
            let beats =
                |said: Verdict| decides.is_none_or(|(best, at, _)| said > best || (said == best && *place < at));
            if rule.at_most(meaning).is_some_and(beats)
                && let Some(said) = rule.says(&case)
                && beats(said)
            {
                decides = Some((said, *place, rule));
            }
        }
        Said::of(decides, meaning)
    }
}

impl<'a> Said<'a> {
    fn of(decides: Option<(Verdict, usize, &'a Rule)>, meaning: &Meaning) -> Self {
        match decides {
            Some((verdict, place, rule)) => {
                let reason = (verdict != Verdict::Allow).then_some(Reason::Rule);
                Self { verdict, reason, rule: Some((place, rule)) }
            }
            None => {
                let reason = if is_unknown(meaning) { Reason::Unknown } else { Reason::Default };
                Self { verdict: Verdict::Deny, reason: Some(reason), rule: None }
            }
        }
    }

    fn weight(&self) -> (Verdict, bool) {
        (self.verdict, self.rule.is_some())
    }
}

/// The first words of all operations that the rule can match; none where it
/// could match any.
fn first_words(rule: &Rule) -> Option<Vec<String>> {
    let words = |globs: &Vec<Glob>| globs.iter().map(|glob| glob.first_word().map(str::to_owned)).collect();
    let exact =
        |globs: &Vec<Glob>| globs.iter().map(|glob| glob.exact().map(|tool| first_word(tool).to_owned())).collect();
    let mut words: Vec<String> =
        rule.when.tools.as_ref().and_then(exact).or_else(|| rule.when.operations.as_ref().and_then(words))?;
    words.sort();
    words.dedup();
    Some(words)
}

fn first_word(operation: &str) -> &str {
    operation.split_once('.').map_or(operation, |(word, _)| word)
}

/// The tool of a meaning: the command's own, or that of a command inside it.
fn tool<'a>(operation: &'a Operation, meaning: &'a Meaning) -> &'a str {
    let own = meaning.operation.strip_prefix(operation.tool.as_ref());
    if own.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
        &operation.tool
    } else {
        first_word(&meaning.operation)
    }
}
