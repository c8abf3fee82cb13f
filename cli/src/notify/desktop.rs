//! A note on the desktop, by `notify-send` of libnotify: it talks to whatever shows
//! notes there. Not here: buttons; an answer needs proof that a click cannot give.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tollgate_admin::Question;

use super::shape;
use crate::error::Error;

/// What shows a note.
const PROGRAM: &str = "notify-send";

/// Its path.
pub(super) fn program() -> Result<PathBuf, Error> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(PROGRAM)).find(|path| path.is_file());
    found.ok_or_else(|| Error::NotFound(PROGRAM.into()))
}

/// Shows one question.
pub(super) fn tell(program: &Path, question: &Question) -> Result<(), Error> {
    let title = format!("Tollgate: {} waits for your word", question.agent);
    let body = shape::markup(&shape::text(question));
    let mut command = Command::new(program);
    command.args(["--app-name=tollgate", "--urgency=critical", "--", &title, &body]);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let failed = |why: String| Error::Notify { place: PROGRAM.to_owned(), why };
    let status = status.map_err(|cause| failed(cause.to_string()))?;
    if status.success() { Ok(()) } else { Err(failed(status.to_string())) }
}
