//! `tollgate policy import`: the configuration of another gate as a policy of ours.
//!
//! Two kinds are known: rules by agent with a verdict for each tier (`agents:`), and
//! tools with commands (`cli_tools:`, `policies:`). What we cannot say is an error,
//! what holds differently here a note; nothing is left out in silence. Not here:
//! whether the result is what the person wants; it is text, to be read first.

mod by_tier;
mod by_tool;
mod order;
mod walk;
mod writing;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tollgate_facts::yaml;
use tollgate_policies::policy::{Layer, Policy, Source};

use crate::error::Error;
use crate::output;
use walk::{At, Wrong};
use writing::Written;

/// Most bytes of a configuration.
const MOST: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration, in YAML
    file: PathBuf,
}

/// Prints the policy; notes go to standard error and stand in its head.
pub(crate) fn import(arguments: &Arguments) -> Result<ExitCode, Error> {
    let path = &arguments.file;
    let text = read(path).map_err(|source| Error::File { path: path.clone(), source })?;
    let written = policy(&text).map_err(|wrong| Error::Import { path: path.clone(), wrong: wrong.to_string() })?;
    let text = written.text();
    let name = format!("the import of {}", path.display());
    Policy::parse(&[Source { name, text: text.clone(), layer: Layer::User }])?;
    written.notes.iter().for_each(|note| output::say(format_args!("note: {note}")));
    output::line(text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(std::io::Error::other(format!("it is longer than {MOST} bytes")));
    }
    Ok(text)
}

/// The policy that says what this configuration says.
fn policy(text: &str) -> Result<Written, Wrong> {
    let several = text.lines().skip_while(|line| line.starts_with(['#', '-', '%']) || line.trim().is_empty());
    if several.into_iter().any(|line| line.starts_with("---")) {
        return Err(Wrong::whole("it holds more than one document: import each from a file of its own"));
    }
    let node = yaml::read(text).map_err(|why| Wrong::whole(&why))?;
    match (node.get("cli_tools").is_some() || node.get("policies").is_some(), node.get("agents").is_some()) {
        (true, false) => by_tool::policy(&At::top(&node)),
        (false, true) => by_tier::policy(&At::top(&node)),
        (true, true) => Err(Wrong::whole("it has `agents` and `cli_tools`: no gate that we know has both")),
        (false, false) => Err(Wrong::whole("it has neither `agents` nor `cli_tools` or `policies`")),
    }
}

#[cfg(test)]
mod tests;
