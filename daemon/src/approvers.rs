//! Who answers with a passphrase: argon2id hashes in the state folder, each of which
//! counts only as the audit knows it.
//!
//! The audit holds the digest of each file and no hash, for it is copied about; the
//! file is nobody's word by itself: one that was written by hand, or put back from an
//! older day, is no passphrase. Not here: who may set one (`admin`).

mod guesses;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use argon2::Argon2;
use sha2::{Digest, Sha256};
use tollgate_audit::{Enrolled, Kind, Record};
use tollgate_policies::{agents, show};

use guesses::Guesses;

/// Most bytes of a file.
const MOST: u64 = 1024;
/// What a file begins with: argon2id version 19, m=19456 KiB, t=2, p=1 (RFC 9106, and
/// the parameters that OWASP names).
const HEAD: &str = "tollgate-passphrase 1 argon2id v=19 m=19456 t=2 p=1";
/// Bytes of salt and hash.
const LENGTH: usize = 32;
/// Fewest characters of a passphrase, and most bytes.
pub(crate) const BOUNDS: (usize, usize) = (8, 1024);

/// All of them.
#[derive(Debug)]
pub(crate) struct Approvers {
    folder: PathBuf,
    /// The digest of each one's file.
    known: Mutex<BTreeMap<String, String>>,
    /// One guess at a time, and ever fewer.
    guesses: Mutex<Guesses>,
}

/// Why a passphrase is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    /// Nobody has one under this name.
    #[error("nobody answers as `{0}`: see `tollgate approver list`")]
    Nobody(String),
    /// It is another one.
    #[error("the passphrase of `{0}` is another one")]
    Passphrase(String),
    /// There were too many wrong ones just now.
    #[error("too many wrong passphrases: the next one is looked at in {0} s")]
    Soon(u64),
    /// The file was written by somebody else.
    #[error("the file with the passphrase of `{0}` is not the one that was recorded: set it again")]
    Foreign(String),
    /// It cannot be a name.
    #[error("a name is 1 to 64 letters, digits or any of `-_.@`, and not `person`")]
    Name,
    /// Too short, or too long.
    #[error("a passphrase has 8 characters at least, and 1024 bytes at most")]
    Length,
    /// It cannot be computed or kept.
    #[error("the passphrase cannot be kept: {0}")]
    Kept(String),
}

impl Approvers {
    /// The kinds of records that tell of them.
    pub(crate) const KINDS: [Kind; 1] = [Kind::ApproverSet];

    /// Those whom the records tell of.
    pub(crate) fn remembered(folder: &Path, records: &[Record]) -> Self {
        let known = records.iter().filter(|record| record.entry.kind == Kind::ApproverSet);
        let mut all = BTreeMap::new();
        for enrolled in known.filter_map(|record| record.entry.enrolled.as_ref()) {
            match &enrolled.file_sha256 {
                Some(digest) => drop(all.insert(enrolled.name.clone(), digest.clone())),
                None => drop(all.remove(&enrolled.name)),
            }
        }
        Self { folder: folder.to_owned(), known: Mutex::new(all), guesses: Mutex::default() }
    }

    /// The records that say nothing any more: all but the newest of each name that has
    /// a passphrase.
    pub(crate) fn spent(records: &[Record]) -> Vec<u64> {
        let ours = || records.iter().filter(|record| record.entry.kind == Kind::ApproverSet);
        let name = |record: &Record| record.entry.enrolled.as_ref().map(|enrolled| enrolled.name.clone());
        let newest: BTreeMap<_, _> = ours().map(|record| (name(record), record.seq)).collect();
        let has_one = |record: &Record| record.entry.enrolled.as_ref().is_some_and(|one| one.file_sha256.is_some());
        let matters = |record: &&Record| newest.get(&name(record)) == Some(&record.seq) && has_one(record);
        ours().filter(|record| !matters(record)).map(|record| record.seq).collect()
    }

    /// Everybody's name.
    pub(crate) fn names(&self) -> Vec<String> {
        lock(&self.known).keys().cloned().collect()
    }

    /// Whether this is the passphrase of that name. It takes a while, by design.
    /// After wrong ones it does not even look.
    pub(crate) fn verify(&self, name: &str, passphrase: &str) -> Result<(), Wrong> {
        let mut guesses = lock(&self.guesses);
        guesses.may(Instant::now()).map_err(|left| Wrong::Soon(left.as_secs().saturating_add(1)))?;
        let found = self.compare(name, passphrase);
        match &found {
            Ok(()) => *guesses = Guesses::default(),
            Err(_) => guesses.wrong(Instant::now()),
        }
        found
    }

