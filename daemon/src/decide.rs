//! Operation -> Judged: may it?
//!
//! The accepted policy judges, the one that waits to be, and each that the session
//! brought; the strictest word holds. A deny ends the line here.

use tollgate_audit::{Decision, Entry};
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
    /// What it does.
    pub(crate) meaning: tollgate_policies::Operation,
    /// The files that this knowledge rests on.
    pub(crate) read: Vec<tollgate_facts::ReadFile>,
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
    let Operation { mut call, meaning, read, binary, .. } = operation;
    let judgement = judge(&call.policies, &call, &meaning);
    call.entry = entry(call.entry, &judgement);
    if judgement.verdict == Verdict::Deny {
        let hint = hint(gate, &call, &meaning);
        return Err(Refused::new(
            call.request.caller,
            call.entry,
            Refusal::Denied { judgement: Box::new(judgement), hint },
        ));
    }
    match binary {
        Ok(binary) => Ok(Judged { call, meaning, read, binary, judgement, _made: Made }),
        Err(missing) => Err(Refused::new(call.request.caller, call.entry, refusal(missing))),
    }
}

/// The strictest word of all these policies, and those of the call's session.
pub(crate) fn judge(in_force: &InForce, call: &Call, meaning: &tollgate_policies::Operation) -> Judgement {
    let asked = Asked::new(meaning, call.agent.subject(door(call.request.door)));
    let policies = in_force.policies().chain(&call.agent.policies);
    let words = policies.map(|policy| policy.judge(&asked));
    words.reduce(Judgement::stricter).unwrap_or_else(nobodys)
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
