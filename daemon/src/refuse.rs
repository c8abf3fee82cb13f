//! The one way out for what does not run: recorded first, then told.
//!
//! Every refusal has a row in README's table of exit codes. Its words are in
//! [`words`].

mod words;

pub(crate) use words::{changed, timed_out, told};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tollgate_audit::{Approver, Decision, Entry, Kind};
use tollgate_policies::policy::{Judgement, Reason, Verdict};
use tollgate_wire::exit;
use tollgate_wire::message::{End, Failure};
use ulid::Ulid;

use crate::allowances::Short;
use crate::caller::Caller;
use crate::classify::understand;
use crate::decide::judge;
use crate::gate::Gate;
use crate::identify::Call;

/// The reason that is recorded and told where our time limit ended a command.
pub(crate) const TIMED_OUT: &str = "timed_out";

/// Why a request does not run.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The policy, or its default, says no.
    Denied {
        /// Its word.
        judgement: Box<Judgement>,
        /// A milder command that this agent may run.
        hint: Option<String>,
    },
    /// Rules offer another argv in its place: this is the policy's word on that.
    Suggested(Verdict),
    /// Rules would correct it, and that cannot be done.
    Uncorrectable(String),
    /// A person says no.
    ByPerson {
        /// Who.
        by: Approver,
        /// Why.
        reason: Option<String>,
    },
    /// The caller's wait is over, the question is still open.
    Pending {
        /// The question.
        id: Ulid,
        /// How much longer it stays open.
        open: Duration,
    },
    /// The question's time is over.
    Expired {
        /// The question.
        id: Ulid,
    },
    /// So many questions of the same session wait for a person already.
    Crowded {
        /// How many.
        open: usize,
    },
    /// What the person added cannot be, or would do more than was asked.
    Unchangeable(String),
    /// A bucket is empty.
    Rate {
        /// The rule that limits.
        rule: String,
        /// When there is a token again.
        wait: Duration,
    },
    /// What stood for a person's answer was used up by another call just now.
    CoverGone,
    /// There is no real binary of that name.
    NotFound,
    /// There is one, but it cannot be executed.
    NotExecutable(PathBuf),
    /// The kernel would not execute it: this errno.
    NotSpawned(i32),
    /// It could not be given what its caller has.
    NotReady(Failure),
    /// The caller's sandbox does not let the supervisor be executed.
    NotBorn {
        /// The supervisor.
        program: PathBuf,
        /// The kernel's word.
        errno: i32,
    },
    /// The binary is not the one whose digest the policy names.
    OtherBinary,
    /// The policy asks for something else than when it was judged.
    PolicyChanged,
    /// A file that the judgement rests on has changed since.
    FactsChanged,
    /// The caller lives under limits that a tool of ours would not have.
    Confined(String),
    /// The gate itself failed, or cannot do it now.
    Gate(String),
    /// The gate does not do it, and will not before somebody changes something.
    Lasting(String),
    /// The caller went away before anything ran.
    CallerGone,
}

impl Refusal {
    /// The audit could not take a record.
    pub(crate) fn unrecorded(cause: &Arc<tollgate_audit::Error>) -> Self {
        Self::Gate(format!("the audit cannot be written: {cause}"))
    }

