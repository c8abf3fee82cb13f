//! The agent's name: as given, that of the session around, or told from its command.
//!
//! Not here: what the name is worth; the daemon takes it from the session that
//! a person opened.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tollgate_policies::agents;
use tollgate_policies::policy::Subject;

use crate::error::Error;
use crate::inside::Around;

/// The agent's name; `unknown` for a command that is nobody's.
pub(super) fn name(given: Option<String>, around: Option<&Around>, command: &[OsString]) -> Result<String, Error> {
    match given {
        Some(name) if agents::is_name(&name) => Ok(name),
        Some(name) => Err(Error::AgentName(name)),
        // A session inside a session is the same agent's.
        None => Ok(around.map_or_else(|| of(command), |around| &around.agent).to_owned()),
    }
}

fn of(command: &[OsString]) -> &'static str {
    let program = command.first().and_then(|program| Path::new(program).file_name());
    program.and_then(|program| agents::of_program(program.as_bytes())).unwrap_or(Subject::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(program: &str) -> String {
        name(None, None, &[program.into(), "x".into()]).unwrap()
    }

    #[test]
    fn a_known_agent_is_told_from_its_command() {
        assert_eq!(told("/opt/bin/claude"), "claude-code");
        assert_eq!(told("codex"), "codex");
        assert_eq!(told("bash"), "unknown");
    }

    #[test]
    fn a_session_inside_a_session_is_the_same_agents() {
        let around = Around { agent: "codex".into(), sockets: "/run".into() };
        assert_eq!(name(None, Some(&around), &["claude".into()]).unwrap(), "codex");
    }

    #[test]
    fn a_name_that_is_given_holds_if_it_is_one() {
        assert_eq!(name(Some("ci.bot-2@corp".into()), None, &["claude".into()]).unwrap(), "ci.bot-2@corp");
        for wrong in ["", "a b", "a/b", "\u{202e}x", &"x".repeat(65)] {
            assert!(matches!(name(Some(wrong.into()), None, &[]), Err(Error::AgentName(_))), "{wrong}");
        }
    }
}
