//! The policy that is made, as text.

use std::fmt::Write;

use super::order::Conditions;

/// A policy, and what a person must know of it.
#[derive(Debug, Default)]
pub(super) struct Written {
    agents: Vec<String>,
    tools: String,
    rules: String,
    pub(super) notes: Vec<String>,
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule<'a> {
    pub(super) name: String,
    pub(super) conditions: &'a Conditions,
    /// `verdict = "deny"`, `tiers = {...}`.
    pub(super) says: String,
    pub(super) unless: Vec<Conditions>,
}

impl Written {
    pub(super) fn agent(&mut self, name: &str) {
        if !name.contains('*') && !self.agents.iter().any(|known| known == name) {
            self.agents.push(name.to_owned());
        }
    }

    /// A line below the last table of a tool.
    pub(super) fn tool_line(&mut self, line: &str) {
        self.tools.push_str(line);
        self.tools.push('\n');
    }

    pub(super) fn rule(&mut self, rule: &Rule<'_>) {
        let mut text = format!("\n[[rule]]\nname = {}\n", word(&rule.name));
        for (key, globs) in rule.conditions {
            text.push_str(&format!("{key} = {}\n", words(globs)));
        }
        text.push_str(&format!("{}\n", rule.says));
        if !rule.unless.is_empty() {
            let exceptions: Vec<String> = rule.unless.iter().map(inline).collect();
            text.push_str(&format!("unless = [\n    {},\n]\n", exceptions.join(",\n    ")));
        }
        self.rules.push_str(&text);
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::from("# Imported by `tollgate policy import`: read it before it is in force.\n");
        for note in &self.notes {
            text.push_str(&format!("# note: {}\n", quoted_line(note)));
        }
        text.push_str("\nversion = 1\n");
        for agent in &self.agents {
            text.push_str(&format!("\n[agents.{}]\n", word(agent)));
        }
        text.push_str(&self.tools);
        text.push_str(&self.rules);
        text
    }
}

/// A comment is one line, whatever the file held.
fn quoted_line(note: &str) -> String {
    note.lines().map(quoted_part).collect::<Vec<_>>().join(" ")
}

fn quoted_part(part: &str) -> String {
    tollgate_policies::show::text(part.as_bytes(), 1000)
}

/// `"word"`, escaped as TOML wants it.
pub(super) fn word(text: &str) -> String {
    let mut escaped = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => escaped.extend(['\\', letter]),
            letter if letter.is_control() => drop(write!(escaped, "\\u{:04X}", u32::from(letter))),
            letter => escaped.push(letter),
        }
    }
    escaped.push('"');
    escaped
}

/// `"word"`, or `["one", "two"]`.
pub(super) fn words(texts: &[String]) -> String {
    match texts {
        [text] => word(text),
        texts => format!("[{}]", texts.iter().map(|text| word(text)).collect::<Vec<_>>().join(", ")),
    }
}

fn inline(conditions: &Conditions) -> String {
    let pairs: Vec<String> = conditions.iter().map(|(key, globs)| format!("{key} = {}", words(globs))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// A name that a rule can have: one visible word.
pub(super) fn name(parts: &[&str]) -> String {
    let fits = |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    parts.join("-").chars().map(fits).take(80).collect()
}
