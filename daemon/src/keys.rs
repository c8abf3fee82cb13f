//! The keys of the record: one that signs its checkpoints, one that its keyed
//! digests are made with.
//!
//! They lie apart from the log, 0600 in a folder 0700, and are made where they are
//! missing. A new signing key is recorded: what an older one has signed is not its
//! own. Not here: what is signed (`tollgate-audit`).

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tollgate_audit::{HashKey, SigningKey};
use ulid::Ulid;

const SIGNING: &str = "audit.key";
const PUBLIC: &str = "audit.pub";
const HASHING: &str = "hash.key";
/// Most bytes of a key's file.
const MOST: u64 = 4096;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Their folder cannot be used.
    #[error(transparent)]
    Folder(#[from] tollgate_places::Error),
    /// A file cannot be read or made.
    #[error("cannot use the key `{}`: {}", .0.display(), .1)]
    File(PathBuf, #[source] io::Error),
    /// Others may read it.
    #[error("the key `{}` can be read by others: make it `chmod 600`, or remove it for a new one", .0.display())]
    Shared(PathBuf),
    /// It is no key.
    #[error("`{}` holds no key: put the right file there, or remove it for a new one", .0.display())]
    Wrong(PathBuf),
}

/// Both keys.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) signing: Arc<SigningKey>,
    pub(crate) hashing: HashKey,
    /// Whether the signing key was made just now.
    pub(crate) is_new: bool,
}

impl Keys {
    /// Reads the keys in this folder, and makes those that are missing.
    pub(crate) fn load(folder: &Path) -> Result<Self, Error> {
        tollgate_places::private_folder(folder)?;
        let generate = || SigningKey::generate(&format!("tollgate/{}", Ulid::generate())).map(|key| key.secret_text());
        let (text, is_new) = read_or_make(&folder.join(SIGNING), generate)?;
        let signing = SigningKey::parse(&text).map_err(|_| Error::Wrong(folder.join(SIGNING)))?;
        if is_new {
            let path = folder.join(PUBLIC);
            write_new(&path, &signing.public().to_string(), 0o644).map_err(|cause| Error::File(path, cause))?;
        }
        let (text, _) = read_or_make(&folder.join(HASHING), || HashKey::generate().map(|key| key.text()))?;
        let hashing = HashKey::parse(&text).ok_or_else(|| Error::Wrong(folder.join(HASHING)))?;
        Ok(Self { signing: Arc::new(signing), hashing, is_new })
    }
}

fn read_or_make(path: &Path, make: impl FnOnce() -> io::Result<String>) -> Result<(String, bool), Error> {
    let failed = |cause| Error::File(path.to_owned(), cause);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let text = make().map_err(failed)?;
            write_new(path, &text, 0o600).map_err(failed)?;
            return Ok((text, true));
        }
        Err(cause) => return Err(failed(cause)),
    };
    if file.metadata().map_err(failed)?.mode() & 0o077 != 0 {
        return Err(Error::Shared(path.to_owned()));
    }
    let mut text = String::new();
    file.take(MOST).read_to_string(&mut text).map_err(failed)?;
    Ok((text, false))
}

/// Writes a file whole, or not at all: a crash leaves no half of a key.
fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::options().write(true).create(true).truncate(true).mode(mode).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_made_once_and_are_the_owners_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("keys");
        let first = Keys::load(&folder).unwrap();
        let again = Keys::load(&folder).unwrap();
        assert!(first.is_new && !again.is_new);
        assert_eq!(first.signing.public(), again.signing.public());
        assert_eq!(first.hashing.text(), again.hashing.text());
        let public = std::fs::read_to_string(folder.join(PUBLIC)).unwrap();
        assert_eq!(public.trim(), first.signing.public().to_string());
        std::fs::set_permissions(folder.join(SIGNING), std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::load(&folder), Err(Error::Shared(_))));
        std::fs::remove_file(folder.join(SIGNING)).unwrap();
        assert!(Keys::load(&folder).unwrap().is_new);
        std::fs::write(folder.join(HASHING), "no key").unwrap();
        assert!(matches!(Keys::load(&folder), Err(Error::Wrong(_))));
    }
}
