//! Who is at the gate now, for `status`.
//!
//! Not here: who may be.

use std::collections::BTreeMap;

use tollgate_admin::AgentState;

use crate::gate::Gate;

/// Most agents that are told of: a reply is bounded.
const MOST: usize = 20;

/// Every agent with an open session or a running command, by name.
pub(super) fn present(gate: &Gate) -> Vec<AgentState> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for agent in gate.sessions.agents() {
        counts.entry(agent).or_default().0 += 1;
    }
    for agent in gate.runs.agents() {
        counts.entry(agent).or_default().1 += 1;
    }
    let state = |(agent, (sessions, runs))| AgentState { agent, sessions, runs };
    counts.into_iter().map(state).take(MOST).collect()
}
