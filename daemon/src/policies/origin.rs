//! The files that the policy is read from: those in the folders for it, or one
//! that was named at the start.
//!
//! A file may be read while somebody writes it: what is read counts once two looks
//! at the files before and after find the same. Not here: noticing a change.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tollgate_facts::policy_files;
use tollgate_places::Places;
use tollgate_policies::policy::{Layer, Policy, Problems, profile};

use super::Found;
use super::in_force::Kept;

/// The profile that holds where a person has written no policy.
const PROFILE: &str = "careful";
/// How often files that change while they are read are read again.
const LOOKS: usize = 5;
/// Between two such looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Why the files are no policy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// They cannot be read, or others may write them.
    #[error(transparent)]
    Files(#[from] policy_files::Error),
    /// They have errors.
    #[error("the policy has errors:\n{0}")]
    Errors(Problems),
}

/// Where the policy comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    folder: PathBuf,
    file: Option<PathBuf>,
}

impl Origin {
    /// The file given now, else the one that this state was begun with, as long as
    /// the person has written none into the folder; else the folder.
    pub(crate) fn of(places: &Places, file: Option<PathBuf>) -> std::io::Result<Self> {
        let folder = places.policies();
        let remembered = places.state.join("policy").join("base");
        if let Some(file) = file {
            let file = std::path::absolute(file)?;
            tollgate_places::private_folder(&places.state.join("policy")).map_err(std::io::Error::other)?;
            std::fs::write(&remembered, file.as_os_str().as_bytes())?;
            return Ok(Self { folder, file: Some(file) });
        }
        let empty = policy_files::load(&folder).is_ok_and(|files| files.is_empty());
        let file = std::fs::read(remembered).ok().filter(|_| empty);
        Ok(Self { folder, file: file.map(|path| std::ffi::OsString::from_vec(path).into()) })
    }

    /// The folders in which something may change: the files', and what links lead to.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = match &self.file {
            Some(file) => file.parent().into_iter().map(Path::to_owned).collect(),
            None => {
                [Some(self.folder.as_path()), self.folder.parent()].into_iter().flatten().map(Path::to_owned).collect()
            }
        };
        folders.push(policy_files::ORGANISATION.into());
        let real = self.files().into_iter().filter_map(|file| Some(file.canonicalize().ok()?.parent()?.to_owned()));
        folders.extend(real);
        folders.sort();
        folders.dedup();
        folders
    }

    /// Reads them.
    pub(crate) fn load(&self) -> Found {
        for _ in 1..LOOKS {
            let before = self.marks();
            let found = self.read();
            if before == self.marks() {
                return found;
            }
            std::thread::sleep(PAUSE);
        }
        self.read()
    }

    fn read(&self) -> Found {
        let mut sources = match &self.file {
            Some(file) => vec![policy_files::file(file, Layer::User)?],
            None => policy_files::load(&self.folder)?,
        };
        if sources.is_empty() {
            sources.extend(profile(PROFILE));
        }
        sources.extend(policy_files::organisation()?);
        let policy = Policy::parse(&sources).map_err(Unusable::Errors)?;
        Ok(Kept { policy, sources })
    }

    fn files(&self) -> Vec<PathBuf> {
        if let Some(file) = &self.file {
            return vec![file.clone()];
        }
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.path()).take(policy_files::MAX_FILES).collect();
        files.sort();
        files
    }

    /// What a write would change.
    fn marks(&self) -> Vec<(PathBuf, Option<[i64; 4]>)> {
        let mark = |path: PathBuf| {
            let found = std::fs::metadata(&path).ok();
            let mark = found.map(|found| {
                [found.ino().cast_signed(), found.size().cast_signed(), found.mtime_nsec(), found.ctime_nsec()]
            });
            (path, mark)
        };
        let theirs = std::fs::read_dir(policy_files::ORGANISATION).into_iter().flatten().flatten();
        let mut files = self.files();
        files.extend(theirs.map(|entry| entry.path()).take(policy_files::MAX_FILES));
        files.into_iter().map(mark).collect()
    }
}
