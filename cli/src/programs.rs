//! Where Tollgate's other programs are: beside this one.
//!
//! Not here: any search; a program found on PATH could be anybody's.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// The daemon's program.
pub(crate) fn daemon() -> Result<PathBuf, Error> {
    beside("tollgated")
}

/// The shim's program.
pub(crate) fn shim() -> Result<PathBuf, Error> {
    beside("tollgate-shim")
}

fn beside(name: &str) -> Result<PathBuf, Error> {
    let own = Path::new("/proc/self/exe");
    let own = std::fs::read_link(own).map_err(|source| Error::File { path: own.to_owned(), source })?;
    let program = own.with_file_name(name);
    if program.is_file() { Ok(program) } else { Err(Error::NoProgram(program)) }
}
