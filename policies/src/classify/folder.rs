//! Where a command runs: in the caller's working folder, or in one that a wrapper
//! or a script has gone to.
//!
//! Deliberately not here: whether there is such a folder.

use std::borrow::Cow;

use super::facts::Need;

/// Where a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder<'a> {
    /// The caller's own working folder.
    Callers,
    /// This one, as the caller would open it.
    At(&'a [u8]),
    /// It cannot be told.
    Unknown,
}

/// Why a relative path cannot be looked up.
const UNKNOWN: &str = "the folder that it runs in cannot be told";

impl<'a> Folder<'a> {
    /// A path of this folder as the caller would open it.
    pub(crate) fn place<'p>(&self, path: &'p [u8]) -> Option<Cow<'p, [u8]>> {
        match self {
            _ if path.starts_with(b"/") => Some(Cow::Borrowed(path)),
            Self::Callers => Some(Cow::Borrowed(path)),
            Self::At(folder) if path.is_empty() => Some(Cow::Owned(folder.to_vec())),
            Self::At(folder) => Some(Cow::Owned([folder, &b"/"[..], path].concat())),
            Self::Unknown => None,
        }
    }

    /// Rewrites the question's paths to such as the caller would open; after an error it is
    /// no question any more.
    pub(crate) fn place_all(&self, need: &mut Need) -> Result<(), String> {
        if *self == Self::Callers {
            return Ok(());
        }
        for path in need.paths().into_iter().filter(|path| !path.starts_with(b"~")) {
            *path = self.place(path).ok_or(UNKNOWN)?.into_owned().into();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_start_where_the_command_runs() {
        assert_eq!(Folder::At(b"infra").place(b"x").unwrap().as_ref(), b"infra/x");
        assert_eq!(Folder::At(b"infra").place(b"/x").unwrap().as_ref(), b"/x");
        assert_eq!(Folder::Unknown.place(b"x"), None);
        assert_eq!(Folder::Unknown.place(b"/x").unwrap().as_ref(), b"/x");
    }

    #[test]
    fn a_question_is_about_the_folder_that_the_command_runs_in() {
        let asked = || Need::TerraformDir { folder: b"".into(), data: b".terraform".into() };
        let moved = Need::TerraformDir { folder: b"infra".into(), data: b".terraform".into() };
        let mut need = asked();
        assert_eq!((Folder::At(b"infra").place_all(&mut need), need), (Ok(()), moved));
        assert!(Folder::Unknown.place_all(&mut asked()).is_err());
    }
}
