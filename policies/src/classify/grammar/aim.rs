//! Where a command's targets come from, and how they are written out.
//!
//! Not here: finding them (`classify/aim`).

use super::condition::Condition;
use crate::Dimension;
use crate::classify::facts::{Field, Resolver};

/// Where one dimension of the target comes from.
#[derive(Debug)]
pub(crate) struct TargetRule {
    pub dimension: Dimension,
    /// The first that gives something decides.
    pub from: Vec<Source>,
}

/// One place that a value can come from.
#[derive(Debug)]
pub(crate) struct Source {
    pub when: Condition,
    pub of: Origin,
    /// If it gives a value, that value does not tell what is touched, and why.
    pub unknown: Option<&'static str>,
    /// The next source may add another value.
    pub further: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    /// A variable whose name ends with the service's.
    ServiceVariable(&'static str),
    Fact(Resolver, Field),
    Fixed(&'static str),
    Operand(usize),
    /// The name that the remote has for what this operand says: `b` of `+a:b`.
    Reference(usize),
    /// Every operand.
    Operands,
    /// The names of the resources that the condition's kinds are about.
    Names,
    /// This part of the URLs that the operands are.
    Url(Part),
    /// Whether the operands are paths inside of the working folder.
    Tree,
    /// The first word below the tool.
    Word,
    /// The condition alone: unknown, or not applicable.
    Condition,
}

/// A part of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Scheme,
    Host,
    Port,
    /// The side of the network that its host is on, as far as no policy speaks.
    Network,
}

/// A resolver that a tool uses, and where its parameters come from.
#[derive(Debug)]
pub(crate) struct ResolverRule {
    pub resolver: Resolver,
    /// By parameter name: `file`, `context`, `profile`...
    pub parameters: Vec<(&'static str, Vec<Source>)>,
    /// What it finds may change the operation itself, so it is always asked.
    pub always: bool,
    /// The commands that it is always asked for; all where empty.
    pub always_for: Vec<&'static str>,
}

/// How one dimension of a target is written out.
#[derive(Debug)]
pub(crate) struct Pin {
    pub dimension: Dimension,
    pub by: PinBy,
    /// First words of commands for which it would mean something else.
    pub except: Vec<&'static str>,
    /// What nothing says, but is so by default, too.
    pub defaults: bool,
    /// Not where the backend is one of these, or unknown.
    pub not_backends: Vec<&'static str>,
    /// Not beside one of these flags.
    pub not_with: Vec<&'static str>,
    /// Not where this resolver found such a field, or could not look.
    pub not_found: Option<(Resolver, Field)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinBy {
    Flag(&'static str),
    Variable(&'static str),
}
