//! The one tool that no policy can allow: `tollgate doctor` calls it to see
//! whether the gate stands. No program has its name, so it does no harm where the
//! gate does not stand.

use std::sync::Arc;

use super::{Judgement, Layer, Obligations, Reason, RuleReference, Verdict};

/// The tool's name.
pub const PROBE: &str = "tollgate-probe";
/// The rule that refuses it.
pub const PROBE_RULE: &str = "doctor-probe";

/// What is always said to it.
pub(super) fn refused() -> Judgement {
    Judgement {
        verdict: Verdict::Deny,
        reason: Some(Reason::Rule),
        rule: Some(Arc::new(RuleReference {
            name: PROBE_RULE.to_owned(),
            file: "built-in".to_owned(),
            line: 1,
            layer: Layer::BuiltIn,
            reason: Some("this is how `tollgate doctor` sees that the gate stands".to_owned()),
            code: None,
        })),
        meaning: 0,
        objection: None,
        covers: Vec::new(),
        obligations: Obligations::default(),
    }
}
