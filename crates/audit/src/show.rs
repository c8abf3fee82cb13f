//! Records as a person reads them: a line each, in full, or a run at a time.
//!
//! Whatever came from a caller goes through the product's one escaping
//! (`tollgate_policies::show`), also ids and names: a log may be a forged one.
//! Times are UTC. Not here: JSON, which is the line itself ([`Record::text`]).

mod exceptions;
mod full;
mod run;

pub use full::full;
pub use run::{Run, run, runs};

use tollgate_policies::{Tier, show};

use crate::{Decision, Entry, Kind, Record};

/// Most characters of a command or a text in a line.
const IN_LINE: usize = 160;

/// Most characters of a value in the full form.
const IN_FULL: usize = 4000;

/// One record in one line: time, id, agent, tier, verdict, operation, command, end.
///
/// ```text
/// 2026-02-12 14:30:22Z  01KH9...  claude-code   T4  deny      terraform.destroy  terraform destroy
/// ```
#[must_use]
pub fn line(record: &Record) -> String {
    let entry = &record.entry;
    let mut line = format!(
        "{}  {:26}  {:12}  {}  {:9}  {}",
        record.timestamp.strftime("%Y-%m-%d %H:%M:%SZ"),
        text(&entry.id),
        entry.agent.as_deref().map_or_else(|| "-".into(), text),
        tier_column(entry),
        verdict(entry),
        entry.operation.as_deref().map_or_else(|| "-".into(), text),
    );
    let command = entry.command.as_ref().map(|command| show::command(&command.argv, IN_LINE));
    for more in [command, end(entry), entry.message.as_deref().map(text)].into_iter().flatten() {
        line.push_str("  ");
        line.push_str(&more);
    }
    line
}

fn text(text: &str) -> String {
    show::text(text.as_bytes(), IN_LINE)
}

/// `T4`, `T?` for an operation of unknown tier, `-` where there is no operation.
fn tier_column(entry: &Entry) -> String {
    match (entry.tier, &entry.operation) {
        (Some(tier), _) => format!("T{tier}"),
        (None, Some(_)) => "T?".into(),
        (None, None) => "- ".into(),
    }
}

/// `T4 break-glass`.
fn tier(tier: Option<u8>) -> String {
    let Some(number) = tier else { return "tier unknown".into() };
    Tier::of_number(number).map_or_else(|| format!("T{number}"), |tier| tier.to_string())
}

/// The verdict where the record is about one, else what happened.
fn verdict(entry: &Entry) -> String {
    if let Some(would) = entry.would.filter(|_| entry.kind == Kind::Intent) {
        return format!("would {}", would.name());
    }
    match (entry.kind, entry.decision) {
        // An approved command was escalated; what this record says is that it runs.
        (Kind::Intent, Some(Decision::Escalate)) => "runs".into(),
        (Kind::Intent | Kind::Refused | Kind::Question, Some(decision)) if decision != Decision::None => {
            decision.name().into()
        }
        (Kind::Answer, Some(Decision::Allow)) => "approved".into(),
        (Kind::Answer, Some(Decision::Deny)) => "denied".into(),
        (kind, _) => kind.name().replace('_', " "),
    }
}

/// `exit 0 after 45.2 s`, where it has ended.
fn end(entry: &Entry) -> Option<String> {
    let how = match (entry.exit_code, entry.signal) {
        (_, Some(signal)) => format!("signal {signal}"),
        (Some(code), None) => format!("exit {code}"),
        (None, None) => return None,
    };
    let Some(duration) = entry.duration_ms else { return Some(how) };
    Some(format!("{how} after {}", seconds(duration)))
}

/// `0.2 s`, `45.2 s`, `12 min 3 s`.
fn seconds(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    if seconds < 60 {
        return format!("{seconds}.{} s", milliseconds % 1000 / 100);
    }
    format!("{} min {} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests;
