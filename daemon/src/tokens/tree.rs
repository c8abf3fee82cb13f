//! The tree of processes that a token belongs to: it is bound at its first use.
//!
//! Its root is the uppermost of the processes above the caller that were all started
//! with the token in their environment: the agent, not the shell that it starts for
//! one command. Where only the caller itself was, its parent has set it.

use tollgate_audit::Process;

use super::VARIABLE;
use crate::sys::peer::Chain;
use crate::sys::process;

/// The root of the caller's tree; none where it cannot be told.
pub(super) fn root(chain: &Chain, text: &[u8]) -> Option<Process> {
    let variable = [VARIABLE.as_bytes(), b"=", text].concat();
    let holding = chain.above().take_while(|pid| process::environment_has(*pid, &variable));
    process::named(holding.last().or_else(|| chain.above().next())?)
}
