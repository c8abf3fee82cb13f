//! From an argv as read to its meanings: operation, tier, reason, target.
//!
//! Deliberately not here: reading the argv, and deciding whether it may run.

use std::borrow::Cow;

use super::aim::{self, Aim, Told};
use super::case::Case;
use super::dialect::Dialect;
use super::facts::{Finding, Plan, Resolver};
use super::grammar::{Clause, ResolverRule, Stops, Variable};
use super::{brought, rules};
use crate::changes::Act;
use crate::{Meaning, Target, Tier};

/// What a command does.
pub(crate) struct Meanings {
    pub primary: Meaning,
    pub also: Vec<Meaning>,
    /// Who told what of the target.
    pub told: Told,
}

impl Meanings {
    /// Of a command that prints and stops.
    fn stops(primary: Meaning) -> Self {
        Self { primary, also: Vec::new(), told: Told::default() }
    }
}

/// Everything that this argv does, as far as the facts tell.
pub(crate) fn meanings(case: &Case<'_, '_, '_>, shared: &[Variable]) -> Meanings {
    if case.parsed.command.writes || case.parsed.flags.iter().any(|given| given.flag.writes) {
        case.evidence.notice_writing();
    }
    let mut meanings = read(case);
    let variables: Vec<_> = variables(case, shared).collect();
    if let Some(doubt) = doubt(case, &variables) {
        meanings = doubted(case, meanings, doubt);
    }
    raise(&variables, &mut meanings);
    meanings
}

/// Before what variables and files make doubtful.
fn read(case: &Case<'_, '_, '_>) -> Meanings {
    let parsed = case.parsed;
    if completes(case) {
        let primary = Meaning {
            operation: Cow::Borrowed(case.tool.operation_complete),
            tier: Some(Tier::Observe),
            rationale: Cow::Borrowed("completes a line for a shell and stops"),
            target: Target::default(),
            decided_by: None,
            wrapped_by: Vec::new(),
        };
        return Meanings::stops(primary);
    }
    if let (Some((stops, index)), None) = (parsed.stops, parsed.trouble) {
        return Meanings::stops(stopped(case, stops, index));
    }
    let generic = case.tool.dialect == Dialect::Generic;
    let only_leads = parsed.command.only_leads() && parsed.entry.is_none() && !generic;
    let stops = parsed.command.stops.or(only_leads.then_some(Stops::Help));
    if let (Some(stops), None) = (stops, parsed.trouble) {
        return Meanings::stops(stopped(case, stops, parsed.word));
    }
    let Aim { target, told } = aim::aim(case);
    let primary = own(case, target);
    let also = also(case, &primary);
    Meanings { primary, also, told }
}

/// Whether a variable makes the tool only complete a line.
fn completes(case: &Case<'_, '_, '_>) -> bool {
    case.tool.completes.iter().any(|name| case.environment.get(name.as_bytes()).is_some())
}

fn stopped(case: &Case<'_, '_, '_>, stops: Stops, index: Option<usize>) -> Meaning {
    let (operation, rationale) = match stops {
        Stops::Help => (case.tool.operation_help, "prints help and stops"),
        Stops::Version => (case.tool.operation_version, "prints its version and stops"),
    };
    Meaning {
        operation: Cow::Borrowed(operation),
        tier: Some(Tier::Observe),
        rationale: Cow::Borrowed(rationale),
        target: Target::default(),
        decided_by: index,
        wrapped_by: Vec::new(),
    }
}

/// What the command's words and flags say.
fn own(case: &Case<'_, '_, '_>, target: Target) -> Meaning {
    let parsed = case.parsed;
    let operation = match &parsed.entry {
        Some(entry) => Cow::Owned(entry.named(case.tool.name())),
        None if case.tool.dialect == Dialect::Generic && !parsed.command.declared => {
            let words = std::iter::once(case.tool.name().as_bytes()).chain(parsed.typed.iter().copied());
            Cow::Owned(String::from_utf8_lossy(&words.collect::<Vec<_>>().join(&b'.')).into_owned())
        }
        None => Cow::Borrowed(parsed.command.operation),
    };
    let (tier, why, decided_by) = tier(case);
    let decided_by = decided_by.or(parsed.word);
    let rationale = Cow::Borrowed(why);
    Meaning { operation, tier, rationale, target, decided_by, wrapped_by: Vec::new() }
}

fn tier(case: &Case<'_, '_, '_>) -> (Option<Tier>, &'static str, Option<usize>) {
    let parsed = case.parsed;
    let decides = |clause: &Clause| {
        let held = rules::holds(&clause.when, case)?;
        Some((clause.tier, clause.why, held.index))
    };
    let by_rule = parsed.command.rules.iter().find_map(decides);
    let by_table = || {
        let (tier, why, index) = case.tool.table.as_ref()?.tier(parsed.entry.as_ref()?, case)?;
        Some((Some(tier), why, index))
    };
    let (mut tier, mut why, mut index) =
        by_rule.or_else(by_table).unwrap_or((parsed.command.tier, parsed.command.why, None));
    if tier.is_none() && why.is_empty() {
        why = "no rule knows what it does";
    }
    let (known, raisable) = (tier.is_some(), tier > Some(Tier::Observe));
    for clause in case.tool.raises.iter().filter(|clause| raisable || (clause.reads && known)) {
        if tier < clause.tier
            && let Some(held) = rules::holds(&clause.when, case)
        {
            (tier, why, index) = (clause.tier, clause.why, held.index);
        }
    }
    (tier, why, index)
}

