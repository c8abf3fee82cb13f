//! Which tool was called, through which door, and who is to be asked.
//!
//! Everything follows from the path that was executed (`AT_EXECFN`), nothing
//! from the environment: `env -i terraform` finds the same gate.

use tollgate_bare::Start;
use tollgate_wire::request::Door;

use crate::problem::Problem;

/// The shim's own name: called by it, it is the second half of `tollgate exec`.
const OWN_NAME: &[u8] = b"tollgate-shim";

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) door: Door,
    /// The tool's name, without a folder.
    pub(crate) tool: &'static [u8],
    /// Where the daemon listens.
    pub(crate) gate: Gate,
    /// How many of our arguments are not the command's.
    pub(crate) skipped: usize,
}

/// Where the daemon listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// At `.gate` in this folder, else at the user's own.
    Beside(&'static [u8]),
    /// At this socket.
    Given(&'static [u8]),
}

impl Call {
    /// Reads the call off argv and `AT_EXECFN`.
    pub(crate) fn of(start: &Start) -> Result<Self, Problem> {
        let executed = start.executed().map_or(&b""[..], |path| path.to_bytes());
        let mut arguments = start.arguments().map(core::ffi::CStr::to_bytes);
        Self::new(executed, arguments.nth(1), arguments.next())
    }

    fn new(
        executed: &'static [u8],
        first: Option<&'static [u8]>,
        second: Option<&'static [u8]>,
    ) -> Result<Self, Problem> {
        let (folder, name) = split(executed);
        if name != OWN_NAME {
            return Ok(Self { door: Door::Shim, tool: name, gate: Gate::Beside(folder), skipped: 0 });
        }
        let (Some(socket), Some(command)) = (first, second) else { return Err(Problem::Usage) };
        let (_, tool) = split(command);
        Ok(Self { door: Door::Exec, tool, gate: Gate::Given(socket), skipped: 2 })
    }
}

/// Folder and last part of a path; the folder is `.` where it names none.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        None => (b".", path),
        Some(0) => (b"/", path.get(1..).unwrap_or_default()),
        Some(slash) => (path.get(..slash).unwrap_or_default(), path.get(slash + 1..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tools_name_and_gate_follow_from_the_path_that_was_executed() {
        let call = Call::new(b"/opt/shims/terraform", Some(b"plan"), None).unwrap();
        let expected = Call { door: Door::Shim, tool: b"terraform", gate: Gate::Beside(b"/opt/shims"), skipped: 0 };
        assert_eq!(call, expected);
    }

    #[test]
    fn the_shims_own_name_is_the_door_of_tollgate_exec() {
        let call = Call::new(b"/lib/tollgate-shim", Some(b"/run/gate"), Some(b"./bin/helm")).unwrap();
        let expected = Call { door: Door::Exec, tool: b"helm", gate: Gate::Given(b"/run/gate"), skipped: 2 };
        assert_eq!(call, expected);
        assert_eq!(Call::new(b"tollgate-shim", Some(b"/run/gate"), None), Err(Problem::Usage));
    }

    #[test]
    fn a_path_splits_at_its_last_slash() {
        for (path, folder, name) in [
            (&b"aws"[..], &b"."[..], &b"aws"[..]),
            (b"./aws", b".", b"aws"),
            (b"/aws", b"/", b"aws"),
            (b"a//b", b"a/", b"b"),
            (b"", b".", b""),
        ] {
            assert_eq!(split(path), (folder, name));
        }
    }
}
