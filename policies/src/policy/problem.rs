//! What is wrong with a policy: where, what, and what to do about it.
//!
//! All problems of all sources are told at once, in the order of their places,
//! whatever the order they were found in. No problem is ever a panic, and a
//! policy with one problem is no policy.

use std::fmt;
use std::ops::Range;

use super::Source;
use crate::show;

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The source it stands in, as shown to people.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Problem {
    /// `10-infra.toml:14:3: unknown key `vedict` in a rule; did you mean `verdict`?`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}: {}; {}", self.file, self.line, self.column, self.what, self.fix)
    }
}

/// Everything that is wrong with a policy, in the order of the places. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    /// One line a problem.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(out, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A place in a source: the range of its bytes.
pub(super) type Span = Range<usize>;

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Problem>);

impl Findings {
    pub(super) fn add(&mut self, source: &Source, span: &Span, what: impl Into<String>, fix: impl Into<String>) {
        let (line, column) = place(&source.text, span.start);
        self.0.push(Problem { file: source.name.clone(), line, column, what: what.into(), fix: fix.into() });
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value, if nothing was found.
    pub(super) fn or<T>(mut self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort();
        self.0.dedup();
        Err(Problems(self.0))
    }
}

/// Line and column, from 1, of a byte of the text.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Where the lines of a text start.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(end, _)| end + 1).collect())
    }

    /// The line, from 1, of a byte of the text.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset) + 1
    }
}

/// The text of a policy as a message quotes it.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", show::text(text.as_bytes(), 80))
}

/// ``did you mean `verdict`?``, or everything that could have been meant.
pub(super) fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match closest(word, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("use one of {}", list(&known)),
    }
}

fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    let near = known.iter().map(|known| (strsim::osa_distance(&word, known), *known)).min()?;
    let allowed = (near.1.chars().count() / 3).max(1);
    (near.0 <= allowed).then_some(near.1)
}

/// `` `a`, `b` and `c` ``.
fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
