//! Whether this process runs inside a session.
//!
//! It makes messages clear and keeps a daemon from being started under a
//! session; it protects nothing. What protects is that the daemon knows by
//! itself who stands above a caller.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tollgate_admin::{Ask, TriedOption};

use crate::door::Door;
use crate::error::Error;
use crate::keeper::NAME;

/// The variable that a session's commands find; information alone.
pub(crate) const VARIABLE: &str = "TOLLGATE_SESSION";

/// Says its variable or a keeper above us that we are in a session?
pub(crate) fn a_session() -> bool {
    std::env::var_os(VARIABLE).is_some() || keeper().is_some()
}

/// The session around us, as its keeper was told on its command line.
#[derive(Debug)]
pub(crate) struct Around {
    /// The agent that it was opened for.
    pub(crate) agent: String,
    /// The folder of its daemon's sockets.
    pub(crate) sockets: PathBuf,
}

/// The session that we are in, if a keeper stands above.
pub(crate) fn around() -> Option<Around> {
    let line = fs::read(format!("/proc/{}/cmdline", keeper()?)).ok()?;
    let option = |name: &[u8]| {
        let words = line.split(|byte| *byte == 0).take_while(|word| *word != b"--");
        words.filter_map(|word| word.strip_prefix(name)).next()
    };
    let admin = Path::new(OsStr::from_bytes(option(b"--admin=")?));
    let agent = String::from_utf8(option(b"--agent=")?.to_vec()).ok()?;
    Some(Around { agent, sockets: admin.parent()?.to_owned() })
}

/// Why an option is refused inside of a session; the session's daemon is told, so that
/// the attempt is on record. (Whoever does without this program opens nothing either.)
pub(crate) fn refused(option: TriedOption) -> Error {
    if let Some(around) = around() {
        let told = Door::ask(&around.sockets.join("admin"), &Ask::Tried { option });
        let _ = told.and_then(|mut door| door.granted());
    }
    Error::InsideSession(option.name())
}

fn keeper() -> Option<u32> {
    ancestors().find(|process| is_keeper(*process))
}

/// The processes above this one, nearest first.
fn ancestors() -> impl Iterator<Item = u32> {
    let parent = std::os::unix::process::parent_id();
    std::iter::successors(Some(parent), |child| parent_of(*child)).take_while(|process| *process > 1)
}

/// The fourth field of `/proc/PID/stat`; the second, in brackets, may hold anything.
fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(1)?.parse().ok()
}

/// Our own program, started as a session's keeper. Which program it is cannot
/// always be seen: a keeper lets no process of its own user look into it.
fn is_keeper(process: u32) -> bool {
    let Ok(line) = fs::read(format!("/proc/{process}/cmdline")) else { return false };
    let mut words = line.split(|byte| *byte == 0);
    if words.next() != Some(b"tollgate") || words.next() != Some(NAME.as_bytes()) {
        return false;
    }
    let program = |path: &str| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let own = program("/proc/self/exe");
    program(&format!("/proc/{process}/exe")).is_none_or(|theirs| own == Some(theirs))
}
