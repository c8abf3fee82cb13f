//! From what is wanted and what was made to the steps between, and their doing.
//!
//! The manifest is written first, with everything that may be made, and last, with
//! what was. So an installation that is broken off anywhere can be finished by
//! installing again, or removed without a trace; and one that a person changed is
//! never more than noted.
//!
//! Not here: which things are wanted ([`crate::home`]).

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use crate::look::{self, Action, Note};
use crate::manifest::{self, Manifest, Standing};
use crate::step::{self, Purpose, Step};
use crate::thing::{Digest, Owner, Thing};

/// Why an installation cannot be planned or done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    /// A step could not be done; those before it were.
    #[error("{0}; what was done so far is on record: run this again, or `tollgate uninstall`")]
    Step(#[from] step::Error),
    /// A path cannot be written down.
    #[error("a path of this installation is not UTF-8, so it cannot be remembered: choose another home or `--root`")]
    Path(#[from] serde_json::Error),
    /// Somebody else installs.
    #[error("another installation is at work in `{}`: wait for its end", .0.display())]
    Busy(PathBuf),
    /// The manifest's folder cannot be made.
    #[error("cannot make the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// What is wanted: everything that an installation consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The version of Tollgate that wants it.
    pub version: String,
    /// The tools that are wrapped.
    pub tools: Vec<String>,
    /// The starter policy's name.
    pub profile: String,
    /// In the order of making.
    pub things: Vec<Thing>,
}

/// What becomes of the manifest when all steps are done.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// It is right as it stands.
    Stay,
    /// It says what is there now.
    Say(Manifest),
    /// Nothing is left to be remembered.
    Go,
}

/// What will be done.
#[derive(Debug)]
pub struct Plan {
    manifest: PathBuf,
    /// With every thing that may be there at any moment; none where nothing is begun.
    begun: Option<Manifest>,
    /// What becomes of it in the end.
    end: End,
    steps: Vec<Step>,
    notes: Vec<Note>,
}

impl Plan {
    /// What makes it all so, keeping up or removing what an earlier installation made.
    pub fn install(manifest: &Path, wanted: &Wanted) -> Result<Self, Error> {
        let before = Manifest::read(manifest)?;
        let standing = before.as_ref().map_or(Standing::Whole, |before| before.standing);
        let made: &[Thing] = before.as_ref().map_or(&[], |before| &before.things);
        let mut plan = Self::empty(manifest);
        plan.drop_unwanted(made, &wanted.things);
        let mut things = Vec::new();
        for thing in &wanted.things {
            let records: Vec<_> = made.iter().filter(|record| record.is_same_place(thing)).collect();
            things.extend(plan.want(thing, &records, standing));
        }
        let whole = Manifest {
            v: manifest::VERSION,
            version: wanted.version.clone(),
            standing: Standing::Whole,
            tools: wanted.tools.clone(),
            profile: wanted.profile.clone(),
            things,
        };
        let written = |manifest: &Manifest| manifest.bytes().ok();
        let unchanged = before.as_ref().and_then(written).is_some_and(|bytes| Some(bytes) == written(&whole));
        if plan.steps.is_empty() && unchanged {
            return Ok(plan);
        }
        if !plan.steps.is_empty() {
            let base = before.clone().unwrap_or_else(|| Manifest { things: Vec::new(), ..whole.clone() });
            plan.begun = Some(base.begun(&whole.things));
        }
        plan.end = End::Say(whole);
        Ok(plan)
    }

    /// What removes exactly what was made; none where nothing was.
    pub fn uninstall(manifest: &Path) -> Result<Option<Self>, Error> {
        let mut plan = Self::empty(manifest);
        let Some(before) = Manifest::read(manifest)? else {
            // Killed before the first manifest was in its place: nothing else was made.
            plan.steps.extend(look::left_beside(&plan.own()));
            return Ok(Some(plan).filter(|plan| !plan.steps.is_empty()));
        };
        plan.drop_unwanted(&before.things, &[]);
        plan.end = End::Go;
        plan.begun = Some(Manifest { standing: Standing::Begun, ..before });
        Ok(Some(plan))
    }

