//! Paths at which tools keep credentials, as far as a path's text tells.
//!
//! A path is taken from the root and without detours (`//`, `.`, `..`) before it is
//! compared. What a shell would find with a glob counts where it could be such a file.
//! Deliberately not here: which paths those are (`shared.toml`), and links.

use smallvec::SmallVec;

use super::UNCLEAR;
use super::folder::Folder;
use super::grammar::{Candidate, SecretPaths};

/// Longer paths than the kernel takes.
const LONGEST: usize = 4_096;

/// Whether this names such a file: as it stands, or behind a mark (`@file`, `name=file`,
/// `HEAD:file`).
pub(crate) fn names(paths: &SecretPaths, cwd: Option<&[u8]>, folder: Folder<'_>, text: &[u8]) -> bool {
    let behind = |mark: u8| text.iter().position(|byte| *byte == mark).and_then(|at| text.get(at + 1..));
    let parts = std::iter::once(text).chain([b'@', b'=', b':'].into_iter().filter_map(behind));
    parts.filter(|part| !part.is_empty()).any(|part| is_secret(paths, &whole(cwd, folder, part)))
}

fn is_secret(paths: &SecretPaths, path: &[u8]) -> bool {
    if path.contains(&UNCLEAR) {
        return path.len() > LONGEST || paths.files.iter().any(|pattern| pattern.may_match(path, UNCLEAR));
    }
    let path = Candidate::new(path);
    path.is_any(&paths.folders) || (path.is_any(&paths.files) && !path.is_any(&paths.but))
}

/// Most fit in place.
pub(crate) type Path = SmallVec<[u8; 120]>;

/// The path from the root without detours; from `.` where its folder is not known.
pub(crate) fn whole(cwd: Option<&[u8]>, folder: Folder<'_>, path: &[u8]) -> Path {
    let placed = folder.place(path);
    let path = placed.as_deref().unwrap_or(path);
    let known = placed.is_some() && !path.starts_with(b"/");
    let start = cwd.filter(|_| known).unwrap_or_default();
    let rooted = path.starts_with(b"/") || !start.is_empty();
    let root: &[u8] = if rooted { b"/" } else { b"./" };
    let mut whole = Path::with_capacity(root.len() + start.len() + path.len() + 1);
    // Most are so already.
    if known && is_straight(path) && start.strip_prefix(b"/").is_some_and(is_straight) {
        [start, b"/", path].into_iter().for_each(|part| whole.extend_from_slice(part));
        return whole;
    }
    whole.extend_from_slice(root);
    for part in start.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => {
                let above = whole.get(root.len()..).and_then(|below| below.iter().rposition(|byte| *byte == b'/'));
                whole.truncate(root.len() + above.unwrap_or_default());
            }
            _ => {
                whole.extend_from_slice(if whole.len() > root.len() { b"/" } else { b"" });
                whole.extend_from_slice(part);
            }
        }
    }
    whole
}

/// Whether a relative path has names only, none of which starts with a dot.
fn is_straight(path: &[u8]) -> bool {
    let mut before = b'/';
    let names = path.iter().all(|byte| std::mem::replace(&mut before, *byte) != b'/' || !matches!(byte, b'/' | b'.'));
    names && before != b'/'
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn a_straight_path_is_what_it_would_be_made(path in "[a/.]{0,8}", cwd in "/[a/.]{0,6}") {
            let (path, cwd) = (path.as_bytes(), cwd.as_bytes());
            let straight = whole(Some(cwd), Folder::Callers, path);
            // A detour keeps it from being taken as it is.
            let detour = whole(Some(cwd), Folder::Callers, &[b"./", path].concat());
            prop_assert_eq!(straight, if path.starts_with(b"/") { whole(None, Folder::Callers, path) } else { detour });
        }
    }

    #[test]
    fn a_path_is_taken_from_the_root_and_without_detours() {
        let whole =
            |folder, path: &str| String::from_utf8(whole(Some(b"/me"), folder, path.as_bytes()).into_vec()).unwrap();
        assert_eq!(whole(Folder::Callers, ".//a/../b/."), "/me/b");
        assert_eq!(whole(Folder::Callers, "/x//y"), "/x/y");
        assert_eq!(whole(Folder::At(b"sub"), "b"), "/me/sub/b");
        assert_eq!(whole(Folder::At(b"/x"), "../b"), "/b");
        assert_eq!(whole(Folder::Unknown, "b"), "./b");
    }
}
