//! An installation in a scratch home: made, made again, broken off anywhere,
//! changed by a person, removed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;

use super::*;
use crate::plan::{Plan, Wanted};
use crate::step::Step;

const BASHRC: &[u8] = b"case $- in *i*) ;; *) return ;; esac\nalias l=ls";

struct World {
    scratch: tempfile::TempDir,
}

impl World {
    /// A home with files of a person's own, one of them a link into another folder.
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let world = Self { scratch };
        fs::create_dir_all(world.at("dotfiles")).unwrap();
        fs::create_dir_all(world.at(".config")).unwrap();
        fs::write(world.at(".bashrc"), BASHRC).unwrap();
        fs::write(world.at("dotfiles/zshrc"), "setopt autocd\n").unwrap();
        std::os::unix::fs::symlink("dotfiles/zshrc", world.at(".zshrc")).unwrap();
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.scratch.path().join("home").join(name)
    }

    fn home(&self, tools: &[&str]) -> Home {
        let home = self.scratch.path().join("home");
        Home {
            policies: home.join(".config/tollgate/policy.d"),
            shims: home.join(".local/share/tollgate/shims"),
            gate: "/run/user/1/tollgate/gate".into(),
            base: home.clone(),
            shim: "/opt/tollgate/tollgate-shim".into(),
            daemon: "/opt/tollgate/tollgated".into(),
            tools: tools.iter().map(|name| Tool::new(OsStr::new(name)).unwrap()).collect(),
            policy: "version = 1\n".to_owned(),
            shells: Shell::ALL.to_vec(),
            zsh: None,
            service: Service::Systemd,
            home,
        }
    }

    fn wanted(&self, tools: &[&str]) -> Wanted {
        let things = self.home(tools).things();
        let tools = tools.iter().map(|&name| name.to_owned()).collect();
        Wanted { version: "0.1.0".to_owned(), tools, profile: "careful".to_owned(), things }
    }

    fn manifest(&self) -> PathBuf {
        Home::manifest(&self.home(&[]).shims)
    }

    fn install(&self, tools: &[&str]) -> Plan {
        let plan = Plan::install(&self.manifest(), &self.wanted(tools)).unwrap();
        plan.apply().unwrap();
        plan
    }

    fn uninstall(&self) -> Vec<String> {
        let Some(plan) = Plan::uninstall(&self.manifest()).unwrap() else { return vec!["nothing".to_owned()] };
        plan.apply().unwrap();
        plan.notes().iter().map(|note| note.to_string().replace(&*self.at("").to_string_lossy(), "~/")).collect()
    }

    /// Every file, link and folder of the home.
    fn everything(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.at("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let kind = fs::symlink_metadata(&path).unwrap();
                let what = if kind.is_symlink() {
                    format!("-> {}", fs::read_link(&path).unwrap().display())
                } else if kind.is_dir() {
                    folders.push(path.clone());
                    "folder".to_owned()
                } else {
                    String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
                };
                found.insert(path, what);
            }
        }
        found
    }
}

#[test]
fn installed_twice_there_is_nothing_to_do() {
    let world = World::new();
    assert!(!world.install(&["terraform"]).is_done());
    let whole = world.everything();
    let again = world.install(&["terraform"]);
    assert!(again.is_done(), "{:?}", again.steps());
    assert_eq!(world.everything(), whole);
}

#[test]
fn uninstalled_the_home_is_as_it_was() {
    let world = World::new();
    let before = world.everything();
    world.install(&["terraform", "kubectl"]);
    assert_eq!(world.uninstall(), Vec::<String>::new());
    assert_eq!(world.everything(), before);
    assert_eq!(world.uninstall(), ["nothing"]);
}

/// Applies the first steps alone, after the manifest, as if killed after them.
fn broken_off(world: &World, plan: &Plan, steps: usize) {
    plan.begin().unwrap();
    for step in plan.steps().iter().take(steps).filter(|step| !plan.is_first(step) && !plan.is_last(step)) {
        step.apply().unwrap();
    }
    // What a kill in the middle of the next step leaves.
    if let Some(Step::Write { at, .. } | Step::PutLines { at, .. } | Step::TakeLines { at, .. }) =
        plan.steps().get(steps)
    {
        fs::write(crate::thing::staged(at), "half").unwrap();
    }
    assert!(world.manifest().exists());
}

#[test]
fn broken_off_anywhere_it_can_be_finished_or_removed() {
    let steps = {
        let world = World::new();
        Plan::install(&world.manifest(), &world.wanted(&["terraform", "aws"])).unwrap().steps().len()
    };
    assert!(steps > 20, "{steps}");
    let whole = {
        let world = World::new();
        world.install(&["terraform", "aws"]);
        world.everything().into_values().filter(|text| !text.contains("\"standing\"")).collect::<Vec<_>>()
    };
    for done in 0..=steps {
        let world = World::new();
        let before = world.everything();
        let plan = Plan::install(&world.manifest(), &world.wanted(&["terraform", "aws"])).unwrap();
        broken_off(&world, &plan, done);
        assert_eq!(world.uninstall(), Vec::<String>::new(), "after {done} steps");
        assert_eq!(world.everything(), before, "after {done} steps");

        let world = World::new();
        let plan = Plan::install(&world.manifest(), &world.wanted(&["terraform", "aws"])).unwrap();
        broken_off(&world, &plan, done);
        world.install(&["terraform", "aws"]);
        let found = world.everything().into_values().filter(|text| !text.contains("\"standing\"")).count();
        assert_eq!(found, whole.len(), "after {done} steps");
        assert!(world.install(&["terraform", "aws"]).is_done());
        assert_eq!(world.uninstall(), Vec::<String>::new());
        assert_eq!(world.everything(), before_of(&world), "after {done} steps");
    }
}

