//! Opening a session, and holding it as long as its keeper's connection.

use std::path::Path;
use std::sync::Arc;

use tollgate_admin::Reply;
use tollgate_audit::{Entry, Fact, Kind, Process, Token};
use tollgate_policies::agents;
use tollgate_policies::policy::{Layer, Policy};
use ulid::Ulid;

use super::reply;
use crate::ancestry::{self, Above};
use crate::channel::{Channel, Error};
use crate::gate::Gate;
use crate::identify::Name;
use crate::identify::name;
use crate::policies::Kept;
use crate::request::Listener;
use crate::server;
use crate::sessions::{Session, Standing};
use crate::sys::peer::Peer;
use crate::sys::process;
use crate::tokens;

/// Why a session is not opened.
enum NotOpened {
    /// It may not be: recorded, and told.
    Refused(String),
    /// It cannot be now.
    Now(String),
}

/// Opens a session for `agent`, and returns when it is over.
pub(super) async fn hold(
    gate: &Arc<Gate>,
    channel: &Channel,
    keeper: Peer,
    agent: &str,
    id: Option<String>,
    policy: Option<String>,
) -> Result<(), Error> {
    let (uid, pid) = (keeper.uid, keeper.pid);
    match open(gate, keeper, agent, id, policy).await {
        Ok((id, socket)) => {
            let gate_path = gate.places.session_gate(&id).display().to_string();
            let folder = gate.places.session(&id).display().to_string();
            reply(channel, &Reply::Session { id: id.clone(), gate: gate_path, folder }).await?;
            let listening = tokio::spawn(server::gate(Arc::clone(gate), socket, Listener::Session(id.clone())));
            // The keeper says nothing more: what comes next is its end.
            while let Ok(Some(_)) = channel.receive().await {}
            listening.abort();
            close(gate, &id, agent).await;
            Ok(())
        }
        // Whoever asks again later may have it.
        Err(NotOpened::Now(message)) => reply(channel, &Reply::Failed { message }).await,
        Err(NotOpened::Refused(message)) => {
            let entry = Entry {
                uid: Some(uid),
                pid: u32::try_from(pid).ok(),
                ..Entry::about_us(Kind::RefusedAttempt, format!("a session for `{agent}` was refused: {message}"))
            };
            if let Err(cause) = gate.record(entry).await {
                tracing::error!(%cause, "a refused session could not be recorded");
            }
            reply(channel, &Reply::Refused { message }).await
        }
    }
}

async fn open(
    gate: &Arc<Gate>,
    keeper: Peer,
    agent: &str,
    id: Option<String>,
    policy: Option<String>,
) -> Result<(String, server::Socket), NotOpened> {
    if !agents::is_name(agent) {
        return Err(refused("an agent's name is 1 to 64 letters, digits or any of `-_.@`, and not `person`"));
    }
    let process = process::named(keeper.pid).ok_or_else(|| refused("the keeper is gone"))?;
    let earlier = id.map(|id| earlier(gate, &id, agent, &process)).transpose()?;
    let own = own_policy(gate, earlier.as_ref(), policy.as_deref())?;
    let around = around(gate, &keeper, earlier.as_ref())?;
    let id = earlier.map_or_else(|| Ulid::generate().to_string(), |earlier| earlier.id);
    let standing = standing(agent, &id, own.as_ref(), &around);
    let entry = Entry {
        uid: Some(keeper.uid),
        pid: u32::try_from(keeper.pid).ok(),
        agent: Some(agent.to_owned()),
        session: Some(id.clone()),
        parent: around.parent.as_ref().map(|(parent, _)| parent.clone()),
        token: around.token,
        process: Some(process),
        facts: own.map(fact).into_iter().collect(),
        ..Entry::of(Kind::SessionOpened, id.clone())
    };
    let socket = server::of_session(gate, &id).map_err(|cause| NotOpened::Now(cause.to_string()))?;
    if !gate.sessions.open(&id, Session::new(keeper, standing)) {
        return Err(refused("this session is open already"));
    }
    if let Err(cause) = gate.record(entry).await {
        gate.sessions.close(&id);
        // The next try makes it anew, which it could not where this one is kept.
        gate.service.drop_session(&id);
        return Err(NotOpened::Now(format!("the audit cannot be written: {cause}")));
    }
    Ok((id, socket))
}

fn refused(why: &str) -> NotOpened {
    NotOpened::Refused(why.to_owned())
}

/// What an earlier daemon recorded of the session of this id: it is opened again by
/// the same process for the same agent, and by nobody else.
fn earlier(gate: &Gate, id: &str, agent: &str, keeper: &Process) -> Result<Entry, NotOpened> {
    let entry = gate.sessions.earlier(id).ok_or_else(|| refused("no session of this id is open"))?;
    if entry.agent.as_deref() == Some(agent) && entry.process.as_ref() == Some(keeper) {
        return Ok(entry);
    }
    Err(refused("the session of this id is another's"))
}

