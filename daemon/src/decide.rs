//! Operation -> Judged: may it?
//!
//! The daemon's policy judges, and each policy that the session brought; the
//! strictest word holds. A deny ends the line here.

use tollgate_audit::{Decision, Entry};
use tollgate_policies::policy::{Asked, Judgement, Verdict};

use crate::binary::{Binary, Missing};
use crate::classify::Operation;
use crate::gate::Gate;
use crate::identify::{Call, door};
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
    let judgement = judge(gate, &call, &meaning);
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

/// The strictest word of all policies in force for this call.
pub(crate) fn judge(gate: &Gate, call: &Call, meaning: &tollgate_policies::Operation) -> Judgement {
    let asked = Asked::new(meaning, call.agent.subject(door(call.request.door)));
    let own = gate.policy.judge(&asked);
    let brought = call.agent.policies.iter();
    brought.fold(own, |strictest, policy| strictest.stricter(policy.judge(&asked)))
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
