//! `tollgate audit stats`: how many records of what.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use tollgate_audit::query::{self, Stats};
use tollgate_policies::show;

use super::Log;
use super::filters::Filters;
use crate::error::Error;
use crate::output;

/// Most lines of one count.
const MOST: usize = 10;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: Log,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filters: Filters,
}

/// Counts and prints.
pub(crate) fn stats(arguments: &Arguments) -> Result<ExitCode, Error> {
    let Some(log) = arguments.log.existing()? else { return Ok(ExitCode::SUCCESS) };
    let stats = query::stats(&log, &arguments.filters.filter())?;
    if arguments.json {
        output::json(&stats)?;
    } else {
        output::line(text(&stats))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(stats: &Stats) -> String {
    let mut lines = vec![match (&stats.from, &stats.to) {
        (Some(from), Some(to)) => format!("{} records, {from} to {to}", stats.records),
        _ => "no record fits".to_owned(),
    }];
    let counts = [
        ("what happened", &stats.kinds),
        ("agents", &stats.agents),
        ("tools", &stats.tools),
        ("operations", &stats.operations),
        ("tiers", &stats.tiers),
        ("verdicts", &stats.verdicts),
        ("reasons of refusals", &stats.reasons),
        ("exit codes", &stats.exits),
        ("other recorders", &stats.sources),
    ];
    for (name, counts) in counts {
        lines.extend(table(name, counts));
    }
    lines.join("\n")
}

/// The most frequent first.
fn table(name: &str, counts: &BTreeMap<String, u64>) -> Vec<String> {
    if counts.is_empty() {
        return Vec::new();
    }
    let mut sorted: Vec<(&String, &u64)> = counts.iter().collect();
    sorted.sort_by(|one, other| other.1.cmp(one.1));
    let rest: u64 = sorted.iter().skip(MOST).map(|(_, count)| **count).sum();
    let mut lines = vec![format!("\n{name}")];
    let named = sorted.iter().take(MOST);
    lines.extend(named.map(|(name, count)| format!("{count:>10}  {}", show::text(name.as_bytes(), 80))));
    if rest > 0 {
        lines.push(format!("{rest:>10}  ({} more)", sorted.len() - MOST));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_as_tables_the_most_frequent_first() {
        let stats = Stats {
            records: 3,
            from: Some("A".into()),
            to: Some("B".into()),
            kinds: BTreeMap::from([("intent".into(), 1), ("refused".into(), 2)]),
            ..Stats::default()
        };
        assert_eq!(text(&stats), "3 records, A to B\n\nwhat happened\n         2  refused\n         1  intent");
        assert_eq!(text(&Stats::default()), "no record fits");
    }
}
