//! Bounds that the person may set in `tollgate.toml`.
//!
//! ```toml
//! [approvals]
//! wait_s = 90       # how long an agent waits before it is told to try again
//! person_wait_s = 600  # how long somebody does who typed the command
//! open_s = 3600     # how long a question stays open
//! answer_s = 900    # how long an answer is good for
//! a_session = 10    # how many questions of one session may be open
//!
//! [approvers.anna]  # somebody who answers: by uid, or by passphrase under this key
//! name = "Anna Example"
//! email = "anna@example.org"
//! uid = 1000
//!
//! [audit]
//! segment_mb = 64            # when a segment is closed
//! pack = true                # whether closed ones are compressed
//! keep_days = 365            # when they are removed; without it, and without keep_mb, never
//! keep_mb = 10000            # how much all may take
//! checkpoint_records = 1000  # how many records until a checkpoint
//! checkpoint_s = 10          # how long until one
//! keys = "/media/key"        # where the keys are, else in the state folder
//! may_run_unrecorded = [0]   # tiers that run also where no record can be written
//! ```

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tollgate_audit::{Options, SigningKey};

use crate::needed;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file is there but cannot be read.
    #[error("cannot read the settings `{}`", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file is not what it should be.
    #[error("the settings are wrong: {}:{line}: {what}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What.
        what: String,
    },
}

/// The settings, with their defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How long people have.
    pub(crate) approvals: Approvals,
    /// Who they are, by the names that passphrases are given to.
    pub(crate) approvers: BTreeMap<String, Named>,
    /// How the record is kept.
    pub(crate) audit: Audit,
}

/// How long callers and people have, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Approvals {
    wait_s: u32,
    person_wait_s: u32,
    open_s: u32,
    answer_s: u32,
    a_session: NonZeroU32,
}

/// Who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// An agent, or nobody knows who.
    Agent,
    /// Somebody who typed the command.
    Person,
}

/// Somebody who answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Named {
    name: Option<String>,
    email: Option<String>,
    uid: Option<u32>,
}

impl Default for Approvals {
    fn default() -> Self {
        let a_session = NonZeroU32::MIN.saturating_add(9);
        Self { wait_s: 90, person_wait_s: 600, open_s: 3600, answer_s: 900, a_session }
    }
}

impl Approvals {
    /// How long a caller waits.
    pub(crate) fn wait(&self, waiter: Waiter) -> Duration {
        let seconds = match waiter {
            Waiter::Agent => self.wait_s,
            Waiter::Person => self.person_wait_s,
        };
        Duration::from_secs(seconds.into())
    }

    /// How many questions of one session may be open.
    pub(crate) fn most(&self) -> usize {
        usize::try_from(self.a_session.get()).unwrap_or(usize::MAX)
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

impl Named {
    /// `Anna Example <anna@example.org>`
    fn shown(&self, key: &str) -> String {
        let name = self.name.as_deref().unwrap_or(key);
        self.email.as_ref().map_or_else(|| name.to_owned(), |email| format!("{name} <{email}>"))
    }
}

/// How the record is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Audit {
    segment_mb: NonZeroU32,
    pack: bool,
    keep_days: Option<u32>,
    keep_mb: Option<u32>,
    checkpoint_records: NonZeroU32,
    checkpoint_s: u32,
    keys: Option<PathBuf>,
    may_run_unrecorded: Vec<Tier>,
}

/// A tier in the settings: 0 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
struct Tier(u8);

impl TryFrom<u8> for Tier {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        if number <= 4 { Ok(Self(number)) } else { Err("a tier is 0 to 4") }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            segment_mb: NonZeroU32::MIN.saturating_add(63),
            pack: true,
            keep_days: None,
            keep_mb: None,
            checkpoint_records: NonZeroU32::MIN.saturating_add(999),
            checkpoint_s: 10,
            keys: None,
            may_run_unrecorded: Vec::new(),
        }
    }
}

