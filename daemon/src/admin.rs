//! The admin door: status, questions, answers, policies, sessions.
//!
//! One ask a connection. Who asks is told by the kernel; answers are for persons
//! ([`crate::person`]), everything that is refused is recorded.

mod agents;
mod grant;
mod ingest;
mod policy;
mod proof;
mod session;
mod token;

use std::time::Duration;

use tokio::net::UnixStream;
use tollgate_admin::{Answer, Ask, Question, Reply, Status};
use tollgate_audit::{Approver, Decision, Entry, Kind};
use tollgate_policies::policy::Policy;
use tollgate_wire::MAX_BODY;
use tollgate_wire::frame;

use crate::channel::{Channel, Error};
use crate::decide::observes;
use crate::gate::Gate;
use crate::identify::Agent;
use crate::person;
use crate::questions::{Answered, Found};
use crate::refuse::told;
use crate::sys::peer::Peer;

/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves one connection of the admin door.
pub(crate) async fn serve(gate: std::sync::Arc<Gate>, stream: UnixStream, peer: Peer) {
    let channel = Channel::new(stream);
    let asked = tokio::time::timeout(PATIENCE, channel.receive()).await;
    let ask = match asked {
        Ok(Ok(Some(frame))) if frame.kind == frame::Kind::Json => serde_json::from_slice::<Ask>(&frame.body),
        _ => return,
    };
    let served = match ask {
        Ok(ask) => answer(&gate, &channel, peer, ask).await,
        Err(cause) => {
            reply(&channel, &Reply::Failed { message: format!("the daemon does not know this: {cause}") }).await
        }
    };
    if let Err(cause) = served {
        tracing::debug!(%cause, "an admin connection broke");
    }
}

async fn answer(gate: &std::sync::Arc<Gate>, channel: &Channel, peer: Peer, ask: Ask) -> Result<(), Error> {
    match ask {
        Ask::Status {} => reply(channel, &Reply::Status(Box::new(status(gate)))).await,
        Ask::Questions {} => {
            for question in questions(gate) {
                reply(channel, &Reply::Question(Box::new(question))).await?;
            }
            reply(channel, &Reply::End {}).await
        }
        Ask::Answer { id, answer, reason } => reply(channel, &take(gate, &peer, &id, answer, reason).await).await,
        Ask::Policies {} => policy::texts(gate, channel).await,
        Ask::AcceptPolicy { hash } => reply(channel, &policy::accept(gate, &peer, &hash).await).await,
        Ask::Checkpoint {} => reply(channel, &checkpoint(gate).await).await,
        Ask::Ingest { source } => ingest::serve(gate, channel, &peer, &source).await,
        Ask::IssueToken { agent, ttl_s, clearance } => {
            reply(channel, &token::issue(gate, &peer, &agent, ttl_s, clearance).await).await
        }
        Ask::Tokens {} => {
            for state in token::states(gate) {
                reply(channel, &Reply::TokenState(state)).await?;
            }
            reply(channel, &Reply::End {}).await
        }
        Ask::RevokeToken { id } => reply(channel, &token::revoke(gate, &peer, &id).await).await,
        Ask::Grant { agent, operation, target, for_s, count } => {
            let wish = grant::Wish { agent, operation, target, for_s, count };
            reply(channel, &grant::make(gate, &peer, wish).await).await
        }
        Ask::Grants {} => {
            for state in grant::states(gate) {
                reply(channel, &Reply::Grant(state)).await?;
            }
            reply(channel, &Reply::End {}).await
        }
        Ask::RevokeGrant { id } => reply(channel, &grant::revoke(gate, &peer, &id).await).await,
        Ask::OpenSession { agent, id, policy } => session::hold(gate, channel, peer, &agent, id, policy).await,
    }
}

/// Sends one reply.
async fn reply(channel: &Channel, reply: &Reply) -> Result<(), Error> {
    let mut body = serde_json::to_vec(reply).unwrap_or_default();
    if body.len() > MAX_BODY {
        let message = "the answer is too long to be sent".to_owned();
        body = serde_json::to_vec(&Reply::Failed { message }).unwrap_or_default();
    }
    channel.send(frame::Kind::Json, &body, &[]).await
}

