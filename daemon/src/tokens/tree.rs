//! The tree of processes that a token belongs to: it is bound at its first use.
//!
//! Its root is the uppermost of the processes above the caller that were all started
//! with the token in their environment: the agent, not the shell that it starts for
//! one command. Where only the caller itself was, its parent has set it.

use tollgate_audit::Process;

use super::VARIABLE;
use crate::sys::peer::Peer;
use crate::sys::process;

/// The root of the caller's tree; none where it cannot be told.
pub(super) fn root(peer: &Peer, text: &[u8]) -> Option<Process> {
    let variable = [VARIABLE.as_bytes(), b"=", text].concat();
    let holds = |pid: i32| process::environment_has(pid, &variable);
    let mut uppermost = None;
    let mut parent = None;
    let walked = peer.find_above(|pid| {
        // The parent is shown again where the chain changed meanwhile.
        parent.get_or_insert(pid);
        if holds(pid) {
            uppermost = Some(pid);
            None
        } else {
            Some(())
        }
    });
    walked.ok()?;
    process::named(uppermost.or(parent)?)
}
