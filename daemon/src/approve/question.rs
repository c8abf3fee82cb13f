//! A question's words: to the person who decides and to the caller who waits.
//!
//! Not here: keeping questions, and who may answer them.

use tollgate_admin::Question;
use tollgate_policies::show;
use ulid::Ulid;

use crate::decide::Judged;
use crate::gate::Gate;
use crate::questions::{Binding, Open};
use crate::refuse::told;
use crate::words::{self, MOST};

/// The question about this call, asked now.
pub(crate) fn of(gate: &Gate, judged: &Judged, binding: Binding) -> Open {
    // A question has the request's id, so that the audit shows both as one.
    let id = judged.call.request.id;
    let entry = judged.call.entry.clone();
    let meaning = &judged.judgeable.operation;
    let shown = Question {
        id: id.to_string(),
        asked: asked(id),
        left_s: gate.settings.approvals.open().as_secs(),
        agent: show::text(judged.call.agent.shown().as_bytes(), MOST),
        session: judged.call.agent.session.clone(),
        command: words::running(&entry),
        folder: show::text(&judged.call.request.folder.text, MOST),
        operation: meaning.primary.operation.to_string(),
        tier: meaning.tier().map(tollgate_policies::Tier::number),
        rationale: meaning.primary.rationale.to_string(),
        also: meaning.also.iter().map(|also| also.operation.to_string()).collect(),
        target: words::target(&entry),
        rule: judged.judgement.rule.as_ref().map_or_else(|| "no rule".to_owned(), ToString::to_string),
    };
    Open::new(id, binding, shown, entry)
}

/// What the caller reads while it waits.
pub(crate) fn waiting(gate: &Gate, question: &Open) -> String {
    let (Question { id, command, .. }, list) = (&question.shown, told(&gate.places, "approvals"));
    format!("tollgate: waiting for a person (`{list}`): `{command}` is question {id}\n")
}

fn asked(id: Ulid) -> String {
    tollgate_audit::Timestamp::try_from(id.datetime()).map(|at| at.to_string()).unwrap_or_default()
}
