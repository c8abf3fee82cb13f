//! One question: what is asked, what was answered so far, and who uses it.
//!
//! Times are the wall clock's, for a question outlives the daemon and the machine's
//! sleep. Not here: finding one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tollgate_admin::Answer;
use tollgate_audit::{Approver, Entry, Taken, Timestamp};
use ulid::Ulid;

use crate::settings::Approvals;

/// One person's answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// What was said.
    pub(crate) answer: Answer,
    /// By whom.
    pub(crate) by: Approver,
    /// Why.
    pub(crate) reason: Option<String>,
    /// Flags that the person added.
    pub(crate) added: Vec<String>,
}

/// One question.
#[derive(Debug)]
pub(crate) struct Open {
    /// Its id.
    pub(crate) id: Ulid,
    /// What the record said when it was asked.
    pub(crate) entry: Entry,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Approvals of those who alone are not enough.
    approvals: Vec<Answered>,
    /// The answer, and when it was given.
    answered: Option<(Answered, u64)>,
    claimed: bool,
}

/// What an answer would come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// The question is answered.
    Decides,
    /// So many more people must approve.
    Missing(u8),
    /// This person has approved already.
    Twice,
    /// Another approval narrows the command otherwise.
    Otherwise,
    /// It has an answer already.
    Late,
}

/// What the one who waits hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It may run, once.
    Approved(Claim),
    /// It may not.
    Denied(Answered),
    /// Another call was quicker to use the approval.
    Nothing,
}

/// An approval that a call is about to use: given back when dropped, and gone with the
/// intent's record.
#[derive(Debug)]
pub(crate) struct Claim {
    question: Arc<Open>,
    /// The answer.
    pub(crate) answered: Answered,
}

impl Claim {
    /// As the intent's record tells it.
    pub(crate) fn taken(&self) -> Taken {
        Taken::Approval { id: self.question.id.to_string() }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.question.state.send_if_modified(|state| {
            state.claimed = false;
            false
        });
    }
}

impl Open {
    /// A question as its record tells it.
    pub(crate) fn new(id: Ulid, entry: Entry) -> Self {
        Self { id, entry, state: watch::Sender::default() }
    }

    /// What an answer is bound to.
    pub(crate) fn binding(&self) -> &str {
        self.entry.asked.as_ref().map_or("", |asked| &asked.bound_to)
    }

    /// The outermost session that asked.
    pub(crate) fn root(&self) -> Option<&str> {
        self.entry.asked.as_ref().and_then(|asked| asked.root.as_deref())
    }

    /// How many different people must approve.
    pub(crate) fn people(&self) -> u8 {
        self.entry.asked.as_ref().map_or(1, |asked| asked.people.max(1))
    }

    /// Whether whoever approves must type a passphrase.
    pub(crate) fn needs_passphrase(&self) -> bool {
        self.entry.asked.as_ref().is_some_and(|asked| asked.passphrase)
    }

    /// Returns when it has an answer.
    pub(crate) async fn answered(&self) {
        // The sender lives in `self`, so the wait cannot fail.
        let _ = self.state.subscribe().wait_for(|state| state.answered.is_some()).await;
    }

    /// How many wait for that.
    pub(crate) fn waiting(&self) -> usize {
        self.state.receiver_count()
    }

    /// The names of those who have approved so far.
    pub(crate) fn approved(&self) -> Vec<String> {
        self.state.borrow().approvals.iter().map(|one| one.by.name.clone()).collect()
    }

    /// How much longer it stays open.
    pub(crate) fn left(&self, bounds: &Approvals) -> Duration {
        bounds.open().saturating_sub(since(self.id.timestamp_ms()))
    }

    /// Whether its time, or its answer's, is over.
    pub(crate) fn is_over(&self, bounds: &Approvals) -> bool {
        match &self.state.borrow().answered {
            Some((_, at)) => since(*at) >= bounds.answer(),
            None => self.left(bounds).is_zero(),
        }
    }

    /// Whether it has an answer.
    pub(crate) fn is_answered(&self) -> bool {
        self.state.borrow().answered.is_some()
    }

    /// Whether a call is about to use its approval.
    pub(crate) fn is_claimed(&self) -> bool {
        self.state.borrow().claimed
    }

    /// What this answer would come to.
    pub(crate) fn counts(&self, answered: &Answered) -> Counts {
        self.state.borrow().counts(answered, self.people())
    }

    /// Takes an answer that was given then.
    pub(crate) fn answer(&self, answered: Answered, at: u64) -> Counts {
        let mut counts = Counts::Late;
        self.state.send_if_modified(|state| {
            counts = state.counts(&answered, self.people());
            match counts {
                Counts::Decides => state.answered = Some((answered, at)),
                Counts::Missing(_) => state.approvals.push(answered),
                Counts::Twice | Counts::Otherwise | Counts::Late => {}
            }
            counts == Counts::Decides
        });
        counts
    }

    pub(super) fn claim(self: &Arc<Self>) -> Heard {
        let mut heard = Heard::Nothing;
        self.state.send_if_modified(|state| {
            match &state.answered {
                Some((answered, _)) if answered.answer == Answer::Deny => heard = Heard::Denied(answered.clone()),
                Some((answered, _)) if !state.claimed => {
                    heard = Heard::Approved(Claim { question: Arc::clone(self), answered: answered.clone() });
                    state.claimed = true;
                }
                _ => {}
            }
            false
        });
        heard
    }
}

impl State {
    fn counts(&self, answered: &Answered, people: u8) -> Counts {
        if self.answered.is_some() {
            return Counts::Late;
        }
        if answered.answer == Answer::Deny {
            return Counts::Decides;
        }
        if self.approvals.iter().any(|one| !differ(&one.by, &answered.by)) {
            return Counts::Twice;
        }
        if self.approvals.iter().any(|one| one.added != answered.added) {
            return Counts::Otherwise;
        }
        let given = u8::try_from(self.approvals.len()).unwrap_or(u8::MAX).saturating_add(1);
        if given < people { Counts::Missing(people - given) } else { Counts::Decides }
    }
}

/// How somebody is known who typed a passphrase.
pub(crate) const PASSPHRASE: &str = "passphrase";

/// Whether these are surely two people: two passphrases, whatever the settings call
/// those who have them, or two users.
fn differ(one: &Approver, other: &Approver) -> bool {
    match (passphrase(one), passphrase(other)) {
        (Some(one), Some(other)) => one != other,
        _ => one.uid != other.uid,
    }
}

/// Whose passphrase it was: earlier versions recorded the name alone.
fn passphrase(by: &Approver) -> Option<&str> {
    (by.how == PASSPHRASE).then(|| by.key.as_deref().unwrap_or(&by.name))
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// What a clock that was set back gives is no time at all.
fn since(at: u64) -> Duration {
    Duration::from_millis(now().saturating_sub(at))
}
