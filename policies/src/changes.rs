//! What the files that a command brings along say it would change: a saved plan's
//! resources, a manifest's objects.
//!
//! For the person who decides, and for the record: counts of everything, and the
//! most dangerous by name. Names come from files, so whoever shows them escapes
//! them. Deliberately not here: reading files, and tiers.

use std::collections::BTreeMap;

/// The most changes that are named.
pub const MOST_NAMED: usize = 100;

/// The longest name that is kept, in bytes.
const LONGEST: usize = 256;

/// What is done to one thing, the most dangerous first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// It is destroyed.
    Delete,
    /// It is destroyed and created anew.
    Replace,
    /// Something that this program does not know.
    Unknown,
    /// It is no longer managed, and goes on.
    Forget,
    /// A program of the provider's is called.
    Call,
    /// It is brought about, whether it is there or not.
    Apply,
    /// It is changed in place.
    Update,
    /// It is created.
    Create,
    /// It comes under management.
    Import,
    /// It gets another name.
    Move,
    /// It is looked up.
    Read,
}

impl Act {
    /// Every act, the most dangerous first.
    pub const ALL: [Self; 11] = [
        Self::Delete,
        Self::Replace,
        Self::Unknown,
        Self::Forget,
        Self::Call,
        Self::Apply,
        Self::Update,
        Self::Create,
        Self::Import,
        Self::Move,
        Self::Read,
    ];

    /// Its name in records, grammars and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::Unknown => "unknown",
            Self::Forget => "forget",
            Self::Call => "call",
            Self::Apply => "apply",
            Self::Update => "update",
            Self::Create => "create",
            Self::Import => "import",
            Self::Move => "move",
            Self::Read => "read",
        }
    }

    /// The act of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == name)
    }

    /// Whether what is there is gone afterwards.
    #[must_use]
    pub fn destroys(self) -> bool {
        matches!(self, Self::Delete | Self::Replace | Self::Unknown)
    }
}

/// What is done to what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What is done.
    pub act: Act,
    /// To what: an address, or `Kind namespace/name`.
    pub what: String,
}

/// Everything that files say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    counts: BTreeMap<Act, usize>,
    named: Vec<Change>,
    notes: Vec<String>,
}

impl Changes {
    /// These changes; the most dangerous are named.
    #[must_use]
    pub fn of(changes: impl IntoIterator<Item = (Act, String)>) -> Self {
        let mut all = Self::default();
        for (act, mut what) in changes {
            *all.counts.entry(act).or_default() += 1;
            let end = (0..=what.len().min(LONGEST)).rev().find(|end| what.is_char_boundary(*end));
            what.truncate(end.unwrap_or_default());
            all.named.push(Change { act, what });
        }
        // As they came, within one act.
        all.named.sort_by_key(|change| change.act);
        all.named.truncate(MOST_NAMED);
        all
    }

    /// Adds what a person should know beside that.
    pub fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// These and those; the most dangerous of both are named.
    pub fn join(&mut self, other: Self) {
        for (act, count) in other.counts {
            *self.counts.entry(act).or_default() += count;
        }
        self.named.extend(other.named);
        self.named.sort_by_key(|change| change.act);
        self.named.truncate(MOST_NAMED);
        other.notes.into_iter().for_each(|note| self.note(note));
    }

    /// How often each act occurs, the most dangerous first.
    pub fn counts(&self) -> impl Iterator<Item = (Act, usize)> {
        self.counts.iter().map(|(act, count)| (*act, *count))
    }

    /// The changes that are named, the most dangerous first.
    #[must_use]
    pub fn named(&self) -> &[Change] {
        &self.named
    }

    /// What else a person should know, a sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether something that is there is gone afterwards.
    #[must_use]
    pub fn destroys(&self) -> bool {
        self.counts.keys().any(|act| act.destroys())
    }

    /// Whether this act occurs.
    #[must_use]
    pub fn has(&self, act: Act) -> bool {
        self.counts.contains_key(&act)
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.notes.is_empty()
    }
}

impl std::fmt::Display for Changes {
    /// The counts: `1 to delete, 12 to create`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.counts.is_empty() {
            return write!(out, "nothing to change");
        }
        for (at, (act, count)) in self.counts().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(out, "{comma}{count} to {}", act.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_changes_come_first_and_all_are_counted() {
        let many = (0..150).map(|at| (Act::Create, format!("new.{at}")));
        let changes = Changes::of(many.chain([(Act::Delete, String::from("old.x"))]));
        assert_eq!(changes.to_string(), "1 to delete, 150 to create");
        assert_eq!((changes.named().len(), changes.named()[0].what.as_str()), (MOST_NAMED, "old.x"));
        assert!(changes.destroys() && changes.has(Act::Create) && !changes.has(Act::Read));
        assert_eq!(Changes::default().to_string(), "nothing to change");
    }

    #[test]
    fn what_is_joined_is_counted_together_and_noted_once() {
        let mut changes = Changes::of([(Act::Create, String::from("new"))]);
        let mut other = Changes::of([(Act::Delete, String::from("old")), (Act::Create, String::from("more"))]);
        changes.note(String::from("one"));
        other.note(String::from("one"));
        changes.join(other);
        assert_eq!((changes.to_string().as_str(), changes.notes().len()), ("1 to delete, 2 to create", 1));
        assert_eq!(changes.named()[0].what, "old");
    }

    #[test]
    fn every_act_is_found_by_its_name() {
        for act in Act::ALL {
            assert_eq!(Act::of_name(act.name()), Some(act));
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let changes = Changes::of([(Act::Read, "é".repeat(400))]);
        assert_eq!(changes.named()[0].what.len(), 256);
        let changes = Changes::of([(Act::Read, format!("x{}", "é".repeat(400)))]);
        assert_eq!(changes.named()[0].what.len(), 255);
    }
}
