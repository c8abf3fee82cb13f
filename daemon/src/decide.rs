//! Operation -> Judged: may it?
//!
//! The accepted policy judges, the one that waits to be, and each that the session
//! brought; the strictest word holds. A deny ends the line here.

use tollgate_audit::{Decision, Entry};
use tollgate_facts::Judgeable;
use tollgate_policies::policy::{Asked, Judgement, Obligations, Reason, Verdict};

use crate::binary::{Binary, Missing};
use crate::classify::Operation;
use crate::gate::Gate;
use crate::identify::{Call, door};
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
    let judgement = judge(&call.policies, &call, &judgeable);
    call.entry = entry(call.entry, &judgement);
    if judgement.verdict == Verdict::Deny {
        let hint = hint(gate, &call, &judgeable.operation);
        return Err(Refused::new(
            call.request.caller,
            call.entry,
            Refusal::Denied { judgement: Box::new(judgement), hint },
        ));
    }
    if let Some(unserved) = unserved(&judgement.obligations) {
        return Err(Refused::new(call.request.caller, call.entry, Refusal::Gate(unserved.to_owned())));
    }
    match binary {
        Ok(binary) => Ok(Judged { call, judgeable, binary, judgement, _made: Made }),
        Err(missing) => Err(Refused::new(call.request.caller, call.entry, refusal(missing))),
    }
}

/// The strictest word of all these policies, and those of the call's session.
pub(crate) fn judge(in_force: &InForce, call: &Call, judgeable: &Judgeable) -> Judgement {
    let asked = Asked {
        arguments: judgeable.arguments.as_ref(),
        at: Some(tollgate_facts::now()),
        ..Asked::new(&judgeable.operation, call.agent.subject(door(call.request.door)))
    };
    let policies = in_force.policies().chain(&call.agent.policies);
    let words = policies.map(|policy| policy.judge(&asked));
    judgeable.tighten(words.reduce(Judgement::stricter).unwrap_or_else(nobodys), &asked)
}

/// What a policy asks for and this program does not do: rather nothing runs.
fn unserved(owed: &Obligations) -> Option<&'static str> {
    if !owed.redact.is_empty() {
        return Some("a rule hides part of the output, and output cannot be filtered yet: remove `redact` from it");
    }
    if !owed.rates.is_empty() {
        return Some("a rule limits how often it runs, and that is not counted yet: remove `rate` from it");
    }
    if !owed.corrections.is_empty() {
        return Some("a rule corrects the command, and that is not done yet: remove `correct` from it");
    }
    let pinned = owed.pin.is_some();
    pinned.then_some("the tool's table names its binary, and that is not held to yet: remove `bin` from it")
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
    }
}
