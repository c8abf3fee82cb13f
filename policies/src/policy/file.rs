//! What a policy file may say, key by key.
//!
//! These types are the language's reference: a key that is not here is refused.
//! They hold what stands in the file and where; what it means is for
//! [`super::compile`]. Wherever a list may stand, a single word may stand too.

mod kinds;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod schema;
mod spanned;

use serde::Deserialize;

pub(super) use kinds::{Level, Many, Number, Table, Tables};
pub(super) use spanned::Spanned;

/// One file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The version of the language: 1, also where it is left out.
    #[cfg_attr(test, schemars(extend("const" = 1, "default" = 1)))]
    pub(super) version: Option<Spanned<Number>>,
    /// `enforce`, also where it is left out; or `observe`: what this policy would say
    /// is only recorded, and everything runs.
    #[cfg_attr(test, schemars(extend("enum" = ["enforce", "observe"], "default" = "enforce")))]
    pub(super) mode: Option<Spanned<String>>,
    /// `[agents.NAME]`: who calls, and how far each is trusted.
    #[serde(default)]
    pub(super) agents: Table<Agent>,
    /// `[persons]`: what a person is who types a command outside every session.
    pub(super) persons: Option<Persons>,
    /// Globs over hosts that are one's own: `target.network` is `internal` for them,
    /// and for this machine; `external` for all others.
    pub(super) internal_hosts: Option<Many<String>>,
    /// `[[rule]]`: what may happen. The order means nothing.
    #[serde(default)]
    pub(super) rule: Tables<Rule>,
    /// `[tools.NAME]`: how a tool is run, and what holds where no rule speaks.
    #[serde(default)]
    pub(super) tools: Table<Tool>,
    /// `[[runbook]]`: so much of a routine, without a person.
    #[serde(default)]
    pub(super) runbook: Tables<Runbook>,
    /// `[patterns]`: regular expressions by name, for `redact`.
    #[serde(default)]
    pub(super) patterns: Table<Spanned<String>>,
}

/// `[agents.NAME]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table: `[agents.NAME]`")]
pub(super) struct Agent {
    /// How far it is trusted, 0 to 4. It does nothing by itself: rules ask for it.
    #[cfg_attr(test, schemars(range(min = 0, max = 4)))]
    pub(super) clearance: Option<Spanned<Number>>,
    /// Who it is, in a person's words.
    pub(super) description: Option<String>,
    /// Users, by number, who are this agent outside every session and token.
    #[serde(default)]
    pub(super) uids: Vec<Spanned<Number>>,
    /// File names of its programs: a process under one is judged as this agent, and
    /// as an unknown one, for a name is only a hint.
    pub(super) programs: Option<Many<String>>,
}

/// `[persons]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table: `[persons]`")]
pub(super) struct Persons {
    /// `asks`: judged as an unknown agent. `answers`, also where this is left out: what
    /// a rule denies is denied, all else runs. `passes`: everything runs.
    #[cfg_attr(test, schemars(extend("enum" = ["asks", "answers", "passes"], "default" = "answers")))]
    pub(super) at_terminal: Option<Spanned<String>>,
}

/// `[[rule]]`. All conditions must hold; one that is left out always holds.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table: `[[rule]]`")]
pub(super) struct Rule {
    /// What it is called in messages and records: one word, used once.
    #[cfg_attr(test, schemars(required))]
    pub(super) name: Option<Spanned<String>>,

    /// Globs over the agent's name. Left out: any agent, an unknown one too.
    pub(super) agents: Option<Many<String>>,
    /// The agent's clearance: `2`, `">=2"`, `"<3"`, `"1..3"` (both ends are in it).
    /// No allow covers an agent whose clearance is not known.
    pub(super) clearance: Option<Many<Level>>,
    /// Globs over the session's id.
    pub(super) sessions: Option<Many<String>>,
    /// Where the request came in: `shim`, `exec`, `http`, `mcp`.
    #[cfg_attr(test, schemars(with = "Option<schema::Doors>"))]
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
    #[cfg_attr(test, schemars(with = "schema::Target"))]
    pub(super) target: Table<Many<String>>,
    /// Globs over the whole command line, the tool's name first: `rm -rf /*`. One
    /// blank stands between arguments; one that is empty or holds a blank or a
    /// quote stands in single quotes.
    pub(super) argv: Option<Many<String>>,
    /// Globs over single arguments, those that variables add included. An allow
    /// needs every argument to be like one of them; a deny or an escalate one.
    pub(super) arguments: Option<Many<String>>,
    /// Globs over the tools that the command stands in: `sudo`, `xargs`.
    pub(super) wrapped_by: Option<Many<String>>,
    /// When: `mon-fri 09:00-17:00`, `22:00-06:00`, `sat,sun`; local time, or `utc`
    /// after it.
    pub(super) time: Option<Many<String>>,

