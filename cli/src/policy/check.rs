//! `tollgate policy check`: are the files a policy, and do they mean something?
//!
//! Not here: what they say to a command; `explain` and `policy test` ask that.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use tollgate_facts::{policy_files, project};
use tollgate_policies::classify::Grammars;
use tollgate_policies::policy::{Layer, Policy, Source};

use crate::arguments::Root;
use crate::error::Error;
use crate::explain::judge;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    root: Root,
    /// The files; by default those in `policy.d` and the organisation's. One that is
    /// called `.tollgate.toml` is checked as a project's
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found, for programs.
#[derive(Debug, Default, Serialize)]
struct Checked {
    v: u32,
    ok: bool,
    rules: usize,
    sources: Vec<String>,
    hash: Option<String>,
    /// What was surely not meant.
    notes: Vec<String>,
    /// What is wrong, a line each.
    errors: Vec<String>,
}

impl Checked {
    /// Nothing found yet.
    fn new() -> Self {
        Self { v: 1, ..Self::default() }
    }
}

/// Checks the files: errors end with 1, what was surely not meant is said.
pub(crate) fn check(arguments: &Arguments) -> Result<ExitCode, Error> {
    let checked = match policy(arguments) {
        Ok(policy) => Checked {
            ok: true,
            rules: policy.rules(),
            sources: policy.sources().to_vec(),
            hash: Some(policy.hash().to_owned()),
            notes: policy.warnings(Grammars::built_in()).iter().map(ToString::to_string).collect(),
            ..Checked::new()
        },
        Err(error) if arguments.json => {
            let errors = match &error {
                Error::Policy(problems) => problems.iter().map(ToString::to_string).collect(),
                other => vec![other.sentence()],
            };
            Checked { errors, ..Checked::new() }
        }
        Err(error) => {
            output::say(error.sentence());
            return Ok(ExitCode::FAILURE);
        }
    };
    if arguments.json {
        output::json(&checked)?;
        return Ok(if checked.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    checked.notes.iter().for_each(|note| output::say(format_args!("note: {note}")));
    let (rules, sources) = (output::count(checked.rules, "rule"), checked.sources.join(", "));
    let denies = if checked.rules == 0 { ", so everything is denied" } else { "" };
    output::line(format!("good: {rules} in {sources}{denies}\n{}", checked.hash.unwrap_or_default()))?;
    Ok(ExitCode::SUCCESS)
}

fn policy(arguments: &Arguments) -> Result<Policy, Error> {
    if arguments.files.is_empty() {
        return judge::policy(arguments.root.root.as_deref(), None);
    }
    let read = |file: &PathBuf| policy_files::file(file, layer(file));
    let sources = arguments.files.iter().map(read).collect::<Result<Vec<Source>, _>>()?;
    Ok(Policy::parse(&sources)?)
}

/// A project's file has one name, and may say less than others.
fn layer(file: &Path) -> Layer {
    let of_a_project = file.file_name().is_some_and(|name| name == project::NAME);
    if of_a_project { Layer::Project } else { Layer::User }
}
