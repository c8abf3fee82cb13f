//! All rules together: which of them decides?
//!
//! Each meaning of a command is judged by itself, and the strictest word holds
//! for the command. Rules are found by the first word of the operation, so that
//! the rules of other tools cost nothing; nothing is allocated but the answer.

use std::collections::HashMap;

use super::glob::Glob;
use super::rule::{Case, Rule, is_unknown};
use super::{Asked, Cover, Judgement, Obligations, Reason, Runbook, Verdict};
use crate::{Meaning, Operation};

/// The rules of a policy, in the order that breaks ties.
#[derive(Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    /// Rules that can match only operations of this first word, by their places.
    by_word: HashMap<String, Vec<usize>>,
    /// All other rules.
    everywhere: Vec<usize>,
    runbooks: Vec<Runbook>,
}

/// What is said to one meaning.
#[derive(Debug, Clone)]
struct Said<'a> {
    verdict: Verdict,
    reason: Option<Reason>,
    rule: Option<&'a Rule>,
    cover: Option<Cover>,
}

impl Rules {
    /// Puts the rules into an order that depends on nothing but what they are.
    pub(super) fn new(mut rules: Vec<Rule>, mut runbooks: Vec<Runbook>) -> Self {
        runbooks.sort_by(|one, other| one.name.cmp(&other.name));
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
        Self { rules, runbooks, ..ordered }
    }

    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    pub(super) fn runbooks(&self) -> &[Runbook] {
        &self.runbooks
    }

    /// The strictest of what is said to each meaning; of equally strict ones the
    /// one that a rule says, then the first.
    pub(super) fn judge(&self, asked: &Asked<'_>) -> Judgement {
        let mut covers = Vec::new();
        let mut holds: Option<(usize, Said<'_>)> = None;
        for (index, meaning) in asked.operation.meanings().enumerate() {
            let said = self.say(asked, meaning);
            covers.extend(said.cover.clone());
            if holds.as_ref().is_none_or(|(_, held)| said.weight() > held.weight()) {
                holds = Some((index, said));
            }
        }
        covers.sort();
        covers.dedup();
        let (meaning, said) = holds.unwrap_or((0, Said::nothing(Reason::Default)));
        Judgement {
            verdict: said.verdict,
            reason: said.reason,
            rule: said.rule.map(|rule| rule.reference.clone()),
            meaning,
            objection: None,
            covers,
            obligations: Obligations::default(),
        }
    }

    /// What is said to one meaning, a person's answer that was given before included.
    fn say(&self, asked: &Asked<'_>, meaning: &Meaning) -> Said<'_> {
        let case = Case { subject: &asked.subject, tool: tool(asked.operation, meaning), meaning };
        let said = self.ruled(&case);
        if said.verdict != Verdict::Escalate {
            return said;
        }
        match self.cover(asked, &case) {
            Some(cover) => Said { verdict: Verdict::Allow, reason: None, cover: Some(cover), ..said },
            None => said,
        }
    }

    /// A grant before a runbook: it was given for this.
    fn cover(&self, asked: &Asked<'_>, case: &Case<'_>) -> Option<Cover> {
        let granted = asked.grants.iter().find(|grant| grant.covers(case));
        if let Some(grant) = granted {
            return Some(Cover::Grant(grant.id().to_owned()));
        }
        let left =
            |runbook: &&Runbook| asked.budgets.iter().any(|budget| budget.runbook == runbook.name && budget.left > 0);
        let found = self.runbooks.iter().filter(left).find(|runbook| runbook.covers(case))?;
        Some(Cover::Runbook(found.name.clone()))
    }

    fn ruled(&self, case: &Case<'_>) -> Said<'_> {
        let meaning = case.meaning;
        let word = first_word(&meaning.operation);
        let mut decides: Option<(Verdict, usize, &Rule)> = None;
        let of_word = self.by_word.get(word).map_or(&[] as &[usize], Vec::as_slice);
        for place in of_word.iter().chain(&self.everywhere) {
            let Some(rule) = self.rules.get(*place) else { continue };
            let beats =
                |said: Verdict| decides.is_none_or(|(best, at, _)| said > best || (said == best && *place < at));
            if rule.at_most(meaning).is_some_and(beats)
                && let Some(said) = rule.says(case)
                && beats(said)
            {
                decides = Some((said, *place, rule));
            }
        }
        Said::of(decides.map(|(verdict, _, rule)| (verdict, rule)), meaning)
    }
}

impl<'a> Said<'a> {
    fn of(decides: Option<(Verdict, &'a Rule)>, meaning: &Meaning) -> Self {
        match decides {
            Some((verdict, rule)) => {
                let reason = (verdict != Verdict::Allow).then_some(Reason::Rule);
                Self { verdict, reason, rule: Some(rule), cover: None }
            }
            None => Self::nothing(if is_unknown(meaning) { Reason::Unknown } else { Reason::Default }),
        }
    }

    fn nothing(reason: Reason) -> Self {
        Self { verdict: Verdict::Deny, reason: Some(reason), rule: None, cover: None }
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
