//! What can have happened: the kinds of records.
//!
//! To add one, add its lines to the list below and regenerate the JSON Schema
//! (`schema`): names, filters and pages follow from the list.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal,)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum Kind {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $kind,)+
            /// A kind of a later version; never written.
            #[default]
            #[serde(other, rename = "other")]
            Other,
        }

        impl Kind {
            /// Every kind that this version writes.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Its name in records.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                    Self::Other => "other",
                }
            }
        }
    };
}

kinds! {
    /// A command is allowed and about to run: durable before it does.
    Intent = "intent",
    /// It has ended.
    Outcome = "outcome",
    /// A command is refused.
    Refused = "refused",
    /// A person is asked.
    Question = "question",
    /// A person has answered.
    Answer = "answer",
    /// An answer is refused: whoever gave it may not.
    RefusedAnswer = "refused_answer",
    /// A question's time is over.
    Expired = "expired",
    /// Another attempt is refused: a session, a looser policy, a foreign record.
    RefusedAttempt = "refused_attempt",
    /// An agent's session begins.
    SessionOpened = "session_opened",
    /// It ends.
    SessionClosed = "session_closed",
    /// A policy is accepted: by a person, or as the first of all.
    PolicyAccepted = "policy_accepted",
    /// The policy has changed: it tightens at once, and loosens once accepted.
    PolicyPending = "policy_pending",
    /// The policy has changed and cannot be used.
    PolicyRefused = "policy_refused",
    /// Somebody's passphrase is set, or taken away.
    ApproverSet = "approver_set",
    /// A person made an exception.
    Granted = "granted",
    /// A person took one back.
    GrantRevoked = "grant_revoked",
    /// A person made a token for an agent.
    TokenIssued = "token_issued",
    /// A token was used first: it belongs to that process's descendants.
    TokenBound = "token_bound",
    /// A person took a token back.
    TokenRevoked = "token_revoked",
    /// The daemon starts.
    Started = "started",
    /// The daemon stops.
    Stopped = "stopped",
    /// The daemon holds a run again that its predecessor started.
    Adopted = "adopted",
    /// A run's end is not known: daemon and supervisor both went away.
    Interrupted = "interrupted",
    /// A crash had torn the log's end; the writer has cut it.
    Recovered = "recovered",
    /// Records could not be written.
    Gap = "gap",
    /// A new key signs checkpoints from here on.
    KeyMade = "key_made",
    /// Another recorder's event, as it told it.
    Foreign = "foreign",
    /// The oldest segments are removed, as the settings ask; a signed note is the new beginning.
    Trimmed = "trimmed",
    /// An older record that still matters, said again before its segment is removed.
    Carried = "carried",
}
