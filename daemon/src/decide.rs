//! Operation -> Judged: may it?
//!
//! The accepted policy judges, the one that waits to be, and each that the session
//! brought; the strictest word holds. A deny ends the line here.

use tollgate_audit::{Decision, Entry};
use tollgate_facts::Judgeable;
use tollgate_policies::policy::{
    Asked, AtTerminal, Consent, Cover, Grant, Judgement, Obligations, Policy, Reason, Subject, Verdict,
};

use crate::binary::{Binary, Missing};
use crate::classify::Operation;
use crate::gate::Gate;
use crate::identify::{Agent, Call, door};
use crate::policies::InForce;
use crate::refuse::{Refusal, Refused, hint};

/// An operation that is not denied. Made by [`decide`] alone.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The call.
    pub(crate) call: Call,
    /// What it does, and what this knowledge rests on.
    pub(crate) judgeable: Judgeable,
    /// The real program.
    pub(crate) binary: Binary,
    /// The policy's word: allow or escalate.
    pub(crate) judgement: Judgement,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Has the policy decide.
pub(crate) fn decide(gate: &Gate, operation: Operation) -> Result<Judged, Box<Refused>> {
    let Operation { mut call, judgeable, binary, .. } = operation;
    let judgement = judge(gate, &call.policies, &call, &judgeable);
    let judgement = answered(&mut call, judgement);
    call.entry = entry(call.entry, &judgement);
    let judgement = observed(&mut call, &judgeable, judgement);
    if judgement.verdict == Verdict::Deny {
        let hint = hint(gate, &call, &judgeable.operation);
        return Err(Refused::of(call, Refusal::Denied { judgement: Box::new(judgement), hint }));
    }
    if let Some(unserved) = unserved(&judgement.obligations) {
        return Err(Refused::of(call, Refusal::Lasting(unserved.to_owned())));
    }
    // Nobody is asked about what could not run all the same.
    if let Some(short) = gate.allowances.short(&judgement, &call.agent, &call.policies) {
        return Err(Refused::of(call, short.into()));
    }
    match binary {
        Ok(binary) => Ok(Judged { call, judgeable, binary, judgement, _made: Made }),
        Err(missing) => Err(Refused::of(call, refusal(missing))),
    }
}

/// The strictest word of all these policies, and those of the call's session.
pub(crate) fn judge(gate: &Gate, in_force: &InForce, call: &Call, judgeable: &Judgeable) -> Judgement {
    let judgement = judge_with(gate, in_force, call, judgeable, &gate.allowances.granted());
    // A grant is one person's word without a passphrase: where more is wanted it is none.
    let is_granted = judgement.covers.iter().any(|cover| matches!(cover, Cover::Grant(_)));
    if is_granted && judgement.obligations.consent != Consent::default() {
        return judge_with(gate, in_force, call, judgeable, &[]);
    }
    judgement
}

/// As each of the names that the call is judged under.
fn judge_with(gate: &Gate, in_force: &InForce, call: &Call, judgeable: &Judgeable, grants: &[Grant]) -> Judgement {
    let subjects = call.agent.subjects(in_force, door(call.request.door));
    let words = subjects.map(|subject| judge_as(gate, in_force, call, judgeable, subject, grants));
    words.reduce(Judgement::stricter).unwrap_or_else(nobodys)
}

/// As one of the names that the call is judged under.
fn judge_as(
    gate: &Gate,
    in_force: &InForce,
    call: &Call,
    judgeable: &Judgeable,
    subject: Subject<'_>,
    grants: &[Grant],
) -> Judgement {
    let asked = Asked { grants, ..asked(judgeable, subject) };
    let policies = in_force.policies().chain(&call.agent.policies);
    let words = policies.map(|policy| policy.judge(&Asked { budgets: &gate.allowances.budgets(policy), ..asked }));
    judgeable.tighten(words.reduce(Judgement::stricter).unwrap_or_else(nobodys), &asked)
}

/// What is asked of a policy, now.
fn asked<'a>(judgeable: &'a Judgeable, subject: Subject<'a>) -> Asked<'a> {
    Asked { at: Some(tollgate_facts::now()), ..Asked::new(&judgeable.operation, subject) }
}

/// What a policy asks for and this program does not do: rather nothing runs.
fn unserved(owed: &Obligations) -> Option<&'static str> {
    let hides = !owed.redact.is_empty();
    hides.then_some("a rule hides part of the output, and output cannot be filtered yet: remove `redact` from it")
}

/// A person who types a command answers it by that: what asks a person, and what no
/// rule speaks of, runs. What a rule denies does not, nor what a constraint forbids.
fn answered(call: &mut Call, judgement: Judgement) -> Judgement {
    let Some(person) = &call.agent.person else { return judgement };
    let nobody_forbids =
        judgement.verdict == Verdict::Escalate || matches!(judgement.reason, Some(Reason::Default | Reason::Unknown));
    match call.policies.at_terminal() {
        AtTerminal::Answers if !nobody_forbids => return judgement,
        AtTerminal::Asks => return judgement,
        AtTerminal::Answers | AtTerminal::Passes => {}
    }
    call.entry.approved_by = Some(person.clone());
    Judgement { verdict: Verdict::Allow, ..judgement }
}

/// Whether every policy that judges this agent's calls is only tried out.
pub(crate) fn observes(in_force: &InForce, agent: &Agent) -> bool {
    let mut policies = in_force.policies().chain(&agent.policies).peekable();
    policies.peek().is_some() && policies.all(Policy::observes)
}

/// Where policies are only tried out, their word is recorded, and the call runs as it is,
/// unless its project has something against it: a project tries nothing out.
fn observed(call: &mut Call, judgeable: &Judgeable, judgement: Judgement) -> Judgement {
    if !observes(&call.policies, &call.agent) {
        return judgement;
    }
    let would = call.entry.decision;
    let free =
        Judgement { verdict: Verdict::Allow, covers: Vec::new(), obligations: Obligations::default(), ..judgement };
    let subjects = call.agent.subjects(&call.policies, door(call.request.door));
    let words = subjects.map(|subject| judgeable.tighten(free.clone(), &asked(judgeable, subject)));
    let word = words.reduce(Judgement::stricter).unwrap_or(free);
    call.entry = Entry { would, ..entry(std::mem::take(&mut call.entry), &word) };
    word
}

/// Where no policy is left to judge, nothing may run.
fn nobodys() -> Judgement {
    Judgement {
        verdict: Verdict::Deny,
        reason: Some(Reason::Default),
        rule: None,
        meaning: 0,
        objection: None,
        covers: Vec::new(),
        obligations: Obligations::default(),
    }
}

fn entry(entry: Entry, judgement: &Judgement) -> Entry {
    Entry {
        decision: Some(match judgement.verdict {
            Verdict::Allow => Decision::Allow,
            Verdict::Escalate => Decision::Escalate,
            Verdict::Deny => Decision::Deny,
        }),
        rule: judgement.rule.as_ref().map(|rule| rule.name.clone()),
        reason: judgement.reason.map(|reason| reason.name().to_owned()),
        ..entry
    }
}

fn refusal(missing: Missing) -> Refusal {
    match missing {
        Missing::NotFound => Refusal::NotFound,
        Missing::NotExecutable(path) => Refusal::NotExecutable(path),
        Missing::InCircles => {
            Refusal::Lasting("it goes in circles: it calls itself through the gate again and again".to_owned())
        }
    }
}
