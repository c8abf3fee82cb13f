//! Who may answer a question: a person, proven and not assumed.
//!
//! The proof is a controlling terminal that no session uses, whose session
//! leader lives and is the caller itself or stands above it, with no keeper and
//! no supervisor above. What remains: who can type into such a terminal
//! (`tmux send-keys`) counts as its person; SECURITY.md says so.

use nix::unistd::{Uid, User};
use tollgate_audit::Approver;

use crate::ancestry::{self, Above};
use crate::gate::Gate;
use crate::sys::peer::{Chain, Peer};
use crate::sys::process;
use crate::tokens::{self, Wrong};

/// Why somebody is not taken for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAPerson {
    /// It runs inside a session.
    #[error("an answer may not come from inside session {0}")]
    InSession(String),
    /// It runs under a command that went through the gate.
    #[error("an answer may not come from under a command of the gate's, run {0}")]
    UnderRun(String),
    /// It is in the tree of a token's first use.
    #[error("an answer may not come from an agent's process tree, token {0}")]
    HasToken(String),
    /// It may have left such a tree.
    #[error(
        "it cannot be told whether this terminal is of the process tree of token {0}, which is older: \
         answer from one that was opened before, or end that agent first"
    )]
    MayHaveToken(String),
    /// It has no controlling terminal.
    #[error("an answer needs a terminal of its own")]
    NoTerminal,
    /// A session's keeper is on the same terminal.
    #[error("this terminal is used by an agent's session: answer from another one")]
    SessionsTerminal,
    /// The shell that the terminal belongs to is gone, or elsewhere.
    #[error("the terminal's session leader is not above the one who answers")]
    Leaderless,
    /// It ended, or the processes above it changed, while it was looked at.
    #[error("it cannot be told where the one who answers stands")]
    Gone,
}

/// The person at the other end.
pub(crate) fn prove(gate: &Gate, peer: &Peer) -> Result<Approver, NotAPerson> {
    prove_by(gate, peer, &peer.chain().map_err(|_| NotAPerson::Gone)?)
}

fn prove_by(gate: &Gate, peer: &Peer, chain: &Chain) -> Result<Approver, NotAPerson> {
    match ancestry::nearest(gate, chain) {
        Some(Above::Keeper { session }) => return Err(NotAPerson::InSession(session)),
        Some(Above::Run { id, .. }) => return Err(NotAPerson::UnderRun(id)),
        None => {}
    }
    match tokens::around(gate, chain) {
        Ok(None) => {}
        Ok(Some(token)) => return Err(NotAPerson::HasToken(token.id)),
        Err(Wrong::Revoked(id) | Wrong::Over(id)) => return Err(NotAPerson::HasToken(id)),
        Err(_) => return Err(NotAPerson::Gone),
    }
    if let Some(id) = tokens::maybe_left(gate, chain).map_err(|_| NotAPerson::Gone)? {
        return Err(NotAPerson::MayHaveToken(id));
    }
    let standing = process::standing(peer.pid).map_err(|_| NotAPerson::Gone)?;
    if standing.terminal == 0 {
        return Err(NotAPerson::NoTerminal);
    }
    if gate.sessions.uses_terminal(standing.terminal) {
        return Err(NotAPerson::SessionsTerminal);
    }
    if !chain.all().any(|pid| pid == standing.session) {
        return Err(NotAPerson::Leaderless);
    }
    if !peer.is_alive() {
        return Err(NotAPerson::Gone);
    }
    Ok(Approver {
        name: name(gate, peer.uid),
        uid: Some(peer.uid),
        how: "terminal".to_owned(),
        from: Some(terminal(standing.terminal)),
        key: None,
    })
}

/// As the settings name this user, else as the system does.
fn name(gate: &Gate, uid: u32) -> String {
    let user = || User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
    gate.settings.approver_of_uid(uid).or_else(user).unwrap_or_else(|| format!("uid {uid}"))
}

/// The person who typed this very command: a person, as an answer needs one, and no
/// program between the caller and the terminal's session leader.
pub(crate) fn typed(gate: &Gate, peer: &Peer, chain: &Chain) -> Option<Approver> {
    let standing = process::standing(peer.pid).ok().filter(|standing| standing.terminal != 0)?;
    if standing.session != peer.pid && standing.session != standing.parent {
        return None;
    }
    prove_by(gate, peer, chain).ok()
}

/// A terminal's name from its device number: `pts/3` (`proc_pid_stat(5)`).
fn terminal(device: i32) -> String {
    let device = u64::from(device.unsigned_abs());
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    match major {
        136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
        4 => format!("tty{minor}"),
        _ => format!("terminal {major}:{minor}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_named_as_ps_names_it() {
        assert_eq!(terminal(0x8803), "pts/3");
        assert_eq!(terminal(0x0401), "tty1");
    }
}
