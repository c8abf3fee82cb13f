//! Which tools a session's shims are made for.
//!
//! Not here: where the real programs are when one is called; the daemon looks
//! with the caller's own PATH.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tollgate_installer::Tool;
use tollgate_policies::classify::Grammars;

use crate::error::Error;
use crate::output;

/// What is wrapped where nothing is named: what reaches infrastructure and seldom
/// does anything else.
const INFRASTRUCTURE: [&str; 6] = ["aws", "gcloud", "helm", "kubectl", "terraform", "tofu"];

/// What reaches beyond this machine too, but is called all day for other things, by
/// scripts and prompts: offered, and wrapped where somebody names it.
const OFFERED: [&str; 4] = ["docker", "gh", "git", "podman"];

/// Those named; where one is written `+NAME`, besides those that are wrapped anyway;
/// where none is named, those alone.
pub(crate) fn chosen(
    named: &[OsString],
    anyway: impl FnOnce() -> Result<Vec<Tool>, Error>,
) -> Result<Vec<Tool>, Error> {
    let more = |name: &OsString| name.as_bytes().starts_with(b"+");
    let mut tools = if named.is_empty() || named.iter().any(more) { anyway()? } else { Vec::new() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    for name in named {
        let bytes = name.as_bytes();
        let tool = Tool::new(OsStr::from_bytes(bytes.strip_prefix(b"+").unwrap_or(bytes)))?;
        if !is_on(&path, tool.name()) {
            output::say(format_args!("note: `{}` is not on PATH now; its shim is made anyway", tool.name().display()));
        }
        tools.push(tool);
    }
    Ok(sorted(tools))
}

/// Those for infrastructure that are on PATH: what is wrapped where nothing is named.
pub(crate) fn for_infrastructure() -> Result<Vec<Tool>, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = INFRASTRUCTURE.map(OsStr::new).into_iter().filter(|name| is_on(&path, name));
    let tools = tools.map(Tool::new).collect::<Result<Vec<_>, _>>()?;
    if tools.is_empty() {
        output::say(format_args!(
            "note: none of {} is on PATH: name tools with `--tools a,b`, or nothing is wrapped",
            INFRASTRUCTURE.join(", ")
        ));
    }
    Ok(tools)
}

fn sorted(mut tools: Vec<Tool>) -> Vec<Tool> {
    tools.sort();
    tools.dedup();
    tools
}

/// The tools that reach beyond this machine, are on PATH and not among these.
pub(crate) fn understood_but_not(wrapped: &[Tool]) -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let new = INFRASTRUCTURE.into_iter().chain(OFFERED).filter(|name| !wrapped.iter().any(|tool| tool.name() == *name));
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
    fn every_tool_that_is_wrapped_unasked_or_offered_is_understood() {
        let known: Vec<_> = Grammars::built_in().tools().collect();
        assert!(INFRASTRUCTURE.iter().chain(&OFFERED).all(|tool| known.contains(tool)), "{known:?}");
    }

    #[test]
    fn the_shim_that_is_probed_is_the_tool_that_no_policy_allows() {
        assert_eq!(tollgate_installer::PROBE, tollgate_policies::policy::PROBE);
    }

    fn names(named: &[&str]) -> Vec<String> {
        let named: Vec<_> = named.iter().map(OsString::from).collect();
        let tools = chosen(&named, || Ok(vec![Tool::new("usual".as_ref())?])).unwrap();
        tools.iter().map(|tool| tool.name().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_tool_that_is_named_gets_its_shim_wherever_it_is() {
        assert_eq!(names(&["no-such-tool", "cat", "cat"]), ["cat", "no-such-tool"]);
        assert!(matches!(chosen(&["/bin/cat".into()], for_infrastructure), Err(Error::ToolName(_))));
    }

    #[test]
    fn a_plus_adds_to_what_is_wrapped_anyway() {
        assert_eq!(names(&["+cat"]), ["cat", "usual"]);
        assert_eq!(names(&["cat", "+git"]), ["cat", "git", "usual"]);
        assert_eq!(names(&[]), ["usual"]);
    }
}
