//! The policies of the project that a command runs in: every `.tollgate.toml` from
//! the working folder upward.
//!
//! They are read as any fact is, and can only tighten. One that cannot be read or
//! has errors denies: it may have been meant to.

use tollgate_policies::policy::{Layer, Project, Source};
use tollgate_policies::show;

use crate::files::{Files, ReadFile, Reader};

/// The file's name in each folder.
pub const NAME: &str = ".tollgate.toml";
/// The most bytes of one file.
const LARGEST: u64 = 64 << 10;
/// The most folders that are looked into.
const DEEPEST: usize = 48;

/// The projects' policies, nearest first, and their files.
pub(crate) fn find(cwd: Option<&[u8]>, reader: &Reader<'_>) -> (Vec<Project>, Vec<ReadFile>) {
    let mut files = Files::new(reader);
    let mut projects = Vec::new();
    let mut folders = cwd.filter(|cwd| cwd.starts_with(b"/")).into_iter().flat_map(upward);
    for folder in folders.by_ref().take(DEEPEST) {
        let path = [folder, b"/", NAME.as_bytes()].concat();
        let name = show::text(&path, 400);
        match files.read_up_to(&path, LARGEST) {
            Ok(None) => {}
            Ok(Some(bytes)) => projects.push(parsed(name, bytes)),
            Err(why) => projects.push(Project::broken(&name, &why)),
        }
    }
    if let Some(above) = folders.next() {
        let name = show::text(&[above, b"/", NAME.as_bytes()].concat(), 400);
        projects.push(Project::broken(&name, "it is not looked for: the working folder lies too deep below"));
    }
    let read = files.into_parts().0.into_iter().filter(|file| file.sha256.is_some()).collect();
    (projects, read)
}

fn parsed(name: String, bytes: Vec<u8>) -> Project {
    let Ok(text) = String::from_utf8(bytes) else { return Project::broken(&name, "it is no UTF-8 text") };
    let source = Source { name: name.clone(), text, layer: Layer::Project };
    Project::parse(&source).unwrap_or_else(|problems| {
        let first = problems.iter().next().map(ToString::to_string);
        Project::broken(&name, &first.unwrap_or_default())
    })
}

/// A folder and those above it; empty stands for the root.
fn upward(folder: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = folder.strip_suffix(b"/").unwrap_or(folder);
    std::iter::successors(Some(whole), |folder| {
        let at = folder.iter().rposition(|byte| *byte == b'/')?;
        folder.get(..at)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn folders_are_looked_into_upward() {
        let upward = |folder: &str| {
            upward(folder.as_bytes()).map(|folder| String::from_utf8_lossy(folder).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(upward("/a/b"), ["/a/b", "/a", ""]);
        assert_eq!(upward("/"), [""]);
    }

    #[test]
    fn every_file_upward_counts_and_absent_ones_leave_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(folder.path().join(".tollgate.toml"), "version = 1\n").unwrap();
        std::fs::write(inner.join(".tollgate.toml"), "nonsense").unwrap();
        let (projects, read) = find(Some(inner.as_os_str().as_bytes()), &Reader::new(None));
        assert_eq!((projects.len(), read.len()), (2, 2));
        assert!(read[0].path.ends_with(b"/a/b/.tollgate.toml"));
        assert!(find(None, &Reader::new(None)).0.is_empty());
    }

    #[test]
    fn what_lies_too_deep_to_be_looked_for_denies() {
        let deep = |folders: usize| format!("/nowhere{}", "/x".repeat(folders - 2));
        assert!(find(Some(deep(DEEPEST).as_bytes()), &Reader::new(None)).0.is_empty());
        assert_eq!(find(Some(deep(DEEPEST + 1).as_bytes()), &Reader::new(None)).0.len(), 1);
    }

    #[test]
    fn a_file_that_is_no_file_is_a_broken_project() {
        let folder = tempfile::tempdir().unwrap();
        nix::unistd::mkfifo(&folder.path().join(".tollgate.toml"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let (projects, _) = find(Some(folder.path().as_os_str().as_bytes()), &Reader::new(None));
        assert_eq!(projects.len(), 1);
    }
}
