//! All rules together: which of them decides?
//!
//! Each meaning of a command is judged by itself, and the strictest word holds
//! for the command: of the rules, else of the tool's default, and against both of
//! a constraint. A person's answer that was given before stands for a question.

use std::sync::Arc;

use smallvec::SmallVec;

use super::constraint;
use super::index::{Index, first_word};
use super::line::Line;
use super::range::UNKNOWN;
use super::rule::{Case, Conditions, Holds, Rule, is_unknown};
use super::tools::Tools;
use super::{Asked, Cover, Judgement, Obligations, Reason, RuleReference, Runbook, Verdict};
use crate::{Dimension, Meaning, Operation};

/// Everything in a policy that a judgement looks at.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// In the order that breaks ties.
    rules: Vec<Rule>,
    index: Index,
    runbooks: Vec<Runbook>,
    tools: Tools,
}

/// What a policy means by saying nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Silence {
    /// It may not run.
    #[default]
    Denies,
    /// Others decide.
    Agrees,
}

/// What is said to one meaning.
#[derive(Debug, Clone)]
struct Said<'a> {
    verdict: Verdict,
    reason: Option<Reason>,
    rule: Option<&'a Arc<RuleReference>>,
    objection: Option<String>,
    cover: Option<Cover>,
}

impl Rules {
    /// Puts the rules into an order that depends on nothing but what they are.
    pub(super) fn new(mut rules: Vec<Rule>, mut runbooks: Vec<Runbook>, tools: Tools) -> Self {
        rules.sort_by(|one, other| {
            let (one, other) = (&one.reference, &other.reference);
            (&one.file, one.line, &one.name).cmp(&(&other.file, other.line, &other.name))
        });
        runbooks.sort_by(|one, other| one.name.cmp(&other.name));
        Self { index: Index::new(&rules), rules, runbooks, tools }
    }

    /// A rule that denies everything.
    pub(super) fn denying(reference: RuleReference) -> Self {
        let rule = Rule {
            reference: Arc::new(reference),
            verdicts: [Some(Verdict::Deny); UNKNOWN + 1],
            when: Conditions::default(),
            unless: Vec::new(),
            unsure_deny: Verdict::Deny,
            owes: None,
        };
        Self::new(vec![rule], Vec::new(), Tools::default())
    }

    pub(super) fn all(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) fn runbooks(&self) -> &[Runbook] {
        &self.runbooks
    }

    pub(super) fn tools(&self) -> &Tools {
        &self.tools
    }

    /// The dimensions of the target that a verdict on this operation depends on: those
    /// that any rule about it asks for, whether it holds now or not.
    pub(super) fn looks_at(&self, operation: &Operation) -> Vec<Dimension> {
        let mut dimensions = Vec::new();
        for meaning in operation.meanings() {
            let tier = meaning.tier.map_or(UNKNOWN, |tier| usize::from(tier.number()));
            for group in self.index.groups(&meaning.operation).iter() {
                let said = Verdict::ALL.into_iter().flat_map(|verdict| [(verdict, tier), (verdict, UNKNOWN)]);
                let rules = said.flat_map(|(verdict, tier)| group.saying(verdict, tier));
                let rules = rules.filter_map(|place| self.rules.get(*place));
                let conditions = rules.flat_map(|rule| std::iter::once(&rule.when).chain(&rule.unless));
                dimensions.extend(conditions.flat_map(|all| &all.targets).map(|target| target.dimension));
            }
        }
        dimensions.sort();
        dimensions.dedup();
        dimensions
    }

    /// The strictest of what is said to each meaning; of equally strict ones the
    /// one that a rule says, then the first.
    pub(super) fn judge(&self, asked: &Asked<'_>, silence: Silence) -> Judgement {
        let line = Line::default();
        let mut covers = Vec::new();
        let mut holds: Option<(usize, Said<'_>)> = None;
        let cases: SmallVec<[Case<'_>; 1]> =
            asked.operation.meanings().map(|meaning| self.case(asked, &line, meaning)).collect();
        for (index, case) in cases.iter().enumerate() {
            let said = self.say(case, silence);
            covers.extend(said.cover.clone());
            if holds.as_ref().is_none_or(|(_, held)| said.weight() > held.weight()) {
                holds = Some((index, said));
            }
        }
        covers.sort();
        covers.dedup();
        let (meaning, said) = holds.unwrap_or_else(|| (0, Said::nothing(Reason::Default, silence)));
        Judgement {
            verdict: said.verdict,
            reason: said.reason,
            rule: said.rule.cloned(),
            meaning,
            objection: said.objection,
            covers,
            obligations: if said.verdict == Verdict::Deny { Obligations::default() } else { self.owed(asked, &cases) },
        }
    }

    fn case<'a>(&'a self, asked: &'a Asked<'a>, line: &'a Line, meaning: &'a Meaning) -> Case<'a> {
        let groups = self.index.groups(&meaning.operation);
        Case { asked, line, tool: tool(asked.operation, meaning), meaning, groups }
    }

