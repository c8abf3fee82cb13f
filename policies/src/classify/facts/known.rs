//! What was found so far, each answer once, and whom to ask for the rest.
//!
//! Not here: what can be asked, and finding it out.

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
        Self { known: FrozenVec::new(), ask: Some(ask) }
    }

    /// Adds one answer.
    pub fn add(&self, need: Need, finding: Finding) {
        self.known.push(Box::new((need, finding)));
    }

    /// The answer to this need, if it was asked already.
    #[must_use]
    pub fn of(&self, need: &Need) -> Option<&Finding> {
        self.known.iter().find(|(asked, _)| asked == need).map(|(_, finding)| finding)
    }

    /// The answer to this need, if anybody has it.
    pub(crate) fn find(&self, need: &Need) -> Option<&Finding> {
        self.of(need).or_else(|| {
            let finding = self.ask?(need);
            Some(&self.known.push_get(Box::new((need.clone(), finding))).1)
        })
    }
}

impl std::fmt::Debug for Facts<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.known.iter()).finish()
    }
}
