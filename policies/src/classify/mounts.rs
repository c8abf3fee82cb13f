//! What of the machine a container is given: folders of the system, what lies outside
//! of the working folder, and credentials.
//!
//! As far as a path's text tells: links are not followed. Deliberately not here: how
//! bad that is (the grammar says), and reading files.

use super::case::Case;
use super::facts::{Access, Mount};
use super::grammar::{Exposes, any, mount_paths};
use super::{UNCLEAR, brought, secrets};

/// Whether this flag's values, or else the files that are brought along, give a
/// container what is meant; and by which argument.
pub(crate) fn exposes(what: Exposes, flag: Option<&str>, case: &Case<'_, '_, '_>) -> Option<Option<usize>> {
    let Some(name) = flag else {
        let look = brought::look(case);
        return brought::mounts(&look).iter().any(|mount| is_exposed(what, mount, case)).then_some(None);
    };
    let mut given = case.parsed.flags.iter().filter(|given| given.flag.name == name);
    let exposed = |value: &[u8]| mounts(value).iter().any(|mount| is_exposed(what, mount, case));
    given.find(|given| given.value.is_some_and(exposed)).map(|given| given.index)
}

fn is_exposed(what: Exposes, mount: &Mount, case: &Case<'_, '_, '_>) -> bool {
    let paths = mount_paths();
    let whole = secrets::whole(case.cwd, case.folder, &mount.path);
    let is = |patterns| any(patterns, &whole);
    let outside = is_outside(case.cwd, &whole) || mount.path.starts_with(b"~") || mount.path.contains(&UNCLEAR);
    match what {
        Exposes::System => mount.access == Access::Write && (is(&paths.system) || outside && is(&paths.of_root)),
        Exposes::Outside => {
            outside || is(&paths.system) || secrets::names(paths.secrets, case.cwd, case.folder, &mount.path)
        }
    }
}

/// Whether a path from the root lies outside of the working folder, which itself does not.
fn is_outside(cwd: Option<&[u8]>, whole: &[u8]) -> bool {
    let below = |cwd: &[u8]| {
        let rest = whole.strip_prefix(cwd.strip_suffix(b"/").unwrap_or(cwd));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    !cwd.is_some_and(|cwd| cwd != b"/" && below(cwd))
}

/// The paths in a value of `--volume` (`PATH:PLACE:OPTIONS`) or `--mount`
/// (`type=bind,source=PATH,...`); the names of volumes are none.
fn mounts(value: &[u8]) -> Vec<Mount> {
    let is_mount = value.split(|byte| *byte == b':').next().is_some_and(|first| first.contains(&b'='));
    if is_mount { in_pairs(value) } else { in_volume(value).into_iter().collect() }
}

fn in_volume(value: &[u8]) -> Option<Mount> {
    let access = Access::of_volume(value)?;
    let path = value.split(|byte| *byte == b':').next()?;
    is_path(path).then(|| Mount { path: path.to_vec(), access })
}

fn in_pairs(value: &[u8]) -> Vec<Mount> {
    let value: Vec<u8> = value.iter().copied().filter(|byte| *byte != b'"').collect();
    let of_source = |pair: &[u8]| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (key, path) = (pair.get(..at)?.trim_ascii(), pair.get(at + 1..)?);
        let named = [&b"source"[..], b"src"].iter().any(|known| key.eq_ignore_ascii_case(known));
        (named && is_path(path)).then(|| Mount { path: path.to_vec(), access: Access::Write })
    };
    value.split(|byte| *byte == b',').filter_map(of_source).collect()
}

/// Whether a source is a path, and no name of a volume.
fn is_path(source: &[u8]) -> bool {
    source.starts_with(b".") || source.starts_with(b"~") || source.contains(&b'/') || source.contains(&UNCLEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: &str) -> Vec<(String, Access)> {
        let mounts = mounts(value.as_bytes());
        mounts.into_iter().map(|mount| (String::from_utf8(mount.path).unwrap(), mount.access)).collect()
    }

    #[test]
    fn a_volume_is_a_path_a_place_and_options() {
        assert_eq!(told("/etc:/e"), [("/etc".to_owned(), Access::Write)]);
        assert_eq!(told("./a:/e:z,ro"), [("./a".to_owned(), Access::Read)]);
        assert_eq!(told("./a:/e:ro,rw"), [("./a".to_owned(), Access::Write)]);
        assert_eq!(told("data:/e"), []);
        assert_eq!(told("/e"), []);
    }

    #[test]
    fn a_mount_names_its_source_in_any_case_and_quotes() {
        assert_eq!(told("type=bind,\"Source=/etc\",dst=/x"), [("/etc".to_owned(), Access::Write)]);
        assert_eq!(told("type=volume,src=data,dst=/x"), []);
    }

    #[test]
    fn the_working_folder_itself_is_inside() {
        assert!(!is_outside(Some(b"/home/me/x"), b"/home/me/x"));
        assert!(!is_outside(Some(b"/home/me/x/"), b"/home/me/x/y"));
        assert!(is_outside(Some(b"/home/me/x"), b"/home/me/xy"));
        assert!(is_outside(Some(b"/"), b"/etc") && is_outside(None, b"./x"));
    }
}