    fn say(&self, case: &Case<'_>, silence: Silence) -> Said<'_> {
        let said = self.ruled(case).or_else(|| self.default(case));
        let said = said.unwrap_or_else(|| {
            Said::nothing(if is_unknown(case.meaning) { Reason::Unknown } else { Reason::Default }, silence)
        });
        if said.verdict == Verdict::Deny {
            return said;
        }
        if let Some(objected) = self.objected(case) {
            return objected;
        }
        let cover = (said.verdict == Verdict::Escalate).then(|| self.cover(case)).flatten();
        match cover {
            Some(cover) => Said { verdict: Verdict::Allow, reason: None, cover: Some(cover), ..said },
            None => said,
        }
    }

    /// What the rules say, strictest first; of equally strict ones the first.
    fn ruled(&self, case: &Case<'_>) -> Option<Said<'_>> {
        let mut softened = None;
        for verdict in Verdict::ALL.into_iter().rev() {
            let found = self.first(case, verdict, &mut softened);
            let found = if verdict == Verdict::Escalate { found.into_iter().chain(softened).min() } else { found };
            if let Some(rule) = found.and_then(|place| self.rules.get(place)) {
                return Some(Said::of(verdict, &rule.reference));
            }
        }
        None
    }

    /// The place of the first rule that says just this. Denials that only ask,
    /// because something is not known, are noted.
    fn first(&self, case: &Case<'_>, verdict: Verdict, softened: &mut Option<usize>) -> Option<usize> {
        let tiers =
            [case.meaning.tier.map(|tier| usize::from(tier.number())), is_unknown(case.meaning).then_some(UNKNOWN)];
        let mut best: Option<usize> = None;
        for group in case.groups.iter() {
            for tier in tiers.iter().flatten() {
                for place in group.saying(verdict, *tier) {
                    if best.is_some_and(|best| best <= *place) {
                        break;
                    }
                    match self.rules.get(*place).and_then(|rule| rule.says(case)) {
                        Some(said) if said == verdict => best = Some(*place),
                        Some(Verdict::Escalate) => *softened = (*softened).into_iter().chain([*place]).min(),
                        _ => {}
                    }
                }
            }
        }
        best
    }

    /// What holds where no rule speaks.
    fn default(&self, case: &Case<'_>) -> Option<Said<'_>> {
        let default = self.tools.fallback(case)?;
        let reason = (default.verdict != Verdict::Allow).then_some(Reason::Default);
        Some(Said { reason, ..Said::of(default.verdict, default.reference) })
    }

    /// What denies whatever a rule says.
    fn objected(&self, case: &Case<'_>) -> Option<Said<'_>> {
        let (rule, objection) = match self.tools.objection(case).or_else(|| self.uncorrected(case)) {
            Some((rule, objection)) => (Some(rule), objection),
            None => (None, constraint::metacharacter(case)?),
        };
        let reason = Some(Reason::Argument);
        Some(Said { verdict: Verdict::Deny, reason, rule, objection: Some(objection), cover: None })
    }

    /// A rule that corrects this meaning where it stands inside another command, whose
    /// argv is not the one to change.
    fn uncorrected(&self, case: &Case<'_>) -> Option<(&Arc<RuleReference>, String)> {
        if case.tool == case.asked.operation.tool && case.meaning.wrapped_by.is_empty() {
            return None;
        }
        let mut asking = case.groups.owing();
        let corrects = |rule: &&Rule| rule.owes.as_ref().is_some_and(|(_, owed)| !owed.corrections.is_empty());
        let rule = asking.find_map(|place| {
            let rule = self.rules.get(place).filter(corrects)?;
            self.asks(place, case).then_some(&rule.reference)
        })?;
        Some((rule, "a rule corrects it, which cannot be done inside another command".to_owned()))
    }

    /// A grant before a runbook: it was given for this.
    fn cover(&self, case: &Case<'_>) -> Option<Cover> {
        let granted = case.asked.grants.iter().find(|grant| grant.covers(case));
        if let Some(grant) = granted {
            return Some(Cover::Grant(grant.id().to_owned()));
        }
        let budgets = case.asked.budgets;
        let left = |runbook: &&Runbook| budgets.iter().any(|budget| budget.runbook == runbook.name && budget.left > 0);
        let found = self.runbooks.iter().filter(left).find(|runbook| runbook.covers(case))?;
        Some(Cover::Runbook(found.name.clone()))
    }

    /// What every rule and table asks for that might be about this command.
    fn owed(&self, asked: &Asked<'_>, cases: &[Case<'_>]) -> Obligations {
        let mut owed = Obligations::default();
        let mut places = Vec::new();
        for case in cases {
            owed.timeout = [owed.timeout, self.tools.timeout(case)].into_iter().flatten().min();
            places.extend(case.groups.owing().filter(|place| self.asks(*place, case)));
        }
        places.sort_unstable();
        places.dedup();
        let asked_for = places.into_iter().filter_map(|place| self.rules.get(place)?.owes.as_ref());
        let owed = asked_for.fold(owed, |owed, (_, more)| owed.join(more.clone()));
        let Some(setting) = self.tools.setting(&asked.operation.tool) else { return owed };
        owed.join(Obligations {
            environment: setting.environment,
            working_dir: setting.working_dir,
            pin: setting.pin,
            ..Obligations::default()
        })
    }

    fn asks(&self, place: usize, case: &Case<'_>) -> bool {
        let Some(rule) = self.rules.get(place) else { return false };
        let tier = case.meaning.tier.filter(|_| !is_unknown(case.meaning)).map(crate::Tier::number);
        let speaks = rule.owes.as_ref().is_some_and(|(tiers, _)| tiers.contains(tier));
        speaks && rule.might_hold(case) != Holds::No
    }
}

impl<'a> Said<'a> {
    fn of(verdict: Verdict, rule: &'a Arc<RuleReference>) -> Self {
        let reason = (verdict != Verdict::Allow).then_some(Reason::Rule);
        Self { verdict, reason, rule: Some(rule), objection: None, cover: None }
    }

    fn nothing(reason: Reason, silence: Silence) -> Self {
        let (verdict, reason) = match silence {
            Silence::Denies => (Verdict::Deny, Some(reason)),
            Silence::Agrees => (Verdict::Allow, None),
        };
        Self { verdict, reason, rule: None, objection: None, cover: None }
    }

    fn weight(&self) -> (Verdict, bool) {
        (self.verdict, self.rule.is_some())
    }
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
