//! Which records are asked for.

use globset::{GlobBuilder, GlobMatcher};
use jiff::Timestamp;

use crate::Record;
use crate::index::{Columns, Index, Row, Text};

/// A glob over a name: `terraform.*`, `prod-{a,b}`.
#[derive(Debug, Clone)]
pub struct Pattern(GlobMatcher);

/// Why a text is no pattern.
#[derive(Debug, thiserror::Error)]
#[error("this is no pattern: {0}")]
pub struct WrongPattern(#[source] globset::Error);

impl std::str::FromStr for Pattern {
    type Err = WrongPattern;

    fn from_str(text: &str) -> Result<Self, WrongPattern> {
        let glob = GlobBuilder::new(text).backslash_escape(true).build();
        Ok(Self(glob.map_err(WrongPattern)?.compile_matcher()))
    }
}

impl Pattern {
    /// Whether a text is like it.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// All that is named must fit; of several patterns of one field, any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Its kind: `intent`, `refused`.
    pub kind: Vec<Pattern>,
    /// Who called.
    pub agent: Vec<Pattern>,
    /// The session.
    pub session: Vec<Pattern>,
    /// The tool.
    pub tool: Vec<Pattern>,
    /// Any of its operations.
    pub operation: Vec<Pattern>,
    /// The verdict: `allow`, `deny`, `escalate`, `none`.
    pub verdict: Vec<Pattern>,
    /// The reason: `rule`, `person`, `gate`.
    pub reason: Vec<Pattern>,
    /// The rule that decided.
    pub rule: Vec<Pattern>,
    /// Any known target: `workspace=prod`, or the value alone.
    pub target: Vec<Pattern>,
    /// Of foreign records: the recorder.
    pub source: Vec<Pattern>,
    /// The tier; none for a command of unknown tier.
    pub tier: Vec<Option<u8>>,
    /// The tool's exit code.
    pub exit: Vec<i32>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// What must stand somewhere in the record.
    pub text: Option<String>,
}

impl Filter {
    /// Whether every record fits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { tier, exit, since, until, text, .. } = self;
        self.patterns().iter().all(|(_, patterns)| patterns.is_empty())
            && tier.is_empty()
            && exit.is_empty()
            && since.is_none()
            && until.is_none()
            && text.is_none()
    }

    fn patterns(&self) -> [(Text, &[Pattern]); 10] {
        [
            (Text::Kind, &self.kind),
            (Text::Agent, &self.agent),
            (Text::Session, &self.session),
            (Text::Tool, &self.tool),
            (Text::Operations, &self.operation),
            (Text::Verdict, &self.verdict),
            (Text::Reason, &self.reason),
            (Text::Rule, &self.rule),
            (Text::Targets, &self.target),
            (Text::Source, &self.source),
        ]
    }

    /// Whether a record fits.
    #[must_use]
    pub fn fits(&self, record: &Record) -> bool {
        let columns = Columns::of(&record.entry);
        self.patterns().iter().all(|(which, patterns)| fits(*which, patterns, columns.text(*which)))
            && self.numbers_fit(columns.tier, columns.exit, columns.text(Text::Operations).is_empty())
            && self.since.is_none_or(|since| record.timestamp >= since)
            && self.until.is_none_or(|until| record.timestamp < until)
            && self.text_fits(record.text.as_bytes())
    }

    fn numbers_fit(&self, tier: Option<u8>, exit: Option<i32>, no_operation: bool) -> bool {
        let asked = |wanted: &Option<u8>| *wanted == tier && (tier.is_some() || !no_operation);
        (self.tier.is_empty() || self.tier.iter().any(asked))
            && (self.exit.is_empty() || exit.is_some_and(|exit| self.exit.contains(&exit)))
    }

    /// Whether the line holds the text, as it stands or as JSON writes it.
    pub(super) fn text_fits(&self, line: &[u8]) -> bool {
        let Some(text) = &self.text else { return true };
        let Ok(line) = str::from_utf8(line) else { return false };
        let escaped = serde_json::to_string(text).unwrap_or_default();
        line.contains(text.as_str()) || line.contains(escaped.trim_matches('"'))
    }
}

/// An empty text fits no pattern; of several lines any may fit.
fn fits(which: Text, patterns: &[Pattern], text: &str) -> bool {
    patterns.is_empty() || text.lines().any(|line| patterns.iter().any(|pattern| line_fits(which, pattern, line)))
}

fn line_fits(which: Text, pattern: &Pattern, line: &str) -> bool {
    let value = || line.split_once('=').is_some_and(|(_, value)| pattern.fits(value));
    pattern.fits(line) || which == Text::Targets && value()
}

/// A filter put to the texts of one index.
pub(super) struct Judged<'a> {
    filter: &'a Filter,
    /// Of each column that is asked for, which of its texts fit, by their number.
    columns: Vec<(Text, Vec<bool>)>,
}

impl<'a> Judged<'a> {
    pub(super) fn of(filter: &'a Filter, index: &Index) -> Self {
        let asked = filter.patterns().into_iter().filter(|(_, patterns)| !patterns.is_empty());
        let columns = asked.map(|(which, patterns)| {
            let texts = index.texts.iter().map(|text| fits(which, patterns, text));
            (which, std::iter::once(false).chain(texts).collect())
        });
        Self { filter, columns: columns.collect() }
    }

    /// Whether the record of this row may fit.
    pub(super) fn may_fit(&self, row: &Row) -> bool {
        let known = |(which, fits): &(Text, Vec<bool>)| fits.get(row.text(*which) as usize).copied().unwrap_or(true);
        let micros = |time: Timestamp| time.as_microsecond();
        self.columns.iter().all(known)
            && self.filter.numbers_fit(row.tier, row.exit, row.text(Text::Operations) == 0)
            && self.filter.since.is_none_or(|since| row.time >= micros(since))
            && self.filter.until.is_none_or(|until| row.time <= micros(until))
    }
}
