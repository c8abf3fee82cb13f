//! Policy files, read with bounds: the same for the daemon and for `explain`.
//!
//! A file or a folder that others may write is no policy of this person's, and
//! is refused. What the files say is not looked at here.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tollgate_policies::policy::{Layer, Source};

/// Most bytes of one policy file.
pub const MAX_FILE: u64 = 1 << 20;
/// Most policy files in one folder.
pub const MAX_FILES: usize = 256;

/// Why policy files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read the policy `{}`: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It is too large.
    #[error("the policy `{}` is longer than {MAX_FILE} bytes: split it", .0.display())]
    TooLong(PathBuf),
    /// There are too many.
    #[error("the folder `{}` holds more than {MAX_FILES} policies", .0.display())]
    TooMany(PathBuf),
    /// It is no regular file, or no text.
    #[error("the policy `{}` must be a regular file with UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// Others may write it.
    #[error("the policy `{}` can be written by others: `chmod go-w` it, and let it belong to you or root", .0.display())]
    WritableByOthers(PathBuf),
}

/// The organisation's policies, for every user of the machine.
pub const ORGANISATION: &str = "/etc/tollgate/policy.d";

/// The organisation's policies, by name.
pub fn organisation() -> Result<Vec<Source>, Error> {
    load_as(Path::new(ORGANISATION), Layer::Organisation)
}

/// Every `*.toml` in the person's `folder`, by name. A folder that is not there
/// holds none.
pub fn load(folder: &Path) -> Result<Vec<Source>, Error> {
    load_as(folder, Layer::User)
}

fn load_as(folder: &Path, layer: Layer) -> Result<Vec<Source>, Error> {
    let unreadable = |source| Error::Unreadable { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(unreadable(cause)),
    };
    ours_alone(folder, &std::fs::metadata(folder).map_err(unreadable)?)?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
        if paths.len() > MAX_FILES {
            return Err(Error::TooMany(folder.to_owned()));
        }
    }
    paths.sort();
    paths.iter().map(|path| file(path, layer)).collect()
}

/// One policy file.
pub fn file(path: &Path, layer: Layer) -> Result<Source, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    // A FIFO in its place must not hold us up.
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_CLOEXEC;
    let opened = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let found = opened.metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err(Error::NotText(path.to_owned()));
    }
    ours_alone(path, &found)?;
    let mut bytes = Vec::new();
    opened.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Error::TooLong(path.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| Error::NotText(path.to_owned()))?;
    Ok(Source { name: path.display().to_string(), text, layer })
}

fn ours_alone(path: &Path, found: &std::fs::Metadata) -> Result<(), Error> {
    let own = nix::unistd::geteuid().as_raw();
    if found.mode() & 0o022 != 0 || (found.uid() != own && found.uid() != 0) {
        return Err(Error::WritableByOthers(path.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_come_by_name_and_others_than_toml_do_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["20.toml", "10.toml", "notes.txt"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let texts: Vec<_> = load(folder.path()).unwrap().into_iter().map(|source| source.text).collect();
        assert_eq!(texts, ["10.toml", "20.toml"]);
        assert!(load(&folder.path().join("absent")).unwrap().is_empty());
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(load(folder.path()), Err(Error::WritableByOthers(_))));
    }

    #[test]
    fn a_fifo_and_a_huge_file_are_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert!(matches!(file(&path, Layer::User), Err(Error::NotText(_))));
        let long = folder.path().join("b.toml");
        File::create(&long).unwrap().set_len(MAX_FILE + 1).unwrap();
        assert!(matches!(file(&long, Layer::User), Err(Error::TooLong(_))));
    }
}
