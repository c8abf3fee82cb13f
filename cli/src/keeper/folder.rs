//! The session's own folder.
//!
//! ```text
//! STATE/sessions/ID/     0700
//!     shims/             one link a tool, and .gate
//!     bash_env           0600, read by every bash that runs a script or -c
//! ```
//! Not here: where it is; the daemon says that.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tollgate_installer::{Home, ShimFolder, Tool};
use tollgate_places::{Places, private_folder};

use super::link::Opened;
use crate::error::Error;
use tollgate_installer::shell::bash_env;

/// The `BASH_ENV` that a person had before Tollgate was installed.
const OWN: &str = "TOLLGATE_BASH_ENV";

/// The folder, made; it is removed with all that is in it when this value goes.
#[derive(Debug)]
pub(super) struct Folder {
    folder: PathBuf,
    shims: ShimFolder,
}

impl Folder {
    /// Makes it.
    pub(super) fn make(opened: &Opened, shim: &Path, tools: Vec<Tool>) -> Result<Self, Error> {
        if opened.folder.as_os_str().as_bytes().contains(&b':') {
            return Err(Error::Colon(opened.folder.clone()));
        }
        private_folder(&opened.folder)?;
        let shims =
            ShimFolder { folder: opened.folder.join("shims"), gate: opened.gate.clone(), shim: shim.to_owned(), tools };
        let made = Self { folder: opened.folder.clone(), shims };
        made.fill()?;
        Ok(made)
    }

    /// Where the shims are.
    pub(super) fn shims(&self) -> &Path {
        &self.shims.folder
    }

    /// The file that `BASH_ENV` names.
    pub(super) fn bash_env(&self) -> PathBuf {
        self.folder.join("bash_env")
    }

    fn fill(&self) -> Result<(), Error> {
        self.shims.apply().map_err(Error::Shims)?;
        let path = self.bash_env();
        let text = bash_env::text(self.shims().as_os_str(), callers().as_deref());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(&text)).map_err(|source| Error::SessionFile { path, source })
    }
}

/// The caller's own `BASH_ENV`. What is installed for shells without a session does the
/// same as the session's file, so that only what it reads in turn is the caller's.
fn callers() -> Option<OsString> {
    let given = std::env::var_os("BASH_ENV");
    let installed = || Some(bash_env::variable(Home::bash_env(&Places::of_user().ok()?.shims).as_os_str()));
    if given.is_none() || given != installed() {
        return given;
    }
    std::env::var_os(OWN).filter(|own| !own.is_empty()).map(|_| format!("${{{OWN}-}}").into())
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.shims.undo());
        drop(fs::remove_dir_all(&self.folder));
    }
}
