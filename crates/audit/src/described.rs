//! An operation as records and `tollgate explain` print it.
//!
//! The judgement's own types are not serialisable; this is their printed form,
//! and its field names are a contract. Not here: how an operation is found.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use tollgate_policies::changes::{Act, Change};
use tollgate_policies::{Changes, Meaning, Operation, Target, Text, Tier, Value};

use crate::Bytes;

/// Words of a grammar, most of which live as long as the program.
type Words = Cow<'static, str>;

/// What a command would do, and to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Described {
    /// The tool's canonical name.
    pub tool: Words,
    /// What its words say: `terraform.apply`.
    pub operation: Words,
    /// What it does as well.
    #[serde(default)]
    pub also: Vec<Also>,
    /// The tier shown, 0 to 4: the highest of all; none when unknown.
    pub tier: Option<u8>,
    /// What the first operation touches.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "BTreeMap<Words, Found>"))]
    pub target: Targets,
    /// One line: why that tier.
    pub rationale: Words,
    /// What files that it brings along say it would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changed>,
}

/// What files say that a command would change: a saved plan, manifests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Changed {
    /// How often each thing is done: `{"delete": 1, "create": 12}`.
    pub counts: BTreeMap<String, usize>,
    /// What it is done to, the most dangerous first; not all where there are many.
    pub named: Vec<OneChange>,
    /// What else there is to know, a sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One thing that is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OneChange {
    /// What is done: `delete`.
    pub act: String,
    /// To what: `terraform_data.web`, `Deployment shop/web`.
    pub what: String,
}

impl Changed {
    /// The printed form of changes.
    #[must_use]
    pub fn of(changes: &Changes) -> Self {
        let one = |change: &Change| OneChange { act: change.act.name().to_owned(), what: change.what.clone() };
        Self {
            counts: changes.counts().map(|(act, count)| (act.name().to_owned(), count)).collect(),
            named: changes.named().iter().map(one).collect(),
            notes: changes.notes().to_vec(),
        }
    }

    /// For a person: the counts, the first names, the notes; a phrase each, as the
    /// files have them, so that whoever shows them must escape them.
    #[must_use]
    pub fn phrases(&self, most: usize) -> Vec<String> {
        let count = |act: &Act| self.counts.get(act.name()).map(|count| format!("{count} to {}", act.name()));
        let counts: Vec<String> = Act::ALL.iter().filter_map(count).collect();
        let counts = Some(counts.join(", ")).filter(|counts| !counts.is_empty());
        let named = self.named.iter().take(most).map(|change| format!("{} {}", change.act, change.what));
        let all: usize = self.counts.values().sum();
        let rest = all.saturating_sub(self.named.len().min(most));
        let more = (rest > 0).then(|| format!("and {rest} more"));
        counts.into_iter().chain(named).chain(more).chain(self.notes.iter().cloned()).collect()
    }
}

/// One more thing that a command does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Also {
    /// The operation.
    pub operation: Words,
    /// Its own tier, 0 to 4; none when unknown.
    pub tier: Option<u8>,
    /// What it touches.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "BTreeMap<Words, Found>"))]
    pub target: Targets,
    /// The tools that start it, outermost first: `sudo`, `bash`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrapped_by: Vec<Words>,
}

/// What one operation touches, by the dimension's name, sorted. A dimension that does
/// not apply is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<Words, Found>")]
pub struct Targets(Vec<(Words, Found)>);

impl Targets {
    /// Each dimension with what is known of it.
    pub fn iter(&self) -> impl Iterator<Item = (&Words, &Found)> {
        self.0.iter().map(|(name, found)| (name, found))
    }

    /// What is known of this dimension.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Found> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, found)| found)
    }
}

impl From<BTreeMap<Words, Found>> for Targets {
    fn from(sorted: BTreeMap<Words, Found>) -> Self {
        Self(sorted.into_iter().collect())
    }
}

impl<const N: usize> From<[(Words, Found); N]> for Targets {
    fn from(all: [(Words, Found); N]) -> Self {
        Self::from(BTreeMap::from(all))
    }
}

impl Serialize for Targets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl From<Target> for Targets {
    fn from(target: Target) -> Self {
        let mut printed: Vec<(Words, Found)> = Vec::with_capacity(target.iter().count());
        for (dimension, value) in target {
            let (name, value) = (dimension.name(), TargetValue::from(value));
            match printed.binary_search_by(|(known, _)| known.as_ref().cmp(name)) {
                Ok(at) => {
                    if let Some((_, found)) = printed.get_mut(at) {
                        found.add(value);
                    }
                }
                Err(at) => printed.insert(at, (Cow::Borrowed(name), Found::One(value))),
            }
        }
        Self(printed)
    }
}

/// What is known of one dimension: nearly always one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Found {
    /// One value: an object.
    One(TargetValue),
    /// Several values of the same dimension (two paths): a list.
    Several(Vec<TargetValue>),
}

