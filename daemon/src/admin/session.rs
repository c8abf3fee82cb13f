//! Opening a session, and holding it as long as its keeper's connection.

use std::path::Path;
use std::sync::Arc;

use tollgate_admin::Reply;
use tollgate_audit::{Entry, Kind};
use tollgate_policies::policy::Policy;
use ulid::Ulid;

use super::reply;
use crate::ancestry;
use crate::channel::{Channel, Error};
use crate::gate::Gate;
use crate::request::Listener;
use crate::server;
use crate::sessions::Session;
use crate::sys::peer::Peer;

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
        Err(message) => {
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
) -> Result<(String, server::Socket), String> {
    named_well(agent)?;
    let id = match id {
        Some(id) => earlier(&id)?,
        None => Ulid::generate().to_string(),
    };
    let mut policies: Vec<Policy> = policy.map(|path| read(&path)).transpose()?.into_iter().collect();
    let (parent, inherited) = above(gate, &keeper, agent)?.unzip();
    policies.extend(inherited.into_iter().flatten());
    let uid = keeper.uid;
    let pid = keeper.pid;
    let socket = server::listen(&gate.places.session_gate(&id)).map_err(|cause| cause.to_string())?;
    if !gate.sessions.open(&id, Session::new(agent.to_owned(), keeper, policies)) {
        return Err(format!("session {id} is open already"));
    }
    let entry = Entry {
        uid: Some(uid),
        pid: u32::try_from(pid).ok(),
        agent: Some(agent.to_owned()),
        session: Some(id.clone()),
        parent,
        ..Entry::of(Kind::SessionOpened, id.clone())
    };
    if let Err(cause) = gate.record(entry).await {
        gate.sessions.close(&id);
        return Err(format!("the audit cannot be written: {cause}"));
    }
    Ok((id, socket))
}

/// A session inside a session is its child: the same agent, under its policies too.
/// Gives the parent's id and what the child is bound by.
fn above(gate: &Gate, keeper: &Peer, agent: &str) -> Result<Option<(String, Vec<Policy>)>, String> {
    let above = ancestry::nearest(gate, keeper).map_err(|cause| cause.to_string())?;
    let Some(above) = above else { return Ok(None) };
    let Some(parent) = above.session() else {
        return Err("a session cannot be opened from under a command of the gate's".to_owned());
    };
    match gate.sessions.agent_and_policies(parent) {
        Some((name, policies)) if name == agent => Ok(Some((parent.to_owned(), policies))),
        Some((name, _)) => Err(format!("inside a session of agent `{name}` a session can be opened for it alone")),
        None => Err("the session around this one is over".to_owned()),
    }
}

/// An id that a daemon gave earlier: a session is registered again under its own.
fn earlier(id: &str) -> Result<String, String> {
    let given = Ulid::from_string(id).ok().filter(|given| given.to_string() == id);
    let given = given.filter(|given| given.datetime() <= std::time::SystemTime::now());
    given.map(|given| given.to_string()).ok_or_else(|| "this is no session's id".to_owned())
}

fn named_well(agent: &str) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    if agent.is_empty() || agent.len() > 64 || !agent.bytes().all(fits) {
        return Err("an agent's name is 1 to 64 letters, digits or any of `-_.@`".to_owned());
    }
    Ok(())
}

fn read(path: &str) -> Result<Policy, String> {
    let source = tollgate_facts::policy_files::file(Path::new(path), tollgate_policies::policy::Layer::Session)
        .map_err(|cause| cause.to_string())?;
    Policy::parse(&[source]).map_err(|problems| problems.to_string())
}

async fn close(gate: &Gate, id: &str, agent: &str) {
    gate.sessions.close(id);
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
}
