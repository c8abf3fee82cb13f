//! What a person is who types a command at a terminal, outside every session.
//!
//! Not here: what makes a person; whoever calls knows that.

/// What a person at a terminal is taken for, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum AtTerminal {
    /// Nobody is asked, and no rule holds: it is only recorded.
    Passes,
    /// No agent: what a rule denies is denied, and what asks a person is answered by
    /// the one who is there.
    Answers,
    /// An unknown agent, as any other caller: an agent that nobody knows, with a
    /// terminal of its own, looks like a person who types.
    #[default]
    Asks,
}

impl AtTerminal {
    /// Every word for it.
    pub const ALL: [Self; 3] = [Self::Passes, Self::Answers, Self::Asks];

    /// Its name in policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Answers => "answers",
            Self::Asks => "asks",
        }
    }
}