    /// `allow`, `escalate` or `deny`; or see `tiers`.
    #[cfg_attr(test, schemars(with = "Option<schema::Verdict>"))]
    pub(super) verdict: Option<Spanned<String>>,
    /// With `verdict`: the tiers it is for, as in `clearance`, or `"unknown"`.
    /// Left out: all of them, but an allow never covers an unknown one unasked.
    pub(super) tier: Option<Many<Level>>,
    /// Instead of `verdict`: one for each tier, `{ 0 = "allow", unknown = "deny" }`.
    /// A tier that is not named gets nothing from this rule.
    #[cfg_attr(test, schemars(with = "Option<schema::ByTier>"))]
    pub(super) tiers: Option<Spanned<Table<Spanned<String>>>>,

    /// Where the rule does not hold: an exception, or a list of them.
    pub(super) unless: Option<Many<Exception>>,
    /// `escalate`: where the rule denies only because something is not known, a
    /// person is asked instead. `deny`: it denies, also where this is left out.
    #[cfg_attr(test, schemars(extend("enum" = ["escalate", "deny"], "default" = "deny")))]
    pub(super) unknown: Option<Spanned<String>>,
    /// What is said to whoever is refused.
    pub(super) reason: Option<String>,
    /// What programs should know a denial by: one word.
    pub(super) code: Option<Spanned<String>>,

    /// How long it may run: `30s`, `5m`. The shortest of all holds. A rule that
    /// asks for this, `rate`, `redact`, `correct`, `confirm` or `people` needs no verdict.
    #[cfg_attr(test, schemars(with = "Option<schema::Time>"))]
    pub(super) timeout: Option<Spanned<String>>,
    /// How often: `1/h`, `10/5m burst 3`.
    pub(super) rate: Option<Many<String>>,
    /// Who shares what `rate` counts: `agent` (also where it is left out),
    /// `session`, `clearance` or `rule`.
    #[cfg_attr(test, schemars(extend("enum" = ["agent", "session", "clearance", "rule"], "default" = "agent")))]
    pub(super) per: Option<Spanned<String>>,
    /// What the output must not show: names of patterns.
    pub(super) redact: Option<Many<String>>,
    /// How the argv is changed before it runs.
    pub(super) correct: Option<Spanned<Correct>>,
    /// How whoever is asked shows who they are: `terminal`, also where this is left
    /// out, or `passphrase`, typed on that terminal.
    #[cfg_attr(test, schemars(extend("enum" = ["terminal", "passphrase"], "default" = "terminal")))]
    pub(super) confirm: Option<Spanned<String>>,
    /// How many different people must approve: 1, also where this is left out, or 2.
    #[cfg_attr(test, schemars(range(min = 1, max = 2), extend("default" = 1)))]
    pub(super) people: Option<Spanned<Number>>,
}

/// `correct`: a change of the argv. Flags are written as the tool takes them.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table: `correct = { remove = \"-auto-approve\" }`")]
pub(super) struct Correct {
    /// `run`: the changed argv runs, also where this is left out. `suggest`: the
    /// call is refused, and the changed argv offered.
    #[cfg_attr(test, schemars(extend("enum" = ["run", "suggest"], "default" = "run")))]
    pub(super) mode: Option<Spanned<String>>,
    /// Flags that must stand there, with their value: `-lock-timeout=5m`.
    pub(super) add: Option<Many<String>>,
    /// Flags that must not.
    pub(super) remove: Option<Many<String>>,
    /// Flags, and what stands in the place of each.
    #[serde(default)]
    pub(super) replace: Table<Spanned<String>>,
    /// Flags, and what their values may be; `operands` for what is no flag.
    #[serde(default)]
    pub(super) narrow: Table<Spanned<Narrow>>,
}

/// What a value may be: `{ at_most = 5 }` or `{ from = "*", to = "staging-*" }`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table: `{ at_most = 5 }` or `{ from = \"*\", to = \"x\" }`")]
pub(super) struct Narrow {
    /// The greatest number.
    pub(super) at_most: Option<Spanned<Number>>,
    /// A glob over values that are too wide.
    pub(super) from: Option<Spanned<String>>,
    /// What stands in their place.
    pub(super) to: Option<Spanned<String>>,
}

