//! Bounds that the person may set in `tollgate.toml`.
//!
//! ```toml
//! [approvals]
//! wait_s = 90       # how long a caller waits before it is told to try again
//! open_s = 3600     # how long a question stays open
//! answer_s = 900    # how long an answer is good for
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file is there but cannot be read.
    #[error("cannot read the settings `{}`", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file is not what it should be.
    #[error("the settings `{}` are wrong: {}", .0.display(), .1)]
    Wrong(PathBuf, toml::de::Error),
}

/// The settings, with their defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How long people have.
    pub(crate) approvals: Approvals,
}

/// How long callers and people have, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Approvals {
    wait_s: u32,
    open_s: u32,
    answer_s: u32,
}

impl Default for Approvals {
    fn default() -> Self {
        Self { wait_s: 90, open_s: 3600, answer_s: 900 }
    }
}

impl Approvals {
    /// How long a caller waits.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_s.into())
    }

    /// How long a question stays open.
    pub(crate) fn open(&self) -> Duration {
        Duration::from_secs(self.open_s.into())
    }

    /// How long an answer that nobody fetched is good for.
    pub(crate) fn answer(&self) -> Duration {
        Duration::from_secs(self.answer_s.into())
    }
}

impl Settings {
    /// Reads `tollgate.toml` in the folder `config`; a missing file is the defaults.
    pub(crate) fn load(config: &Path) -> Result<Self, Error> {
        let path = config.join("tollgate.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|cause| Error::Wrong(path, cause)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(Error::Unreadable(path, cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_the_defaults_and_a_wrong_one_an_error_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Settings::load(folder.path()).unwrap(), Settings::default());
        std::fs::write(folder.path().join("tollgate.toml"), "[approvals]\nwait_s = 1\n").unwrap();
        assert_eq!(Settings::load(folder.path()).unwrap().approvals.wait(), Duration::from_secs(1));
        std::fs::write(folder.path().join("tollgate.toml"), "[approvals]\nwait = 1\n").unwrap();
        let message = Settings::load(folder.path()).unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("unknown field `wait`"), "{message}");
    }
}
