//! A person's word from the screen, told at the admin door.
//!
//! The same asks as `tollgate approve`, `deny` and `grant` make: the daemon proves the
//! person anew for each.

use tollgate_admin::{Answer, Ask, Proof, Reply};
use tollgate_places::Places;

use super::state::{Heard, Wish};
use crate::door::Door;
use crate::error::Error;

/// How long more of the same are answered in advance, in seconds: half an hour.
pub(super) const GRANTED_S: u64 = 30 * 60;

/// Tells the daemon; what came of it.
pub(super) fn say(places: &Places, wish: &Wish, approver: Option<Proof>) -> Heard {
    answered(places, wish, approver).unwrap_or_else(|error| Heard::No(error.sentence()))
}

fn answered(places: &Places, wish: &Wish, approver: Option<Proof>) -> Result<Heard, Error> {
    let Wish { question, answer, reason, more } = wish;
    let id = &question.id;
    let reason = Some(reason.clone()).filter(|reason| !reason.is_empty());
    let ask = Ask::Answer { id: id.clone(), answer: *answer, reason, approver, add: Vec::new() };
    let word = if *answer == Answer::Approve { "approved" } else { "denied" };
    match Door::ask(&places.admin(), &ask)?.granted()? {
        Reply::Passphrase { names } => Ok(Heard::Passphrase(names)),
        Reply::Partly { missing } => {
            Ok(Heard::Done(format!("{word}: {id}; {missing} more must approve before it runs")))
        }
        Reply::Done {} if *more > 0 => granted(places, wish, *more),
        Reply::Done {} => Ok(Heard::Done(format!("{word}: {id}"))),
        _ => Err(Error::Reply),
    }
}

/// Answers more of the same in advance: each of its operations, on exactly its targets.
fn granted(places: &Places, wish: &Wish, more: u32) -> Result<Heard, Error> {
    let question = &wish.question;
    let mut ids = Vec::new();
    for terms in question.like_this.clone() {
        let ask = Ask::Grant {
            agent: question.agent.clone(),
            operation: terms.operation,
            target: terms.target,
            for_s: GRANTED_S,
            count: Some(more),
        };
        match Door::ask(&places.admin(), &ask).and_then(|mut door| door.granted()) {
            Ok(Reply::Grant(state)) => ids.push(state.id),
            Ok(_) => return Err(Error::Reply),
            Err(error) => {
                let why = error.sentence();
                return Ok(Heard::No(format!("approved: {}, and nothing more: {why}", question.id)));
            }
        }
    }
    Ok(Heard::Done(format!("approved: {}; granted: {}", question.id, ids.join(", "))))
}