/// `[tools.NAME]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table: `[tools.NAME]`")]
pub(super) struct Tool {
    /// The binary: a path, or a name that is looked up on PATH. Left out: the
    /// tool's own name.
    pub(super) bin: Option<Spanned<String>>,
    /// The SHA-256 that the binary must have, in hexadecimal.
    pub(super) sha256: Option<Spanned<String>>,
    /// What holds where no rule speaks: `allow`, `escalate` or `deny`.
    #[cfg_attr(test, schemars(with = "Option<schema::Verdict>"))]
    pub(super) default_action: Option<Spanned<String>>,
    /// Whether every command that is not in `commands` is denied where no rule speaks.
    #[serde(default)]
    pub(super) strict: bool,
    /// Flags that may be given with any command; nothing else may.
    #[cfg_attr(test, schemars(with = "Option<schema::Flags>"))]
    pub(super) allowed_args: Option<Many<String>>,
    /// How long it may run.
    #[cfg_attr(test, schemars(with = "Option<schema::Time>"))]
    pub(super) timeout: Option<Spanned<String>>,
    /// The folder that it runs in, absolute.
    pub(super) working_dir: Option<Spanned<String>>,
    /// Its environment: PATH, HOME, LANG and TERM of the caller, and these.
    pub(super) env: Option<Table<Spanned<String>>>,
    /// `[tools.NAME.commands.WORDS]`: its commands; `pr.list` for `pr list`.
    #[serde(default)]
    pub(super) commands: Table<Command>,
}

/// `[tools.NAME.commands.WORDS]`: one command, and those below it.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table: `[tools.NAME.commands.WORDS]`")]
pub(super) struct Command {
    /// Flags that may be given; nothing else may. Left out: any.
    #[cfg_attr(test, schemars(with = "Option<schema::Flags>"))]
    pub(super) allowed_args: Option<Many<String>>,
    /// How long it may run.
    #[cfg_attr(test, schemars(with = "Option<schema::Time>"))]
    pub(super) timeout: Option<Spanned<String>>,
}

/// `[[runbook]]`: what a rule would ask a person about, so often.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table: `[[runbook]]`")]
pub(super) struct Runbook {
    /// What it is called in messages and records: one word, used once.
    #[cfg_attr(test, schemars(required))]
    pub(super) name: Option<Spanned<String>>,
    /// How often within the window.
    #[cfg_attr(test, schemars(required))]
    pub(super) count: Option<Spanned<Number>>,
    /// The window, which slides: `1h`.
    #[cfg_attr(test, schemars(with = "schema::Time"))]
    pub(super) window: Option<Spanned<String>>,
    /// The highest tier that it covers, 0 to 4.
    #[cfg_attr(test, schemars(required, range(min = 0, max = 4)))]
    pub(super) highest: Option<Spanned<Number>>,
    /// As in a rule.
    pub(super) agents: Option<Many<String>>,
    /// As in a rule.
    pub(super) clearance: Option<Many<Level>>,
    /// As in a rule.
    pub(super) sessions: Option<Many<String>>,
    /// As in a rule.
    #[cfg_attr(test, schemars(with = "Option<schema::Doors>"))]
    pub(super) doors: Option<Many<String>>,
    /// As in a rule.
    pub(super) tools: Option<Many<String>>,
    /// As in a rule; needed.
    #[cfg_attr(test, schemars(required))]
    pub(super) operations: Option<Many<String>>,
    /// As in a rule that allows.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "schema::Target"))]
    pub(super) target: Table<Many<String>>,
    /// As in a rule.
    pub(super) argv: Option<Many<String>>,
    /// As in a rule that allows.
    pub(super) arguments: Option<Many<String>>,
    /// As in a rule.
    pub(super) wrapped_by: Option<Many<String>>,
    /// As in a rule.
    pub(super) time: Option<Many<String>>,
}

/// `unless`: an exception. All of its conditions must hold, for values that are
/// known; an exception to an allow holds as soon as it could.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a table of conditions")]
pub(super) struct Exception {
    /// As in a rule.
    pub(super) agents: Option<Many<String>>,
    /// As in a rule.
    pub(super) clearance: Option<Many<Level>>,
    /// As in a rule.
    pub(super) sessions: Option<Many<String>>,
    /// As in a rule.
    #[cfg_attr(test, schemars(with = "Option<schema::Doors>"))]
    pub(super) doors: Option<Many<String>>,
    /// As in a rule.
    pub(super) tools: Option<Many<String>>,
    /// As in a rule.
    pub(super) operations: Option<Many<String>>,
    /// As in a rule, without `"unknown"`.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "schema::Target"))]
    pub(super) target: Table<Many<String>>,
    /// As in a rule.
    pub(super) argv: Option<Many<String>>,
    /// As in a rule.
    pub(super) arguments: Option<Many<String>>,
    /// As in a rule.
    pub(super) wrapped_by: Option<Many<String>>,
    /// As in a rule.
    pub(super) time: Option<Many<String>>,
    /// As in a rule, without `"unknown"`.
    pub(super) tier: Option<Many<Level>>,
}