/// What the command does as well.
fn also(case: &Case<'_, '_, '_>, primary: &Meaning) -> Vec<Meaning> {
    let harmless = primary.tier == Some(Tier::Observe);
    let further = |clause: &Clause| {
        let held = rules::holds(&clause.when, case)?;
        Some(Meaning {
            operation: Cow::Borrowed(clause.operation?),
            tier: if harmless { primary.tier } else { clause.tier.or(primary.tier) },
            rationale: Cow::Borrowed(clause.why),
            target: primary.target.clone(),
            decided_by: held.index,
            wrapped_by: Vec::new(),
        })
    };
    let mut also: Vec<Meaning> = case.parsed.command.also.iter().filter_map(further).collect();
    also.extend(saved_plan(case, &primary.target));
    also
}

/// What applying a saved plan does as well: that is written in the plan alone.
fn saved_plan(case: &Case<'_, '_, '_>, target: &Target) -> Option<Meaning> {
    let rule = case.parsed.command.saved_plan.as_ref()?;
    let (further, tier, rationale) = match brought::plan(case)? {
        Ok(Plan::Absent) => (&rule.destroys, Some(Tier::BreakGlass), unknown_plan(brought::ABSENT)),
        Ok(Plan::Foreign { reason }) => (&rule.destroys, Some(Tier::BreakGlass), unknown_plan(reason)),
        Ok(Plan::Saved(plan)) if plan.made_to_destroy || plan.changes.destroys() => {
            (&rule.destroys, Some(rule.destroys.tier), Cow::Borrowed(rule.destroys.why))
        }
        Ok(Plan::Saved(plan)) if plan.changes.has(Act::Forget) => {
            (&rule.forgets, Some(rule.forgets.tier), Cow::Borrowed(rule.forgets.why))
        }
        Ok(Plan::Saved(_)) => return None,
        Err(reason) => (&rule.destroys, None, Cow::Owned(format!("the saved plan cannot be read: {reason}"))),
    };
    let operation = Cow::Borrowed(further.operation);
    let decided_by = brought::operand(case)?.index;
    Some(Meaning { operation, tier, rationale, target: target.clone(), decided_by, wrapped_by: Vec::new() })
}

fn unknown_plan(reason: &str) -> Cow<'static, str> {
    Cow::Owned(format!("what the saved plan does is not known: {reason}"))
}

/// A reason why the words of the argv do not tell what will happen.
struct Doubt {
    rationale: Cow<'static, str>,
    index: Option<usize>,
}

fn doubt(case: &Case<'_, '_, '_>, variables: &[Set<'_>]) -> Option<Doubt> {
    let parsed = case.parsed;
    if let Some(trouble) = parsed.trouble.filter(|_| !completes(case)) {
        return Some(Doubt { rationale: Cow::Borrowed(trouble.what), index: trouble.index });
    }
    if let Some(given) = parsed.flags.iter().find(|given| given.flag.runs && given.on()) {
        let rationale = format!("`{}` makes the tool run a program", given.flag.name);
        return Some(Doubt { rationale: Cow::Owned(rationale), index: given.index });
    }
    let doubts = |clause: &&Clause| rules::holds(&clause.when, case).is_some();
    if let Some(clause) = case.tool.doubts.iter().find(doubts) {
        let index = rules::holds(&clause.when, case).and_then(|held| held.index);
        return Some(Doubt { rationale: Cow::Borrowed(clause.why), index });
    }
    let said = |rationale| Doubt { rationale, index: None };
    let mut variables = variables.iter();
    variables
        .find(|(variable, _)| variable.tier.is_none())
        .map(|(variable, name)| said(explained(name, variable)))
        .or_else(|| files(case).map(said))
        .or_else(|| twice(case).map(said))
        .or_else(|| unclear(case).map(said))
}

fn doubted(case: &Case<'_, '_, '_>, read: Meanings, doubt: Doubt) -> Meanings {
    let target = read.primary.target.clone();
    let named = !case.parsed.command.words.is_empty() && case.parsed.command.tier.is_some();
    let known = named || case.parsed.entry.is_some() || case.tool.commands.len() == 1;
    let primary = Meaning {
        operation: Cow::Borrowed(case.tool.operation_unknown),
        tier: None,
        rationale: doubt.rationale,
        target,
        decided_by: doubt.index,
        wrapped_by: Vec::new(),
    };
    let also = std::iter::once(read.primary).filter(|_| known).chain(read.also).collect();
    Meanings { primary, also, ..read }
}

