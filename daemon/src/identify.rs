//! Request -> Call: who asks?
//!
//! All evidence is collected: the socket it came through, the processes above
//! the caller, its uid. Where the evidence differs or cannot be had the call is
//! refused, and the record says so: an unknown agent is not always the least, for
//! it has no session whose own policy would hold. What the command means is not
//! looked at.

use std::sync::Arc;

use tollgate_audit::{Bytes, Command, Entry, Kind};
use tollgate_policies::policy::{Door, Policy, Subject};
use tollgate_policies::scrub;

use crate::ancestry;
use crate::ancestry::Above;
use crate::gate::Gate;
use crate::policies::InForce;
use crate::refuse::{Refusal, Refused};
use crate::request::{self, Listener, Request};
use crate::sandbox::{self, Surroundings};
use crate::{ancestry, hidden};

/// A request of which it is known who makes it. Made by [`identify`] alone.
#[derive(Debug)]
pub(crate) struct Call {
    /// The request.
    pub(crate) request: Request,
    /// Who makes it.
    pub(crate) agent: Agent,
    /// The policies that judge it.
    pub(crate) policies: Arc<InForce>,
    /// Where it lives.
    pub(crate) surroundings: Surroundings,
    /// What the record will say, so far.
    pub(crate) entry: Entry,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Who calls.
#[derive(Debug)]
pub(crate) struct Agent {
    /// The name that rules match.
    pub(crate) name: String,
    /// Its clearance, as the policy gives it.
    pub(crate) clearance: Option<u8>,
    /// The session it is in.
    pub(crate) session: Option<String>,
    /// The policies that the session adds to the daemon's own.
    pub(crate) policies: Vec<Policy>,
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
pub(crate) fn identify(gate: &Gate, mut request: Request) -> Result<Call, Box<Refused>> {
    let peer = request.caller.peer();
    let evidence = Evidence { listener: &request.listener, above: ancestry::nearest(gate, peer) };
    let surroundings = sandbox::look(peer, &request.state);
    let alive = peer.is_alive();
    let policies = gate.policies.current();
    let (agent, doubt) = weigh(gate, &policies, peer.uid, &evidence);
    let own = take_over(&mut request, &policies, &agent);
    let entry = policies.stamp(entry(gate, &request, &agent));
    let closed = policies.closed().map(str::to_owned);
    let unheld = own.err().map(|cause| cause.to_string());
    let refusal = match (alive, doubt.or(closed).or(unheld), surroundings) {
        (false, ..) => Refusal::CallerGone,
        (_, Some(doubt), _) => Refusal::Gate(doubt),
        (_, _, Err(what)) => Refusal::Confined(what),
        (true, None, Ok(surroundings)) => {
            let entry = Entry { message: surroundings.note(), ..entry };
            return Ok(Call { request, agent, policies, surroundings, entry, _made: Made });
        }
    };
    Err(Refused::new(request.caller, entry, refusal))
}

/// Has the tool run as the policies say, where they do.
fn take_over(request: &mut Request, in_force: &InForce, agent: &Agent) -> Result<(), request::SettingError> {
    let Ok(tool) = std::str::from_utf8(&request.tool) else { return Ok(()) };
    let policies = in_force.policies().chain(&agent.policies);
    let settings: Vec<_> = policies.filter_map(|policy| policy.tool(tool)).collect();
    request.take_over(&settings)
}

/// What tells who calls.
struct Evidence<'a> {
    listener: &'a Listener,
    above: std::io::Result<Option<Above>>,
}

/// What the evidence comes to, and what is wrong with it.
fn weigh(gate: &Gate, in_force: &InForce, uid: u32, evidence: &Evidence<'_>) -> (Agent, Option<String>) {
    let mut known_by = vec![format!("uid {uid}")];
    let by_socket = match evidence.listener {
        Listener::Gate => None,
        Listener::Session(id) => Some(id.as_str()),
    };
    known_by.extend(by_socket.map(|id| format!("socket of session {id}")));
    let (above, mut doubt) = match &evidence.above {
        Ok(above) => (above.as_ref(), None),
        Err(cause) => (None, Some(format!("who calls cannot be told: {cause}"))),
    };
    known_by.extend(above.map(ToString::to_string));
    let by_ancestry = above.and_then(Above::session);
    if by_socket.is_some_and(|id| by_ancestry != Some(id)) {
        doubt.get_or_insert_with(|| "the caller is not in the session whose socket it uses".to_owned());
    }
    let session = by_ancestry.filter(|_| doubt.is_none());
    let known = session.and_then(|id| gate.sessions.agent_and_policies(id));
    if session.is_some() && known.is_none() {
        doubt = Some("the session around the caller is over".to_owned());
    }
    known_by.extend(doubt.clone());
    let (name, policies) = known.unwrap_or_else(|| (Subject::UNKNOWN.to_owned(), Vec::new()));
    let clearances = in_force.policies().map(|policy| policy.agent(&name).and_then(|entry| entry.clearance));
    let clearance = clearances.min().flatten();
    let parent = match above {
        Some(Above::Run { id, .. }) => Some(id.clone()),
        _ => None,
    };
    (Agent { name, clearance, session: session.map(str::to_owned), policies, parent, known_by }, doubt)
}

/// What is known of the call before anyone asked what it means.
fn entry(gate: &Gate, request: &Request, agent: &Agent) -> Entry {
    let arguments = request.strings.arguments();
    let scrubbed = scrub::argv(gate.grammars, &request.tool, &arguments);
    let taken_out = hidden::values(&gate.keys.hashing, &arguments, &scrubbed);
    let command = Command {
        argv: scrubbed.into_iter().map(Bytes::from).collect(),
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
        argv_hash: Some(hidden::argv(&gate.keys.hashing, &arguments)),
        scrubbed: taken_out,
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
