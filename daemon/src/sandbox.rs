//! Where a caller lives, compared with the daemon: whether a tool that the daemon
//! starts would be somewhere else.
//!
//! Such a tool is outside the caller's namespaces, filters, capabilities and
//! limits, and never in its session. A caller that has other ones must not get
//! out of them through us, and one with a terminal needs its tool in its own
//! session: for both the supervisor is born at the shim. A Landlock domain cannot
//! be seen; `no_new_privs`, which it needs, can.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use std::sync::OnceLock;

use nix::fcntl::{OFlag, open};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::stat::Mode;
use tollgate_wire::launch::ProcessState;

use crate::sys::peer::Peer;
use crate::sys::process;

/// Where the caller lives, as far as it matters to a tool.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// Where its supervisor is born.
    pub(crate) birthplace: Birthplace,
    root: Option<OwnedFd>,
}

/// Whose child a run's supervisor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Birthplace {
    /// The daemon's.
    Daemon,
    /// The shim's, for this reason.
    Shim(String),
}

impl Surroundings {
    /// What a record says of it, where the supervisor is under its caller's hands.
    pub(crate) fn note(&self) -> Option<String> {
        match &self.birthplace {
            Birthplace::Daemon => None,
            Birthplace::Shim(why) => Some(format!("its supervisor is born at the shim: {why}")),
        }
    }

    /// The caller's root folder, where it is another than ours.
    pub(crate) fn root(&self) -> Option<BorrowedFd<'_>> {
        self.root.as_ref().map(AsFd::as_fd)
    }
}

/// Looks; the error says what cannot be told, and then nothing can be started.
/// It is worth something only if the caller is alive afterwards.
pub(crate) fn look(peer: &Peer, state: &ProcessState) -> Result<Surroundings, String> {
    static OWN: OnceLock<Option<Own>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let pid = i32::try_from(std::process::id()).ok()?;
        Own::of(pid).ok()
    });
    let (Some(own), Ok(caller)) = (own, Own::of(peer.pid)) else {
        return Err("its credentials and namespaces cannot be read".to_owned());
    };
    let root = match caller.is_elsewhere(own) {
        true => Some(root(peer.pid).ok_or("its root folder cannot be opened")?),
        false => None,
    };
    if is_faulty() {
        return Ok(Surroundings { birthplace: Birthplace::Daemon, root });
    }
    // The shim's own word: one that is not true gets its caller a tool without a terminal.
    let terminal = || (state.has_terminal != 0).then(|| "it has a terminal".to_owned());
    let why = caller.differs(own).or_else(terminal).or_else(|| more_than_we_can_give(state));
    Ok(Surroundings { birthplace: why.map_or(Birthplace::Daemon, Birthplace::Shim), root })
}

/// The fault of a gate that knows one birthplace.
fn is_faulty() -> bool {
    cfg!(feature = "sabotage") && std::env::var_os("TOLLGATE_SABOTAGE").is_some_and(|fault| fault == "born-at-daemon")
}

fn root(pid: i32) -> Option<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(format!("/proc/{pid}/root").as_str(), flags, Mode::empty()).ok()
}

/// What the kernel says of a process.
struct Own {
    credentials: Vec<String>,
    surroundings: Vec<OsString>,
}

impl Own {
    fn of(pid: i32) -> std::io::Result<Self> {
        Ok(Self { credentials: process::credentials(pid)?, surroundings: process::surroundings(pid)? })
    }

    /// The first thing in which it differs.
    fn differs(&self, other: &Self) -> Option<String> {
        let line = self.credentials.iter().zip(&other.credentials).find(|(own, other)| own != other);
        if let Some((own, _)) = line {
            return Some(own.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
        }
        let around = self.surroundings.iter().zip(&other.surroundings).find(|(own, other)| own != other);
        around.map(|(own, _)| format!("in {}", own.to_string_lossy()))
    }

    /// Whether a path means another file there.
    fn is_elsewhere(&self, other: &Self) -> bool {
        let of_files = process::OF_FILES;
        let pick = |own: &Self| of_files.map(|place| own.surroundings.get(place).cloned());
        pick(self) != pick(other)
    }
}

/// A limit or priority of the caller's that only the privileged may set.
fn more_than_we_can_give(state: &ProcessState) -> Option<String> {
    const LIMITS: [(Resource, &str); 7] = [
        (Resource::RLIMIT_NOFILE, "descriptors"),
        (Resource::RLIMIT_CORE, "core dumps"),
        (Resource::RLIMIT_STACK, "its stack"),
        (Resource::RLIMIT_AS, "its memory"),
        (Resource::RLIMIT_NPROC, "processes"),
        (Resource::RLIMIT_MEMLOCK, "locked memory"),
        (Resource::RLIMIT_FSIZE, "the size of files"),
    ];
    if nix::unistd::geteuid().is_root() {
        return None;
    }
    LIMITS.into_iter().find_map(|(resource, what)| {
        let (_, ours) = getrlimit(resource).ok()?;
        let (_, theirs) = state.limits.get(resource as usize)?;
        (*theirs > ours).then(|| format!("its limit on {what} is above the daemon's"))
    })
}