impl Found {
    /// All values.
    #[must_use]
    pub fn values(&self) -> &[TargetValue] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }

    fn add(&mut self, value: TargetValue) {
        match self {
            Self::One(first) => *self = Self::Several(vec![first.clone(), value]),
            Self::Several(values) => values.push(value),
        }
    }
}

/// One value of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum TargetValue {
    /// It is this.
    Known {
        /// As the tool would take it.
        value: Bytes,
        /// Where it came from: `TF_WORKSPACE`, `-n`, `default`.
        #[cfg_attr(test, schemars(with = "String"))]
        source: Text,
    },
    /// It applies, but could not be found out.
    Unknown {
        /// Why not.
        #[cfg_attr(test, schemars(with = "String"))]
        unknown: Text,
    },
}

impl Described {
    /// The printed form of an operation.
    #[must_use]
    pub fn of(operation: &Operation) -> Self {
        let said = Operation::of(operation.tool.clone(), operation.primary.clone());
        let changes = operation.changes.as_deref().map(Changed::of);
        Self { changes, ..Self::from(Operation { also: operation.also.clone(), ..said }) }
    }
}

impl From<Operation> for Described {
    fn from(operation: Operation) -> Self {
        let tier = operation.tier().map(Tier::number);
        let rationale = operation.decisive().rationale.clone();
        Self {
            tool: operation.tool,
            operation: operation.primary.operation,
            also: operation.also.into_iter().map(Also::from).collect(),
            tier,
            target: operation.primary.target.into(),
            rationale,
            changes: operation.changes.as_deref().map(Changed::of),
        }
    }
}

impl From<Meaning> for Also {
    fn from(meaning: Meaning) -> Self {
        Self {
            operation: meaning.operation,
            tier: meaning.tier.map(Tier::number),
            target: meaning.target.into(),
            wrapped_by: meaning.wrapped_by,
        }
    }
}

impl From<Value> for TargetValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Known { value, source } => Self::Known { value: value.into(), source },
            Value::Unknown { reason } => Self::Unknown { unknown: reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_policies::Dimension;

    fn meaning(operation: &'static str, tier: Option<Tier>, target: Target) -> Meaning {
        Meaning {
            operation: operation.into(),
            tier,
            rationale: format!("why {operation}").into(),
            target,
            decided_by: None,
            wrapped_by: Vec::new(),
        }
    }

    fn known(value: &[u8], source: &'static str) -> Value {
        Value::known(value, source)
    }

    #[test]
    fn an_operation_prints_in_the_shape_that_explain_promises() {
        let mut target = Target::default();
        target.set(Dimension::Workspace, known(b"staging-web", "TF_WORKSPACE"));
        target.set(Dimension::Region, Value::Unknown { reason: "no profile".into() });
        target.add(Dimension::Path, known(b"a", "argument"));
        target.add(Dimension::Path, known(b"\xff", "argument"));
        let operation = Operation {
            also: vec![meaning("terraform.destroy", Some(Tier::BreakGlass), Target::default())],
            ..Operation::of("terraform", meaning("terraform.apply", Some(Tier::Modify), target))
        };
        assert_eq!(
            serde_json::to_string(&Described::of(&operation)).unwrap(),
            concat!(
                r#"{"tool":"terraform","operation":"terraform.apply","#,
                r#""also":[{"operation":"terraform.destroy","tier":4,"target":{}}],"tier":4,"target":{"#,
                r#""path":[{"value":"a","source":"argument"},{"value":{"b64":"/w=="},"source":"argument"}],"#,
                r#""region":{"unknown":"no profile"},"#,
                r#""workspace":{"value":"staging-web","source":"TF_WORKSPACE"}},"#,
                r#""rationale":"why terraform.destroy"}"#
            )
        );
    }

    #[test]
    fn changes_are_told_with_the_dangerous_first() {
        let many = (0..3).map(|at| (Act::Create, format!("new.{at}")));
        let mut changes = Changes::of(many.chain([(Act::Delete, String::from("old.x"))]));
        changes.note(String::from("state in s3"));
        let printed = Changed::of(&changes);
        let wanted = ["1 to delete, 3 to create", "delete old.x", "create new.0", "and 2 more", "state in s3"];
        assert_eq!(printed.phrases(2), wanted);
        let json = serde_json::to_string(&printed).unwrap();
        assert!(json.starts_with(r#"{"counts":{"create":3,"delete":1},"named":[{"act":"delete","what":"old.x"},"#));
    }

    #[test]
    fn an_unknown_tier_is_null_and_says_why() {
        let operation = Operation {
            also: vec![meaning("terraform.unknown", None, Target::default())],
            ..Operation::of("terraform", meaning("terraform.plan", Some(Tier::Observe), Target::default()))
        };
        let described = Described::of(&operation);
        assert_eq!((described.tier, described.rationale.as_ref()), (None, "why terraform.unknown"));
    }
}
