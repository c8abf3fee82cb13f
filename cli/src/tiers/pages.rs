//! The grammars as pages of the book: one for each tool that reaches out, and one
//! for the small tools of scripts.

use std::fmt::Write;
use std::path::Path;

use tollgate_policies::classify::{Grammars, Listed};

use crate::error::Error;

/// The tools that have a page of their own.
const OWN_PAGE: [&str; 9] = ["aws", "docker", "gcloud", "gh", "git", "helm", "kubectl", "podman", "terraform"];
const OTHERS: &str = "others";

/// Writes every page; gives their number.
pub(super) fn write(folder: &Path) -> Result<usize, Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::SessionFile { path: folder.to_owned(), source })?;
    let pages = OWN_PAGE.into_iter().map(|tool| (tool, page(tool))).chain([(OTHERS, others())]);
    let mut count = 0;
    for (name, text) in pages {
        let path = folder.join(name).with_extension("md");
        std::fs::write(&path, text).map_err(|source| Error::SessionFile { path, source })?;
        count += 1;
    }
    Ok(count)
}

fn page(tool: &str) -> String {
    let grammars = Grammars::built_in();
    let mut page = format!("# {tool}\n\n{}", HEAD.replace("TOOL", tool));
    if grammars.operations_by_table(tool) {
        page.push_str(BY_TABLE);
    }
    page.push_str(TABLE);
    grammars.listed(tool).iter().for_each(|command| row(&mut page, command));
    page
}

const HEAD: &str = "Written by `tollgate tiers --write docs/tiers` from `policies/tools/TOOL.toml`. What variables, \
files and targets add to this is told for one command line by `tollgate explain -- TOOL ...`.\n\n";
const BY_TABLE: &str = "Here are the commands that have a rule of their own; for all others the access level that \
the vendor publishes of the operation decides.\n\n";
const TABLE: &str = "| operation | tier | because | but |\n|---|---|---|---|\n";

fn others() -> String {
    let grammars = Grammars::built_in();
    let mut names: Vec<_> = grammars.tools().filter_map(|tool| grammars.canonical(tool)).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !OWN_PAGE.contains(name));
    let mut page =
        "# The tools of scripts\n\nWritten by `tollgate tiers --write docs/tiers` from `policies/tools`. What \
         stands inside of shells, `sudo`, `xargs` and their like is judged by itself.\n\n"
            .to_owned();
    page.push_str(TABLE);
    let commands = names.iter().flat_map(|name| grammars.listed(name));
    commands.for_each(|command| row(&mut page, &command));
    page
}

fn row(page: &mut String, command: &Listed) {
    let otherwise = command.otherwise.iter().map(|(tier, why)| format!("T{}: {}", tier.number(), cell(why)));
    let otherwise = otherwise.collect::<Vec<_>>().join("; ");
    let (tier, why) = (command.tier.number(), cell(command.why));
    // A String takes everything.
    let _ = writeln!(page, "| `{}` | T{tier} | {why} | {otherwise} |", command.operation);
}

/// What stands in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
