//! What belongs to one request: question, answer, intent, outcome.

use std::collections::HashMap;

use tollgate_policies::show;

use super::{IN_LINE, end, text, tier, verdict};
use crate::{Command, Entry, Record};

/// The records of one request, in their order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The request's id.
    pub id: String,
    /// Its records, the oldest first.
    pub records: Vec<Record>,
}

/// Groups records by their id. Runs stand in the order of their first record.
pub fn runs(records: impl IntoIterator<Item = Record>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut places = HashMap::new();
    for record in records {
        let place = *places.entry(record.entry.id.clone()).or_insert(runs.len());
        match runs.get_mut(place) {
            Some(run) => run.records.push(record),
            None => runs.push(Run { id: record.entry.id.clone(), records: vec![record] }),
        }
    }
    runs
}

/// A run as a headline and one line a record, ending with a line's end.
///
/// ```text
/// 01KH9...  claude-code  terraform apply  (terraform.apply, T2 modify)
///   2026-02-12 14:30:22.120Z  escalate  rule staging-apply
///   2026-02-12 14:31:02.870Z  approved  by alice
///   2026-02-12 14:31:02.871Z  allow
///   2026-02-12 14:31:48.071Z  outcome   exit 0 after 45.2 s
/// ```
#[must_use]
pub fn run(run: &Run) -> String {
    let mut page = headline(run);
    for record in &run.records {
        let time = record.timestamp.strftime("%Y-%m-%d %H:%M:%S%.3fZ");
        let line = format!("  {time}  {:9} {}", verdict(&record.entry), details(&record.entry));
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}

fn headline(run: &Run) -> String {
    let mut line = text(&run.id);
    if let Some(agent) = first(run, |entry| entry.agent.as_deref()) {
        line.push_str(&format!("  {}", text(agent)));
    }
    if let Some(Command { argv, .. }) = first(run, |entry| entry.command.as_ref()) {
        line.push_str(&format!("  {}", show::command(argv, IN_LINE)));
    }
    if let Some((operation, number)) = first(run, |entry| Some((entry.operation.as_deref()?, entry.tier))) {
        line.push_str(&format!("  ({}, {})", text(operation), tier(number)));
    }
    line.push('\n');
    line
}

fn first<'a, T>(run: &'a Run, of: impl Fn(&'a Entry) -> Option<T>) -> Option<T> {
    run.records.iter().find_map(|record| of(&record.entry))
}

fn details(entry: &Entry) -> String {
    let details = [
        entry.approved_by.as_ref().map(|approver| format!("by {}", text(&approver.name))),
        end(entry),
        entry.rule.as_deref().map(|rule| format!("rule {}", text(rule))),
        entry.reason.as_deref().filter(|reason| *reason != "rule").map(|reason| format!("reason {}", text(reason))),
        entry.message.as_deref().map(text),
    ];
    details.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