    /// Its row in README's table.
    fn row(&self) -> Row {
        use Decision::{Deny, Escalate, None};
        use Retry::{Later, Never};
        let (decision, reason, code, retry) = match self {
            Self::Denied { judgement, .. } => {
                (Deny, judgement.reason.map_or("default", Reason::name), exit::DENIED, Never)
            }
            Self::Suggested(_) => (Deny, "suggest", exit::DENIED, Never),
            Self::Uncorrectable(_) => (Deny, Reason::Argument.name(), exit::DENIED, Never),
            Self::OtherBinary => (Deny, Reason::Rule.name(), exit::DENIED, Never),
            Self::ByPerson { .. } => (Deny, "person", exit::DENIED, Never),
            Self::Rate { .. } => (Deny, "rate", exit::TRY_AGAIN, Later),
            Self::Pending { .. } => (Escalate, "pending", exit::TRY_AGAIN, Later),
            Self::Expired { .. } => (Escalate, "expired", exit::TRY_AGAIN, Later),
            Self::Crowded { .. } => (Escalate, "crowded", exit::TRY_AGAIN, Later),
            Self::NotFound | Self::NotSpawned(nix::libc::ENOENT) => (None, "not_found", exit::NOT_FOUND, Never),
            Self::NotExecutable(_) | Self::NotSpawned(_) => (None, "not_executable", exit::NOT_EXECUTABLE, Never),
            Self::PolicyChanged | Self::FactsChanged | Self::CoverGone | Self::Gate(_) => {
                (None, "gate", exit::GATE, Later)
            }
            Self::NotBorn { .. } | Self::NotReady(_) | Self::Unchangeable(_) | Self::Confined(_) | Self::Lasting(_) => {
                (None, "gate", exit::GATE, Never)
            }
            Self::CallerGone => (None, "caller_gone", exit::GATE, Never),
        };
        Row { decision, reason, code, retry }
    }
}

/// What is recorded and told of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    /// The verdict.
    decision: Decision,
    /// The reason.
    reason: &'static str,
    /// How the shim ends.
    code: u8,
    /// Whether an agent should try again.
    retry: Retry,
}

/// Whether the same call may do better later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    /// It may, with nobody changing anything here.
    Later,
    /// It meets the same refusal until somebody does.
    Never,
}

impl From<Short> for Refusal {
    fn from(short: Short) -> Self {
        match short {
            Short::Rate { rule, wait } => Self::Rate { rule, wait },
            Short::Cover => Self::CoverGone,
        }
    }
}

/// A refusal, with everything that is known of what is refused.
#[derive(Debug)]
pub(crate) struct Refused {
    caller: Caller,
    entry: Entry,
    refusal: Refusal,
}

impl Refused {
    /// Ends the line for this caller.
    pub(crate) fn new(caller: Caller, entry: Entry, refusal: Refusal) -> Box<Self> {
        Box::new(Self { caller, entry, refusal })
    }

    /// Ends the line of this call, as far as it is known.
    pub(crate) fn of(call: Call, refusal: Refusal) -> Box<Self> {
        Self::new(call.request.caller, call.entry, refusal)
    }
}

/// Records a refusal, then tells the caller.
pub(crate) async fn refuse(gate: &Gate, refused: Refused) {
    let Refused { caller, entry, refusal } = refused;
    let row = refusal.row();
    let entry = Entry {
        kind: Kind::Refused,
        decision: Some(row.decision),
        reason: Some(row.reason.to_owned()),
        approved_by: match &refusal {
            Refusal::ByPerson { by, .. } => Some(by.clone()),
            _ => entry.approved_by.clone(),
        },
        message: words::note(&entry, &refusal),
        ..entry
    };
    // Where the record cannot be written the command does not run either: it is
    // told all the same, and the writer keeps count of the gap.
    if let Err(cause) = gate.record(entry.clone()).await {
        tracing::error!(id = %entry.id, %cause, "a refusal could not be recorded");
    }
    // A caller that has gone away needs no words.
    let _ = caller.say(&words::text(&gate.places, &entry, &refusal)).await;
    let _ = caller.end(End::Exited(row.code)).await;
    tracing::info!(id = %entry.id, reason = row.reason, "refused");
}

/// A milder command, only where it was itself judged allow for this agent.
pub(crate) fn hint(gate: &Gate, call: &Call, meaning: &tollgate_policies::Operation) -> Option<String> {
    let argv = meaning.milder.as_ref()?.argv(&call.request.strings.arguments());
    let judgeable = understand(gate, call, &argv, &[]);
    let allowed = judge(gate, &call.policies, call, &judgeable).verdict == Verdict::Allow;
    allowed.then(|| tollgate_policies::show::command(&argv, 200))
}

#[cfg(test)]
mod tests;
