//! Request -> Call: who asks?
//!
//! All evidence is collected: the socket it came through, the processes above
//! the caller, its uid. Where the evidence differs, the agent is the least of
//! them, nobody known, and the record says so. What the command means is not
//! looked at.

use tollgate_audit::{Bytes, Command, Entry, Kind};
use tollgate_policies::policy::{Door, Subject};
use tollgate_policies::scrub;

use crate::ancestry::Above;
use crate::gate::Gate;
use crate::refuse::{Refusal, Refused};
use crate::request::{Listener, Request};
use crate::{ancestry, sandbox};

/// A request of which it is known who makes it. Made by [`identify`] alone.
#[derive(Debug)]
pub(crate) struct Call {
    /// The request.
    pub(crate) request: Request,
    /// Who makes it.
    pub(crate) agent: Agent,
    /// What the record will say, so far.
    pub(crate) entry: Entry,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    /// The name that rules match.
    pub(crate) name: String,
    /// Its clearance, as the policy gives it.
    pub(crate) clearance: Option<u8>,
    /// The session it is in.
    pub(crate) session: Option<String>,
    /// The run whose tool made this call.
    pub(crate) parent: Option<String>,
    /// The evidence.
    pub(crate) known_by: Vec<String>,
}

impl Agent {
    /// As the policy sees it.
    pub(crate) fn subject(&self, door: Door) -> Subject<'_> {
        Subject { agent: &self.name, clearance: self.clearance, session: self.session.as_deref(), door }
    }
}

/// Finds out who asks.
pub(crate) fn identify(gate: &Gate, request: Request) -> Result<Call, Box<Refused>> {
    let peer = request.caller.peer();
    let above = ancestry::nearest(gate, peer.pid);
    let confined = sandbox::differs(peer);
    let alive = peer.is_alive();
    let agent = weigh(gate, &request, above);
    let entry = entry(gate, &request, &agent);
    if !alive {
        return Err(Refused::new(request.caller, entry, Refusal::CallerGone));
    }
    if let Some(what) = confined {
        return Err(Refused::new(request.caller, entry, Refusal::Confined(what)));
    }
    Ok(Call { request, agent, entry, _made: Made })
}

/// What the evidence comes to.
fn weigh(gate: &Gate, request: &Request, above: Option<Above>) -> Agent {
    let mut known_by = vec![format!("uid {}", request.caller.peer().uid)];
    let by_socket = match &request.listener {
        Listener::Gate => None,
        Listener::Session(id) => {
            known_by.push(format!("socket of session {id}"));
            Some(id.clone())
        }
    };
    let parent = match &above {
        Some(Above::Run { id, .. }) => Some(id.clone()),
        _ => None,
    };
    let by_ancestry = above.as_ref().map(|above| {
        known_by.push(above.to_string());
        above.session().map(str::to_owned)
    });
    let session = match (by_socket, by_ancestry) {
        (Some(socket), Some(Some(ancestry))) if socket == ancestry => Some(socket),
        (None, Some(ancestry)) => ancestry,
        (None, None) => None,
        (Some(_), _) => {
            known_by.push("the evidence differs".to_owned());
            None
        }
    };
    let name = session.as_deref().and_then(|id| gate.sessions.agent(id));
    let name = name.unwrap_or_else(|| Subject::UNKNOWN.to_owned());
    let clearance = gate.policy.agent(&name).and_then(|entry| entry.clearance);
    Agent { name, clearance, session, parent, known_by }
}

/// What is known of the call before anyone asked what it means.
fn entry(gate: &Gate, request: &Request, agent: &Agent) -> Entry {
    let arguments = request.strings.arguments();
    let command = Command {
        argv: scrub::argv(gate.grammars, &request.tool, &arguments).into_iter().map(Bytes::from).collect(),
        cwd: Some(Bytes::from(request.folder.text.clone())),
        ..Command::default()
    };
    Entry {
        parent: agent.parent.clone(),
        door: Some(door(request.door).name().to_owned()),
        uid: Some(request.caller.peer().uid),
        pid: u32::try_from(request.caller.peer().pid).ok(),
        agent: Some(agent.name.clone()),
        agent_known_by: agent.known_by.clone(),
        session: agent.session.clone(),
        command: Some(command),
        policy_hash: Some(gate.policy.hash().to_owned()),
        ..Entry::of(Kind::Refused, request.id.to_string())
    }
}

/// The door, in the policy's word for it.
pub(crate) fn door(door: tollgate_wire::request::Door) -> Door {
    match door {
        tollgate_wire::request::Door::Shim => Door::Shim,
        tollgate_wire::request::Door::Exec => Door::Exec,
    }
}
