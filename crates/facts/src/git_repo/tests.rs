//! A repository's settings, read from real folders.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::Path;

use super::*;
use crate::Reader;

struct Repository(tempfile::TempDir);

impl Repository {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn asked(&self, folder: &str, purpose: GitPurpose, remote: Option<&str>) -> Finding {
        let cwd = File::open(self.path().join(folder)).unwrap();
        let wanted = GitRepo {
            folder: b"".into(),
            git_dir: None,
            home: self.path().join("home").into_os_string().into_encoded_bytes().into(),
            settings: None,
            global: None,
            remote: remote.map(Bytes::from),
            purpose,
        };
        find(&wanted, &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
    }
}

fn value(finding: &Finding, field: Field) -> String {
    let Finding::Found(found) = finding else { panic!("{finding:?}") };
    match found.value(field) {
        None => String::from("-"),
        Some(Value::Known { value, .. }) => String::from_utf8(value.to_vec()).unwrap(),
        Some(Value::Unknown { .. }) => String::from("?"),
    }
}

const HEAD: (&str, &str) = ("work/.git/HEAD", "ref: refs/heads/main\n");
const CONFIG: &str = "[remote \"origin\"]\nurl = https://u:p@github.com/acme/web.git\n[branch \"main\"]\nremote = origin\nmerge = refs/heads/trunk\n";

fn all(finding: &Finding) -> [String; 4] {
    [Field::Remote, Field::Host, Field::Repository, Field::Branch].map(|field| value(finding, field))
}

#[test]
fn a_push_goes_to_the_branchs_remote_and_a_branch_of_the_same_name() {
    let repository = Repository::with(&[HEAD, ("work/.git/config", CONFIG), ("work/a/b/x", "")]);
    let found = repository.asked("work/a/b", GitPurpose::Push, None);
    assert_eq!(all(&found), ["origin", "github.com", "https://github.com/acme/web.git", "main"]);
}

#[test]
fn push_settings_choose_another_remote_address_and_branch() {
    let more = "[remote]\npushDefault = fork\n[remote \"fork\"]\nurl = git@x:a\npushurl = git@y:b\n[push]\ndefault = upstream\n";
    let repository = Repository::with(&[HEAD, ("work/.git/config", &format!("{CONFIG}{more}"))]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Push, None)), ["fork", "y", "git@y:b", "trunk"]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Fetch, None))[..2], ["origin", "github.com"]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Fetch, Some("fork")))[..3], ["fork", "x", "git@x:a"]);
}

#[test]
fn addresses_are_rewritten_as_git_does_it() {
    let home = ("home/.gitconfig", "[url \"ssh://inner/\"]\ninsteadOf = gh:\npushInsteadOf = https://h/\n");
    let local = ("work/.git/config", "[remote \"o\"]\nurl = gh:a\n[remote \"p\"]\nurl = https://h/b\n");
    let repository = Repository::with(&[HEAD, home, local]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Fetch, Some("o")))[2], "ssh://inner/a");
    assert_eq!(all(&repository.asked("work", GitPurpose::Push, Some("p")))[2], "ssh://inner/b");
    assert_eq!(all(&repository.asked("work", GitPurpose::Fetch, Some("p")))[2], "https://h/b");
}

#[test]
fn a_worktree_leads_to_the_common_settings() {
    let repository = Repository::with(&[
        HEAD,
        ("work/.git/config", CONFIG),
        ("work/.git/worktrees/t/HEAD", "ref: refs/heads/topic\n"),
        ("work/.git/worktrees/t/commondir", "../..\n"),
        ("tree/.git", "gitdir: ../work/.git/worktrees/t\n"),
    ]);
    let found = repository.asked("tree", GitPurpose::Push, None);
    assert_eq!(all(&found), ["origin", "github.com", "https://github.com/acme/web.git", "topic"]);
}

#[test]
fn what_is_included_counts_and_on_a_condition_it_is_unknown() {
    let local = ("work/.git/config", "[include]\npath = more\n[includeIf \"onbranch:x\"]\npath = maybe\n");
    let more = ("work/.git/more", "[remote \"origin\"]\nurl = h:a\n");
    let maybe = ("work/.git/maybe", "[branch \"main\"]\npushRemote = other\n");
    let repository = Repository::with(&[HEAD, local, more, maybe]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Push, None))[..3], ["?", "?", "?"]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Fetch, None))[..3], ["origin", "h", "h:a"]);
}

#[test]
fn a_mirror_makes_every_push_more_than_it_says() {
    let local = ("work/.git/config", "[remote \"origin\"]\nurl = h:a\nmirror = true\n");
    let repository = Repository::with(&[HEAD, local]);
    let Finding::Found(found) = repository.asked("work", GitPurpose::Push, None) else { panic!() };
    assert!(found.code.is_some());
    let Finding::Found(found) = repository.asked("work", GitPurpose::Fetch, None) else { panic!() };
    assert!(found.code.is_none());
}

#[test]
fn a_forge_command_takes_the_marked_remote_or_the_only_one() {
    let two = "[remote \"a\"]\nurl = git@github.com:x/y.git\n[remote \"b\"]\nurl = git@github.com:z/w\n";
    let repository = Repository::with(&[HEAD, ("work/.git/config", two)]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Forge, None))[2], "?");
    let repository = Repository::with(&[HEAD, ("work/.git/config", &format!("{two}gh-resolved = base\n"))]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Forge, None))[1..3], ["github.com", "z/w"]);
}

#[test]
fn without_a_repository_nothing_is_known() {
    let repository = Repository::with(&[("work/x", "")]);
    assert_eq!(all(&repository.asked("work", GitPurpose::Push, None)), ["origin", "?", "?", "?"]);
    let found = repository.asked("work", GitPurpose::Push, Some("https://h/r"));
    assert_eq!(all(&found), ["https://h/r", "h", "https://h/r", "?"]);
}
