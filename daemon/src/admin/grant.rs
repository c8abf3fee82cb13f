//! Grants at the admin door: a person makes them, looks at them, takes them back.

use std::collections::BTreeMap;

use tollgate_admin::{GrantState, Reply};
use tollgate_audit::{Approver, Entry, Grant, Kind, Timestamp};
use tollgate_policies::agents;
use ulid::Ulid;

use super::proof;
use crate::allowances::Held;
use crate::gate::Gate;
use crate::refuse::told;
use crate::sys::peer::Peer;

/// No grant is good for longer: 30 days, in seconds.
const LONGEST_S: u64 = 30 * 24 * 60 * 60;

/// What a person asks for.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) agent: String,
    pub(super) operation: String,
    pub(super) target: BTreeMap<String, String>,
    pub(super) for_s: u64,
    pub(super) count: Option<u32>,
}

/// Makes a grant.
pub(super) async fn make(gate: &Gate, peer: &Peer, wish: Wish) -> Reply {
    let by = match proof::of_a_person(gate, peer, "to make a grant").await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let grant = match granted(wish) {
        Ok(grant) => grant,
        Err(message) => return Reply::Failed { message },
    };
    match gate.record(entry(Kind::Granted, &grant, by)).await {
        Ok(_) => {
            gate.allowances.add(grant.clone());
            Reply::Grant(state(&grant, 0))
        }
        Err(cause) => Reply::Failed { message: format!("the audit cannot be written: {cause}") },
    }
}

fn granted(wish: Wish) -> Result<Grant, String> {
    let Wish { agent, operation, target, for_s, count } = wish;
    if !agents::is_name(&agent) {
        return Err("an agent's name is 1 to 64 letters, digits or any of `-_.@`, and not `person`".to_owned());
    }
    if !(1..=LONGEST_S).contains(&for_s) || count == Some(0) {
        return Err("a grant is good for a second to 30 days, and for one command at least".to_owned());
    }
    let until = Timestamp::now().as_second().saturating_add(i64::try_from(for_s).unwrap_or_default());
    let until = Timestamp::from_second(until).map_err(|cause| cause.to_string())?;
    let grant = Grant { id: Ulid::generate().to_string(), agent, operation, target, until, count };
    let held = Held::new(grant).map_err(|wrong| wrong.to_string())?;
    Ok(held.terms)
}

fn entry(kind: Kind, grant: &Grant, by: Approver) -> Entry {
    Entry {
        agent: Some(grant.agent.clone()),
        grant: Some(grant.clone()),
        approved_by: Some(by),
        ..Entry::of(kind, grant.id.clone())
    }
}

/// The grants that are in force.
pub(super) fn states(gate: &Gate) -> Vec<GrantState> {
    gate.allowances.grants().iter().map(|held| state(&held.terms, held.used)).collect()
}

fn state(grant: &Grant, used: u32) -> GrantState {
    let Grant { id, agent, operation, target, until, count } = grant.clone();
    GrantState { id, agent, operation, target, until: until.to_string(), count, used }
}

/// Takes one back.
pub(super) async fn revoke(gate: &Gate, peer: &Peer, id: &str) -> Reply {
    let by = match proof::of_a_person(gate, peer, "to take a grant back").await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let Some(grant) = gate.allowances.revoke(id) else {
        let list = told(&gate.places, "grant list");
        return Reply::Failed { message: format!("there is no grant `{id}`: see `{list}`") };
    };
    match gate.record(entry(Kind::GrantRevoked, &grant, by)).await {
        Ok(_) => Reply::Done {},
        Err(cause) => {
            let message = format!("it is taken back until the daemon ends: the audit cannot be written: {cause}");
            Reply::Failed { message }
        }
    }
}
