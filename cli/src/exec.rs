//! `tollgate exec`: one command through the gate, without a shim on PATH.
//!
//! Only finds the gate and becomes the shim; the shim does everything else.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use tollgate_admin::TriedOption;

use crate::arguments::Exec;
use crate::error::Error;
use crate::sys::{Entry, keep_as_found};
use crate::{inside, places, programs};

/// Becomes the shim, in this very process.
pub(crate) fn exec(arguments: &Exec) -> Result<ExitCode, Error> {
    let entry = Entry::take().map_err(Error::kernel("read the signal mask"))?;
    let shim = programs::shim()?;
    let mut command = Command::new(&shim);
    command.arg0("tollgate-shim").arg(gate(arguments)?).args(&arguments.command);
    keep_as_found(&mut command, entry);
    let source = command.exec();
    Err(Error::NotExecutable { command: shim.display().to_string(), source })
}

/// Inside a session its own gate, by the first folder of shims on PATH; else
/// the daemon's.
fn gate(arguments: &Exec) -> Result<PathBuf, Error> {
    let root = arguments.root.root.as_deref();
    if !inside::a_session() {
        return Ok(places::of(root)?.gate());
    }
    if root.is_some() {
        return Err(inside::refused(TriedOption::Root));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let gates = std::env::split_paths(&path).map(|folder| folder.join(".gate"));
    match gates.into_iter().find(|gate| gate.is_absolute() && gate.symlink_metadata().is_ok()) {
        Some(gate) => Ok(gate),
        None => Ok(places::of(None)?.gate()),
    }
}
