//! `tollgate policy show`: what there is, rule by rule with its layer and place, or
//! the text of a policy that comes with Tollgate.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use tollgate_policies::policy::{Policy, RuleReference, profile, profiles};

use crate::arguments::Root;
use crate::error::Error;
use crate::explain::judge;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    root: Root,
    /// Show this file instead of those in `policy.d`
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Show the text of this ready policy
    #[arg(value_name = "PROFILE", conflicts_with = "policy", value_parser = name)]
    profile: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "profile")]
    json: bool,
}

/// What there is, for programs.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    v: u32,
    hash: &'a str,
    sources: &'a [String],
    rules: Vec<Rule<'a>>,
    tools: Vec<&'a str>,
    runbooks: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct Rule<'a> {
    name: &'a str,
    layer: &'static str,
    file: &'a str,
    line: usize,
}

fn name(name: &str) -> Result<String, String> {
    let known: Vec<&str> = profiles().map(|(known, _)| known).collect();
    if known.contains(&name) { Ok(name.to_owned()) } else { Err(format!("there are {}", known.join(", "))) }
}

/// Prints rules, a line each, or a text.
pub(crate) fn show(arguments: &Arguments) -> Result<ExitCode, Error> {
    match arguments.profile.as_deref().and_then(profile) {
        Some(source) => output::line(source.text.trim_end())?,
        None => {
            let policy = judge::policy(arguments.root.root.as_deref(), arguments.policy.as_deref())?;
            if arguments.json { output::json(&shown(&policy))? } else { output::line(rules(&policy))? }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl<'a> Rule<'a> {
    fn of(rule: &'a RuleReference) -> Self {
        Self { name: &rule.name, layer: rule.layer.name(), file: &rule.file, line: rule.line }
    }
}

fn shown(policy: &Policy) -> Shown<'_> {
    Shown {
        v: 1,
        hash: policy.hash(),
        sources: policy.sources(),
        rules: policy.references().map(Rule::of).collect(),
        tools: policy.tools().collect(),
        runbooks: policy.runbooks().iter().map(|runbook| runbook.name.as_str()).collect(),
    }
}

fn rules(policy: &Policy) -> String {
    let mut lines = vec![policy.hash().to_owned()];
    lines.extend(policy.references().map(|rule| format!("{:<12} {rule}", rule.layer.name())));
    lines.extend(policy.tools().map(|tool| format!("{:<12} {tool}", "tool")));
    lines.extend(policy.runbooks().iter().map(|runbook| format!("{:<12} {}", "runbook", runbook.name)));
    lines.join("\n")
}
