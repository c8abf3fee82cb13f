//! What a command means: one or more operations, each with its tier and target.
//!
//! The first [`Meaning`] is what the argv says by its words; the rest is what it
//! does as well (`terraform apply -destroy` is also `terraform.destroy`).

use std::borrow::Cow;

use crate::classify::{Arguments, Brought, Milder, Pinned};
use crate::{Changes, Target};

/// The blast radius of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tier {
    /// T0: reads.
    Observe = 0,
    /// T1: reversible.
    Operate = 1,
    /// T2: creates or updates.
    Modify = 2,
    /// T3: permissions, secrets, state surgery, deleting a resource.
    Sensitive = 3,
    /// T4: irreversible or mass destruction.
    BreakGlass = 4,
}

impl Tier {
    /// Every tier, mildest first.
    pub const ALL: [Self; 5] = [Self::Observe, Self::Operate, Self::Modify, Self::Sensitive, Self::BreakGlass];

    /// The tier of this number, 0 to 4.
    #[must_use]
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its number, 0 to 4.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Its name in messages: `break-glass`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Operate => "operate",
            Self::Modify => "modify",
            Self::Sensitive => "sensitive",
            Self::BreakGlass => "break-glass",
        }
    }
}

impl std::fmt::Display for Tier {
    /// `T4 break-glass`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "T{} {}", self.number(), self.name())
    }
}

/// One thing that a command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// Canonical words, the tool first: `terraform.state.rm`. For a command that
    /// no grammar knows: the tool's name and `unknown`, as in `terraform.unknown`.
    pub operation: Cow<'static, str>,
    /// Its blast radius; `None` when it is not known.
    pub tier: Option<Tier>,
    /// One line: why this tier.
    pub rationale: Cow<'static, str>,
    /// What it touches.
    pub target: Target,
    /// The argument that decided, as an index into argv, where one did.
    pub decided_by: Option<usize>,
    /// The tools that start this one, outermost first: `sudo`, `bash`.
    pub wrapped_by: Vec<Cow<'static, str>>,
}

/// Everything that one argv does. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The tool's canonical name: `terraform`, also for its twin `tofu` if the
    /// grammar says so in `tools`; the name it was called by where none is known.
    pub tool: Cow<'static, str>,
    /// What the argv says first.
    pub primary: Meaning,
    /// What it does as well.
    pub also: Vec<Meaning>,
    /// Its arguments as the tool reads them; none where that cannot be told, and then no
    /// rule that looks at them allows anything.
    pub arguments: Option<Arguments>,
    /// A milder argv that shows what this one would do, if the grammar knows one.
    pub milder: Option<Milder>,
    /// Targets of the first meaning that can be written out, so that the command
    /// cannot end up at others.
    pub pins: Vec<Pinned>,
    /// What files that it brings along say it would change; none where it brings none.
    pub changes: Option<Box<Changes>>,
    /// The files themselves, where they stand in the argv and are judged by: the run
    /// gets what was judged of each.
    pub brought: Vec<Brought>,
}

impl Operation {
    /// One that does this and nothing else.
    #[must_use]
    pub fn of(tool: impl Into<Cow<'static, str>>, primary: Meaning) -> Self {
        Self {
            tool: tool.into(),
            primary,
            also: Vec::new(),
            arguments: None,
            milder: None,
            pins: Vec::new(),
            changes: None,
            brought: Vec::new(),
        }
    }

    /// Every meaning, the primary first.
    pub fn meanings(&self) -> impl Iterator<Item = &Meaning> {
        std::iter::once(&self.primary).chain(&self.also)
    }

    /// The meaning that has the tier shown.
    #[must_use]
    pub fn decisive(&self) -> &Meaning {
        let tier = self.tier();
        self.meanings().find(|meaning| meaning.tier == tier).unwrap_or(&self.primary)
    }

    /// The tier shown: the highest; unknown where one is unknown and none is T4.
    #[must_use]
    pub fn tier(&self) -> Option<Tier> {
        let highest = self.meanings().filter_map(|meaning| meaning.tier).max();
        let unknown = self.meanings().any(|meaning| meaning.tier.is_none());
        if unknown && highest != Some(Tier::BreakGlass) { None } else { highest }
    }
}
