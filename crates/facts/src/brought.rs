//! What stands in files that a command brings along: manifests and values.
//!
//! A file that the argv names is kept, so that the run can be given what was judged.
//! Of a folder the files are read and noted, with the list of their names: they are
//! looked at again before the run, and the tool reads them itself.
//! Deliberately not here: what kinds of objects mean.

use tollgate_policies::changes::Changes;
use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{BroughtFiles, BroughtForm, Contents, Depth};

use crate::files::{Content, Files, join};
use crate::manifest::{self, Object};

/// The most folders that may lie in each other.
const DEEPEST: usize = 16;

pub(crate) fn find(wanted: &BroughtFiles, files: &mut Files<'_>) -> Finding {
    let mut all = Gathered { objects: Vec::new(), unread: None, notes: Vec::new() };
    for path in &wanted.paths {
        if let Err(reason) = one(wanted, path, files, &mut all) {
            all.unread.get_or_insert(reason);
        }
    }
    let named = all.objects.iter().map(|object| (wanted.act, name(object)));
    let mut changes = Changes::of(named);
    all.notes.into_iter().for_each(|note| changes.note(note));
    let mut kinds: Vec<String> = all.objects.into_iter().map(|object| object.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    Finding::Brought(Contents { kinds, mounts: Vec::new(), changes, unread: all.unread })
}

/// What was found in all files so far.
struct Gathered {
    objects: Vec<Object>,
    unread: Option<String>,
    notes: Vec<String>,
}

fn one(wanted: &BroughtFiles, path: &[u8], files: &mut Files<'_>, all: &mut Gathered) -> Result<(), String> {
    if path == b"-" {
        let bytes = files.input()?;
        return look_into(wanted, path, &bytes, all);
    }
    match files.keep_or_list(path)? {
        Content::Absent if path.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) => {
            Err(format!("`{}` may be a pattern that the tool expands", String::from_utf8_lossy(path)))
        }
        // Whatever is put there before the tool looks would be its own business.
        Content::Absent => Err(format!("there is no `{}` yet", String::from_utf8_lossy(path))),
        Content::File(bytes) => look_into(wanted, path, &bytes, all),
        Content::Folder(names) => {
            all.notes.push(format!(
                "the files of the folder `{}` are compared before the run, and not copied",
                String::from_utf8_lossy(path)
            ));
            folder(wanted, path, names, files, all, DEEPEST)
        }
    }
}

fn folder(
    wanted: &BroughtFiles,
    path: &[u8],
    names: Vec<Vec<u8>>,
    files: &mut Files<'_>,
    all: &mut Gathered,
    deeper: usize,
) -> Result<(), String> {
    let below = deeper.checked_sub(1).ok_or("folders are nested too deeply")?;
    for name in names {
        let path = join(path, &name);
        let counts = [&b".yaml"[..], b".yml", b".json"].iter().any(|ending| name.ends_with(ending));
        match files.read_or_list(&path)? {
            Content::Folder(names) if wanted.depth == Depth::Recursive => {
                folder(wanted, &path, names, files, all, below)?;
            }
            Content::File(bytes) if counts => look_into(wanted, &path, &bytes, all)?,
            Content::Absent | Content::File(_) | Content::Folder(_) => {}
        }
    }
    Ok(())
}

fn look_into(wanted: &BroughtFiles, path: &[u8], bytes: &[u8], all: &mut Gathered) -> Result<(), String> {
    if wanted.form == BroughtForm::Values {
        return Ok(());
    }
    let shown = || match path {
        b"-" => String::from("standard input"),
        path => format!("`{}`", String::from_utf8_lossy(path)),
    };
    let objects = manifest::objects(bytes).map_err(|reason| format!("{}: {reason}", shown()))?;
    all.objects.extend(objects);
    Ok(())
}

