//! A person's answer at the admin door: proven, recorded, then in force.
//!
//! Whatever does not count is recorded too: who is no person, a wrong passphrase, a
//! second answer, an id that names nothing. Not here: what an answer is bound to and
//! how it is used up (`questions`, `approve`).

use tollgate_admin::{Answer, ENOUGH, Proof, Reply};
use tollgate_audit::{Approver, Bytes, Decision, Entry, Kind};
use tollgate_policies::show;

use super::approver;
use crate::approve::change;
use crate::gate::Gate;
use crate::person::{self, NotAPerson};
use crate::questions::{Answered, Counts, Found, Open, now};
use crate::sys::peer::Peer;

/// Most characters of a reason that are kept.
const MOST: usize = 1000;

/// What somebody says.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) id: String,
    pub(super) answer: Answer,
    pub(super) reason: Option<String>,
    pub(super) approver: Option<Proof>,
    pub(super) add: Vec<String>,
}

/// Why an answer does not count.
enum No {
    /// Whoever gave it may not.
    Refused(String),
    /// It cannot be.
    Failed(String),
    /// A passphrase must come with it: asked for, not refused.
    Passphrase,
}

/// Takes an answer.
pub(super) async fn take(gate: &Gate, peer: &Peer, word: Word) -> Reply {
    // Whoever hides in a long chain of processes keeps nobody else from answering.
    let proof = person::prove(gate, peer);
    let _turn = gate.questions.turn().await;
    let found = gate.questions.find(&word.id);
    match weigh(gate, proof, &word, &found).await {
        Ok((question, answered)) => count(gate, &question, answered).await,
        Err(No::Passphrase) => Reply::Passphrase { names: gate.approvers.names() },
        Err(No::Refused(why)) => {
            record_refused(gate, peer, &found, &word, &why).await;
            Reply::Refused { message: why }
        }
        Err(No::Failed(why)) => {
            record_refused(gate, peer, &found, &word, &why).await;
            Reply::Failed { message: why }
        }
    }
}

/// Whether it counts.
async fn weigh(
    gate: &Gate,
    proof: Result<Approver, NotAPerson>,
    word: &Word,
    found: &Found,
) -> Result<(std::sync::Arc<Open>, Answered), No> {
    let by = proof.map_err(|cause| No::Refused(cause.to_string()))?;
    let id = show::text(word.id.as_bytes(), 26);
    let question = match found {
        Found::Open(question) => question,
        Found::None => {
            let why = format!("no open question `{id}`: it was answered already, its time is over, or it never was");
            return Err(No::Failed(format!("{why}; see `tollgate approvals`")));
        }
        Found::Short => {
            let why = format!("`{id}` is too short to mean one question: give {ENOUGH} letters of its id or more");
            return Err(No::Failed(format!("{why}; see `tollgate approvals`")));
        }
        Found::Several => {
            return Err(No::Failed(format!("several open questions start with `{id}`: give more of it")));
        }
    };
    let session = question.entry.session.as_deref();
    if session.is_some_and(|session| !gate.sessions.is_open(session)) {
        return Err(No::Failed(format!("the session that asked question `{id}` is over")));
    }
    let by = confirmed(gate, by, word, question).await?;
    change::check(&word.add).map_err(No::Failed)?;
    if word.answer == Answer::Deny && !word.add.is_empty() {
        return Err(No::Failed("a denied command is not changed".to_owned()));
    }
    let reason = word.reason.as_ref().map(|reason| reason.chars().take(MOST).collect());
    let answered = Answered { answer: word.answer, by, reason, added: word.add.clone() };
    match question.counts(&answered) {
        Counts::Decides | Counts::Missing(_) => Ok((std::sync::Arc::clone(question), answered)),
        Counts::Twice => Err(No::Failed("the other approval must be another person's".to_owned())),
        Counts::Otherwise => Err(No::Failed("the first approval adds other flags: both must be equal".to_owned())),
        Counts::Late => Err(No::Failed(format!("question `{id}` was answered already"))),
    }
}

/// Who it is, by a passphrase where one was given or must be. A no needs none.
async fn confirmed(gate: &Gate, by: Approver, word: &Word, question: &Open) -> Result<Approver, No> {
    match &word.approver {
        Some(proof) => approver::verified(gate, by, proof).await.map_err(|cause| No::Refused(cause.to_string())),
        None if word.answer == Answer::Deny || !question.needs_passphrase() => Ok(by),
        None if gate.approvers.names().is_empty() => {
            let why = "it needs a passphrase, and nobody has one: `tollgate approver add NAME` sets one";
            Err(No::Failed(why.to_owned()))
        }
        None => Err(No::Passphrase),
    }
}

/// Records it, then has it count.
async fn count(gate: &Gate, question: &Open, answered: Answered) -> Reply {
    if let Err(cause) = gate.record(entry(question, &answered)).await {
        return Reply::Failed { message: format!("the audit cannot be written: {cause}") };
    }
    match question.answer(answered, now()) {
        Counts::Missing(missing) => Reply::Partly { missing },
        Counts::Decides | Counts::Twice | Counts::Otherwise | Counts::Late => Reply::Done {},
    }
}

fn entry(question: &Open, answered: &Answered) -> Entry {
    let decision = match answered.answer {
        Answer::Approve => Decision::Allow,
        Answer::Deny => Decision::Deny,
    };
    Entry {
        kind: Kind::Answer,
        decision: Some(decision),
        reason: Some("person".to_owned()),
        approved_by: Some(answered.by.clone()),
        added: answered.added.iter().map(|flag| Bytes::from(flag.as_bytes().to_vec())).collect(),
        message: answered.reason.clone(),
        ..question.entry.clone()
    }
}

/// Records that an answer did not count.
async fn record_refused(gate: &Gate, peer: &Peer, found: &Found, word: &Word, why: &str) {
    let entry = match found {
        Found::Open(question) => question.entry.clone(),
        Found::None | Found::Several | Found::Short => {
            Entry::of(Kind::RefusedAnswer, show::text(word.id.as_bytes(), 26))
        }
    };
    let message = format!("uid {} process {}: {why}", peer.uid, peer.pid);
    let (uid, pid) = (Some(peer.uid), u32::try_from(peer.pid).ok());
    let entry = Entry { kind: Kind::RefusedAnswer, uid, pid, message: Some(message), ..entry };
    if let Err(cause) = gate.record(entry).await {
        tracing::error!(%cause, "a refused answer could not be recorded");
    }
    tracing::warn!(uid = peer.uid, pid = peer.pid, why, "refused an answer");
}
