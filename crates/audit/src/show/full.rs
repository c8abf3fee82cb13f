//! One record with everything that it says.

use tollgate_policies::{Dimension, show};

use super::{IN_FULL, end, exceptions, tier};
use crate::{Bytes, Decision, Entry, Record, TargetValue, Targets};

/// One record in full: a line for each thing that is known, ending with a line's
/// end.
#[must_use]
pub fn full(record: &Record) -> String {
    let entry = &record.entry;
    let mut page = Page(format!("record {} of {:.9}: {}\n", record.seq, record.timestamp, entry.kind.name()));
    who(&mut page, entry);
    what(&mut page, entry);
    verdict(&mut page, entry);
    with_what(&mut page, entry);
    page.line("hash", &record.hash);
    page.line("after", &record.prev_hash);
    page.0
}

/// Lines of a name and a value.
struct Page(String);

impl Page {
    fn line(&mut self, name: &str, value: &str) {
        self.0.push_str(&format!("  {name:<12} {value}\n"));
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(name, &text(value));
        }
    }
}

fn text(text: &str) -> String {
    show::text(text.as_bytes(), IN_FULL)
}

fn who(page: &mut Page, entry: &Entry) {
    page.line("id", &text(&entry.id));
    page.text("called by", entry.parent.as_deref());
    if let Some(agent) = &entry.agent {
        let known_by = match entry.agent_known_by.as_slice() {
            [] => String::new(),
            evidence => format!(" (known by {})", text(&evidence.join(", "))),
        };
        page.line("agent", &format!("{}{known_by}", text(agent)));
    }
    page.text("clearance", entry.clearance.map(|clearance| clearance.to_string()).as_deref());
    page.text("session", entry.session.as_deref());
    page.text("token", entry.token.as_ref().map(exceptions::token).as_deref());
    page.text("process", entry.process.as_ref().map(|process| format!("pid {}", process.pid)).as_deref());
    let parts = [
        entry.uid.map(|uid| format!("uid {uid}")),
        entry.pid.map(|pid| format!("pid {pid}")),
        entry.door.as_deref().map(|door| format!("door {}", text(door))),
    ];
    lines(page, "caller", &[parts.into_iter().flatten().collect::<Vec<_>>().join(", ")]);
}

fn what(page: &mut Page, entry: &Entry) {
    if let Some(command) = &entry.command {
        page.line("command", &show::command(&command.argv, IN_FULL));
        if let Some(corrected) = &entry.corrected {
            let (argv, rules) = (show::command(&corrected.argv, IN_FULL), text(&corrected.rules.join(", ")));
            page.line("corrected to", &format!("{argv} (by {rules})"));
        }
        let folder = command.cwd.iter().map(|cwd| show::text(cwd.as_slice(), IN_FULL)).collect::<Vec<_>>();
        lines(page, "folder", &folder);
        lines(
            page,
            "environment",
            &command.env.iter().map(|one| show::text(one.as_slice(), IN_FULL)).collect::<Vec<_>>(),
        );
    }
    if let Some(ran) = &entry.pinned {
        let sets = (!ran.env.is_empty()).then(|| Bytes::from("env"));
        let words: Vec<_> = sets.iter().chain(&ran.env).chain(&ran.argv).collect();
        page.line("ran as", &show::command(&words, IN_FULL));
    }
    if let Some(operation) = &entry.operation {
        page.line("operation", &format!("{} -- {}", text(operation), tier(entry.tier)));
    }
    page.text("because", entry.rationale.as_deref());
    lines(page, "target", &targets(&entry.target));
    for also in &entry.also {
        page.line("also", &format!("{} -- {}", text(&also.operation), tier(also.tier)));
        lines(page, "", &targets(&also.target));
    }
    let changes = entry.changes.as_ref().map(|changes| changes.phrases(usize::MAX)).unwrap_or_default();
    lines(page, "changes", &changes.iter().map(|change| text(change)).collect::<Vec<_>>());
}

fn verdict(page: &mut Page, entry: &Entry) {
    page.text("verdict", entry.decision.map(Decision::name));
    page.text("reason", entry.reason.as_deref());
    page.text("rule", entry.rule.as_deref());
    page.text("would be", entry.would.map(Decision::name));
    if let Some(approver) = &entry.approved_by {
        let uid = approver.uid.map(|uid| format!(" (uid {uid})")).unwrap_or_default();
        let from = approver.from.as_deref().map(|from| format!(" from {}", text(from))).unwrap_or_default();
        page.line("answered by", &format!("{}{uid} by {}{from}", text(&approver.name), text(&approver.how)));
    }
    lines(page, "added", &entry.added.iter().map(|one| show::text(one.as_slice(), IN_FULL)).collect::<Vec<_>>());
    if let Some(asked) = &entry.asked {
        page.line("asked by", &text(&asked.rule));
        lines(page, "told", &asked.notes.iter().map(|note| text(note)).collect::<Vec<_>>());
    }
    page.text("grant", entry.grant.as_ref().map(exceptions::grant).as_deref());
    lines(page, "used up", &entry.taken.iter().map(|taken| text(&exceptions::taken(taken))).collect::<Vec<_>>());
    page.text("ended", end(entry).as_deref());
}

fn with_what(page: &mut Page, entry: &Entry) {
    if let Some(binary) = &entry.binary {
        page.line("binary", &show::text(binary.as_slice(), IN_FULL));
    }
    page.text("its SHA-256", entry.binary_sha256.as_deref());
    if entry.binary_writable_by_caller == Some(true) {
        page.line("", "the caller can change this binary");
    }
    page.text("policy", entry.policy_hash.as_deref());
    page.text("with pending", entry.policy_pending.as_deref());
    let facts = entry.facts.iter();
    let facts =
        facts.map(|fact| format!("{} (SHA-256 {})", show::text(fact.path.as_slice(), IN_FULL), text(&fact.sha256)));
    lines(page, "read", &facts.collect::<Vec<_>>());
    page.text("lost", entry.lost.map(|lost| format!("{lost} records")).as_deref());
    page.text("message", entry.message.as_deref());
}

/// The name stands before the first value only; empty values are left out.
fn lines(page: &mut Page, name: &str, values: &[String]) {
    for (at, value) in values.iter().filter(|value| !value.is_empty()).enumerate() {
        page.line(if at == 0 { name } else { "" }, value);
    }
}

/// `workspace staging-web (from TF_WORKSPACE)`, in the order of the dimensions.
pub(super) fn targets(targets: &Targets) -> Vec<String> {
    let mut found: Vec<_> = targets.iter().collect();
    found.sort_by_key(|(name, _)| Dimension::ALL.iter().position(|known| known.name() == name.as_ref()));
    found.iter().flat_map(|(name, found)| found.values().iter().map(move |value| target(name, value))).collect()
}

fn target(name: &str, value: &TargetValue) -> String {
    let name = text(name);
    match value {
        TargetValue::Known { value, source } => {
            format!("{name} {} (from {})", show::text(value.as_slice(), IN_FULL), text(source))
        }
        TargetValue::Unknown { unknown } => format!("{name} unknown ({})", text(unknown)),
    }
}
