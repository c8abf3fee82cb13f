//! How a call is named to people: its command and its target, on one line each.
//!
//! Everything that came from the caller is escaped and cut here, once; secrets
//! were scrubbed when the entry was made.

use tollgate_audit::{Bytes, Entry, TargetValue};
use tollgate_policies::show;

/// Most characters of a command or folder that a person is shown on one line.
pub(crate) const MOST: usize = 400;

/// Most changes that a person is told by name.
const MOST_CHANGES: usize = 20;

/// The command.
pub(crate) fn command(entry: &Entry) -> String {
    let argv = entry.command.as_ref().map(|command| command.argv.as_slice()).unwrap_or_default();
    line(argv)
}

fn line(argv: &[Bytes]) -> String {
    show::command(&argv.iter().map(Bytes::as_slice).collect::<Vec<_>>(), MOST)
}

/// What runs: the command, or what rules have made of it.
pub(crate) fn running(entry: &Entry) -> String {
    entry.corrected.as_ref().map_or_else(|| command(entry), |corrected| line(&corrected.argv))
}

/// The target, a phrase for each dimension: `workspace prod (from TF_WORKSPACE)`.
pub(crate) fn target(entry: &Entry) -> Vec<String> {
    let values = entry.target.iter().flat_map(|(name, found)| found.values().iter().map(move |value| (name, value)));
    values.map(|(name, value)| phrase(name, value)).collect()
}

/// What its files say it would change, a phrase each.
pub(crate) fn changes(entry: &Entry) -> Vec<String> {
    let phrases = entry.changes.as_ref().map(|changes| changes.phrases(MOST_CHANGES)).unwrap_or_default();
    phrases.iter().map(|phrase| show::text(phrase.as_bytes(), 200)).collect()
}

fn phrase(name: &str, value: &TargetValue) -> String {
    match value {
        TargetValue::Known { value, source } => {
            let (value, source) = (show::text(value.as_slice(), 200), show::text(source.as_bytes(), 100));
            format!("{name} {value} (from {source})")
        }
        TargetValue::Unknown { unknown } => format!("{name} unknown ({})", show::text(unknown.as_bytes(), 200)),
    }
}
