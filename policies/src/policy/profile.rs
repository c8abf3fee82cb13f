//! The policies that come with Tollgate.
//!
//! They are texts like any other: a person can print one, change it and use it.

use super::{Layer, Source};

/// Name, one line about it, and text.
const PROFILES: [(&str, &str, &str); 7] = [
    (
        "careful",
        "reading is allowed, a person is asked for changes, mass destruction is denied",
        include_str!("../../profiles/careful.toml"),
    ),
    (
        "ci",
        "ordinary work is allowed, everything sensitive is denied, and nobody is asked",
        include_str!("../../profiles/ci.toml"),
    ),
    (
        "cli-tools",
        "terraform fine-tuned, kubectl strict, gh simple: an example of tools with tables",
        include_str!("../../profiles/cli-tools.toml"),
    ),
    (
        "observe",
        "everything runs, and what the rules of careful would have said is recorded",
        include_str!("../../profiles/observe.toml"),
    ),
    (
        "read-only",
        "reading is allowed, everything else is denied, and nobody is asked",
        include_str!("../../profiles/read-only.toml"),
    ),
    (
        "strict",
        "known agents read, a person is asked for every change up to their clearance",
        include_str!("../../profiles/strict.toml"),
    ),
    (
        "staging",
        "claude-code may work on staging with terraform, helm and aws, and on nothing else",
        include_str!("../../profiles/staging.toml"),
    ),
];

/// The profile of this name.
#[must_use]
pub fn profile(name: &str) -> Option<Source> {
    let (name, _, text) = PROFILES.iter().find(|(known, _, _)| *known == name)?;
    Some(Source { name: format!("profile {name}"), text: (*text).to_owned(), layer: Layer::BuiltIn })
}

/// Every profile: its name and one line about it.
pub fn profiles() -> impl Iterator<Item = (&'static str, &'static str)> {
    PROFILES.iter().map(|(name, line, _)| (*name, *line))
}
