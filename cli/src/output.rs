//! What is printed, and what becomes of it where nobody reads.
//!
//! Not here: how a thing looks; each command prints its own.

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::error::Error;
use crate::sys;

/// Tells the person on standard error, our name first.
pub(crate) fn say(message: impl std::fmt::Display) {
    // There is no other place to say that this did not work.
    drop(writeln!(io::stderr().lock(), "tollgate: {message}"));
}

/// `1 rule`, `2 rules`.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// Prints one line on standard output.
pub(crate) fn line(text: impl std::fmt::Display) -> Result<(), Error> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(value).map_err(io::Error::from)?;
    line(text)
}

/// Says what went wrong and gives the code. A reader that left (`| head`) ends
/// us as it ends any other program.
pub(crate) fn failure(error: &Error) -> ExitCode {
    if let Error::Output(cause) = error
        && cause.kind() == io::ErrorKind::BrokenPipe
    {
        sys::die_of(nix::libc::SIGPIPE);
    }
    say(error.sentence());
    ExitCode::from(error.code())
}
