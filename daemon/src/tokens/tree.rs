//! The tree of processes that a token belongs to: it is bound at its first use.
//!
//! Its root is the uppermost of the processes above the caller that were all started
//! with the token in their environment: the agent, not the shell that it starts for
//! one command. Where only the caller itself was, its parent has set it.

use std::io;
use std::os::unix::fs::MetadataExt;

use tollgate_audit::Process;

use super::VARIABLE;
use crate::sys::peer::Chain;
use crate::sys::{above, process};

/// The root of the caller's tree; none where it cannot be told.
pub(super) fn root(chain: &Chain, text: &[u8]) -> Option<Process> {
    let variable = [VARIABLE.as_bytes(), b"=", text].concat();
    let holding = chain.above().take_while(|pid| process::environment_has(*pid, &variable));
    process::named(holding.last().or_else(|| chain.above().next())?)
}

/// What adopts the children of the dead beside `init`, by its name (`comm`): managers of
/// services and the first processes of containers. The kernel tells nobody which process does.
const ADOPTERS: [&[u8]; 7] =
    [b"systemd", b"tini", b"dumb-init", b"docker-init", b"catatonit", b"conmon", b"containerd-shim"];

/// Whether the caller may have left the tree of this root, by a child whose parent ended:
/// such a one is given to `init` or to another of [`ADOPTERS`] above the root, and is younger
/// than the root. One that another user owns is no child of the tree's.
pub(super) fn may_have_left(chain: &Chain, root: &Process) -> io::Result<bool> {
    let mut adopted = None;
    for pid in chain.all() {
        if process::standing(pid)?.started < root.started || pid == INIT {
            let is_adopter = pid == INIT || (is_adopter(pid) && above::by_proc(root.pid)?.contains(&pid));
            return Ok(is_adopter && adopted.is_some_and(is_ours));
        }
        adopted = Some(pid);
    }
    Ok(false)
}

/// The first process of a process namespace.
const INIT: i32 = 1;

fn is_adopter(pid: i32) -> bool {
    let name = process::names(pid).command;
    ADOPTERS.iter().any(|known| name.starts_with(known))
}

fn is_ours(pid: i32) -> bool {
    std::fs::metadata(format!("/proc/{pid}")).is_ok_and(|found| found.uid() == nix::unistd::geteuid().as_raw())
}