/// What a fresh world holds, at this world's place.
fn before_of(world: &World) -> BTreeMap<PathBuf, String> {
    let fresh = World::new();
    let place = |path: PathBuf| world.at("").join(path.strip_prefix(fresh.at("")).unwrap());
    fresh.everything().into_iter().map(|(path, what)| (place(path), what)).collect()
}

#[test]
fn an_uninstall_broken_off_anywhere_can_be_finished() {
    let world = World::new();
    world.install(&["terraform"]);
    let steps = Plan::uninstall(&world.manifest()).unwrap().unwrap().steps().len();
    for done in 0..=steps {
        let world = World::new();
        let before = world.everything();
        world.install(&["terraform"]);
        let plan = Plan::uninstall(&world.manifest()).unwrap().unwrap();
        broken_off(&world, &plan, done);
        assert_eq!(world.uninstall(), Vec::<String>::new(), "after {done} steps");
        assert_eq!(world.everything(), before, "after {done} steps");
    }
}

#[test]
fn what_a_person_changed_stays_and_is_said() {
    let world = World::new();
    world.install(&["terraform", "aws"]);
    fs::write(world.at(".config/tollgate/policy.d/00-starter.toml"), "version = 1\n# mine\n").unwrap();
    fs::remove_file(world.at(".local/share/tollgate/shims/aws")).unwrap();
    fs::write(world.at(".local/share/tollgate/shims/aws"), "mine").unwrap();
    let profile = fs::read_to_string(world.at(".profile")).unwrap();
    fs::write(world.at(".profile"), profile.replace("fi\n", "fi # mine\n")).unwrap();
    let again = world.install(&["terraform", "aws"]);
    assert_eq!(again.notes().len(), 2, "{:?}", again.notes());
    let mut notes = world.uninstall();
    notes.sort();
    let expected = [
        "`~/.config/tollgate/policy.d/00-starter.toml` was changed since it was made, and is left as it is",
        "`~/.profile` was changed since it was made, and is left as it is",
    ];
    assert_eq!(notes, expected);
    assert!(world.at(".config/tollgate/policy.d/00-starter.toml").exists());
    assert_eq!(fs::read_to_string(world.at(".local/share/tollgate/shims/aws")).unwrap(), "mine");
    assert_eq!(fs::read(world.at(".bashrc")).unwrap(), BASHRC);
}

#[test]
fn what_was_lost_is_made_again_and_still_remembered() {
    let world = World::new();
    let before = world.everything();
    world.install(&["terraform"]);
    let whole = world.everything();
    fs::remove_file(world.at(".profile")).unwrap();
    fs::remove_file(world.at(".local/share/tollgate/shims/.gate")).unwrap();
    world.install(&["terraform"]);
    assert_eq!(world.everything(), whole);
    assert_eq!(world.uninstall(), Vec::<String>::new());
    assert_eq!(world.everything(), before);
}

#[test]
fn tools_come_and_go_and_everything_else_stays() {
    let world = World::new();
    world.install(&["terraform", "aws"]);
    let plan = world.install(&["terraform", "helm"]);
    let said: Vec<_> =
        plan.steps().iter().map(|step| step.to_string().replace(&*world.at("").to_string_lossy(), "~/")).collect();
    let expected = [
        "remove the link `~/.local/share/tollgate/shims/aws`",
        "link `~/.local/share/tollgate/shims/helm` to `/opt/tollgate/tollgate-shim`",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_policy_of_the_persons_own_keeps_the_starter_away() {
    let world = World::new();
    fs::create_dir_all(world.at(".config/tollgate/policy.d")).unwrap();
    fs::write(world.at(".config/tollgate/policy.d/10-mine.toml"), "version = 1\n").unwrap();
    world.install(&["terraform"]);
    assert!(!world.at(".config/tollgate/policy.d/00-starter.toml").exists());
}

#[test]
fn a_manifest_of_format_1_is_read_by_every_later_version() {
    let text = include_str!("../../fixtures/installed-1.json");
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("installed.json");
    fs::write(&path, text).unwrap();
    let read = crate::Manifest::read(&path).unwrap().unwrap();
    assert_eq!(
        (read.tools.as_slice(), read.profile.as_str(), read.things.len()),
        (&["terraform".to_owned()][..], "careful", 5)
    );
    fs::write(&path, text.replace("\"v\": 1", "\"v\": 2")).unwrap();
    let later = crate::Manifest::read(&path).unwrap_err().to_string();
    assert!(later.contains("was written by a later version (format 2)"), "{later}");
}
