//! What an index holds of one record.

use crate::{Entry, Found, TargetValue, Targets};

/// The texts that a record is filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Kind,
    Agent,
    Session,
    Tool,
    /// All operations, a line each.
    Operations,
    Verdict,
    Reason,
    /// All known targets, a line each: `workspace=prod`.
    Targets,
    Source,
    Rule,
}

/// How many [`Text`]s there are.
pub(crate) const TEXTS: usize = 10;

/// What an index holds of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) tier: Option<u8>,
    pub(crate) exit: Option<i32>,
    /// Whether it used something up.
    pub(crate) taking: bool,
    pub(crate) texts: [String; TEXTS],
}

impl Columns {
    pub(crate) fn of(entry: &Entry) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            id: entry.id.clone(),
            parent: entry.parent.clone(),
            tier: entry.tier,
            exit: entry.exit_code,
            taking: !entry.taken.is_empty(),
            texts: [
                entry.kind.name().to_owned(),
                text(&entry.agent),
                text(&entry.session),
                text(&entry.tool),
                operations(entry),
                entry.decision.map(|decision| decision.name().to_owned()).unwrap_or_default(),
                text(&entry.reason),
                targets(entry),
                text(&entry.source),
                text(&entry.rule),
            ],
        }
    }

    pub(crate) fn text(&self, which: Text) -> &str {
        self.texts.get(which as usize).map_or("", String::as_str)
    }
}

fn operations(entry: &Entry) -> String {
    let mut all: Vec<&str> = entry.operation.iter().map(String::as_str).collect();
    all.extend(
        entry.also.iter().map(|also| also.operation.as_ref()).filter(|also| !all.contains(also)).collect::<Vec<_>>(),
    );
    all.join("\n")
}

fn targets(entry: &Entry) -> String {
    let mut all = known(&entry.target);
    for also in &entry.also {
        let more: Vec<String> = known(&also.target).into_iter().filter(|one| !all.contains(one)).collect();
        all.extend(more);
    }
    all.join("\n")
}

fn known(targets: &Targets) -> Vec<String> {
    let values = targets.iter().flat_map(|(name, found)| Found::values(found).iter().map(move |value| (name, value)));
    values.filter_map(|(name, value)| target(name, value)).collect()
}

/// A line's end inside a value would look like another target.
fn target(name: &str, value: &TargetValue) -> Option<String> {
    let TargetValue::Known { value, .. } = value else { return None };
    Some(format!("{name}={}", String::from_utf8_lossy(value.as_slice())).replace('\n', " "))
}
