//! `tollgate policy diff`: which past commands two policies would answer differently.
//!
//! Commands are taken from the audit as they were understood then: operations,
//! targets, agent, time. So no file of today is read. Not here: what was decided
//! then; grants, rates and answers of people are no part of a policy.

mod past;

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use tollgate_audit::query::{self, Filter};
use tollgate_audit::{Kind, Record};
use tollgate_facts::policy_files;
use tollgate_policies::classify::Grammars;
use tollgate_policies::policy::{Judgement, Layer, Policy, Verdict, profile};
use tollgate_policies::show;

use crate::arguments::Root;
use crate::audit::Filters;
use crate::error::Error;
use crate::explain::judge;
use crate::{output, places};
use past::Past;

/// What stands for the daemon's own audit.
const OWN: &str = "audit";
/// Most characters of a command that is shown.
const WIDE: usize = 200;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    root: Root,
    /// The policy that is: a file, a folder of `*.toml`, or a ready policy's name
    old: PathBuf,
    /// The policy that might be
    new: PathBuf,
    /// The log of the past: a folder or a file; `audit` is the daemon's own
    #[arg(long, value_name = "LOG", default_value = OWN)]
    against: PathBuf,
    /// Print JSON, a line for each change
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filters: Filters,
}

/// What one policy says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Word {
    verdict: &'static str,
    reason: Option<&'static str>,
    rule: Option<String>,
}

/// One kind of change: commands that look alike are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Change {
    agent: String,
    command: String,
    operation: String,
    old: Word,
    new: Word,
}

/// How often, and when last.
#[derive(Debug, Default, Serialize)]
struct Times {
    times: u64,
    last: String,
    last_id: String,
}

/// What was gone through.
#[derive(Debug, Default)]
struct Difference {
    changes: BTreeMap<Change, Times>,
    commands: u64,
    /// Commands that secrets were taken out of.
    scrubbed: u64,
    /// Commands whose record does not tell what they mean.
    untold: u64,
    seen: HashSet<String>,
}

/// Prints what would change. Ends with 0 where nothing would, else with 1, as diff does.
pub(crate) fn diff(arguments: &Arguments) -> Result<ExitCode, Error> {
    let root = arguments.root.root.as_deref();
    let grammars = judge::grammars(root)?;
    let (old, new) = (named(&arguments.old)?, named(&arguments.new)?);
    let log = if arguments.against == Path::new(OWN) { places::of(root)?.audit() } else { arguments.against.clone() };
    let filter = arguments.filters.filter();
    let difference = Difference::between(&old, &new, grammars, &log, &filter)?;
    for (change, times) in &difference.changes {
        if arguments.json {
            output::json(&serde_json::json!({ "change": change, "times": times }))?;
        } else {
            output::line(text(change, times))?;
        }
    }
    difference.notes().iter().for_each(output::say);
    Ok(if difference.changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The policy of a file, a folder or a ready policy's name.
fn named(path: &Path) -> Result<Policy, Error> {
    let ready = path.to_str().filter(|_| !path.exists()).and_then(profile);
    let sources = match ready {
        Some(source) => vec![source],
        None if path.is_dir() => policy_files::load(path)?,
        None => vec![policy_files::file(path, Layer::User)?],
    };
    Ok(Policy::parse(&sources)?)
}

impl Difference {
    fn between(
        old: &Policy,
        new: &Policy,
        grammars: &'static Grammars,
        log: &Path,
        filter: &Filter,
    ) -> Result<Self, Error> {
        let mut difference = Self::default();
        query::each(log, filter, 0, |record| {
            difference.add(&record, old, new, grammars);
            ControlFlow::Continue(())
        })?;
        Ok(difference)
    }

    /// A command has several records, and counts once.
    fn add(&mut self, record: &Record, old: &Policy, new: &Policy, grammars: &'static Grammars) {
        let entry = &record.entry;
        let judged = matches!(entry.kind, Kind::Intent | Kind::Refused | Kind::Question);
        if !judged || !self.seen.insert(entry.id.clone()) {
            return;
        }
        self.commands += 1;
        let Some(past) = Past::of(record, grammars) else {
            self.untold += 1;
            return;
        };
        self.scrubbed += u64::from(!entry.scrubbed.is_empty());
        let [was, would] = [old, new].map(|policy| Word::of(policy, &policy.judge(&past.asked())));
        if was.verdict == would.verdict {
            return;
        }
        let change = Change {
            agent: past.agent.clone(),
            command: past.command(WIDE),
            operation: past.operation.primary.operation.clone().into_owned(),
            old: was,
            new: would,
        };
        let times = self.changes.entry(change).or_default();
        times.times += 1;
        times.last = record.timestamp.to_string();
        times.last_id.clone_from(&entry.id);
    }

    /// What was looked at, and what cannot be known from a record.
    fn notes(&self) -> Vec<String> {
        let changed: u64 = self.changes.values().map(|times| times.times).sum();
        let mut notes = vec![
            format!("{changed} of {} commands would get another verdict", self.commands),
            "judged by what was known then: targets and tiers are those of the record. Grants, rates, runbooks, \
             tool settings and projects' own files are not counted"
                .to_owned(),
        ];
        if self.scrubbed > 0 {
            let what = "secrets taken out: rules that look at arguments judge what is left";
            notes.push(format!("{} commands are recorded with {what}", self.scrubbed));
        }
        if self.untold > 0 {
            notes.push(format!("{} records do not tell what the command means, and were left out", self.untold));
        }
        notes
    }
}

impl Word {
    /// What became of a command: where a policy is only tried out, everything runs.
    fn of(policy: &Policy, judgement: &Judgement) -> Self {
        let verdict = if policy.observes() { Verdict::Allow } else { judgement.verdict };
        Self {
            verdict: verdict.name(),
            reason: judgement.reason.map(tollgate_policies::policy::Reason::name),
            rule: judgement.rule.as_ref().map(|rule| rule.name.clone()),
        }
    }

    fn text(&self) -> String {
        format!("{} ({})", self.verdict, self.rule.as_deref().or(self.reason).unwrap_or("default"))
    }
}

/// `allow (reads) -> deny (no-prod)  3 times, last 2026-...  claude  `terraform plan``
fn text(change: &Change, times: &Times) -> String {
    let Change { agent, command, old, new, .. } = change;
    let agent = show::text(agent.as_bytes(), WIDE);
    let (old, new, last) = (old.text(), new.text(), &times.last);
    let often = if times.times == 1 { "once".to_owned() } else { format!("{} times, last", times.times) };
    format!("{old} -> {new}  {agent}  `{command}`  {often} {last}")
}

#[cfg(test)]
mod tests;
