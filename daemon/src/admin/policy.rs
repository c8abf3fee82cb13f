//! Policies at the admin door: what they say, and a person's word on the one that
//! waits.

use tollgate_admin::{PolicySummary, Reply, Whose};
use tollgate_policies::policy::Policy;

use super::{proof, reply};
use crate::channel::{Channel, Error};
use crate::gate::Gate;
use crate::policies::Kept;
use crate::sys::peer::Peer;

/// Most bytes of a text in one reply: escaped as JSON it still fits a frame.
const PART: usize = tollgate_wire::MAX_BODY / 8;

/// A policy in a few words.
pub(super) fn summary(policy: &Policy) -> PolicySummary {
    PolicySummary { hash: policy.hash().to_owned(), files: policy.sources().to_vec(), rules: policy.rules() }
}

/// Tells the texts of the accepted policy and of the one that waits.
pub(super) async fn texts(gate: &Gate, channel: &Channel) -> Result<(), Error> {
    let policies = gate.policies.current();
    for (whose, kept) in [(Whose::Accepted, &policies.accepted), (Whose::Pending, &policies.pending)] {
        let hash = kept.as_ref().map_or("", |kept| kept.policy.hash());
        for (name, text) in kept.iter().flat_map(parts) {
            let (hash, name, text) = (hash.to_owned(), name.to_owned(), text.to_owned());
            reply(channel, &Reply::PolicyText { whose, hash, name, text }).await?;
        }
    }
    reply(channel, &Reply::End {}).await
}

/// Every text with its file's name, in parts that are short enough. An empty one is one part.
fn parts(kept: &Kept) -> impl Iterator<Item = (&str, &str)> {
    kept.sources.iter().flat_map(|source| {
        let mut rest = Some(source.text.as_str());
        std::iter::from_fn(move || {
            let text = rest?;
            let most = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= PART).last().unwrap_or_default();
            let end = if text.len() <= PART { text.len() } else { most };
            let (part, after) = text.split_at(end);
            rest = Some(after).filter(|after| !after.is_empty());
            Some((source.name.as_str(), part))
        })
    })
}

/// Takes the policy that waits, in a person's name.
pub(super) async fn accept(gate: &Gate, peer: &Peer, hash: &str) -> Reply {
    let by = match proof::of_a_person(gate, peer, "to accept a policy").await {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    match gate.policies.accept(gate, by, hash).await {
        Ok(_) => Reply::Done {},
        Err(message) => Reply::Failed { message },
    }
}
