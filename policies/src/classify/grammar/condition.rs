//! What a clause of a grammar asks of a command.
//!
//! Not here: whether it holds (`classify/case`).

use super::flag::Marks;
use super::pattern::Pattern;
use crate::classify::environment::NameMarks;
use crate::classify::facts::{Field, Resolver};

/// What must hold. It is small: most are passed by after one look, in long lists.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    /// Of the flags that must be given.
    pub flag_marks: Marks,
    /// Of the variables that must be set.
    pub variable_marks: NameMarks,
    /// All of them must hold; without any only the marks count.
    pub terms: Option<Box<Terms>>,
}

impl Condition {
    /// Of these terms, with the marks for a first look.
    pub(crate) fn of(terms: Terms) -> Self {
        let mut condition = Self::default();
        let flags = terms.flag.iter().map(|test| test.name).chain(terms.with.iter().copied());
        flags.for_each(|name| condition.flag_marks.add(Marks::of(name)));
        // Looking at a variable that is set leaves a note of it. With several, one can be
        // set where another is not: they are looked at one by one.
        if let [only] = terms.variables.as_slice() {
            condition.variable_marks.add(only.as_bytes());
        }
        Self { terms: Some(Box::new(terms)), ..condition }
    }

    /// The same where a value comes from this flag, too.
    pub(crate) fn and_flag(mut self, name: &str) -> Self {
        if self.may_be_passed_by() {
            self.flag_marks.add(Marks::of(name));
        }
        self
    }

    /// The same where a value comes from this variable, too.
    pub(crate) fn and_variable(mut self, name: &str) -> Self {
        if self.may_be_passed_by() {
            self.variable_marks.add(name.as_bytes());
        }
        self
    }

    /// Whether nothing else depends on its terms being looked at: no note of a variable,
    /// no question to a resolver.
    fn may_be_passed_by(&self) -> bool {
        self.terms.as_ref().is_none_or(|terms| {
            terms.variables.is_empty()
                && terms.absent_variables.is_empty()
                && terms.unlike.is_none()
                && terms.brings.is_empty()
                && !terms.brings_unread
                && terms.exposes.is_none()
        })
    }

    /// Whether its terms are about variables.
    pub(crate) fn asks_variables(&self) -> bool {
        self.asked().next().is_some()
    }

    /// The variables that its terms are about.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &'static str> {
        self.terms.iter().flat_map(|terms| terms.variables.iter().chain(&terms.absent_variables)).copied()
    }
}

/// What a condition states.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    pub commands: Vec<&'static str>,
    /// The first word is one of these, which are sorted.
    pub services: Vec<&'static str>,
    pub flag: Option<FlagTest>,
    /// All of these are set.
    pub with: Vec<&'static str>,
    /// None of these is set.
    pub absent: Vec<&'static str>,
    /// An operand is a resource of one of these kinds.
    pub kinds: Vec<&'static str>,
    /// Every resource that the operands name is of one of these kinds.
    pub only_kinds: Vec<&'static str>,
    /// A file that is brought along holds an object of one of these kinds.
    pub brings: Vec<&'static str>,
    /// A file that is brought along cannot be read.
    pub brings_unread: bool,
    /// The flag, or a file that is brought along, gives a container this of the machine.
    pub exposes: Option<Exposes>,
    pub operand: Option<OperandTest>,
    /// An operand that starts with `-` is none of these.
    pub strays: Option<Vec<Pattern>>,
    /// An operand, or the flag's value, is a path at which credentials are kept.
    pub secrets: Option<SecretTest>,
    /// The scheme of a URL is one of these; `?` is one that cannot be told.
    pub schemes: Vec<&'static str>,
    /// The host of a URL is one of these.
    pub hosts: Vec<Pattern>,
    /// The value of the flag, or of the variable, is another than this resolver found.
    pub unlike: Option<(Resolver, Field)>,
    /// At least so many operands.
    pub operands: Option<usize>,
    /// Fewer operands than this.
    pub fewer: Option<usize>,
    /// An operand is a path outside of the working folder.
    pub outside: bool,
    /// There is no command inside of it.
    pub alone: bool,
    /// An operand stands after `--`.
    pub after_dashes: bool,
    /// All of these variables are set, and not empty.
    pub variables: Vec<&'static str>,
    /// None of these variables is.
    pub absent_variables: Vec<&'static str>,
}

/// What of the machine a container is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposes {
    /// Folders of the system, to change them.
    System,
    /// What lies outside of the working folder, or holds credentials.
    Outside,
}

/// Paths by which it is told what a container is given.
#[derive(Debug)]
pub(crate) struct MountPaths {
    pub system: Vec<Pattern>,
    /// The same, unless the working folder is there.
    pub of_root: Vec<Pattern>,
    pub secrets: &'static SecretPaths,
}

#[derive(Debug)]
pub(crate) struct FlagTest {
    pub name: &'static str,
    pub values: Values,
    /// Values are compared also as paths without detours.
    pub paths: bool,
}

#[derive(Debug)]
pub(crate) struct OperandTest {
    /// Any operand where there is none.
    pub at: Option<usize>,
    /// One of these, where any are listed.
    pub is: Vec<Pattern>,
    /// None of these characters stands in it.
    pub without: &'static [u8],
}

#[derive(Debug)]
pub(crate) struct SecretTest {
    pub paths: &'static SecretPaths,
    /// How many operands come before those that are meant.
    pub after: usize,
}

/// What a command takes of what a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    Files,
    /// Folders, and all that lies in them, too.
    Folders,
}

/// Where credentials are kept.
#[derive(Debug)]
pub(crate) struct SecretPaths {
    pub files: Vec<Pattern>,
    /// Files that only look so.
    pub but: Vec<Pattern>,
    /// Folders with such files, where the command goes into folders.
    pub folders: Vec<Pattern>,
}

/// Which values of a flag a condition means.
#[derive(Debug)]
pub(crate) enum Values {
    /// It is set, and not to false.
    Set,
    /// The last one is one of these.
    Last(Vec<Pattern>),
    /// One of them is one of these.
    Any(Vec<Pattern>),
    /// The last one is none of these.
    Other(Vec<Pattern>),
    /// One of them is none of these.
    Stray(Vec<Pattern>),
}