/// `Deployment shop/web`, or `Namespace shop` where none is named.
fn name(object: &Object) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;
    use std::sync::Arc;

    use tollgate_policies::changes::Act;

    use super::*;
    use crate::{Kept, Reader};

    fn told(finding: &Finding) -> Vec<(Act, String)> {
        match finding {
            Finding::Brought(contents) => {
                contents.changes.named().iter().map(|change| (change.act, change.what.clone())).collect()
            }
            _ => Vec::new(),
        }
    }

    fn wanted(paths: &[&str], depth: Depth) -> BroughtFiles {
        let paths = paths.iter().map(|path| (*path).into()).collect();
        BroughtFiles { paths, form: BroughtForm::Manifests, act: Act::Apply, depth }
    }

    fn place() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("k8s/more")).unwrap();
        for (path, kind) in
            [("a.yaml", "Pod"), ("k8s/b.yml", "Role"), ("k8s/c.txt", "Secret"), ("k8s/more/d.json", "Job")]
        {
            std::fs::write(folder.path().join(path), format!("{{kind: {kind}, metadata: {{name: x}}}}")).unwrap();
        }
        folder
    }

    fn unread(finding: &Finding) -> Option<&str> {
        match finding {
            Finding::Brought(contents) => contents.unread.as_deref(),
            _ => None,
        }
    }

    #[test]
    fn files_are_kept_and_folders_are_noted() {
        let folder = place();
        let cwd = File::open(folder.path()).unwrap();
        let reader = Reader::new(Some(cwd.as_fd()));
        let mut files = Files::new(&reader);
        let finding = find(&wanted(&["a.yaml", "k8s"], Depth::Flat), &mut files);
        let acts = [(Act::Apply, "Pod x".to_owned()), (Act::Apply, "Role x".to_owned())];
        assert_eq!((told(&finding), unread(&finding)), (acts.to_vec(), None));
        let (read, kept) = files.into_parts();
        let paths: Vec<_> = read.iter().map(|file| String::from_utf8_lossy(&file.path).into_owned()).collect();
        assert_eq!(paths, ["a.yaml", "k8s", "k8s/b.yml", "k8s/c.txt", "k8s/more"]);
        assert_eq!(kept.len(), 1);
        let mut files = Files::new(&reader);
        assert_eq!(told(&find(&wanted(&["k8s"], Depth::Recursive), &mut files)).len(), 2);
    }

    #[test]
    fn what_was_kept_is_read_again_as_it_was() {
        let folder = place();
        let cwd = File::open(folder.path()).unwrap();
        let kept = [Kept { path: b"a.yaml".to_vec(), bytes: Arc::from(&b"{kind: Kept, metadata: {name: x}}"[..]) }];
        let reader = Reader::new(Some(cwd.as_fd())).with_kept(&kept);
        let finding = find(&wanted(&["a.yaml"], Depth::Flat), &mut Files::new(&reader));
        assert_eq!(told(&finding), [(Act::Apply, "Kept x".to_owned())]);
    }

    #[test]
    fn input_patterns_and_the_callers_own_descriptors_are_not_read() {
        let folder = place();
        let cwd = File::open(folder.path()).unwrap();
        let reader = Reader::new(Some(cwd.as_fd()));
        for path in ["-", "*.yaml", "/dev/fd/63", "/proc/self/fd/0", "gone.yaml"] {
            let mut files = Files::new(&reader);
            assert!(unread(&find(&wanted(&[path], Depth::Flat), &mut files)).is_some(), "{path}");
            assert_eq!(files.wants_input(), path == "-");
        }
    }

    #[test]
    fn standard_input_that_was_read_counts() {
        let input = [Kept { path: b"-".to_vec(), bytes: Arc::from(&b"kind: Pod\nmetadata: {name: y}\n"[..]) }];
        let reader = Reader::new(None).with_kept(&input);
        let finding = find(&wanted(&["-"], Depth::Flat), &mut Files::new(&reader));
        assert_eq!(told(&finding), [(Act::Apply, "Pod y".to_owned())]);
    }
}
