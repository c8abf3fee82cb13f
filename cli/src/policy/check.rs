//! `tollgate policy check`: are the files a policy, and do they mean something?
//!
//! Not here: what they say to a command; `explain` and `policy test` ask that.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tollgate_facts::policy_files;
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
    /// The files; by default those in `policy.d` and the organisation's
    files: Vec<PathBuf>,
}

/// Checks the files: errors end with 1, what was surely not meant is said.
pub(crate) fn check(arguments: &Arguments) -> Result<ExitCode, Error> {
    let policy = if arguments.files.is_empty() {
        judge::policy(arguments.root.root.as_deref(), None)?
    } else {
        let read = |file: &PathBuf| policy_files::file(file, Layer::User);
        let sources = arguments.files.iter().map(read).collect::<Result<Vec<Source>, _>>()?;
        Policy::parse(&sources)?
    };
    for warning in policy.warnings(Grammars::built_in()) {
        output::say(format_args!("note: {warning}"));
    }
    let (rules, sources) = (policy.rules(), policy.sources().join(", "));
    output::line(format!("good: {rules} rules in {sources}\n{}", policy.hash()))?;
    Ok(ExitCode::SUCCESS)
}