fn status(gate: &Gate) -> Status {
    let policies = gate.policies.current();
    let accepted = policies.accepted.as_ref().map(|kept| &kept.policy);
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        up_s: gate.started.elapsed().as_secs(),
        policy: accepted.map(|policy| policy.sources().to_vec()).unwrap_or_default(),
        policy_hash: policies.hash().to_owned(),
        rules: accepted.map_or(0, Policy::rules),
        observes: observes(&policies, &Agent::default()),
        policy_pending: policies.pending.as_ref().map(|kept| policy::summary(&kept.policy)),
        policy_problem: policies.trouble.as_ref().map(ToString::to_string),
        sessions: gate.sessions.count(),
        agents: agents::present(gate),
        runs: gate.runs.count(),
        questions: gate.questions.unanswered().len(),
        audit: gate.places.audit().display().to_string(),
        records: gate.audit.records(),
        syncs: gate.audit.syncs(),
        supervisors: gate.supervisors.started(),
        audit_problem: gate.audit.problem(),
        audit_lost: gate.audit.lost(),
        audit_signed: gate.audit.last_checkpoint().map(|last| last.size),
    }
}

/// The audit's head, signed now.
async fn checkpoint(gate: &Gate) -> Reply {
    let (tell, told) = tokio::sync::oneshot::channel();
    gate.audit.checkpoint(move |signed| {
        // Nobody waits any more where the connection's task has ended.
        let _ = tell.send(signed);
    });
    match told.await {
        Ok(Ok(last)) => {
            Reply::Checkpoint { note: last.map(|last| last.note), key: gate.keys.signing.public().to_string() }
        }
        Ok(Err(cause)) => failed(format!("the checkpoint cannot be written: {cause}")),
        Err(_) => failed("the audit is closed".to_owned()),
    }
}

fn questions(gate: &Gate) -> Vec<Question> {
    let bounds = &gate.settings.approvals;
    let open = gate.questions.unanswered();
    open.iter().map(|open| Question { left_s: open.left(bounds).as_secs(), ..open.shown.clone() }).collect()
}

/// Takes a person's answer: proven, recorded, then in force.
async fn take(gate: &Gate, peer: &Peer, id: &str, answer: Answer, reason: Option<String>) -> Reply {
    let proof = person::prove(gate, peer);
    let found = gate.questions.find(id);
    let by = match proof {
        Ok(by) => by,
        Err(cause) => return refuse(gate, peer, &found, id, &cause.to_string()).await,
    };
    let question = match found {
        Found::Open(question) => question,
        Found::None => return failed(format!("no open question `{id}`: see `{}`", told(&gate.places, "approvals"))),
        Found::Several => return failed(format!("several open questions start with `{id}`: give more of it")),
    };
    if question.shown.session.as_deref().is_some_and(|id| !gate.sessions.is_open(id)) {
        return failed(format!("the session that asked question `{id}` is over"));
    }
    let entry = Entry { message: reason.clone(), ..answered(question.entry.clone(), answer, by.clone()) };
    if let Err(cause) = gate.record(entry).await {
        return failed(format!("the audit cannot be written: {cause}"));
    }
    if gate.questions.answer(&question, Answered { answer, by, reason }) {
        Reply::Done {}
    } else {
        failed(format!("question `{id}` was answered already, or its time is over"))
    }
}

fn answered(entry: Entry, answer: Answer, by: Approver) -> Entry {
    let decision = match answer {
        Answer::Approve => Decision::Allow,
        Answer::Deny => Decision::Deny,
    };
    Entry {
        kind: Kind::Answer,
        decision: Some(decision),
        reason: Some("person".to_owned()),
        approved_by: Some(by),
        ..entry
    }
}

/// Records that somebody tried to answer who may not.
async fn refuse(gate: &Gate, peer: &Peer, found: &Found, id: &str, why: &str) -> Reply {
    let entry = match found {
        Found::Open(question) => question.entry.clone(),
        Found::None | Found::Several => {
            Entry::of(Kind::RefusedAnswer, tollgate_policies::show::text(id.as_bytes(), 26))
        }
    };
    let pid = u32::try_from(peer.pid).ok();
    let message = format!("uid {} process {}: {why}", peer.uid, peer.pid);
    let entry = Entry { kind: Kind::RefusedAnswer, uid: Some(peer.uid), pid, message: Some(message), ..entry };
    if let Err(cause) = gate.record(entry).await {
        tracing::error!(%cause, "a refused answer could not be recorded");
    }
    tracing::warn!(uid = peer.uid, pid = peer.pid, why, "refused an answer");
    Reply::Refused { message: why.to_owned() }
}

fn failed(message: String) -> Reply {
    Reply::Failed { message }
}
