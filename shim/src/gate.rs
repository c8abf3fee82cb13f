//! Finding the daemon and connecting to it.
//!
//! `.gate` beside the shim is a symlink to the socket: a session's shims lead to
//! the session, installed ones to the user's daemon. Without it there is the
//! user's own place under `/run/user` and nothing else.

use core::time::Duration;

use tollgate_bare::files::{self, Path};
use tollgate_bare::{Descriptor, Errno, Text, process, sabotage, sockets, time};

use crate::call::{self, Call, Gate};
use crate::collect::Caller;
use crate::held::Held;
use crate::problem::Problem;
use crate::wait::Question;

/// How long a daemon that is there may take to accept, and then to read.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a daemon may be away while a question is open.
const AWAY: Duration = Duration::from_secs(10);
/// The pause before trying again, doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Connects, above all descriptors of the caller's. While a question is open it
/// tries again for a while, else it fails at once.
pub(crate) fn connect(call: &Call, caller: &Caller, question: &Question, held: &Held) -> Result<Descriptor, Problem> {
    let mut pause = FIRST_PAUSE;
    loop {
        let problem = match attempt(&call.gate) {
            Ok(socket) => return Ok(socket.above(caller.inherited.above())),
            Err(problem) => problem,
        };
        let given_up = question.lost.is_none_or(|lost| time::now().saturating_sub(lost) > AWAY);
        if given_up && !sabotage!("no-connect-timeout") {
            return Err(problem);
        }
        held.pause(pause)?;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Which socket was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Socket {
    /// The one that was given.
    Given,
    /// The one that `.gate` leads to.
    Beside,
    /// The user's own.
    Own,
}

fn attempt(gate: &Gate) -> Result<Descriptor, Problem> {
    let failed = |socket| move |errno| Problem::of(errno, |errno| Problem::NoDaemon(socket, errno));
    match gate {
        Gate::Given(socket) => connect_to(socket).map_err(failed(Socket::Given)),
        Gate::Beside(folder) => {
            let beside = beside(folder).map_err(failed(Socket::Beside))?;
            match connect_to(beside.as_bytes()) {
                // A `.gate` that leads nowhere is a refusal; only without one the user's own is tried.
                Err(_) if !exists(&beside) => connect_to(own().as_bytes()).map_err(failed(Socket::Own)),
                done => done.map_err(failed(Socket::Beside)),
            }
        }
    }
}

fn beside(folder: &[u8]) -> Result<Path, Errno> {
    Path::of(&[folder, b"/.gate"])
}

fn exists(beside: &Path) -> bool {
    !matches!(files::link_text(beside.as_c_str(), &mut [0; 1]), Err(Errno::ENOENT | Errno::ENOTDIR))
}

fn own() -> Text<64> {
    let mut path = Text::new();
    path.put("/run/user/").number(process::effective_user().into()).put("/tollgate/gate");
    path
}

/// The path of the socket that was tried, for people.
pub(crate) fn name<'a>(gate: &Gate, socket: Socket, into: &'a mut [u8]) -> &'a [u8] {
    match (gate, socket) {
        (Gate::Given(path), _) => path,
        (Gate::Beside(_), Socket::Own) => {
            let mut own = own();
            let path = own.as_bytes();
            into.iter_mut().zip(path).for_each(|(place, byte)| *place = *byte);
            into.get(..path.len()).unwrap_or_default()
        }
        (Gate::Beside(folder), _) => {
            let Ok(beside) = beside(folder) else { return folder };
            files::link_text(beside.as_c_str(), into).unwrap_or(folder)
        }
    }
}

fn connect_to(path: &[u8]) -> Result<Descriptor, Errno> {
    let socket = sockets::socket()?;
    sockets::limit_sending(&socket, PATIENCE)?;
    if path.len() <= sockets::MAX_PATH {
        sockets::connect(&socket, Path::of(&[path])?.as_c_str())?;
    } else {
        connect_through_folder(&socket, path)?;
    }
    Ok(socket)
}

/// An address has room for 107 bytes; a longer path is shortened through its opened folder.
fn connect_through_folder(socket: &Descriptor, path: &[u8]) -> Result<(), Errno> {
    let (folder, name) = call::split(path);
    let folder = files::open_folder(Path::of(&[folder])?.as_c_str())?;
    let mut number = Text::<16>::new();
    number.number(folder.number().unsigned_abs().into());
    let short = Path::of(&[b"/proc/self/fd/", number.as_bytes(), b"/", name])?;
    sockets::connect(socket, short.as_c_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_socket_far_down_is_reached_through_its_folder() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("x".repeat(120));
        std::fs::create_dir(&folder).unwrap();
        let socket = scratch.path().join("gate");
        let _listener = UnixListener::bind(&socket).unwrap();
        std::os::unix::fs::symlink(&socket, folder.join(".gate")).unwrap();
        assert!(connect_to(folder.join(".gate").as_os_str().as_bytes()).is_ok());
        let elsewhere = folder.join("none");
        assert_eq!(connect_to(elsewhere.as_os_str().as_bytes()).unwrap_err(), Errno::ENOENT);
    }

    #[test]
    fn a_gate_that_leads_nowhere_is_named_by_its_target() {
        let scratch = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/nowhere/gate", scratch.path().join(".gate")).unwrap();
        let gate = Gate::Beside(scratch.path().as_os_str().as_bytes().to_vec().leak());
        assert_eq!(attempt(&gate).unwrap_err(), Problem::NoDaemon(Socket::Beside, Errno::ENOENT));
        assert_eq!(name(&gate, Socket::Beside, &mut [0; 100]), b"/nowhere/gate");
    }

    #[test]
    fn without_a_gate_beside_it_is_the_users_own() {
        let scratch = tempfile::tempdir().unwrap();
        let gate = Gate::Beside(scratch.path().as_os_str().as_bytes().to_vec().leak());
        assert!(!exists(&beside(scratch.path().as_os_str().as_bytes()).unwrap()));
        let own = format!("/run/user/{}/tollgate/gate", process::effective_user());
        assert_eq!(name(&gate, Socket::Own, &mut [0; 100]), own.as_bytes());
    }
}
