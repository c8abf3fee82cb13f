//! The JSON Schema of a line, in `docs/audit.schema.json`: generated from the
//! types, and held equal to them here.
//!
//! After a change of the types: `TOLLGATE_REGENERATE=1 cargo test -p
//! tollgate-audit schema`, and commit the file.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Bytes, Entry};

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

#[test]
fn every_field_of_a_record_stands_in_the_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(AuditLine)).unwrap();
    let line = crate::samples::lines(crate::samples::log(1, crate::Options::default()).path()).remove(0).remove(0);
    let record: serde_json::Value = serde_json::from_slice(&line).unwrap();
    for name in record.as_object().unwrap().keys() {
        assert!(schema["properties"].get(name).is_some(), "{name}");
    }
}
