//! How far an export has come, in a small file that is replaced whole.
//!
//! It names the last record by number and hash, so that another log is noticed. One
//! export at a time may hold it.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tollgate_audit::query::{self, Filter};

use crate::error::Error;

/// See the module.
#[derive(Debug)]
pub(super) struct Cursor {
    path: PathBuf,
    at: Place,
    /// Held as long as this export runs.
    _lock: File,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    v: u8,
    /// The last record that the collector has; 0 for none.
    seq: u64,
    hash: String,
}

/// The cursor's file where none is named: in the daemon's state, by the address.
pub(super) fn default(state: Option<&Path>, address: &str) -> Result<PathBuf, Error> {
    let Some(state) = state else { return Err(Error::NoCursor) };
    let folder = state.join("exports");
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|source| Error::SessionFile { path: folder.clone(), source })?;
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-';
    let name: String = address.chars().map(|letter| if fits(letter) { letter } else { '_' }).take(120).collect();
    Ok(folder.join(format!("otlp-{name}.cursor")))
}

impl Cursor {
    /// Reads it, and holds it against the log.
    pub(super) fn open(path: &Path, log: &Path) -> Result<Self, Error> {
        let failed = |source| Error::SessionFile { path: path.to_owned(), source };
        let lock =
            File::options().write(true).create(true).truncate(false).mode(0o600).open(path.with_extension("lock"));
        let lock = lock.map_err(failed)?;
        lock.try_lock().map_err(|_| Error::Exporting(path.to_owned()))?;
        let at = match std::fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text).map_err(|cause| failed(cause.into()))?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Place { v: 1, ..Place::default() },
            Err(cause) => return Err(failed(cause)),
        };
        let cursor = Self { path: path.to_owned(), at, _lock: lock };
        if cursor.at.seq > 0 && !cursor.fits(log)? {
            return Err(Error::OtherLog(path.to_owned()));
        }
        Ok(cursor)
    }

    /// Whether the log holds the record that it names, or that one was removed since.
    fn fits(&self, log: &Path) -> Result<bool, Error> {
        let mut found = None;
        query::each(log, &Filter::default(), self.at.seq - 1, |record| {
            found = Some(record);
            std::ops::ControlFlow::Break(())
        })?;
        Ok(found.is_some_and(|record| record.seq > self.at.seq || record.hash == self.at.hash))
    }

    /// The last record that the collector has; 0 for none.
    pub(super) fn seq(&self) -> u64 {
        self.at.seq
    }

    /// The collector has everything up to this record.
    pub(super) fn advance(&mut self, seq: u64, hash: &str) -> Result<(), Error> {
        self.at = Place { v: 1, seq, hash: hash.to_owned() };
        self.write().map_err(|source| Error::SessionFile { path: self.path.clone(), source })
    }

    fn write(&self) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(&self.at)?)?;
        file.sync_all()?;
        std::fs::rename(new, &self.path)
    }
}
