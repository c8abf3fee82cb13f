//! A question's words: as it is recorded, to the person who decides, and to the caller
//! who waits.
//!
//! What a person is shown is made of the record alone, so that a question reads the
//! same after a restart. Not here: keeping questions, and who may answer them.

mod danger;
mod like;

use tollgate_admin::Question;
use tollgate_audit::{Asked, Entry, Kind, Timestamp};
use tollgate_policies::policy::Confirm;
use tollgate_policies::show;
use ulid::Ulid;

use crate::decide::Judged;
use crate::gate::Gate;
use crate::questions::Open;
use crate::refuse::told;
use crate::words::{self, MOST};

/// The question about this call.
pub(crate) fn of(judged: &Judged, binding: &str, id: Ulid) -> Open {
    let (agent, consent) = (&judged.call.agent, judged.judgement.obligations.consent);
    let asked = Asked {
        bound_to: binding.to_owned(),
        rule: judged.judgement.rule.as_ref().map_or_else(|| "no rule".to_owned(), ToString::to_string),
        root: agent.root.clone().or_else(|| agent.session.clone()),
        people: consent.people,
        passphrase: consent.confirm == Confirm::Passphrase,
        notes: judged.judgement.rule.iter().filter_map(|rule| rule.reason.clone()).collect(),
    };
    let entry = judged.call.entry.clone();
    Open::new(id, Entry { kind: Kind::Question, id: id.to_string(), asked: Some(asked), ..entry })
}

/// As a person is shown it.
pub(crate) fn shown(gate: &Gate, open: &Open) -> Question {
    let entry = &open.entry;
    let unknown = Asked::default();
    let asked = entry.asked.as_ref().unwrap_or(&unknown);
    let folder = entry.command.as_ref().and_then(|command| command.cwd.as_ref());
    let line = |text: &str| show::text(text.as_bytes(), MOST);
    let command = words::running(entry);
    Question {
        id: open.id.to_string(),
        asked: Timestamp::try_from(open.id.datetime()).map(|at| at.to_string()).unwrap_or_default(),
        left_s: open.left(&gate.settings.approvals).as_secs(),
        agent: line(entry.agent.as_deref().unwrap_or("a person")),
        session: entry.session.as_deref().map(line),
        folder: folder.map(|folder| show::text(folder.as_slice(), MOST)).unwrap_or_default(),
        operation: line(entry.operation.as_deref().unwrap_or("unknown")),
        tier: entry.tier,
        rationale: line(entry.rationale.as_deref().unwrap_or_default()),
        also: entry.also.iter().map(|also| line(&also.operation)).collect(),
        target: words::target(entry),
        changes: words::changes(entry),
        rule: line(&asked.rule),
        known_by: entry.agent_known_by.iter().map(|evidence| line(evidence)).collect(),
        waiting: open.waiting(),
        people: open.people(),
        approved: open.approved().iter().map(|name| line(name)).collect(),
        passphrase: open.needs_passphrase(),
        dangerous: danger::words(entry),
        like_this: like::terms(entry, asked),
        notes: cut(gate, open, &command).into_iter().chain(asked.notes.iter().map(|note| line(note))).collect(),
        command,
    }
}

/// Where all of a command can be read that is longer than what is shown of it.
fn cut(gate: &Gate, open: &Open, command: &str) -> Option<String> {
    command.ends_with('…').then(|| {
        let whole = told(&gate.places, &format!("audit show {}", open.id));
        format!("the command is longer than this: `{whole}` shows more of it")
    })
}

/// What the caller reads while it waits.
pub(crate) fn waiting(gate: &Gate, open: &Open) -> String {
    let (id, command, list) = (open.id, words::running(&open.entry), told(&gate.places, "approvals"));
    format!("tollgate: waiting for a person (`{list}`): `{command}` is question {id}\n")
}
