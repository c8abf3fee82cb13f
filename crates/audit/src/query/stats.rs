//! How many records of what.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::filter::Judged;
use super::{Filter, each};
use crate::index::{Columns, Index, Text};
use crate::read::{self, Error};
use crate::segment;

/// Counts by what people ask for first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Records that fit.
    pub records: u64,
    /// The time of the first, in its form for people and programs: RFC 3339.
    pub from: Option<String>,
    /// The time of the last.
    pub to: Option<String>,
    /// By kind.
    pub kinds: BTreeMap<String, u64>,
    /// Commands (the intents and the refused) by agent.
    pub agents: BTreeMap<String, u64>,
    /// Commands by tool.
    pub tools: BTreeMap<String, u64>,
    /// Commands by operation, of several the first.
    pub operations: BTreeMap<String, u64>,
    /// Commands by tier; `unknown` for an operation without one.
    pub tiers: BTreeMap<String, u64>,
    /// Commands by verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Refusals by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Outcomes by exit code.
    pub exits: BTreeMap<String, u64>,
    /// Foreign records by recorder.
    pub sources: BTreeMap<String, u64>,
}

/// Counts so far, and between which times.
#[derive(Default)]
struct Counting {
    stats: Stats,
    range: Option<(i64, i64)>,
}

/// Counts the records that fit.
pub fn stats(folder_or_file: &Path, filter: &Filter) -> Result<Stats, Error> {
    let mut stats = Counting::default();
    if filter.text.is_some() || filter.since.is_some() || filter.until.is_some() {
        each(folder_or_file, filter, 0, |record| {
            stats.count(&Columns::of(&record.entry), record.timestamp.as_microsecond());
            ControlFlow::Continue(())
        })?;
        return Ok(stats.timed());
    }
    for segment in segment::of(folder_or_file).map_err(Error::unreadable(folder_or_file))? {
        let index = Index::read(read::folder(&segment), segment.first).unwrap_or_default();
        let judged = Judged::of(filter, &index);
        for row in index.rows.iter().filter(|row| judged.may_fit(row)) {
            let texts = |which| index.text(row.text(which));
            stats.count_texts(texts, row.tier, row.exit, row.time);
        }
        read::after(&segment, &index, |_, line| {
            if let Ok(record) = crate::Record::of(line)
                && filter.fits(&record)
            {
                stats.count(&Columns::of(&record.entry), record.timestamp.as_microsecond());
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(stats.timed())
}

impl Counting {
    fn count(&mut self, columns: &Columns, time: i64) {
        self.count_texts(|which| columns.text(which), columns.tier, columns.exit, time);
    }

    fn count_texts<'a>(&mut self, text: impl Fn(Text) -> &'a str, tier: Option<u8>, exit: Option<i32>, time: i64) {
        self.stats.records += 1;
        self.range = Some(self.range.map_or((time, time), |(from, to)| (from.min(time), to.max(time))));
        let kind = text(Text::Kind);
        add(&mut self.stats.kinds, kind);
        add(&mut self.stats.sources, text(Text::Source));
        if kind == "outcome" {
            add(&mut self.stats.exits, &exit.map_or_else(|| "signal".to_owned(), |exit| exit.to_string()));
        }
        if kind == "refused" {
            add(&mut self.stats.reasons, text(Text::Reason));
        }
        if kind == "intent" || kind == "refused" {
            let operation = text(Text::Operations).lines().next().unwrap_or_default();
            let unknown = if operation.is_empty() { "" } else { "unknown" };
            add(&mut self.stats.agents, text(Text::Agent));
            add(&mut self.stats.tools, text(Text::Tool));
            add(&mut self.stats.operations, operation);
            add(&mut self.stats.tiers, &tier.map_or_else(|| unknown.to_owned(), |tier| format!("T{tier}")));
            add(&mut self.stats.verdicts, text(Text::Verdict));
        }
    }

    fn timed(self) -> Stats {
        let text = |time| Timestamp::from_microsecond(time).map(|time| format!("{time:.3}")).ok();
        let (from, to) = self.range.map_or((None, None), |(from, to)| (text(from), text(to)));
        Stats { from, to, ..self.stats }
    }
}

fn add(counts: &mut BTreeMap<String, u64>, name: &str) {
    if name.is_empty() {
        return;
    }
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}
