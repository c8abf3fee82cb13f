//! What a policy file may say, key by key.
//!
//! These types are the language's reference: a key that is not here is refused.
//! They hold what stands in the file and where; what it means is for
//! [`super::compile`]. Wherever a list may stand, a single word may stand too.

mod kinds;

use serde::Deserialize;
use toml::Spanned;

pub(super) use kinds::{Level, Many, Number, Table, Tables};

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The version of the language: 1, also where it is left out.
    pub(super) version: Option<Spanned<Number>>,
    /// `[agents.NAME]`: who calls, and how far each is trusted.
    #[serde(default)]
    pub(super) agents: Table<Agent>,
    /// `[[rule]]`: what may happen. The order means nothing.
    #[serde(default)]
    pub(super) rule: Tables<Rule>,
}

/// `[agents.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table: `[agents.NAME]`")]
pub(super) struct Agent {
    /// How far it is trusted, 0 to 4. It does nothing by itself: rules ask for it.
    pub(super) clearance: Option<Spanned<Number>>,
    /// Who it is, in a person's words.
    pub(super) description: Option<String>,
}

/// `[[rule]]`. All conditions must hold; one that is left out always holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table: `[[rule]]`")]
pub(super) struct Rule {
    /// What it is called in messages and records: one word, used once.
    pub(super) name: Option<Spanned<String>>,

    /// Globs over the agent's name. Left out: any agent, an unknown one too.
    pub(super) agents: Option<Many<String>>,
    /// The agent's clearance: `2`, `">=2"`, `"<3"`, `"1..3"` (both ends are in it).
    /// No allow covers an agent whose clearance is not known.
    pub(super) clearance: Option<Many<Level>>,
    /// Where the request came in: `shim`, `exec`.
    pub(super) doors: Option<Many<String>>,
    /// Globs over the tool: `terraform`.
    pub(super) tools: Option<Many<String>>,
    /// Globs over the operation: `terraform.state.*`.
    pub(super) operations: Option<Many<String>>,
    /// `target.DIMENSION`: globs over what would be touched. An allow needs values
    /// that are known and covers all of them; a deny or an escalate holds for any,
    /// and for one that is not known. `"unknown"` names just that one. Where the
    /// dimension does not apply, the rule does not either.
    #[serde(default)]
    pub(super) target: Table<Many<String>>,

    /// `allow`, `escalate` or `deny`; or see `tiers`.
    pub(super) verdict: Option<Spanned<String>>,
    /// With `verdict`: the tiers it is for, as in `clearance`, or `"unknown"`.
    /// Left out: all of them, but an allow never covers an unknown one unasked.
    pub(super) tier: Option<Many<Level>>,
    /// Instead of `verdict`: one for each tier, `{ 0 = "allow", unknown = "deny" }`.
    /// A tier that is not named gets nothing from this rule.
    pub(super) tiers: Option<Spanned<Table<Spanned<String>>>>,

    /// Where the rule does not hold: an exception, or a list of them.
    pub(super) unless: Option<Many<Exception>>,
    /// `escalate`: where the rule denies only because something is not known, a
    /// person is asked instead. `deny`: it denies, also where this is left out.
    pub(super) unknown: Option<Spanned<String>>,
    /// What is said to whoever is refused.
    pub(super) reason: Option<String>,
}

/// `unless`: an exception. All of its conditions must hold, for values that are
/// known; an exception to an allow holds as soon as it could.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of conditions")]
pub(super) struct Exception {
    /// As in a rule.
    pub(super) agents: Option<Many<String>>,
    /// As in a rule.
    pub(super) clearance: Option<Many<Level>>,
    /// As in a rule.
    pub(super) doors: Option<Many<String>>,
    /// As in a rule.
    pub(super) tools: Option<Many<String>>,
    /// As in a rule.
    pub(super) operations: Option<Many<String>>,
    /// As in a rule, without `"unknown"`.
    #[serde(default)]
    pub(super) target: Table<Many<String>>,
    /// As in a rule, without `"unknown"`.
    pub(super) tier: Option<Many<Level>>,
}
