//! Settled -> Permitted: where the policy says so, a person decides.
//!
//! The question is recorded before anyone is told of it. The caller waits for a
//! bounded time; the question outlives the wait, and the same command run again
//! continues it. Everything that passes, asked about or not, gets its binary's
//! digest here, a look at whether the files it was judged by have changed, copies of
//! those that it brings along, and its targets written out.

mod bind;
mod binding;
pub(crate) mod change;
mod pin;
pub(crate) mod question;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_audit::Entry;
use tollgate_policies::Tier;
use tollgate_policies::policy::{Judgement, Verdict};
use ulid::Ulid;

use crate::binary::Binary;
use crate::classify::understand;
use crate::correct::Settled;
use crate::decide::{Judged, judge, observes};
use crate::gate::Gate;
use crate::identify::Call;
use crate::person;
use crate::prepare::failed;
use crate::questions::{Answered, Claim, Heard, Open};
use crate::refuse::{Refusal, Refused};
use crate::request::Request;
use crate::settings::Waiter;

/// A call that may run, once. Made by [`approve`] alone.
#[derive(Debug)]
pub(crate) struct Permitted {
    /// The call.
    pub(crate) call: Call,
    /// The real program.
    pub(crate) binary: Binary,
    /// What it owes and uses up.
    pub(crate) judgement: Judgement,
    /// The person's answer that it runs by.
    pub(crate) claim: Option<Claim>,
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
        return Err(Refused::of(judged.call, refusal));
    }
    let claim = match judged.judgement.verdict {
        Verdict::Allow => None,
        Verdict::Escalate | Verdict::Deny => match ask(gate, &judged).await {
            Ok(claim) => Some(claim),
            Err(refusal) => return Err(Refused::of(judged.call, refusal)),
        },
    };
    if let Some(claim) = &claim {
        judged.call.entry.approved_by = Some(claim.answered.by.clone());
        if let Err(refusal) = change::apply(gate, &mut judged, &claim.answered).await {
            return Err(Refused::of(judged.call, refusal));
        }
    }
    if let Some(refusal) = tightened(gate, &judged) {
        return Err(Refused::of(judged.call, refusal));
    }
    if is_changed(gate, &judged, claim.as_ref()) {
        return Err(Refused::of(judged.call, Refusal::FactsChanged));
    }
    if let Err(cause) = bind::to_what_was_judged(gate, &mut judged) {
        let refusal = failed("copy the files that the command brings along", &cause);
        return Err(Refused::of(judged.call, refusal));
    }
    pin::write_out(gate, &mut judged);
    Ok(Permitted { call: judged.call, binary: judged.binary, judgement: judged.judgement, claim, _made: Made })
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

/// Whether the files that the judgement rests on say something else by now, or the
/// program was written while a person was asked. What only reads may run on what it
/// found, where nobody was.
fn is_changed(gate: &Gate, judged: &Judged, claim: Option<&Claim>) -> bool {
    if claim.is_some() && judged.binary.is_changed() {
        return true;
    }
    let only_reads = judged.judgeable.operation.tier().is_some_and(|tier| tier < Tier::Modify);
    if judged.judgeable.read.is_empty() || (only_reads && claim.is_none()) {
        return false;
    }
    let argv = judged.call.request.strings.arguments();
    let again = understand(gate, &judged.call, &argv, &bind::copied(judged));
    again.operation != judged.judgeable.operation || again.read != judged.judgeable.read
}

/// Asks, and waits as long as the caller does. What is claimed is used up by the
/// intent's record, and given back where none comes.
async fn ask(gate: &Gate, judged: &Judged) -> Result<Claim, Refusal> {
    let binding = binding::of(gate, judged);
    let until = Instant::now() + gate.settings.approvals.wait(waiter(gate, judged));
    // A question has the request's id, so that the audit shows both as one.
    let mut id = judged.call.request.id;
    loop {
        let question = open(gate, judged, &binding, id).await?;
        match wait(gate, judged, &question, until).await? {
            Heard::Approved(claim) => return Ok(claim),
            Heard::Denied(Answered { by, reason, .. }) => return Err(Refusal::ByPerson { by, reason }),
            // An equal call was quicker to use the approval: ask again.
            Heard::Nothing => id = Ulid::generate(),
        }
    }
}

/// Who waits: somebody who typed the command has more patience than an agent.
fn waiter(gate: &Gate, judged: &Judged) -> Waiter {
    let Call { agent, request, .. } = &judged.call;
    let is_free = agent.session.is_none() && agent.parent.is_none() && agent.token.is_none();
    let peer = request.caller.peer();
    let typed = is_free && peer.chain().is_ok_and(|chain| person::typed(gate, peer, &chain).is_some());
    if typed { Waiter::Person } else { Waiter::Agent }
}

/// The question that this call waits for: an equal one that is kept, or a new one.
async fn open(gate: &Gate, judged: &Judged, binding: &str, id: Ulid) -> Result<Arc<Open>, Refusal> {
    let question = find_or_ask(gate, judged, binding, id).await?;
    let Request { caller, resumes, .. } = &judged.call.request;
    // A caller that left shows in the wait that follows.
    let _ = caller.wait_under(question.id).await;
    // Whoever asks again after a restart of the daemon has read it already.
    if *resumes != Some(question.id) {
        let _ = caller.say(&question::waiting(gate, &question)).await;
    }
    Ok(question)
}

async fn find_or_ask(gate: &Gate, judged: &Judged, binding: &str, id: Ulid) -> Result<Arc<Open>, Refusal> {
    let _turn = gate.questions.turn().await;
    if let Some(question) = gate.questions.bound_to(binding, &gate.settings.approvals) {
        return Ok(question);
    }
    let question = question::of(judged, binding, id);
    let beside = gate.questions.beside(&question);
    if beside >= gate.settings.approvals.most() {
        return Err(Refusal::Crowded { open: beside });
    }
    gate.record(question.entry.clone()).await.map_err(|cause| Refusal::unrecorded(&cause))?;
    Ok(gate.questions.keep(question))
}

/// Waits for an answer, the end of the caller's patience, or the caller's leaving.
async fn wait(gate: &Gate, judged: &Judged, question: &Arc<Open>, until: Instant) -> Result<Heard, Refusal> {
    let caller = &judged.call.request.caller;
    let patience = until.saturating_duration_since(Instant::now());
    let open = question.left(&gate.settings.approvals);
    tokio::select! {
        biased;
        () = question.answered() => Ok(gate.questions.hear(question)),
        () = caller.left() => Err(Refusal::CallerGone),
        () = tokio::time::sleep(patience.min(open)) => Err(late(question, patience, open)),
    }
}

fn late(question: &Open, patience: Duration, open: Duration) -> Refusal {
    if open <= patience {
        Refusal::Expired { id: question.id }
    } else {
        Refusal::Pending { id: question.id, open: open.saturating_sub(patience) }
    }
}
