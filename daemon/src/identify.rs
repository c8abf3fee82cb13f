//! Request -> Call: who asks?
//!
//! All evidence is collected: the socket it came through, the processes above the
//! caller, tokens, its uid; where none of them names an agent, the terminal and the
//! names of the programs above. Evidence that contradicts itself (another session's
//! socket, another tree's token), or that cannot be had, refuses the call; evidence
//! that names several agents has the call judged as each of them. The record says
//! what there was. What the command means is not looked at.

pub(crate) mod hint;
pub(crate) mod name;

use std::sync::Arc;

use tollgate_audit::{Approver, Bytes, Command, Entry, Kind, Token};
use tollgate_policies::agents::PERSON;
use tollgate_policies::policy::{AtTerminal, Door, Pin, Policy, Subject};
use tollgate_policies::scrub;

use crate::ancestry::Above;
use crate::decide::observes;
use crate::gate::Gate;
use crate::policies::InForce;
use crate::refuse::{Refusal, Refused};
use crate::request::{self, Listener, Request};
use crate::sandbox::{self, Surroundings};
use crate::sys::peer::Chain;
use crate::tokens::Wrong;
use crate::{ancestry, hidden, person, tokens};
pub(crate) use name::Name;

/// A request of which it is known who makes it. Made by [`identify`] alone.
#[derive(Debug)]
pub(crate) struct Call {
    /// The request.
    pub(crate) request: Request,
    /// Who makes it.
    pub(crate) agent: Agent,
    /// The policies that judge it.
    pub(crate) policies: Arc<InForce>,
    /// The binaries that policies name for its tool: the first is what runs, and every
    /// digest holds.
    pub(crate) pins: Vec<Pin>,
    /// Where it lives.
    pub(crate) surroundings: Surroundings,
    /// What the record will say, so far.
    pub(crate) entry: Entry,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Who calls.
#[derive(Debug, Default)]
pub(crate) struct Agent {
    /// The names that it is judged under: each must be allowed. The first is shown.
    pub(crate) names: Vec<Name>,
    /// The session it is in.
    pub(crate) session: Option<String>,
    /// The outermost session around that, or that itself.
    pub(crate) root: Option<String>,
    /// The policies that the session adds to the daemon's own.
    pub(crate) policies: Vec<Policy>,
    /// The run whose tool made this call.
    pub(crate) parent: Option<String>,
    /// The token that names it.
    pub(crate) token: Option<Token>,
    /// The person who typed it, where that is no agent.
    pub(crate) person: Option<Approver>,
    /// The evidence.
    pub(crate) known_by: Vec<String>,
}

impl Agent {
    /// The name that is shown.
    pub(crate) fn shown(&self) -> &str {
        self.names.first().map_or(Subject::UNKNOWN, |name| &name.agent)
    }

    /// Its clearance as far as it counts: the least of all names.
    pub(crate) fn clearance(&self, in_force: &InForce) -> Option<u8> {
        self.names.iter().map(|name| name.clearance(in_force)).min().flatten()
    }

    /// As the policy sees it: once for each name.
    pub(crate) fn subjects<'a>(&'a self, in_force: &'a InForce, door: Door) -> impl Iterator<Item = Subject<'a>> {
        let session = self.session.as_deref();
        self.names.iter().map(move |name| Subject {
            agent: &name.agent,
            clearance: name.clearance(in_force),
            session,
            door,
        })
    }
}

/// Finds out who asks.
pub(crate) async fn identify(gate: &Gate, mut request: Request) -> Result<Call, Box<Refused>> {
    let policies = gate.policies.current();
    let peer = request.caller.peer();
    let shown = request.strings.variable(tokens::VARIABLE.as_bytes());
    let chain = peer.chain();
    let evidence = Evidence {
        listener: &request.listener,
        tokens: match &chain {
            Ok(chain) => tokens::evidence(gate, peer, chain, shown).await,
            // That alone refuses the call.
            Err(_) => Ok(Vec::new()),
        },
        chain,
    };
    let surroundings = sandbox::look(peer, &request.state);
    let (agent, doubt) = weigh(gate, &policies, &request, evidence);
    let alive = peer.is_alive();
    let own = take_over(&mut request, &policies, &agent);
    let entry = policies.stamp(entry(gate, &policies, &request, &agent));
    let closed = policies.closed().map(str::to_owned);
    let (pins, unheld) = match own {
        Ok(pins) => (pins, None),
        Err(cause) => (Vec::new(), Some(cause.to_string())),
    };
    let doubt = doubt.or_else(|| closed.or(unheld).map(Refusal::Gate));
    let refusal = match (alive, doubt, surroundings) {
        (false, ..) => Refusal::CallerGone,
        (_, Some(doubt), _) => doubt,
        (_, _, Err(what)) => Refusal::Confined(what),
        (true, None, Ok(surroundings)) => {
            let entry = Entry { message: surroundings.note(), ..entry };
            return Ok(Call { request, agent, policies, pins, surroundings, entry, _made: Made });
        }
    };
    Err(Refused::new(request.caller, entry, refusal))
}

/// Has the tool run as the policies say, where they do; the binaries that they name.
fn take_over(request: &mut Request, in_force: &InForce, agent: &Agent) -> Result<Vec<Pin>, request::SettingError> {
    let Ok(tool) = std::str::from_utf8(&request.tool) else { return Ok(Vec::new()) };
    if observes(in_force, agent) {
        return Ok(Vec::new());
    }
    let policies = in_force.policies().chain(&agent.policies);
    let settings: Vec<_> = policies.filter_map(|policy| policy.tool(tool)).collect();
    request.take_over(&settings)?;
    Ok(settings.into_iter().filter_map(|setting| setting.pin).collect())
}

/// What tells who calls.
struct Evidence<'a> {
    listener: &'a Listener,
    /// The caller and the processes above it.
    chain: std::io::Result<Chain>,
    tokens: Result<Vec<Token>, Wrong>,
}

