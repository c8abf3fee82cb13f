//! Which tools a session's shims are made for.
//!
//! Not here: where the real programs are when one is called; the daemon looks
//! with the caller's own PATH.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tollgate_installer::Tool;
use tollgate_policies::classify::Grammars;

use crate::error::Error;
use crate::output;

/// What is wrapped where nothing is named: what reaches infrastructure. `rm` and
/// `git` are understood too, but every script and every prompt calls them.
const INFRASTRUCTURE: [&str; 5] = ["aws", "helm", "kubectl", "terraform", "tofu"];

/// Those named, or, where none is, those for infrastructure that are on PATH.
pub(crate) fn chosen(named: &[OsString]) -> Result<Vec<Tool>, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if named.is_empty() {
        return found(&path);
    }
    let tools = named.iter().map(|name| Tool::new(name)).collect::<Result<Vec<_>, _>>()?;
    for tool in tools.iter().filter(|tool| !is_on(&path, tool.name())) {
        output::say(format_args!("note: `{}` is not on PATH now; its shim is made anyway", tool.name().display()));
    }
    Ok(sorted(tools))
}

fn found(path: &OsStr) -> Result<Vec<Tool>, Error> {
    let tools = INFRASTRUCTURE.map(OsStr::new).into_iter().filter(|name| is_on(path, name));
    let tools = tools.map(Tool::new).collect::<Result<Vec<_>, _>>()?;
    if tools.is_empty() {
        output::say(format_args!(
            "note: none of {} is on PATH, so nothing is wrapped: name tools with `--tools a,b`",
            INFRASTRUCTURE.join(", ")
        ));
    }
    Ok(sorted(tools))
}

fn sorted(mut tools: Vec<Tool>) -> Vec<Tool> {
    tools.sort();
    tools.dedup();
    tools
}

/// The tools for infrastructure that are on PATH and not among these.
pub(crate) fn understood_but_not(wrapped: &[Tool]) -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let new = INFRASTRUCTURE.into_iter().filter(|name| !wrapped.iter().any(|tool| tool.name() == *name));
    new.filter(|name| find(&path, name.as_ref()).is_some()).map(str::to_owned).collect()
}

/// Every tool that there is a grammar for.
pub(crate) fn understood() -> Vec<String> {
    Grammars::built_in().tools().map(str::to_owned).collect()
}

/// Is there a grammar for it?
pub(crate) fn is_understood(name: &str) -> bool {
    Grammars::built_in().tools().any(|known| known == name)
}

/// Is a program of this name in one of the folders?
pub(crate) fn is_on(path: &OsStr, name: &OsStr) -> bool {
    find(path, name).is_some()
}

/// The first program of this name in the folders that hold no shims of ours.
pub(crate) fn find(path: &OsStr, name: &OsStr) -> Option<PathBuf> {
    let real = |folder: &PathBuf| folder.join(".gate").symlink_metadata().is_err();
    std::env::split_paths(path).filter(real).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_that_is_wrapped_unasked_is_understood() {
        let known: Vec<_> = Grammars::built_in().tools().collect();
        assert!(INFRASTRUCTURE.iter().all(|tool| known.contains(tool)), "{known:?}");
    }

    #[test]
    fn the_shim_that_is_probed_is_the_tool_that_no_policy_allows() {
        assert_eq!(tollgate_installer::PROBE, tollgate_policies::policy::PROBE);
    }

    #[test]
    fn a_tool_that_is_named_gets_its_shim_wherever_it_is() {
        let tools = chosen(&["no-such-tool".into(), "cat".into(), "cat".into()]).unwrap();
        assert_eq!(tools.iter().map(Tool::name).collect::<Vec<_>>(), ["cat", "no-such-tool"]);
        assert!(matches!(chosen(&["/bin/cat".into()]), Err(Error::ToolName(_))));
    }
}
