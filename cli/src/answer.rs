//! `tollgate approve` and `tollgate deny`: a person's word on one question.
//!
//! Not here: proving that it is a person; the daemon does that, by the kernel's
//! word on this process, and by a passphrase where the policy wants one.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use tollgate_admin::{Answer, Ask, ENOUGH, Proof, Question, Reply};

use crate::arguments::{Approve, Deny};
use crate::door::Door;
use crate::error::Error;
use crate::{approvals, ids, output, passphrase, places, sys};

/// Answers with yes.
pub(crate) fn approve(arguments: &Approve) -> Result<ExitCode, Error> {
    let Approve { root, id, name, add, reason, json } = arguments;
    let question = meant(root.root.as_deref(), id)?;
    let ask = |approver| Ask::Answer {
        id: question.id.clone(),
        answer: Answer::Approve,
        reason: reason.clone(),
        approver,
        add: add.clone(),
    };
    let with = if add.is_empty() { String::new() } else { format!(" with {} added", add.join(" ")) };
    let missing = match answer(root.root.as_deref(), name.as_deref(), ask)? {
        Reply::Done {} => 0,
        Reply::Partly { missing } => missing,
        _ => return Err(Error::Reply),
    };
    if *json {
        output::json(&Told { answer: "approve", missing, ..Told::of(&question) })?;
        return Ok(ExitCode::SUCCESS);
    }
    let more = if missing == 0 { String::new() } else { format!("\n{missing} more must approve before it runs") };
    output::line(format_args!("approved{with}: {}  {}{more}", question.id, question.command))?;
    Ok(ExitCode::SUCCESS)
}

/// Answers with no.
pub(crate) fn deny(arguments: &Deny) -> Result<ExitCode, Error> {
    let Deny { root, id, reason, json } = arguments;
    let question = meant(root.root.as_deref(), id)?;
    let ask = |approver| Ask::Answer {
        id: question.id.clone(),
        answer: Answer::Deny,
        reason: reason.clone(),
        approver,
        add: Vec::new(),
    };
    match answer(root.root.as_deref(), None, ask)? {
        Reply::Done {} if *json => output::json(&Told { answer: "deny", ..Told::of(&question) })?,
        Reply::Done {} => output::line(format_args!("denied: {}  {}", question.id, question.command))?,
        _ => return Err(Error::Reply),
    }
    Ok(ExitCode::SUCCESS)
}

/// An answer that was taken, for programs.
#[derive(Debug, Serialize)]
struct Told<'a> {
    v: u32,
    id: &'a str,
    answer: &'static str,
    command: &'a str,
    /// How many more must approve before it runs.
    missing: u8,
}

impl<'a> Told<'a> {
    fn of(question: &'a Question) -> Self {
        Self { v: 1, id: &question.id, answer: "", command: &question.command, missing: 0 }
    }
}

/// The open question that is answered, by its whole id: what is told afterwards is what
/// was answered. Where none, or several, begin so, the daemon says what is wrong.
fn meant(root: Option<&Path>, start: &str) -> Result<Question, Error> {
    let open = if start.len() < ENOUGH { Vec::new() } else { approvals::open(&places::of(root)?)? };
    let question = ids::only(start, open, |question| &question.id);
    Ok(question.unwrap_or_else(|| Question { id: start.to_owned(), ..Question::default() }))
}

/// While this process speaks for a person, no other of the same uid may attach
/// to it and speak instead. Asks once more with a passphrase where one is wanted.
fn answer(root: Option<&Path>, named: Option<&str>, ask: impl Fn(Option<Proof>) -> Ask) -> Result<Reply, Error> {
    sys::keep_out()?;
    let admin = places::of(root)?.admin();
    match Door::ask(&admin, &ask(None))?.granted()? {
        Reply::Passphrase { names } => {
            let proof = passphrase::proof(&names, named)?;
            Door::ask(&admin, &ask(Some(proof)))?.granted()
        }
        reply => Ok(reply),
    }
}
