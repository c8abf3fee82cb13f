//! What counts as evidence of a target, beside the command's own words.
//!
//! Those are frozen. What variables and files say now holds for the caller's own
//! command; a command inside another can find other variables there, and a file that
//! was changed in between.
//! Deliberately not here: what either says.

use std::cell::Cell;

use super::grammar::{Origin, Part};

/// Why what a file says counts for nothing.
const STIRRED: &str = "another command of the same script may change what it reads";

/// Which of a command's surroundings count. Whoever asks is noticed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'s> {
    /// Why its variables and files can be others than those that are seen.
    unseen: Option<&'static str>,
    /// Whether other commands of the same script may change files meanwhile.
    stirred: bool,
    noticed: &'s Cell<Noticed>,
}

/// What was noticed while commands were judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Noticed {
    /// Files had a say.
    pub reads: bool,
    /// A file is written, whatever the tier.
    pub writes: bool,
}

impl<'s> Evidence<'s> {
    /// Everything counts.
    pub(crate) fn all(noticed: &'s Cell<Noticed>) -> Self {
        Self { unseen: None, stirred: false, noticed }
    }

    /// Neither variables nor files count, for this reason.
    pub(crate) fn unseen(self, reason: &'static str) -> Self {
        Self { unseen: self.unseen.or(Some(reason)), ..self }
    }

    /// Other commands of the same script may change files meanwhile.
    pub(crate) fn stirred(self) -> Self {
        Self { stirred: true, ..self }
    }

    pub(crate) fn is_stirred(self) -> bool {
        self.stirred
    }

    /// Why what comes from there counts for nothing.
    pub(crate) fn against(self, origin: Origin) -> Option<&'static str> {
        match origin {
            Origin::Variable(_) | Origin::ServiceVariable(_) => self.unseen,
            // A default holds only while no file says otherwise, and for the network a file
            // of settings can name a proxy. The same reason for each command of a script:
            // equal ones are told once.
            Origin::Fact(..) | Origin::Fixed(_) | Origin::Url(Part::Network) => self.against_contents().or(self.unseen),
            Origin::Flag(_)
            | Origin::Operand(_)
            | Origin::Reference(_)
            | Origin::Operands
            | Origin::Names
            | Origin::Url(Part::Scheme | Part::Host | Part::Port)
            | Origin::Tree
            | Origin::Word
            | Origin::Condition => None,
        }
    }

    /// Why the contents of a file that the command's own words name count for nothing.
    pub(crate) fn against_contents(self) -> Option<&'static str> {
        self.notice(Noticed { reads: true, ..Noticed::default() });
        self.stirred.then_some(STIRRED)
    }

    /// Why no variable counts.
    pub(crate) fn against_variables(self) -> Option<&'static str> {
        self.unseen
    }

    /// The command writes a file.
    pub(crate) fn notice_writing(self) {
        self.notice(Noticed { writes: true, ..Noticed::default() });
    }

    fn notice(self, more: Noticed) {
        let Noticed { reads, writes } = self.noticed.get();
        self.noticed.set(Noticed { reads: reads || more.reads, writes: writes || more.writes });
    }

    /// Does this, and tells what was noticed meanwhile.
    pub(crate) fn noticing<T>(self, act: impl FnOnce() -> T) -> (T, Noticed) {
        let before = self.noticed.take();
        let done = act();
        let meanwhile = self.noticed.get();
        self.notice(before);
        (done, meanwhile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noticed_within_is_noticed_around() {
        let noticed = Cell::default();
        let evidence = Evidence::all(&noticed);
        let ((), outer) = evidence.noticing(|| {
            evidence.notice_writing();
            let ((), inner) = evidence.noticing(|| assert_eq!(evidence.against(Origin::Fixed("x")), None));
            assert_eq!(inner, Noticed { reads: true, writes: false });
        });
        assert_eq!(outer, Noticed { reads: true, writes: true });
    }

    #[test]
    fn the_outermost_reason_is_told_unless_files_change_meanwhile() {
        let noticed = Cell::default();
        let unseen = Evidence::all(&noticed).unseen("a").unseen("b");
        let told = |evidence: Evidence<'_>| [Origin::Variable("X"), Origin::Fixed("x")].map(|of| evidence.against(of));
        assert_eq!(told(unseen), [Some("a"); 2]);
        assert_eq!(told(unseen.stirred()), [Some("a"), Some(STIRRED)]);
        assert_eq!(told(Evidence::all(&noticed).stirred()), [None, Some(STIRRED)]);
    }

    #[test]
    fn the_commands_own_words_always_count() {
        let noticed = Cell::default();
        let evidence = Evidence::all(&noticed).unseen("a").stirred();
        assert_eq!(evidence.against(Origin::Flag("--x")), None);
        assert_eq!(evidence.against(Origin::Operand(0)), None);
        assert_eq!(noticed.get(), Noticed::default());
    }
}
