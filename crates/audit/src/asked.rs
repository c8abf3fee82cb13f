//! What a question asks of people, and who may answer with a passphrase, as records
//! say it: the daemon rebuilds its open questions and its approvers from these.
//!
//! Not here: the command itself, which the question's record tells as every other.

use serde::{Deserialize, Serialize};

/// What a question asks, beside what its record says of the command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Asked {
    /// The keyed digest of all that an answer is bound to: `hmac-sha256:...`.
    pub bound_to: String,
    /// The rule that asks, with where it stands.
    pub rule: String,
    /// The outermost session around the caller.
    pub root: Option<String>,
    /// How many different people must approve.
    pub people: u8,
    /// Whether each of them must type a passphrase.
    pub passphrase: bool,
    /// What people are told beside: what would change, what could not be bound.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Somebody who answers with a passphrase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Enrolled {
    /// Who.
    pub name: String,
    /// The SHA-256 of the file that holds the passphrase's hash: any other file is
    /// nobody's. None where the passphrase was taken away.
    pub file_sha256: Option<String>,
}
