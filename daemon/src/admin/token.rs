//! Tokens at the admin door: a person gives them, looks at them, takes them back.

use tollgate_admin::{Reply, TokenState};
use tollgate_audit::{Timestamp, Token};
use tollgate_policies::agents;
use ulid::Ulid;

use super::proof;
use crate::gate::Gate;
use crate::refuse::told;
use crate::sys::peer::Peer;
use crate::tokens;

/// No token is good for longer: a day, in seconds.
const LONGEST_S: u64 = 24 * 60 * 60;

/// Makes a token for an agent.
pub(super) async fn issue(gate: &Gate, peer: &Peer, agent: &str, ttl_s: u64, clearance: Option<u8>) -> Reply {
    let by = match proof::of_a_person(gate, peer, "to give a token").await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    if !agents::is_name(agent) {
        return failed("an agent's name is 1 to 64 letters, digits or any of `-_.@`, and not `person`");
    }
    if !(1..=LONGEST_S).contains(&ttl_s) || clearance.is_some_and(|clearance| clearance > 4) {
        return failed("a token is good for a second to a day, and a clearance is 0 to 4");
    }
    let until = Timestamp::now().as_second().saturating_add(i64::try_from(ttl_s).unwrap_or_default());
    let Ok(until) = Timestamp::from_second(until) else { return failed("the clock is set to no time") };
    let token = Token { id: Ulid::generate().to_string(), agent: agent.to_owned(), clearance, until };
    let id = token.id.clone();
    match tokens::issue(gate, by, token).await {
        Ok(token) => Reply::Token { token, id, until: until.to_string() },
        Err(cause) => failed(&format!("the audit cannot be written: {cause}")),
    }
}

/// The tokens whose time is not over.
pub(super) fn states(gate: &Gate) -> Vec<TokenState> {
    let all = gate.tokens.all().into_iter();
    all.map(|issued| TokenState {
        id: issued.token.id,
        agent: issued.token.agent,
        clearance: issued.token.clearance,
        until: issued.token.until.to_string(),
        bound_to: issued.bound.map(|root| root.pid),
        revoked: issued.is_revoked,
    })
    .collect()
}

/// Takes one back.
pub(super) async fn revoke(gate: &Gate, peer: &Peer, id: &str) -> Reply {
    let by = match proof::of_a_person(gate, peer, "to take a token back").await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    match tokens::revoke(gate, by, id).await {
        Ok(true) => Reply::Done {},
        Ok(false) => failed(&format!("there is no token `{id}`: see `{}`", told(&gate.places, "agent tokens"))),
        Err(cause) => failed(&format!("it is taken back, but the audit cannot be written: {cause}")),
    }
}

fn failed(message: &str) -> Reply {
    Reply::Failed { message: message.to_owned() }
}