    fn compare(&self, name: &str, passphrase: &str) -> Result<(), Wrong> {
        let digest = lock(&self.known).get(name).cloned().ok_or_else(|| Wrong::Nobody(shown(name)))?;
        let foreign = || Wrong::Foreign(name.to_owned());
        let text = read(&self.file(name, &digest)).map_err(|_| foreign())?;
        if show::hex(&Sha256::digest(text.as_bytes())) != digest {
            return Err(foreign());
        }
        let mut lines = text.lines();
        let (Some(HEAD), Some(salt), Some(kept)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(foreign());
        };
        let found = show::hex(&hash(passphrase, salt)?);
        let equal =
            found.len() == kept.len() && found.bytes().zip(kept.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0;
        if equal { Ok(()) } else { Err(Wrong::Passphrase(name.to_owned())) }
    }

    /// Writes somebody's file; it counts once it is on record and [`Approvers::know`]n.
    pub(crate) fn write(&self, name: &str, passphrase: &str) -> Result<Enrolled, Wrong> {
        if !agents::is_name(name) || name.starts_with('.') {
            return Err(Wrong::Name);
        }
        if passphrase.chars().count() < BOUNDS.0 || passphrase.len() > BOUNDS.1 {
            return Err(Wrong::Length);
        }
        let kept = |cause: &dyn std::fmt::Display| Wrong::Kept(cause.to_string());
        let mut salt = [0; LENGTH];
        File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut salt)).map_err(|cause| kept(&cause))?;
        let salt = show::hex(&salt);
        let text = format!("{HEAD}\n{salt}\n{}\n", show::hex(&hash(passphrase, &salt)?));
        let digest = show::hex(&Sha256::digest(text.as_bytes()));
        tollgate_places::private_folder(&self.folder).map_err(|cause| kept(&cause))?;
        let made = File::options().write(true).create_new(true).mode(0o600).open(self.file(name, &digest));
        made.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(|cause| kept(&cause))?;
        Ok(Enrolled { name: name.to_owned(), file_sha256: Some(digest) })
    }

    /// It is on record: this file counts, and an older one of that name no more.
    pub(crate) fn know(&self, enrolled: &Enrolled) {
        let old = match &enrolled.file_sha256 {
            Some(digest) => lock(&self.known).insert(enrolled.name.clone(), digest.clone()),
            None => lock(&self.known).remove(&enrolled.name),
        };
        if let Some(old) = old {
            // One that stays counts for nothing.
            let _ = std::fs::remove_file(self.file(&enrolled.name, &old));
        }
    }

    fn file(&self, name: &str, digest: &str) -> PathBuf {
        self.folder.join(format!("{name}.{}", digest.get(..16).unwrap_or_default()))
    }
}

fn shown(name: &str) -> String {
    show::text(name.as_bytes(), 64)
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

fn hash(passphrase: &str, salt: &str) -> Result<[u8; LENGTH], Wrong> {
    let mut hash = [0; LENGTH];
    let made = Argon2::default().hash_password_into(passphrase.as_bytes(), salt.as_bytes(), &mut hash);
    made.map_err(|cause| Wrong::Kept(cause.to_string()))?;
    Ok(hash)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_counts_as_it_was_recorded_and_no_file_by_itself() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("approvals");
        let approvers = Approvers::remembered(&folder, &[]);
        let anna = approvers.write("anna", "correct horse").unwrap();
        assert!(matches!(approvers.verify("anna", "correct horse"), Err(Wrong::Nobody(_))), "not recorded yet");
        approvers.know(&anna);
        approvers.verify("anna", "correct horse").unwrap();
        assert!(matches!(approvers.verify("anna", "correct horst"), Err(Wrong::Passphrase(_))));
        // Somebody's own hash in the file's place.
        let own = approvers.write("bert", "of the agent's own").unwrap();
        let file = |enrolled: &Enrolled| approvers.file(&enrolled.name, enrolled.file_sha256.as_ref().unwrap());
        std::fs::copy(file(&own), file(&anna)).unwrap();
        assert!(matches!(approvers.verify("anna", "of the agent's own"), Err(Wrong::Foreign(_))));
        assert!(matches!(approvers.verify("bert", "of the agent's own"), Err(Wrong::Nobody(_))));
        approvers.know(&Enrolled { name: "anna".into(), file_sha256: None });
        assert!(approvers.names().is_empty() && !file(&anna).exists());
    }

    #[test]
    fn a_right_passphrase_after_many_wrong_ones_waits_too() {
        let scratch = tempfile::tempdir().unwrap();
        let approvers = Approvers::remembered(&scratch.path().join("a"), &[]);
        approvers.know(&approvers.write("anna", "correct horse").unwrap());
        // Whoever tries one name after the other is slowed down as well.
        for name in ["anna", "bert", "carl", "dora"] {
            assert!(matches!(approvers.verify(name, "a guess"), Err(Wrong::Passphrase(_) | Wrong::Nobody(_))));
        }
        assert!(matches!(approvers.verify("anna", "correct horse"), Err(Wrong::Soon(1..=8))));
    }

    #[test]
    fn names_and_passphrases_are_bounded() {
        let scratch = tempfile::tempdir().unwrap();
        let approvers = Approvers::remembered(&scratch.path().join("a"), &[]);
        for name in ["", "../x", "a/b", "person", ".hidden"] {
            assert!(matches!(approvers.write(name, "long enough"), Err(Wrong::Name)), "{name}");
        }
        assert!(matches!(approvers.write("a", "short"), Err(Wrong::Length)));
        assert!(matches!(approvers.write("a", &"x".repeat(1025)), Err(Wrong::Length)));
    }
}