/// What the evidence comes to, and what is wrong with it.
fn weigh(gate: &Gate, in_force: &InForce, request: &Request, evidence: Evidence<'_>) -> (Agent, Option<Refusal>) {
    let mut agent = Agent::default();
    agent.known_by.push(format!("uid {}", request.caller.peer().uid));
    let place = place(gate, &mut agent, &evidence);
    let mut doubt = place.clone().map(Refusal::Gate);
    let mut told = place;
    match evidence.tokens {
        Ok(tokens) => tokens.into_iter().for_each(|token| agent.bears(token)),
        Err(wrong) => {
            told.get_or_insert(wrong.to_string());
            doubt.get_or_insert(wrong.into());
        }
    }
    if let (true, None, Ok(chain)) = (agent.names.is_empty(), &doubt, &evidence.chain) {
        outside(gate, in_force, request, chain, &mut agent);
    }
    if agent.names.is_empty() {
        agent.names.push(Name::unknown());
    }
    agent.known_by.extend(told);
    (agent, doubt)
}

/// Session and run, by socket and ancestry, which must agree.
fn place(gate: &Gate, agent: &mut Agent, evidence: &Evidence<'_>) -> Option<String> {
    let by_socket = match evidence.listener {
        Listener::Gate => None,
        Listener::Session(id) => Some(id.as_str()),
    };
    agent.known_by.extend(by_socket.map(|id| format!("socket of session {id}")));
    let above = match &evidence.chain {
        Ok(chain) => ancestry::nearest(gate, chain),
        Err(cause) => return Some(format!("who calls cannot be told: {cause}")),
    };
    agent.known_by.extend(above.as_ref().map(ToString::to_string));
    let session = above.as_ref().and_then(Above::session);
    if let Some(Above::Run { id, names, .. }) = &above {
        agent.parent = Some(id.clone());
        agent.names.clone_from(names);
    }
    if by_socket.is_some_and(|id| session != Some(id)) {
        return Some("the caller is not in the session whose socket it uses".to_owned());
    }
    let session = session?;
    let Some(standing) = gate.sessions.standing(session) else {
        return Some("the session around the caller is over, or not yet known again to this daemon".to_owned());
    };
    agent.session = Some(session.to_owned());
    agent.root = Some(standing.root);
    agent.policies = standing.policies;
    standing.names.into_iter().for_each(|name| name::add(&mut agent.names, name));
    None
}

impl Agent {
    fn bears(&mut self, token: Token) {
        self.known_by.push(format!("token {} of `{}`", token.id, token.agent));
        name::add(&mut self.names, Name::of_token(&token));
        self.token = Some(token);
    }
}

/// Who calls from outside every session, run and token: whoever the policy says that
/// this user is, a person at a terminal, or an agent that a program's name hints at.
fn outside(gate: &Gate, in_force: &InForce, request: &Request, chain: &Chain, agent: &mut Agent) {
    let peer = request.caller.peer();
    for policy in in_force.policies() {
        for name in policy.agents_of_uid(peer.uid) {
            agent.known_by.push(format!("uid {} is `{name}` by the policy", peer.uid));
            name::add(&mut agent.names, Name::of(name));
        }
    }
    if let Some((name, pid)) = gate.hints.above(chain, in_force) {
        agent.known_by.push(format!("a hint: process {pid} above is `{name}`"));
        name::add(&mut agent.names, Name::of(name));
        name::add(&mut agent.names, Name::unknown());
    }
    if !agent.names.is_empty() || in_force.at_terminal() == AtTerminal::Asks {
        return;
    }
    if let Some(person) = person::typed(gate, peer, chain) {
        agent.known_by.push(format!("a person at {}", person.from.as_deref().unwrap_or("a terminal")));
        agent.names.push(Name::person());
        agent.person = Some(person);
    }
}

/// What is known of the call before anyone asked what it means.
fn entry(gate: &Gate, in_force: &InForce, request: &Request, agent: &Agent) -> Entry {
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
        agent: Some(agent.shown()).filter(|name| *name != PERSON).map(str::to_owned),
        agent_known_by: agent.known_by.clone(),
        clearance: agent.clearance(in_force),
        session: agent.session.clone(),
        token: agent.token.clone(),
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
