//! Grants, tokens and what was used up, a line each. Not escaped: the page is.

use crate::{Grant, Taken, Token};

/// `01K... for claude-code on terraform.apply, workspace=staging-*, until 2026-02-12T14:30:22Z, 5 times`
pub(super) fn grant(grant: &Grant) -> String {
    let Grant { id, agent, operation, target, until, count } = grant;
    let target: String = target.iter().map(|(dimension, glob)| format!(", {dimension}={glob}")).collect();
    let count = count.map(|count| format!(", {count} times")).unwrap_or_default();
    format!("{id} for {agent} on {operation}{target}, until {until:.0}{count}")
}

/// `01K... of claude-code, clearance 2, until 2026-02-12T14:30:22Z`
pub(super) fn token(token: &Token) -> String {
    let Token { id, agent, clearance, until } = token;
    let clearance = clearance.map(|clearance| format!(", clearance {clearance}")).unwrap_or_default();
    format!("{id} of {agent}{clearance}, until {until:.0}")
}

/// `rate deploys (10/5m burst 3) of agent claude-code`
pub(super) fn taken(taken: &Taken) -> String {
    match taken {
        Taken::Rate { rule, of, limit } => format!("rate {rule} ({limit}) of {of}"),
        Taken::Grant { id } => format!("grant {id}"),
        Taken::Runbook { name } => format!("runbook {name}"),
        Taken::Approval { id } => format!("the answer to {id}"),
    }
}
