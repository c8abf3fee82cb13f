//! One argv as read, with everything that its meaning depends on.

use std::cell::{OnceCell, RefCell};

use super::aim::url::Address;
use super::environment::Environment;
use super::evidence::Evidence;
use super::facts::{Facts, Finding, Need, Resolver};
use super::folder::Folder;
use super::grammar::{Origin, Source, Tool};
use super::parse::Parsed;
use super::{Start, aim, needs, rules};

/// What is asked about.
pub(crate) struct Case<'c, 'g, 'a> {
    pub tool: &'g Tool,
    pub parsed: &'c Parsed<'g, 'a>,
    pub environment: &'c Environment<'a>,
    pub facts: &'c Facts<'c>,
    /// The caller's working folder, where its path is known.
    pub cwd: Option<&'c [u8]>,
    /// The user's home by the passwd database.
    pub home: Option<&'c [u8]>,
    /// What the gate has every bash of the caller's session read first.
    pub start: Option<Start<'c>>,
    /// Where this command runs.
    pub folder: Folder<'c>,
    /// What counts besides its own words.
    pub evidence: Evidence<'c>,
    /// What was asked for and is not among the facts.
    pub needs: &'c RefCell<Vec<Need>>,
    /// Where among the facts each resolver's answer is, or why nothing can be asked; worked
    /// out once.
    pub answers: Answers,
    /// The URLs that the operands are, read once.
    pub urls: OnceCell<Option<Vec<Address<'a>>>>,
}

/// The place of each among the facts; none where it must be asked first.
type Answers = [OnceCell<Result<Option<usize>, String>>; Resolver::ALL.len()];

impl<'a> Case<'_, '_, 'a> {
    /// What this resolver found, or a note that it must be asked. An error is the
    /// reason why it cannot be.
    pub(crate) fn found(&self, resolver: Resolver) -> Result<Option<&Finding>, &str> {
        let Some(answer) = self.answers.get(resolver as usize) else { return Ok(None) };
        let ask = || {
            let mut need = needs::need(self, resolver)?;
            self.folder.place_all(&mut need)?;
            Ok(self.facts.find(need, self.needs))
        };
        match answer.get_or_init(ask) {
            Ok(place) => Ok(place.and_then(|place| self.facts.at(place))),
            Err(reason) => Err(reason),
        }
    }

    /// What this resolver found, where it was asked already.
    pub(crate) fn asked(&self, resolver: Resolver) -> Option<&Finding> {
        let place = self.answers.get(resolver as usize)?.get()?.as_ref().ok()?;
        self.facts.at((*place)?)
    }

    /// What is known of the saved plan at this path, or a note that it must be read.
    pub(crate) fn plan(&self, path: &[u8]) -> Result<Option<&Finding>, String> {
        self.brought(needs::plan(self, path))
    }

    /// What is known of files that are brought along, or a note that it must be asked.
    pub(crate) fn brought(&self, mut need: Need) -> Result<Option<&Finding>, String> {
        if let Some(reason) = self.evidence.against_contents() {
            return Err(reason.to_owned());
        }
        self.folder.place_all(&mut need)?;
        Ok(self.fact(need))
    }

    /// The URLs that the operands are; none where they are too many to look at.
    pub(crate) fn urls(&self) -> Option<&[Address<'a>]> {
        self.urls.get_or_init(|| Address::all(&self.parsed.operands)).as_deref()
    }

    /// The fact, or a note that it is needed.
    fn fact(&self, need: Need) -> Option<&Finding> {
        self.facts.at(self.facts.find(need, self.needs)?)
    }

    /// The first of these sources that holds and is set, among those that need no
    /// fact: its bytes, and its name.
    pub(crate) fn setting(&self, sources: &[Source]) -> Option<(&'a [u8], &'static str)> {
        sources.iter().find_map(|source| {
            rules::holds(&source.when, self)?;
            self.stated(source)
        })
    }

    fn stated(&self, source: &Source) -> Option<(&'a [u8], &'static str)> {
        match source.of {
            Origin::Flag(name) => Some((self.parsed.last(name)?.value?, name)).filter(|(value, _)| !value.is_empty()),
            Origin::Variable(name) => Some((self.environment.get(name.as_bytes())?, name)),
            Origin::Fixed(value) => Some((value.as_bytes(), "default")),
            Origin::Operand(at) => Some((self.parsed.operands.get(at)?.bytes, aim::ARGUMENT)),
            _ => None,
        }
    }

    /// Whether a variable is the session's own `BASH_ENV`, whose file the gate wrote.
    pub(crate) fn is_own_start(&self, name: &[u8], value: &[u8]) -> bool {
        let Some(start) = self.start.filter(|start| name == b"BASH_ENV" && start.value == value) else {
            return false;
        };
        let need = Need::OwnFile { path: start.path.into(), text: start.text.into() };
        matches!(self.fact(need), Some(Finding::Found(_)))
    }

    /// The caller's `HOME`.
    pub(crate) fn callers_home(&self) -> Option<&'a [u8]> {
        self.environment.get(b"HOME")
    }
}
