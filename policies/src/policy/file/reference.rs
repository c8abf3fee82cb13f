//! `docs/policy-reference.md`: the schema of a policy file as a page of the book, a
//! table for each section, held equal to the types here as the schema is.
//!
//! Not here: what the keys mean together; `docs/policy.md` tells that.

use std::fmt::Write;

use serde_json::Value;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/policy-reference.md");

const HEAD: &str = "# Every key of a policy\n\n\
Written from the types that read a policy, as [policy.schema.json](policy.schema.json) is: a key that is not here is \
refused. What they mean together is in [The policy language](policy.md). Where nothing stands under *left out*, nothing \
is asked for and nothing is narrowed.\n";

/// The sections, and what each is called in a file.
const SECTIONS: [(&str, &str); 10] = [
    ("File", "The top of a file"),
    ("Agent", "`[agents.NAME]`"),
    ("Persons", "`[persons]`"),
    ("Rule", "`[[rule]]`"),
    ("Exception", "`unless`"),
    ("Correct", "`correct`"),
    ("Narrow", "`narrow`"),
    ("Tool", "`[tools.NAME]`"),
    ("Command", "`[tools.NAME.commands.WORDS]`"),
    ("Runbook", "`[[runbook]]`"),
];

fn page(schema: &Value) -> String {
    SECTIONS.iter().fold(HEAD.to_owned(), |page, (name, title)| {
        let section = if *name == "File" { schema } else { &schema["$defs"][*name] };
        page + &table(title, section)
    })
}

fn table(title: &str, section: &Value) -> String {
    let text = cell(section["description"].as_str().unwrap());
    // The title says already how it is called.
    let text = text.strip_prefix(title).unwrap_or(&text).trim_start_matches(['.', ':', ' ']);
    let text = if text.is_empty() { String::new() } else { format!("\n{text}\n") };
    let mut table = format!("\n## {title}\n{text}\n| key | type | what it means | left out |\n|---|---|---|---|\n");
    let needed = |key: &String| section["required"].as_array().is_some_and(|keys| keys.iter().any(|one| one == key));
    for (key, of) in section["properties"].as_object().unwrap() {
        let left_out = match &of["default"] {
            _ if needed(key) => "an error".to_owned(),
            Value::Null => String::new(),
            default => format!("`{default}`"),
        };
        let text = cell(of["description"].as_str().unwrap());
        writeln!(table, "| `{key}` | {} | {text} | {left_out} |", cell(&kind(of))).unwrap();
    }
    table
}

/// What may stand there, in words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        return section(name);
    }
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str).map(|word| format!("`\"{word}\"`"));
        return words.collect::<Vec<_>>().join(", ");
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choice(choices);
    }
    match &schema["type"] {
        Value::Array(kinds) => named(schema, kinds[0].as_str().unwrap()),
        kind => named(schema, kind.as_str().unwrap()),
    }
}

fn choice(choices: &[Value]) -> String {
    let choices: Vec<_> = choices.iter().filter(|one| one["type"] != "null").collect();
    match choices[..] {
        [one] => kind(one),
        [one, list] if list["items"] == *one => format!("{}, or a list of them", kind(one)),
        [number, text] => format!("{} or {}", kind(number), kind(text)),
        _ => panic!("no words for a choice of {}", choices.len()),
    }
}

fn named(schema: &Value, name: &str) -> String {
    let range = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
    match (name, range) {
        ("integer", _) if schema["const"].is_i64() => format!("`{}`", schema["const"]),
        ("integer", (Some(least), Some(most))) => format!("{least} to {most}"),
        ("integer", _) => "number".to_owned(),
        ("string", _) => text(schema["pattern"].as_str()).to_owned(),
        ("boolean", _) => "`true` or `false`".to_owned(),
        ("array", _) => format!("list: {}", kind(&schema["items"])),
        ("object", _) => map(schema),
        _ => panic!("no words for the type {name}"),
    }
}

/// Two forms of text have a pattern: a length of time, and a range of levels.
fn text(pattern: Option<&str>) -> &'static str {
    match pattern {
        None => "text",
        Some(pattern) if pattern.contains("ms|s|m|h|d") => "time: `\"1h30m\"`",
        Some(_) => "range: `\">=2\"`",
    }
}

fn map(schema: &Value) -> String {
    if let Some(keys) = schema["properties"].as_object() {
        let keys: Vec<_> = keys.keys().map(|key| format!("`{key}`")).collect();
        let (_, of) = schema["properties"].as_object().unwrap().iter().next().unwrap();
        return format!("table: {}, each {}", keys.join(", "), kind(of));
    }
    let values = kind(&schema["additionalProperties"]);
    match schema["propertyNames"]["enum"].as_array() {
        Some(keys) => {
            let keys: Vec<_> = keys.iter().filter_map(Value::as_str).map(|key| format!("`{key}`")).collect();
            format!("table: {}, each {values}", keys.join(", "))
        }
        None => format!("table by name: {values}"),
    }
}

/// A section by its title, as a link to it. A title's anchor is its letters, as mdBook makes it.
fn section(name: &str) -> String {
    let (_, title) = SECTIONS.iter().find(|(known, _)| *known == name).unwrap();
    let anchor: String = title.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("[{title}](#{})", anchor.to_lowercase())
}

/// Text on one line of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[test]
fn the_published_page_is_that_of_the_types() {
    let schema = super::schema::generated();
    let known: Vec<_> = SECTIONS.iter().map(|(name, _)| *name).collect();
    let missing: Vec<_> =
        schema["$defs"].as_object().unwrap().keys().filter(|name| !known.contains(&&***name)).collect();
    assert!(missing.is_empty(), "sections without a title: {missing:?}");
    let generated = page(&schema);
    if std::env::var_os("TOLLGATE_REGENERATE").is_some() {
        std::fs::write(PATH, &generated).unwrap();
    }
    let published = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(published == generated, "docs/policy-reference.md is old: see the head of schema.rs beside {}", file!());
}