/// The policy that the session brings: the file as it is now, or, where the session is
/// opened again, as it was when it was opened first.
fn own_policy(gate: &Gate, earlier: Option<&Entry>, path: Option<&str>) -> Result<Option<(String, Policy)>, NotOpened> {
    let Some(earlier) = earlier else {
        let Some(path) = path else { return Ok(None) };
        let kept = read(path).map_err(NotOpened::Refused)?;
        gate.policies.keep(&kept).map_err(|cause| NotOpened::Now(cause.to_string()))?;
        return Ok(Some((path.to_owned(), kept.policy)));
    };
    let Some(fact) = earlier.facts.first() else { return Ok(None) };
    let kept = gate.policies.kept(&fact.sha256);
    let kept = kept.ok_or_else(|| refused("the text of the session's own policy is lost"))?;
    Ok(Some((kept.policy.sources().join(", "), kept.policy)))
}

fn fact((path, policy): (String, Policy)) -> Fact {
    Fact { path: path.as_str().into(), sha256: policy.hash().to_owned() }
}

/// What stands around a session: its calls are judged as that as well.
struct Around {
    parent: Option<(String, Standing)>,
    token: Option<Token>,
}

/// A session inside a session is its child; one in a token's tree is its agent's too.
fn around(gate: &Gate, keeper: &Peer, earlier: Option<&Entry>) -> Result<Around, NotOpened> {
    let chain = keeper.chain().map_err(|cause| NotOpened::Now(cause.to_string()))?;
    let above = ancestry::nearest(gate, &chain);
    let parent = match above {
        // The keeper itself, known from before.
        Some(Above::Keeper { session }) if earlier.is_some_and(|earlier| earlier.id == session) => {
            earlier.and_then(|earlier| earlier.parent.clone())
        }
        Some(above) => {
            let session = above.session().map(str::to_owned);
            Some(session.ok_or_else(|| refused("a session cannot be opened from under a command of the gate's"))?)
        }
        None => None,
    };
    let parent = parent.map(|id| {
        let standing = gate.sessions.standing(&id);
        // After a restart of the daemon the sessions come back in any order.
        let again = || NotOpened::Now("the session around this one is over, or not yet open again".to_owned());
        standing.map(|standing| (id, standing)).ok_or_else(again)
    });
    let token = tokens::around(gate, &chain).map_err(|wrong| refused(&wrong.to_string()))?;
    Ok(Around { parent: parent.transpose()?, token })
}

/// What the calls of a session are judged as: its agent, and everybody around it.
fn standing(agent: &str, id: &str, own: Option<&(String, Policy)>, around: &Around) -> Standing {
    let mut names = vec![Name::of(agent)];
    let mut policies: Vec<Policy> = own.iter().map(|(_, policy)| policy.clone()).collect();
    let mut root = id.to_owned();
    if let Some((_, parent)) = &around.parent {
        parent.names.iter().for_each(|outer| name::add(&mut names, outer.clone()));
        policies.extend(parent.policies.iter().cloned());
        root.clone_from(&parent.root);
    }
    around.token.iter().for_each(|token| name::add(&mut names, Name::of_token(token)));
    Standing { names, policies, root }
}

fn read(path: &str) -> Result<Kept, String> {
    let source =
        tollgate_facts::policy_files::file(Path::new(path), Layer::Session).map_err(|cause| cause.to_string())?;
    let sources = vec![source];
    let policy = Policy::parse(&sources).map_err(|problems| problems.to_string())?;
    Ok(Kept { policy, sources })
}

async fn close(gate: &Gate, id: &str, agent: &str) {
    gate.sessions.close(id);
    gate.service.drop_session(id);
    let socket = gate.places.session_gate(id);
    if let Err(cause) = std::fs::remove_file(&socket) {
        tracing::debug!(%cause, socket = %socket.display(), "a session's socket was gone already");
    }
    let entry = Entry {
        agent: Some(agent.to_owned()),
        session: Some(id.to_owned()),
        ..Entry::of(Kind::SessionClosed, id.to_owned())
    };
    if let Err(cause) = gate.record(entry).await {
        tracing::error!(%cause, "a session's end could not be recorded");
    }
    let _turn = gate.questions.turn().await;
    for question in gate.questions.close(id) {
        let message = Some("the session that asked is over".to_owned());
        let entry = Entry { kind: Kind::Expired, message, ..question.entry.clone() };
        if let Err(cause) = gate.record(entry).await {
            tracing::error!(%cause, id = %question.id, "the end of a question could not be recorded");
        }
    }
}
