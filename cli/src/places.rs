//! Which folders a command means: the user's, or those under `--root`.
//!
//! Not here: what is in them (`tollgate-places`).

use std::path::{Path, PathBuf};

use tollgate_places::Places;

use crate::error::Error;

/// The places under `root`, or the user's own.
pub(crate) fn of(root: Option<&Path>) -> Result<Places, Error> {
    match root {
        Some(root) => Ok(Places::of_root(&absolute(root)?)),
        None => Ok(Places::of_user()?),
    }
}

/// The path from the file system's root: the daemon has another working directory.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|source| Error::File { path: path.to_owned(), source })
}