impl Audit {
    /// How the log is written, and signed by this key.
    pub(crate) fn options(&self, key: &Arc<SigningKey>) -> Options {
        Options {
            // Places in a segment are 32 bits wide, and a line may have 64 MiB.
            segment_bytes: u64::from(self.segment_mb.get().min(1024)) << 20,
            key: Some(Arc::clone(key)),
            checkpoint_records: self.checkpoint_records.get().into(),
            checkpoint_after: Duration::from_secs(self.checkpoint_s.into()),
            pack: self.pack,
            keep_days: self.keep_days,
            keep_bytes: self.keep_mb.map(|most| u64::from(most) << 20),
            state: Some(needed::STATE),
        }
    }

    /// The folder of the keys, where it is not the usual one.
    pub(crate) fn keys(&self) -> Option<&Path> {
        self.keys.as_deref()
    }

    /// Whether a command of this tier may run though its intent cannot be written.
    pub(crate) fn may_run_unrecorded(&self, tier: Option<u8>) -> bool {
        tier.is_some_and(|tier| self.may_run_unrecorded.contains(&Tier(tier)))
    }
}

impl Settings {
    /// The name and address of whoever typed the passphrase of `key`.
    pub(crate) fn approver(&self, key: &str) -> String {
        self.approvers.get(key).map_or_else(|| key.to_owned(), |named| named.shown(key))
    }

    /// The name and address of this user, where the settings name it.
    pub(crate) fn approver_of_uid(&self, uid: u32) -> Option<String> {
        let found = self.approvers.iter().find(|(_, named)| named.uid == Some(uid));
        found.map(|(key, named)| named.shown(key))
    }

    /// Reads `tollgate.toml` in the folder `config`; a missing file is the defaults.
    pub(crate) fn load(config: &Path) -> Result<Self, Error> {
        let path = config.join("tollgate.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|cause| wrong(path, &text, &cause)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(Error::Unreadable(path, cause)),
        }
    }
}

fn wrong(path: PathBuf, text: &str, cause: &toml::de::Error) -> Error {
    let before = text.get(..cause.span().map_or(0, |span| span.start)).unwrap_or_default();
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    Error::Wrong { path, line, what: cause.message().replace('\n', " ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_the_defaults_and_a_wrong_one_an_error_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Settings::load(folder.path()).unwrap(), Settings::default());
        std::fs::write(folder.path().join("tollgate.toml"), "[approvals]\nwait_s = 1\n").unwrap();
        assert_eq!(Settings::load(folder.path()).unwrap().approvals.wait(Waiter::Agent), Duration::from_secs(1));
        std::fs::write(folder.path().join("tollgate.toml"), "[approvals]\nwait = 1\n").unwrap();
        let message = Settings::load(folder.path()).unwrap_err().to_string();
        assert!(message.contains("/tollgate.toml:2: ") && message.contains("unknown field `wait`"), "{message}");
    }

    #[test]
    fn the_audit_s_settings_are_bounded() {
        let audit = |text: &str| toml::from_str::<Settings>(&format!("[audit]\n{text}")).map(|settings| settings.audit);
        let set = audit("may_run_unrecorded = [0, 1]\nkeep_days = 30\nkeep_mb = 2\nsegment_mb = 1").unwrap();
        let allowed = [Some(0), Some(1), Some(2), None].map(|tier| set.may_run_unrecorded(tier));
        assert_eq!(allowed, [true, true, false, false]);
        let key = Arc::new(SigningKey::generate("k").unwrap());
        let options = set.options(&key);
        assert_eq!((options.segment_bytes, options.keep_days, options.keep_bytes), (1 << 20, Some(30), Some(2 << 20)));
        for wrong in ["may_run_unrecorded = [5]", "segment_mb = 0", "keep = 3"] {
            assert!(audit(wrong).is_err(), "{wrong}");
        }
        assert!(!Audit::default().may_run_unrecorded(Some(0)), "nothing runs unrecorded unless it is asked for");
    }
}
