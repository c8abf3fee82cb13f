//! The programs beside this one: are they there, and all of one version?
//!
//! The daemon is asked. The shim and the supervisor answer nobody but a caller and a
//! daemon, so they are read for the words by which their own messages name them.
//!
//! Not here: the daemon that runs (`daemon`).

use std::io::Read;
use std::path::Path;
use std::process::Command;

use super::{failed, ok};
use crate::doctor::{Check, enter};
use crate::programs;

const OURS: &str = env!("CARGO_PKG_VERSION");
/// Bytes of a program that are read: one with all that helps debugging is smaller.
const MOST: u64 = 64 << 20;
/// Letters of a version that are shown.
const SHOWN: usize = 40;

/// What an upgrade that was broken off leaves.
pub(super) fn programs() -> Check {
    let name = "programs";
    let Err(says) = found() else { return ok(name, format!("all of version {OURS}")) };
    failed(name, says, "install the package again, whole")
}

fn found() -> Result<(), String> {
    let daemon = programs::daemon().map_err(|error| error.sentence())?;
    let others = [asked(&daemon)?, read(&daemon, "tollgate-shim")?, read(&daemon, "tollgate-supervisor")?];
    let others: Vec<_> = others.into_iter().flatten().collect();
    if others.is_empty() { Ok(()) } else { Err(format!("`tollgate` is of version {OURS}, {}", others.join(", "))) }
}

/// Another version that the daemon's program says it is of.
fn asked(daemon: &Path) -> Result<Option<String>, String> {
    let mut asked = Command::new(daemon);
    asked.arg("--version");
    let (said, _) = enter::hear(asked).map_err(|cause| format!("`{}`: {cause}", daemon.display()))?;
    Ok(other("tollgated", said.trim().rsplit(' ').next().unwrap_or_default().as_bytes()))
}

/// Another version that stands in a program beside the daemon's.
fn read(daemon: &Path, name: &str) -> Result<Option<String>, String> {
    let path = daemon.with_file_name(name);
    let failed = |cause: std::io::Error| format!("`{}`: {cause}", path.display());
    let mut bytes = Vec::new();
    std::fs::File::open(&path).and_then(|file| file.take(MOST).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(other(name, version(&bytes, name).unwrap_or(b"unknown")))
}

/// What stands behind the program's name where that begins with a digit.
fn version<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let name = format!("{name} ");
    let starts = bytes.windows(name.len()).enumerate().filter(|(_, window)| *window == name.as_bytes());
    let mut behind = starts.filter_map(|(at, _)| bytes.get(at + name.len()..));
    let found = behind.find(|rest| rest.first().is_some_and(u8::is_ascii_digit))?;
    let is_of_it = |byte: &u8| byte.is_ascii_alphanumeric() || b".-+".contains(byte);
    found.get(..found.iter().take(SHOWN).take_while(|byte| is_of_it(byte)).count())
}

fn other(name: &str, version: &[u8]) -> Option<String> {
    let shown = || tollgate_policies::show::text(version, SHOWN);
    (version != OURS.as_bytes()).then(|| format!("`{name}` of `{}`", shown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_what_stands_behind_the_name() {
        let program = b"\0tollgate-shim is\0tollgate-shim 1.20.3-rc.1 and the daemon\0";
        assert_eq!(version(program, "tollgate-shim"), Some(&b"1.20.3-rc.1"[..]));
        assert_eq!(version(program, "tollgate-supervisor"), None);
        assert_eq!(other("x", b"9"), Some("`x` of `9`".to_owned()));
        assert_eq!(other("x", OURS.as_bytes()), None);
    }
}
