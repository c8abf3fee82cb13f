//! What only a person may do at the admin door: whoever is none is refused, and that
//! is recorded.

use tollgate_admin::Reply;
use tollgate_audit::{Approver, Entry, Kind};

use crate::gate::Gate;
use crate::person;
use crate::sys::peer::Peer;

/// The person who asks; the reply for whoever is none. `what` completes "an attempt".
pub(super) async fn of_a_person(gate: &Gate, peer: &Peer, what: &str) -> Result<Approver, Reply> {
    let why = match person::prove(gate, peer) {
        Ok(by) => return Ok(by),
        Err(why) => why.to_string(),
    };
    Err(refuse(gate, peer, what, &why).await)
}

/// Records an attempt that is refused; gives the reply.
pub(super) async fn refuse(gate: &Gate, peer: &Peer, what: &str, why: &str) -> Reply {
    let entry = Entry {
        uid: Some(peer.uid),
        pid: u32::try_from(peer.pid).ok(),
        ..Entry::about_us(Kind::RefusedAttempt, format!("an attempt {what} was refused: {why}"))
    };
    if let Err(cause) = gate.record(entry).await {
        tracing::error!(%cause, "a refused attempt could not be recorded");
    }
    tracing::warn!(uid = peer.uid, pid = peer.pid, why, what, "refused");
    Reply::Refused { message: why.to_owned() }
}
