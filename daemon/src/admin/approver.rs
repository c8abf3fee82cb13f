//! Passphrases at the admin door: a person gives them to people, and takes them away.
//!
//! The first is anybody's at a terminal of their own; from then on somebody who has one
//! must vouch, or whoever can type into a terminal could make up an approver.

use tollgate_admin::{Proof, Reply};
use tollgate_audit::{Approver, Enrolled, Entry, Kind};
use tollgate_policies::show;

use super::proof;
use crate::approvers::Wrong;
use crate::gate::Gate;
use crate::questions::PASSPHRASE;
use crate::sys::peer::Peer;

/// The person whose passphrase it is: `by`, as the terminal proves them, with the name
/// that goes with it.
pub(super) async fn verified(gate: &Gate, by: Approver, proof: &Proof) -> Result<Approver, Wrong> {
    // Argon2 takes its time; other requests go on.
    tokio::task::block_in_place(|| gate.approvers.verify(&proof.name, &proof.passphrase))?;
    let (name, key) = (gate.settings.approver(&proof.name), Some(proof.name.clone()));
    Ok(Approver { name, key, how: PASSPHRASE.to_owned(), ..by })
}

/// Gives somebody a passphrase, a new one too.
pub(super) async fn set(gate: &Gate, peer: &Peer, approver: Proof, by: Option<Proof>) -> Reply {
    let by = match vouched(gate, peer, by, "to set a passphrase").await {
        Ok(by) => by,
        Err(reply) => return reply,
    };
    let written = tokio::task::block_in_place(|| gate.approvers.write(&approver.name, &approver.passphrase));
    match written {
        Ok(enrolled) => enrol(gate, enrolled, by).await,
        Err(cause) => Reply::Failed { message: cause.to_string() },
    }
}

/// Takes somebody's away.
pub(super) async fn remove(gate: &Gate, peer: &Peer, name: String, by: Option<Proof>) -> Reply {
    let by = match vouched(gate, peer, by, "to take a passphrase away").await {
        Ok(by) => by,
        Err(reply) => return reply,
    };
    if !gate.approvers.names().contains(&name) {
        let message = Wrong::Nobody(show::text(name.as_bytes(), 64)).to_string();
        return Reply::Failed { message };
    }
    enrol(gate, Enrolled { name, file_sha256: None }, by).await
}

/// The person who asks, by a passphrase where anybody has one.
async fn vouched(gate: &Gate, peer: &Peer, by: Option<Proof>, what: &str) -> Result<Approver, Reply> {
    let person = proof::of_a_person(gate, peer, what).await?;
    let names = gate.approvers.names();
    match by {
        _ if names.is_empty() => Ok(person),
        None => Err(Reply::Passphrase { names }),
        Some(by) => match verified(gate, person, &by).await {
            Ok(person) => Ok(person),
            Err(cause) => Err(proof::refuse(gate, peer, what, &cause.to_string()).await),
        },
    }
}

/// Records it, then has it count.
async fn enrol(gate: &Gate, enrolled: Enrolled, by: Approver) -> Reply {
    let message = match &enrolled.file_sha256 {
        Some(_) => format!("{} answers with a passphrase", enrolled.name),
        None => format!("{} answers no more", enrolled.name),
    };
    let entry = Entry {
        enrolled: Some(enrolled.clone()),
        approved_by: Some(by),
        ..Entry::about_us(Kind::ApproverSet, message)
    };
    match gate.record(entry).await {
        Ok(_) => {
            gate.approvers.know(&enrolled);
            Reply::Done {}
        }
        Err(cause) => Reply::Failed { message: format!("the audit cannot be written: {cause}") },
    }
}
