//! The JSON Schema of a policy file, in `docs/policy.schema.json`: generated from
//! the types, and held equal to them here, as [`super::reference`] is.
//!
//! It is for editors: it knows every key and the values that are words. What only
//! makes sense together (a verdict or tiers, names used once) is not in it;
//! `tollgate policy check` finds that. After a change of the types:
//! `TOLLGATE_REGENERATE=1 cargo test -p tollgate-policies schema`, and commit.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{File, Level, Many, Number, Spanned, Table, Tables};
use crate::Dimension;
use crate::policy::{Door, Source, profiles};

/// A verdict.
pub(super) struct Verdict;
/// A verdict for each tier.
pub(super) struct ByTier;
/// Conditions on a target, by dimension.
pub(super) struct Target;
/// Doors.
pub(super) struct Doors;
/// Flags; no flag at all is a list too.
pub(super) struct Flags;
/// A length of time.
pub(super) struct Time;

/// One thing or a list of at least one.
fn one_or_more(item: &Value) -> Schema {
    json_schema!({ "anyOf": [item, { "type": "array", "items": item, "minItems": 1 }] })
}

macro_rules! inline {
    ($type:ty, $generator:ident => $schema:expr) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

inline!(Verdict, _generator => json_schema!({ "enum": ["allow", "escalate", "deny"] }));
inline!(ByTier, _generator => json_schema!({
    "type": "object",
    "propertyNames": { "enum": ["0", "1", "2", "3", "4", "unknown"] },
    "additionalProperties": { "enum": ["allow", "escalate", "deny"] },
}));
inline!(Target, _generator => {
    let word = one_or_more(&json!({ "type": "string" })).to_value();
    let dimensions = Dimension::ALL.iter().map(|dimension| (dimension.name().to_owned(), word.clone()));
    let dimensions: serde_json::Map<String, Value> = dimensions.collect();
    json_schema!({ "type": "object", "properties": dimensions, "additionalProperties": false })
});
inline!(Doors, _generator => one_or_more(&json!({ "enum": Door::ALL.map(Door::name) })));
inline!(Flags, _generator => json_schema!({
    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
}));
inline!(Time, _generator => json_schema!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$" }));
inline!(Number, _generator => json_schema!({ "type": "integer" }));
inline!(Level, _generator => json_schema!({
    "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": 4 },
        { "type": "string", "pattern": r"^\s*(unknown|[0-4]|(>=|<=|>|<)\s*[0-9]|[0-4]\s*\.\.\s*[0-4])\s*$" },
    ]
}));

/// A type that is written as the one inside it.
macro_rules! as_inside {
    ($type:ident, $generator:ident, $inside:ident => $schema:expr) => {
        impl<T: JsonSchema> JsonSchema for $type<T> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                format!(concat!(stringify!($type), "_of_{}"), T::schema_name()).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                let $inside = $generator.subschema_for::<T>().to_value();
                $schema
            }
        }
    };
}

as_inside!(Spanned, generator, inside => Schema::try_from(inside).unwrap());
as_inside!(Many, generator, inside => one_or_more(&inside));
as_inside!(Table, generator, inside => json_schema!({ "type": "object", "additionalProperties": inside }));
as_inside!(Tables, generator, inside => json_schema!({ "type": "array", "items": inside }));

pub(super) fn generated() -> Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(File)).unwrap();
    schema["title"] = json!("Tollgate policy");
    schema["description"] = json!("A policy file: `policy.d/*.toml`, `.tollgate.toml`.");
    schema
}

/// What the published schema says against this text, all of it.
fn against(text: &str) -> Vec<String> {
    let published: Value = serde_json::from_str(&published()).unwrap();
    let instance = toml::from_str::<Value>(text).unwrap();
    let validator = jsonschema::validator_for(&published).unwrap();
    validator.iter_errors(&instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/policy.schema.json");

fn published() -> String {
    std::fs::read_to_string(PATH).unwrap_or_default()
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let generated = serde_json::to_string_pretty(&generated()).unwrap() + "\n";
    if std::env::var_os("TOLLGATE_REGENERATE").is_some() {
        std::fs::write(PATH, &generated).unwrap();
    }
    assert!(published() == generated, "docs/policy.schema.json is old: see the head of {}", file!());
}

#[test]
fn every_ready_policy_is_valid() {
    let all: Vec<(&str, Source)> = profiles().map(|(name, _)| (name, super::super::profile(name).unwrap())).collect();
    assert!(all.len() >= 6);
    for (name, Source { text, .. }) in all {
        assert_eq!(against(&text), [""; 0], "{name}");
    }
}

#[test]
fn every_example_of_the_docs_is_valid_and_is_a_policy() {
    let mut examples = 0;
    for page in ["policy.md", "operating-policy.md", "identity.md", "classification.md"] {
        let path = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        for example in
            text.split("```toml,policy").skip(1).filter_map(|rest| rest.split_once('\n')?.1.split("```").next())
        {
            examples += 1;
            assert_eq!(against(example), [""; 0], "{page}: {example}");
            let source = Source { name: page.into(), text: example.into(), layer: crate::policy::Layer::User };
            crate::policy::Policy::parse(&[source]).unwrap_or_else(|problems| panic!("{page}: {problems}"));
        }
    }
    assert!(examples >= 7, "{examples}");
}

#[test]
fn what_no_file_may_say_is_found_by_the_schema_too() {
    let wrong = [
        ("rules = []", "rules"),
        ("version = 2", "/version"),
        ("mode = 'watch'", "/mode"),
        ("[[rule]]\nverdict = 'deny'", "name"),
        ("[[runbook]]\nname = 'a'\noperations = 'x.y'\nwindow = '1h'\nhighest = 2", "count"),
        ("[[rule]]\nname = 'a'\nverdict = 'permit'", "/rule/0/verdict"),
        ("[[rule]]\nname = 'a'\nverdict = 'deny'\ntier = 5", "/rule/0/tier"),
        ("[[rule]]\nname = 'a'\ntarget.galaxy = 'x'", "galaxy"),
        ("[[rule]]\nname = 'a'\ntiers = { 5 = 'deny' }", "/rule/0/tiers"),
        ("[[rule]]\nname = 'a'\ndoors = ['window']", "/rule/0/doors"),
        ("[[rule]]\nname = 'a'\noperations = []", "/rule/0/operations"),
        ("[[rule]]\nname = 'a'\nunless = { verdict = 'deny' }", "/rule/0/unless"),
        ("[tools.x]\ntimeout = 'soon'", "/tools/x/timeout"),
        ("[tools.x]\nstrict = 'yes'", "/tools/x/strict"),
        ("[agents.x]\nclearance = 5", "/agents/x/clearance"),
    ];
    for (text, place) in wrong {
        let found = against(text).join("\n");
        assert!(found.contains(place), "{text}: {found}");
        let source = Source { name: "p".into(), text: text.into(), layer: crate::policy::Layer::User };
        assert!(crate::policy::Policy::parse(&[source]).is_err(), "{text}");
    }
}
