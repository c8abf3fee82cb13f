//! Calls by which a shell completes a line, folded into one: a person who presses the
//! tab key has asked for nothing.
//!
//! Only what was allowed and ended well is folded. Not here: JSON, which has every
//! record.

use tollgate_audit::{Decision, Kind, Record, show};

use crate::error::Error;
use crate::output;

/// The last word of an operation that only completes.
const COMPLETES: [&str; 3] = ["complete", "__complete", "__completeNoDesc"];

/// Prints a line for each record, and one for each row of completions.
pub(super) fn print(records: &[Record]) -> Result<(), Error> {
    lines(records).iter().try_for_each(output::line)
}

fn lines(records: &[Record]) -> Vec<String> {
    let rows = records.chunk_by(|one, other| completes(one).is_some() && completes(one) == completes(other));
    rows.flat_map(|row| match row {
        [first, _, ..] if completes(first).is_some() => {
            let what = completes(first).unwrap_or_default();
            let what = tollgate_policies::show::text(what.as_bytes(), 80);
            let time = first.timestamp.strftime("%Y-%m-%d %H:%M:%SZ");
            vec![format!("{time}  {} records: a shell completed a line ({what}); `--unfold` shows them", row.len())]
        }
        row => row.iter().map(show::line).collect(),
    })
    .collect()
}

/// The operation, if the record is of a completion that nothing stood against.
fn completes(record: &Record) -> Option<&str> {
    let entry = &record.entry;
    let well = match entry.kind {
        Kind::Intent => entry.decision == Some(Decision::Allow) && entry.tier == Some(0),
        Kind::Outcome => entry.exit_code == Some(0) && entry.tier == Some(0),
        _ => false,
    };
    let operation = entry.operation.as_deref().filter(|_| well && entry.also.is_empty())?;
    let last = operation.rsplit('.').next()?;
    (COMPLETES.contains(&last) || operation.starts_with("aws_completer.")).then_some(operation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_audit::{Entry, Timestamp};

    fn record(kind: Kind, operation: &str, code: Option<i32>) -> Record {
        let entry = Entry {
            operation: Some(operation.to_owned()),
            tier: Some(0),
            decision: Some(Decision::Allow),
            exit_code: code,
            ..Entry::of(kind, "01K")
        };
        let (prev_hash, hash, text) = Default::default();
        Record { seq: 1, timestamp: Timestamp::UNIX_EPOCH, entry, prev_hash, hash, text }
    }

    #[test]
    fn a_row_of_completions_is_one_line() {
        let call =
            [record(Kind::Intent, "kubectl.__complete", None), record(Kind::Outcome, "kubectl.__complete", Some(0))];
        let other = record(Kind::Intent, "kubectl.get", None);
        let all: Vec<_> = call.iter().chain(&call).chain([&other]).chain(&call).cloned().collect();
        let lines = lines(&all);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("4 records: a shell completed a line (kubectl.__complete)"), "{lines:?}");
        assert!(lines[1].contains("kubectl.get") && lines[2].contains("2 records"), "{lines:?}");
    }

    #[test]
    fn what_was_refused_or_failed_is_never_folded() {
        let refused = record(Kind::Refused, "kubectl.__complete", None);
        let failed = record(Kind::Outcome, "kubectl.__complete", Some(1));
        assert_eq!(lines(&[refused.clone(), refused, failed.clone(), failed]).len(), 4);
    }
}
