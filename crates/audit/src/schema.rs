//! The JSON Schema of a line, in `docs/audit.schema.json`: generated from the
//! types, and held equal to them here.
//!
//! After a change of the types: `TOLLGATE_REGENERATE=1 cargo test -p
//! tollgate-audit schema`, and commit the file.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Bytes, Entry, Kind};

/// One line of a log, as its readers see it.
#[derive(Debug, JsonSchema)]
#[schemars(title = "Tollgate audit record")]
#[expect(dead_code, reason = "it is a description only")]
struct AuditLine {
    /// The version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    v: u8,
    /// The record's number, from 1, without gaps.
    #[schemars(range(min = 1))]
    seq: u64,
    /// When it was handed to the writer: RFC 3339, UTC, nanoseconds.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$"))]
    timestamp: String,
    #[serde(flatten)]
    entry: Entry,
    /// The hash of the record before; 64 zeros for the first.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    prev_hash: String,
    /// SHA-256 of the line's bytes up to the last `,"hash":`.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    hash: String,
}

impl JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Bytes of a caller: text where they are UTF-8, else base64.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "b64": { "type": "string" } },
                    "required": ["b64"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit.schema.json");
    let generated = serde_json::to_string_pretty(&schemars::schema_for!(AuditLine)).unwrap() + "\n";
    if std::env::var_os("TOLLGATE_REGENERATE").is_some() {
        std::fs::write(path, &generated).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(published == generated, "docs/audit.schema.json is old: see the head of {}", file!());
}

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit.md")).unwrap()
}

#[test]
fn the_book_names_every_kind() {
    let page = page();
    let kinds = page.split("\nKinds: ").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let unnamed = Kind::ALL.iter().filter(|kind| !kinds.contains(&format!("`{}`", kind.name())));
    assert_eq!(unnamed.collect::<Vec<_>>(), Vec::<&Kind>::new());
}

/// What other recorders call the fields of their records, and the field here that
/// the book's map gives for each.
#[test]
fn every_field_elsewhere_has_one_here() {
    let schema = serde_json::to_value(schemars::schema_for!(AuditLine)).unwrap();
    let page = page();
    let map = page.split("| elsewhere | here |\n|---|---|\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let mut mapped = Vec::new();
    for row in map.unwrap().lines() {
        let [_, elsewhere, here, _] = row.split('|').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let field = here.split(['`', '.']).nth(1).unwrap();
        assert!(schema["properties"].get(field).is_some(), "{row}");
        mapped.extend(elsewhere.split(',').filter_map(|name| name.split_whitespace().next()));
    }
    for name in ELSEWHERE.split_whitespace() {
        assert!(mapped.contains(&name), "the map has no row for `{name}`");
    }
}

const ELSEWHERE: &str = "
    timestamp agent protocol command workspace tier decision approved_by exit_code duration_ms hash prev_hash
    audit_id nhi_id args_hash verdict rule_matched execution_token stdout_hash stderr_hash stdout_redacted ledger_block
    policy_hash guardian_digest trace_id agent_id tool params policy policy_rule status_code latency_ms";

#[test]
fn every_field_of_a_record_stands_in_the_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(AuditLine)).unwrap();
    let line = crate::samples::lines(crate::samples::log(1, crate::Options::default()).path()).remove(0).remove(0);
    let record: serde_json::Value = serde_json::from_slice(&line).unwrap();
    for name in record.as_object().unwrap().keys() {
        assert!(schema["properties"].get(name).is_some(), "{name}");
    }
}
