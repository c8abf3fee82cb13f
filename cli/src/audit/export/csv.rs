//! A table as RFC 4180 has it, with a header.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front:
//! what agents typed must not run where people look at it. Times are UTC.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tollgate_audit::{Bytes, Decision, Entry, Record, TargetValue};
use tollgate_policies::show;

use crate::error::Error;

/// Most characters of a command in a cell.
const LONGEST: usize = 32_000;

const COLUMNS: [&str; 26] = [
    "seq",
    "timestamp",
    "kind",
    "id",
    "parent",
    "door",
    "uid",
    "pid",
    "agent",
    "session",
    "tool",
    "operation",
    "also",
    "tier",
    "target",
    "verdict",
    "reason",
    "rule",
    "approved_by",
    "command",
    "folder",
    "exit_code",
    "signal",
    "duration_ms",
    "message",
    "hash",
];

/// The table as it is written.
pub(super) struct Table(Box<dyn Write>);

impl Table {
    /// To a file that is not there yet, or to standard output.
    pub(super) fn to(file: Option<&Path>) -> Result<Self, Error> {
        let to: Box<dyn Write> = match file {
            Some(path) => {
                let file = File::options().write(true).create_new(true).mode(0o600).open(path);
                Box::new(file.map_err(|source| Error::SessionFile { path: path.to_owned(), source })?)
            }
            None => Box::new(io::stdout().lock()),
        };
        let mut table = Self(Box::new(BufWriter::new(to)));
        table.row(&COLUMNS.map(str::to_owned))?;
        Ok(table)
    }

    /// One record.
    pub(super) fn add(&mut self, record: &Record) -> Result<(), Error> {
        self.row(&cells(record))
    }

    /// Everything is written.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        Ok(self.0.flush()?)
    }

    fn row(&mut self, cells: &[String]) -> Result<(), Error> {
        let line = cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",");
        Ok(self.0.write_all(format!("{line}\r\n").as_bytes())?)
    }
}

fn cells(record: &Record) -> [String; COLUMNS.len()] {
    let Entry { kind, id, also, tier, target, decision, approved_by, command, message, .. } = &record.entry;
    let entry = &record.entry;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let argv = |argv: &Vec<Bytes>| show::command(argv, LONGEST);
    let folder = command.as_ref().and_then(|command| command.cwd.as_ref());
    [
        record.seq.to_string(),
        format!("{:.9}", record.timestamp),
        kind.name().to_owned(),
        id.clone(),
        text(&entry.parent),
        text(&entry.door),
        number(entry.uid.map(u64::from)),
        number(entry.pid.map(u64::from)),
        text(&entry.agent),
        text(&entry.session),
        text(&entry.tool),
        text(&entry.operation),
        also.iter().map(|also| also.operation.as_ref()).collect::<Vec<_>>().join(" "),
        number(tier.map(u64::from)),
        targets(target),
        decision.map(Decision::name).unwrap_or_default().to_owned(),
        text(&entry.reason),
        text(&entry.rule),
        approved_by.as_ref().map(|by| by.name.clone()).unwrap_or_default(),
        command.as_ref().map(|command| argv(&command.argv)).unwrap_or_default(),
        folder.map(|folder| show::text(folder.as_slice(), LONGEST)).unwrap_or_default(),
        entry.exit_code.map(|code| code.to_string()).unwrap_or_default(),
        entry.signal.map(|signal| signal.to_string()).unwrap_or_default(),
        number(entry.duration_ms),
        text(message),
        record.hash.clone(),
    ]
}

fn targets(targets: &tollgate_audit::Targets) -> String {
    let values = targets.iter().flat_map(|(name, found)| found.values().iter().map(move |value| (name, value)));
    let phrases = values.map(|(name, value)| match value {
        TargetValue::Known { value, .. } => format!("{name}={}", show::text(value.as_slice(), LONGEST)),
        TargetValue::Unknown { .. } => format!("{name}=?"),
    });
    phrases.collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        assert_eq!([cell("a"), cell("a,b"), cell("say \"x\"")], ["a", "\"a,b\"", "\"say \"\"x\"\"\""]);
        assert_eq!([cell("=1+1"), cell("-rf"), cell("-3"), cell("@x")], ["'=1+1", "'-rf", "-3", "'@x"]);
    }
}
