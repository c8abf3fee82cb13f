//! Settled -> Permitted: where the policy says so, a person decides.
//!
//! The question is recorded before anyone is told of it. The caller waits for a
//! bounded time; the question outlives the wait, and the same command run again
//! continues it. Everything that passes, asked about or not, gets its binary's
//! digest here, a look at whether the files it was judged by have changed, and its
//! targets written out.

mod binding;
mod pin;
pub(crate) mod question;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_admin::Answer;
use tollgate_audit::{Approver, Entry, Kind};
use tollgate_policies::Tier;
use tollgate_policies::policy::{Judgement, Verdict};

use crate::binary::Binary;
use crate::classify::understand;
use crate::correct::Settled;
use crate::decide::{Judged, judge, observes};
use crate::gate::Gate;
use crate::identify::Call;
use crate::questions::{Answered, Binding, Open};
use crate::refuse::{Refusal, Refused};

/// A call that may run, once. Made by [`approve`] alone.
#[derive(Debug)]
pub(crate) struct Permitted {
    /// The call.
    pub(crate) call: Call,
    /// The real program.
    pub(crate) binary: Binary,
    /// What it owes and uses up.
    pub(crate) judgement: Judgement,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Lets an allowed call through; asks a person about an escalated one.
pub(crate) async fn approve(gate: &Gate, settled: Settled) -> Result<Permitted, Box<Refused>> {
    let mut judged = settled.judged;
    let sha256 = gate.binaries.sha256(&judged.binary).await;
    judged.call.entry = Entry {
        binary: Some(judged.binary.path.clone().into()),
        binary_sha256: sha256,
        binary_writable_by_caller: Some(judged.binary.writable),
        ..judged.call.entry
    };
    if let Some(refusal) = unpinned(&judged.call) {
        return Err(Refused::new(judged.call.request.caller, judged.call.entry, refusal));
    }
    let approved_by = match judged.judgement.verdict {
        Verdict::Allow => None,
        Verdict::Escalate | Verdict::Deny => match ask(gate, &judged).await {
            Ok(approver) => Some(approver),
            Err(refusal) => return Err(Refused::new(judged.call.request.caller, judged.call.entry, refusal)),
        },
    };
    if approved_by.is_some() {
        judged.call.entry.approved_by = approved_by;
    }
    if let Some(refusal) = tightened(gate, &judged) {
        return Err(Refused::new(judged.call.request.caller, judged.call.entry, refusal));
    }
    if is_changed(gate, &judged) {
        return Err(Refused::new(judged.call.request.caller, judged.call.entry, Refusal::FactsChanged));
    }
    pin::write_out(gate, &mut judged);
    Ok(Permitted { call: judged.call, binary: judged.binary, judgement: judged.judgement, _made: Made })
}

/// What the policies have against the binary: each digest that they name must be its.
fn unpinned(call: &Call) -> Option<Refusal> {
    let found = call.entry.binary_sha256.as_deref();
    let wanted = call.pins.iter().filter_map(|pin| pin.sha256.as_deref());
    let differs = wanted.filter(|wanted| Some(*wanted) != found).count() > 0;
    differs.then_some(Refusal::OtherBinary)
}

/// What a policy that changed while a person was asked has against it.
fn tightened(gate: &Gate, judged: &Judged) -> Option<Refusal> {
    let now = gate.policies.current();
    if Arc::ptr_eq(&now, &judged.call.policies) {
        return None;
    }
    if let Some(why) = now.closed() {
        return Some(Refusal::Gate(why.to_owned()));
    }
    if observes(&now, &judged.call.agent) {
        return None;
    }
    let judgement = judge(gate, &now, &judged.call, &judged.judgeable);
    if judgement.verdict == Verdict::Deny {
        return Some(Refusal::Denied { judgement: Box::new(judgement), hint: None });
    }
    // Whoever was asked saw the command that the policy of then made of it.
    (judgement.obligations != judged.judgement.obligations).then_some(Refusal::PolicyChanged)
}

/// Whether the files that the judgement rests on say something else by now.
/// What only reads may run on what it found.
fn is_changed(gate: &Gate, judged: &Judged) -> bool {
    if judged.judgeable.read.is_empty() || judged.judgeable.operation.tier().is_some_and(|tier| tier < Tier::Modify) {
        return false;
    }
    let argv = judged.call.request.strings.arguments();
    let again = understand(gate, &judged.call, &argv);
    again.operation != judged.judgeable.operation || again.read != judged.judgeable.read
}

/// Asks, and waits as long as the caller does.
async fn ask(gate: &Gate, judged: &Judged) -> Result<Approver, Refusal> {
    let binding = binding::of(judged);
    let until = Instant::now() + gate.settings.approvals.wait();
    loop {
        let question = open(gate, judged, binding).await?;
        let answered = wait(gate, judged, &question, until).await?;
        match answered {
            Some(Answered { answer: Answer::Approve, by, .. }) => return Ok(by),
            Some(Answered { answer: Answer::Deny, by, reason }) => return Err(Refusal::ByPerson { by, reason }),
            // An equal call was quicker to use the approval: ask again.
            None => {}
        }
    }
}

/// The question that this call waits for: an equal one that is open, or a new one.
async fn open(gate: &Gate, judged: &Judged, binding: Binding) -> Result<Arc<Open>, Refusal> {
    let question = match gate.questions.bound_to(&binding) {
        Some(question) => question,
        None => {
            let question = question::of(gate, judged, binding);
            let entry = Entry { kind: Kind::Question, ..question.entry.clone() };
            gate.record(entry).await.map_err(|cause| Refusal::unrecorded(&cause))?;
            gate.questions.keep(question)
        }
    };
    let caller = &judged.call.request.caller;
    // A caller that left shows in the wait that follows.
    let _ = caller.wait_under(question.id).await;
    let _ = caller.say(&question::waiting(gate, &question)).await;
    Ok(question)
}

/// Waits for an answer, the end of the caller's patience, or the caller's leaving.
async fn wait(gate: &Gate, judged: &Judged, question: &Open, until: Instant) -> Result<Option<Answered>, Refusal> {
    let caller = &judged.call.request.caller;
    let patience = until.saturating_duration_since(Instant::now());
    let open = question.left(&gate.settings.approvals);
    tokio::select! {
        () = question.answered() => Ok(gate.questions.claim(question)),
        () = tokio::time::sleep(patience.min(open)) => Err(late(question, patience, open)),
        () = caller.left() => Err(Refusal::CallerGone),
    }
}

fn late(question: &Open, patience: Duration, open: Duration) -> Refusal {
    if open <= patience {
        Refusal::Expired { id: question.id }
    } else {
        Refusal::Pending { id: question.id, open: open.saturating_sub(patience) }
    }
}
