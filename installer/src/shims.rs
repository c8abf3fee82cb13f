//! A folder of shims: one symlink a tool, and the way to the gate.
//!
//! ```text
//! FOLDER/            0700
//!     terraform  ->  the shim's program
//!     kubectl    ->  the shim's program
//!     .gate      ->  the socket that these shims ask
//! ```
//! Not here: putting the folder on anybody's PATH.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tool::GATE;
use crate::{Error, Step, Tool};

/// What a folder of shims shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShimFolder {
    /// Where it is; its parent must exist.
    pub folder: PathBuf,
    /// The socket that the shims ask.
    pub gate: PathBuf,
    /// The shim's program, by its absolute path.
    pub shim: PathBuf,
    /// The tools that get a shim.
    pub tools: Vec<Tool>,
}

impl ShimFolder {
    /// The steps that make it so, from the machine as it stands now: the whole
    /// folder is made beside its place, then put there in one moment.
    #[must_use]
    pub fn plan(&self) -> Vec<Step> {
        let staged = self.staged();
        let mut steps = vec![Step::Folder(staged.folder.clone())];
        steps.extend(staged.links().into_iter().map(|(at, to)| Step::Link { at, to }));
        if self.folder.symlink_metadata().is_err() {
            steps.push(Step::Place { from: staged.folder, to: self.folder.clone() });
            return steps;
        }
        steps.push(Step::Exchange { from: staged.folder.clone(), to: self.folder.clone() });
        steps.extend(removal(&staged.folder, self.found()));
        steps
    }

    /// Plans and does it. Where a step fails, what was made beside is removed
    /// and the place is as it was.
    pub fn apply(&self) -> Result<(), Error> {
        let done = self.plan().iter().try_for_each(Step::apply);
        if done.is_err() {
            let staged = self.staged();
            removal(&staged.folder, staged.found()).iter().for_each(|step| drop(step.apply()));
        }
        done
    }

    /// Removes the links that are ours, and the folder if nothing else is in it.
    pub fn undo(&self) -> Result<(), Error> {
        removal(&self.folder, self.found()).iter().try_for_each(Step::apply)
    }

    /// The same, made beside its place.
    fn staged(&self) -> Self {
        let mut name = OsString::from(".");
        name.push(self.folder.file_name().unwrap_or_default());
        name.push(format!(".{}", std::process::id()));
        Self { folder: self.folder.with_file_name(name), ..self.clone() }
    }

    fn links(&self) -> Vec<(PathBuf, PathBuf)> {
        let gate = (self.folder.join(GATE), self.gate.clone());
        let shims = self.tools.iter().map(|tool| (self.folder.join(tool.name()), self.shim.clone()));
        shims.chain([gate]).collect()
    }

    /// The links that are there and ours: name, and what each says.
    fn found(&self) -> Vec<(OsString, PathBuf)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let links = entries.filter_map(|entry| Some((entry.file_name(), fs::read_link(entry.path()).ok()?)));
        links.filter(|(name, to)| name == GATE || to.file_name() == self.shim.file_name()).collect()
    }
}

/// The steps that take these links, and then the folder, away.
fn removal(folder: &Path, links: Vec<(OsString, PathBuf)>) -> Vec<Step> {
    let links = links.into_iter().map(|(name, to)| Step::Unlink { at: folder.join(name), to });
    links.chain([Step::RemoveFolder(folder.to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn folder(scratch: &Path, tools: &[&str]) -> ShimFolder {
        ShimFolder {
            folder: scratch.join("shims"),
            gate: scratch.join("gate"),
            shim: scratch.join("tollgate-shim"),
            tools: tools.iter().map(|name| Tool::new(OsStr::new(name)).unwrap()).collect(),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_holds_a_shim_for_each_tool_and_the_way_to_the_gate() {
        let scratch = tempfile::tempdir().unwrap();
        let shims = folder(scratch.path(), &["terraform", "kubectl"]);
        shims.apply().unwrap();
        assert_eq!(names(&shims.folder), [".gate", "kubectl", "terraform"]);
        assert_eq!(fs::read_link(shims.folder.join("terraform")).unwrap(), shims.shim);
        assert_eq!(fs::read_link(shims.folder.join(".gate")).unwrap(), shims.gate);
        assert_eq!(fs::metadata(&shims.folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(names(scratch.path()), ["shims"]);
    }

    #[test]
    fn a_plan_says_each_step_before_it_is_done() {
        let shims = folder(Path::new("/nowhere"), &["terraform"]);
        let beside = format!("/nowhere/.shims.{}", std::process::id());
        let said: Vec<_> = shims.plan().iter().map(|step| step.to_string().replace(&beside, "BESIDE")).collect();
        let expected = [
            "make the folder `BESIDE`",
            "link `BESIDE/terraform` to `/nowhere/tollgate-shim`",
            "link `BESIDE/.gate` to `/nowhere/gate`",
            "move `BESIDE` to `/nowhere/shims`",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn applied_again_it_becomes_the_new_one_and_leaves_nothing_beside() {
        let scratch = tempfile::tempdir().unwrap();
        let old = ShimFolder {
            gate: scratch.path().join("old-gate"),
            shim: scratch.path().join("old/tollgate-shim"),
            ..folder(scratch.path(), &["terraform", "helm"])
        };
        old.apply().unwrap();
        folder(scratch.path(), &["terraform", "aws"]).apply().unwrap();
        assert_eq!(names(&scratch.path().join("shims")), [".gate", "aws", "terraform"]);
        assert_eq!(names(scratch.path()), ["shims"]);
    }

    #[test]
    fn undone_nothing_of_ours_is_left() {
        let scratch = tempfile::tempdir().unwrap();
        let shims = folder(scratch.path(), &["terraform"]);
        shims.apply().unwrap();
        shims.undo().unwrap();
        assert!(names(scratch.path()).is_empty());
        shims.undo().unwrap();
    }

    #[test]
    fn undone_what_somebody_else_put_there_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let shims = folder(scratch.path(), &["terraform", "helm"]);
        shims.apply().unwrap();
        fs::remove_file(shims.folder.join("helm")).unwrap();
        fs::write(shims.folder.join("helm"), "theirs").unwrap();
        shims.undo().unwrap();
        assert_eq!(names(&shims.folder), ["helm"]);
    }

    #[test]
    fn a_failed_plan_leaves_the_place_as_it_was() {
        let scratch = tempfile::tempdir().unwrap();
        folder(scratch.path(), &["terraform"]).apply().unwrap();
        let twice = folder(scratch.path(), &["aws", "aws"]);
        let error = twice.apply().unwrap_err();
        assert!(matches!(error.step, Step::Link { .. }));
        assert_eq!(names(&scratch.path().join("shims")), [".gate", "terraform"]);
        assert_eq!(names(scratch.path()), ["shims"]);
    }
}
