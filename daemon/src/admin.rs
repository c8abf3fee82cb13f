//! The admin door: status, questions, answers, policies, sessions.
//!
//! One ask a connection. Who asks is told by the kernel; answers are for persons
//! ([`crate::person`]), everything that is refused is recorded.

mod agents;
mod answer;
mod approver;
mod grant;
mod ingest;
mod policy;
mod proof;
mod session;
mod token;

use std::time::Duration;

use tokio::net::UnixStream;
use tollgate_admin::{Ask, Question, Reply, Status};
use tollgate_policies::policy::Policy;
use tollgate_wire::MAX_BODY;
use tollgate_wire::frame;

use crate::approve::question::shown;
use crate::channel::{Channel, Error};
use crate::decide::observes;
use crate::gate::Gate;
use crate::identify::Agent;
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
            let all = questions(gate).map(|question| Reply::Question(Box::new(question))).chain([Reply::End {}]);
            channel.send_all(frame::Kind::Json, all.map(|reply| body(&reply))).await
        }
        Ask::Answer { id, answer, reason, approver, add } => {
            let word = answer::Word { id, answer, reason, approver, add };
            reply(channel, &answer::take(gate, &peer, word).await).await
        }
        Ask::SetPassphrase { approver, by } => reply(channel, &approver::set(gate, &peer, approver, by).await).await,
        Ask::RemovePassphrase { name, by } => reply(channel, &approver::remove(gate, &peer, name, by).await).await,
        Ask::Approvers {} => {
            for name in gate.approvers.names() {
                reply(channel, &Reply::Approver { name }).await?;
            }
            reply(channel, &Reply::End {}).await
        }
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
        Ask::Tried { option } => {
            let what = format!("to use `{}`", option.name());
            proof::refuse(gate, &peer, &what, "it comes from inside of a session").await;
            reply(channel, &Reply::Done {}).await
        }
        Ask::OpenSession { agent, id, policy } => session::hold(gate, channel, peer, &agent, id, policy).await,
    }
}

/// Sends one reply.
async fn reply(channel: &Channel, reply: &Reply) -> Result<(), Error> {
    channel.send(frame::Kind::Json, &body(reply), &[]).await
}

/// What goes into its frame.
fn body(reply: &Reply) -> Vec<u8> {
    let body = serde_json::to_vec(reply).unwrap_or_default();
    if body.len() <= MAX_BODY {
        return body;
    }
    let message = "the answer is too long to be sent".to_owned();
    serde_json::to_vec(&Reply::Failed { message }).unwrap_or_default()
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

fn questions(gate: &Gate) -> impl Iterator<Item = Question> {
    gate.questions.unanswered().into_iter().map(|open| shown(gate, &open))
}

fn failed(message: String) -> Reply {
    Reply::Failed { message }
}
