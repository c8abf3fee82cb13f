//! What was found so far, each answer once, and whom to ask for the rest.
//!
//! Not here: what can be asked, and finding it out.

use std::cell::RefCell;

use elsa::FrozenVec;

use super::{Finding, Need};

/// The answers so far, and who can be asked for others.
#[derive(Clone, Default)]
pub struct Facts<'a> {
    known: FrozenVec<Box<(Need, Finding)>>,
    ask: Option<&'a dyn Fn(&Need) -> Finding>,
}

impl<'a> Facts<'a> {
    /// None yet: each is asked for when it is needed, and once.
    #[must_use]
    pub fn asking(ask: &'a dyn Fn(&Need) -> Finding) -> Self {
        Self { ask: Some(ask), ..Self::default() }
    }

    /// Adds one answer.
    pub fn add(&self, need: Need, finding: Finding) {
        self.known.push(Box::new((need, finding)));
    }

    /// The place of the answer to this need; where nobody has one, it is added to what is
    /// missing.
    pub(crate) fn find(&self, need: Need, missing: &RefCell<Vec<Need>>) -> Option<usize> {
        if let Some(place) = self.known.iter().position(|(asked, _)| *asked == need) {
            return Some(place);
        }
        let Some(ask) = self.ask else {
            let mut missing = missing.borrow_mut();
            if !missing.contains(&need) {
                missing.push(need);
            }
            return None;
        };
        let finding = ask(&need);
        self.add(need, finding);
        self.known.len().checked_sub(1)
    }

    /// The answer at this place.
    pub(crate) fn at(&self, place: usize) -> Option<&Finding> {
        self.known.get(place).map(|(_, finding)| finding)
    }
}

impl std::fmt::Debug for Facts<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.known.iter()).finish()
    }
}
