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

/// Why some of what surrounds a command counts for nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'s> {
    /// Why variables and files are others than those that can be seen.
    elsewhere: Option<&'static str>,
    /// Whether other commands of the same script may change files meanwhile.
    stirred: bool,
    noticed: &'s Cell<Noticed>,
}

/// What was noticed while commands were judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Noticed {
    /// Files had a say.
    pub by_files: bool,
    /// A file is written, whatever the tier.
    pub writes: bool,
}

impl<'s> Evidence<'s> {
    /// Everything counts.
    pub(crate) fn all(noticed: &'s Cell<Noticed>) -> Self {
        Self { elsewhere: None, stirred: false, noticed }
    }

    /// Neither variables nor files count, for this reason.
    pub(crate) fn elsewhere(self, reason: &'static str) -> Self {
        Self { elsewhere: self.elsewhere.or(Some(reason)), ..self }
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
            Origin::Variable(_) | Origin::ServiceVariable(_) => self.elsewhere,
            // A default holds as long as no file says otherwise, and a proxy can stand there.
            Origin::Fact(..) | Origin::Fixed(_) | Origin::Url(Part::Network) => {
                self.notice(Noticed { by_files: true, writes: false });
                self.stirred.then_some(STIRRED).or(self.elsewhere)
            }
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
        self.notice(Noticed { by_files: true, writes: false });
        self.stirred.then_some(STIRRED)
    }

    /// Why the name of a file in a redirection can be another.
    pub(crate) fn against_redirection(self) -> Option<&'static str> {
        self.elsewhere
    }

    /// The command writes a file.
    pub(crate) fn notice_writing(self) {
        self.notice(Noticed { by_files: false, writes: true });
    }

    fn notice(self, more: Noticed) {
        let Noticed { by_files, writes } = self.noticed.get();
        self.noticed.set(Noticed { by_files: by_files || more.by_files, writes: writes || more.writes });
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
            assert_eq!(inner, Noticed { by_files: true, writes: false });
        });
        assert_eq!(outer, Noticed { by_files: true, writes: true });
    }

    #[test]
    fn the_first_reason_holds_and_the_argv_always_counts() {
        let noticed = Cell::default();
        let evidence = Evidence::all(&noticed).elsewhere("a").elsewhere("b").stirred();
        assert_eq!(evidence.against(Origin::Variable("X")), Some("a"));
        assert_eq!(evidence.against(Origin::Fixed("x")), Some(STIRRED));
        assert_eq!(evidence.against(Origin::Flag("--x")), None);
        assert_eq!(evidence.against_contents(), Some(STIRRED));
    }
}