    /// The steps, in order; the manifest's own writing is not among them.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What is left as it is, though an installation would have it otherwise.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.steps.is_empty() && self.end == End::Stay
    }

    /// Does it.
    pub fn apply(&self) -> Result<(), Error> {
        let _lock = self.begin()?;
        self.steps.iter().filter(|step| !self.is_first(step) && !self.is_last(step)).try_for_each(Step::apply)?;
        match &self.end {
            End::Say(whole) => self.remember(whole),
            End::Go => self.forget(),
            End::Stay => Ok(()),
        }
    }

    /// Takes the lock, and writes down what may be made from here on.
    pub(crate) fn begin(&self) -> Result<Flock<File>, Error> {
        let lock = self.lock()?;
        if let Some(begun) = &self.begun {
            self.remember(begun)?;
        }
        Ok(lock)
    }

    fn empty(manifest: &Path) -> Self {
        Self { manifest: manifest.to_owned(), begun: None, end: End::Stay, steps: Vec::new(), notes: Vec::new() }
    }

    /// Plans one wanted thing; gives its record, if it will be ours.
    fn want(&mut self, thing: &Thing, records: &[&Thing], standing: Standing) -> Option<Thing> {
        self.steps.extend(look::left_beside(thing));
        match look::wanted(thing, records, standing) {
            Action::Stands => Some(as_recorded(thing, records)),
            Action::Theirs => None,
            Action::Do(step) => {
                self.steps.push(step);
                Some(thing.clone())
            }
            Action::Leave(why) => {
                self.notes.push(Note { at: thing.at().to_owned(), why });
                records.first().map(|record| (*record).clone())
            }
        }
    }

    /// Plans the end of everything that was made and is not wanted, the last first.
    fn drop_unwanted(&mut self, made: &[Thing], wanted: &[Thing]) {
        let mut seen: Vec<&Thing> = Vec::new();
        for thing in made.iter().rev().filter(|thing| !wanted.iter().any(|wanted| wanted.is_same_place(thing))) {
            if seen.iter().any(|other| other.is_same_place(thing)) {
                continue;
            }
            seen.push(thing);
            let records: Vec<_> = made.iter().filter(|record| record.is_same_place(thing)).collect();
            self.steps.extend(look::left_beside(thing));
            match look::unwanted(&records) {
                Some(Action::Do(step)) => self.steps.push(step),
                Some(Action::Leave(why)) => self.notes.push(Note { at: thing.at().to_owned(), why }),
                Some(Action::Stands | Action::Theirs) | None => {}
            }
        }
    }

    /// One change of an installation at a time.
    fn lock(&self) -> Result<Flock<File>, Error> {
        let folder = self.folder();
        let failed = |source| Error::Folder { path: folder.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let file = File::open(folder).map_err(failed)?;
        Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| Error::Busy(folder.to_owned()))
    }

    /// The manifest, as a thing.
    fn own(&self) -> Thing {
        Thing::file(self.manifest.clone(), Vec::new(), Owner::Installer)
    }

    fn folder(&self) -> &Path {
        self.manifest.parent().unwrap_or(Path::new("/"))
    }

    /// The manifest's own folder and those above it were made for the lock.
    pub(crate) fn is_first(&self, step: &Step) -> bool {
        matches!(step, Step::Folder(folder) if self.manifest.starts_with(folder))
    }

    /// The manifest's own folder and those above it go after the manifest.
    pub(crate) fn is_last(&self, step: &Step) -> bool {
        self.end == End::Go && matches!(step, Step::RemoveFolder(folder) if self.manifest.starts_with(folder))
    }

    fn remember(&self, manifest: &Manifest) -> Result<(), Error> {
        let was = fs::read(&self.manifest).ok().map(|bytes| Digest::of(&bytes));
        let write = Step::Write { at: self.manifest.clone(), bytes: manifest.bytes()?, was, purpose: Purpose::Renew };
        Ok(write.apply()?)
    }

    fn forget(&self) -> Result<(), Error> {
        if let Some(step) = look::left_beside(&self.own()) {
            step.apply()?;
        }
        if let Ok(bytes) = fs::read(&self.manifest) {
            Step::Remove { at: self.manifest.clone(), was: Digest::of(&bytes) }.apply()?;
        }
        Ok(self.steps.iter().filter(|step| self.is_last(step)).try_for_each(Step::apply)?)
    }
}

/// A thing that stands is remembered as it was made, not as it would be made now.
fn as_recorded(thing: &Thing, records: &[&Thing]) -> Thing {
    match (thing, records.first()) {
        (Thing::File { owner: Owner::Person, .. }, Some(record)) => (*record).clone(),
        _ => thing.clone(),
    }
}
