//! The agent's command: started as it would be without us, but for four
//! variables.
//!
//! Not here: terminal, signals, streams; it inherits them, and is in the
//! front's process group.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use tollgate_policies::show;

use super::folder::Folder;
use crate::error::Error;
use crate::inside::VARIABLE;
use crate::sys::{Entry, keep_as_found};
use tollgate_installer::shell::bash_env;

/// The session's shims, for shells that make PATH anew and read what is installed.
const SHIMS: &str = "TOLLGATE_SHIMS";
/// PATH where there is none: `confstr(3)`.
const NO_PATH: &str = "/bin:/usr/bin";
/// Most characters of a command's name in a message.
const SHOWN: usize = 200;

/// Starts it; gives its process id.
pub(super) fn start(command: &[OsString], folder: &Folder, session: &str, entry: Entry) -> Result<u32, Error> {
    let Some((program, arguments)) = command.split_first() else { return Err(Error::Reply) };
    let mut child = Command::new(program);
    child.args(arguments);
    child.env("PATH", path(folder.shims(), std::env::var_os("PATH")));
    child.env("BASH_ENV", bash_env::variable(folder.bash_env().as_os_str()));
    child.env(VARIABLE, session);
    child.env(SHIMS, folder.shims());
    keep_as_found(&mut child, entry);
    Ok(child.spawn().map_err(|source| failure(program, source))?.id())
}

/// The shims first, then as it was.
fn path(shims: &Path, before: Option<OsString>) -> OsString {
    let mut path = shims.as_os_str().to_owned();
    path.push(":");
    path.push(before.unwrap_or_else(|| NO_PATH.into()));
    path
}

fn failure(program: &OsStr, source: std::io::Error) -> Error {
    let command = show::text(program.as_bytes(), SHOWN);
    match source.kind() {
        ErrorKind::NotFound => Error::NotFound(command),
        _ => Error::NotExecutable { command, source },
    }
}
