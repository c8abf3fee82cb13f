//! An answer as one line of JSON: an object of what the command would do, the word of
//! the policy, and whose question it was.
//!
//! The parts are written one behind the other. What is the same for many answers, the
//! rules and whose questions they are, is put into words once. Its fields are a contract.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_policies::policy::RuleReference;

use super::judge::{By, Explained, Named};

/// Writes lines.
pub(super) struct Lines {
    /// The last part of each.
    end: Vec<u8>,
    /// What is said of each rule that decided.
    rules: HashMap<Arc<RuleReference>, Vec<u8>>,
}

/// Writes fields behind others.
macro_rules! fields {
    ($out:ident: $($name:ident)*) => {
        $(
            $out.extend_from_slice(concat!(",\"", stringify!($name), "\":").as_bytes());
            serde_json::to_writer(&mut *$out, &$name)?;
        )*
    };
}

impl Lines {
    pub(super) fn of(by: &By) -> serde_json::Result<Self> {
        Ok(Self { end: serde_json::to_vec(by)?, rules: HashMap::new() })
    }

    /// Writes the line, without its end.
    pub(super) fn write(&mut self, explained: &Explained<'_>, out: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(&mut *out, &explained.described)?;
        // That object goes on.
        out.pop();
        let Explained { verdict, reason, decided_by, objection, corrected, milder, runs_as, read, argv, .. } =
            explained;
        fields!(out: verdict reason decided_by);
        self.rule(explained, out)?;
        fields!(out: objection corrected milder runs_as read argv);
        out.push(b',');
        out.extend_from_slice(self.end.get(1..).unwrap_or_default());
        Ok(())
    }

    /// The fields about the rule.
    fn rule(&mut self, explained: &Explained<'_>, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let deciding = match &explained.rule {
            Some(Named::Deciding(rule)) => Some(rule),
            Some(Named::Correcting { .. }) | None => None,
        };
        if let Some(said) = deciding.and_then(|rule| self.rules.get(rule)) {
            out.extend_from_slice(said);
            return Ok(());
        }
        let start = out.len();
        let (rule, rule_at, rule_reason) = (explained.rule(), explained.rule_at(), explained.rule_reason());
        fields!(out: rule rule_at rule_reason);
        if let Some(rule) = deciding {
            let said = out.get(start..).unwrap_or_default().to_vec();
            self.rules.insert(rule.clone(), said);
        }
        Ok(())
    }
}
