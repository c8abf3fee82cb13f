//! `tollgate policy check`: are the files a policy, and do they mean something?
//!
//! Not here: what they say to a command; `explain` and `policy test` ask that.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
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
}

/// Checks the files: errors end with 1, what was surely not meant is said.
pub(crate) fn check(arguments: &Arguments) -> Result<ExitCode, Error> {
    let policy = if arguments.files.is_empty() {
        judge::policy(arguments.root.root.as_deref(), None)?
    } else {
        let read = |file: &PathBuf| policy_files::file(file, layer(file));
        let sources = arguments.files.iter().map(read).collect::<Result<Vec<Source>, _>>()?;
        Policy::parse(&sources)?
    };
    for warning in policy.warnings(Grammars::built_in()) {
        output::say(format_args!("note: {warning}"));
    }
    let (rules, sources) = (output::count(policy.rules(), "rule"), policy.sources().join(", "));
    output::line(format!("good: {rules} in {sources}\n{}", policy.hash()))?;
    Ok(ExitCode::SUCCESS)
}

/// A project's file has one name, and may say less than others.
fn layer(file: &Path) -> Layer {
    let of_a_project = file.file_name().is_some_and(|name| name == project::NAME);
    if of_a_project { Layer::Project } else { Layer::User }
}