/// A rule about variables, and the name of the one that it is about.
type Set<'c> = (&'c Variable, &'c [u8]);

/// The variables of the caller that change what this command does.
fn variables<'c>(case: &'c Case<'_, '_, '_>, shared: &'c [Variable]) -> impl Iterator<Item = Set<'c>> {
    let set = |variable: &&Variable| case.environment.may_have(&variable.interest) && concerns(case, variable);
    shared.iter().chain(&case.tool.variables).filter(set).filter_map(|variable| {
        let harmful =
            |(name, value): &(&[u8], &[u8])| variable.matters(value, case.home) && !case.is_own_start(name, value);
        let found = variable.names.iter().find_map(|name| case.environment.like(name).find(harmful));
        found.map(|(name, _)| (variable, name))
    })
}

fn concerns(case: &Case<'_, '_, '_>, variable: &Variable) -> bool {
    let helps = || case.parsed.stops.is_some_and(|(stops, _)| stops == Stops::Help);
    let command = |words: &&str| *words == case.parsed.command.words || (*words == "help" && helps());
    let flag = |flag: &&str| case.parsed.set(flag);
    (variable.commands.is_empty() && variable.flags.is_empty())
        || variable.commands.iter().any(command)
        || variable.flags.iter().any(flag)
}

fn explained(name: &[u8], variable: &Variable) -> Cow<'static, str> {
    Cow::Owned(format!("`{}` is set: {}", String::from_utf8_lossy(name), variable.why))
}

/// What files of the caller make of the command's own words. They count beside other
/// commands of a script, too: else each would make the next one unknown.
fn files(case: &Case<'_, '_, '_>) -> Option<Cow<'static, str>> {
    let version = case.parsed.stops.is_some_and(|(stops, _)| stops == Stops::Version);
    // Without a folder (and a home) the question is about no caller in particular.
    let nowhere = |resolver| match resolver {
        Resolver::GitRepo => case.cwd.is_none(),
        Resolver::Kuberc => case.callers_home().is_none() && case.cwd.is_none(),
        _ => false,
    };
    let about =
        |rule: &ResolverRule| rule.always_for.is_empty() || rule.always_for.contains(&case.parsed.command.words);
    let asked = |rule: &&ResolverRule| rule.always && !version && about(rule) && !nowhere(rule.resolver);
    let mut always = case.tool.resolvers.iter().filter(asked);
    let found = always.find_map(|rule| {
        let found = match case.found(rule.resolver) {
            Ok(found) => found?,
            Err(reason) => return Some(unread(reason)),
        };
        match found {
            Finding::Unknown { reason } => Some(unread(reason)),
            Finding::Found(found) => found.code.clone().map(Cow::Owned).or_else(|| aliased(case, &found.aliases)),
            Finding::Plan(_) | Finding::Brought(_) => None,
        }
    });
    found.or_else(|| code(case))
}

/// What in files that were read for the target makes the tool run a program.
fn code(case: &Case<'_, '_, '_>) -> Option<Cow<'static, str>> {
    case.tool.resolvers.iter().filter(|rule| !rule.always).find_map(|rule| match case.asked(rule.resolver)? {
        Finding::Found(found) => found.code.clone().map(Cow::Owned),
        Finding::Unknown { .. } | Finding::Plan(_) | Finding::Brought(_) => None,
    })
}

fn unread(reason: &str) -> Cow<'static, str> {
    Cow::Owned(format!("aliases of commands cannot be looked up: {reason}"))
}

fn aliased(case: &Case<'_, '_, '_>, aliases: &[Vec<u8>]) -> Option<Cow<'static, str>> {
    let typed = &case.parsed.typed;
    let is = |alias: &&Vec<u8>| {
        let words: Vec<&[u8]> = alias.split(|byte| *byte == b' ').collect();
        typed.starts_with(&words)
    };
    let alias = aliases.iter().find(is)?;
    Some(Cow::Owned(format!("`{}` is an alias of the caller's", String::from_utf8_lossy(alias))))
}

fn twice(case: &Case<'_, '_, '_>) -> Option<Cow<'static, str>> {
    let name = case.environment.twice()?;
    Some(Cow::Owned(format!("`{}` stands twice in the environment, with two values", String::from_utf8_lossy(name))))
}

fn unclear(case: &Case<'_, '_, '_>) -> Option<Cow<'static, str>> {
    let name = case.environment.unclear()?;
    Some(Cow::Owned(format!("the value of `{}` is for a shell to find out", String::from_utf8_lossy(name))))
}

/// Raises what variables make more than it says.
fn raise(variables: &[Set<'_>], meanings: &mut Meanings) {
    let raising = variables.iter().filter(|(variable, _)| variable.tier.is_some());
    if let Some((variable, name)) = raising.max_by_key(|(variable, _)| variable.tier)
        && (Some(Tier::Observe)..variable.tier).contains(&meanings.primary.tier)
    {
        meanings.primary.tier = variable.tier;
        meanings.primary.rationale = explained(name, variable);
        meanings.primary.decided_by = None;
    }
}
