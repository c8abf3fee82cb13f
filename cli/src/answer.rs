//! `tollgate approve` and `tollgate deny`: a person's word on one question.
//!
//! Not here: proving that it is a person; the daemon does that, by the kernel's
//! word on this process.

use std::process::ExitCode;

use tollgate_admin::{Answer, Ask, Reply};

use crate::arguments::{Approve, Deny};
use crate::door::Door;
use crate::error::Error;
use crate::{output, places, sys};

/// Answers with yes.
pub(crate) fn approve(arguments: &Approve) -> Result<ExitCode, Error> {
    let ask = Ask::Answer { id: arguments.id.clone(), answer: Answer::Approve, reason: None };
    answer(arguments.root.root.as_deref(), &ask)?;
    output::line(format_args!("approved: {}", arguments.id))?;
    Ok(ExitCode::SUCCESS)
}

/// Answers with no.
pub(crate) fn deny(arguments: &Deny) -> Result<ExitCode, Error> {
    let ask = Ask::Answer { id: arguments.id.clone(), answer: Answer::Deny, reason: arguments.reason.clone() };
    answer(arguments.root.root.as_deref(), &ask)?;
    output::line(format_args!("denied: {}", arguments.id))?;
    Ok(ExitCode::SUCCESS)
}

/// While this process speaks for a person, no other of the same uid may attach
/// to it and speak instead.
fn answer(root: Option<&std::path::Path>, ask: &Ask) -> Result<(), Error> {
    sys::keep_out()?;
    let places = places::of(root)?;
    match Door::ask(&places.admin(), ask)?.granted()? {
        Reply::Done {} => Ok(()),
        _ => Err(Error::Reply),
    }
}
