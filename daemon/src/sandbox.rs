//! Whether a caller lives under limits that the daemon does not share.
//!
//! A tool that the daemon starts is outside the caller's namespaces, filters and
//! capabilities. A caller that has other ones must not get out of them through
//! us, so it is refused. A Landlock domain cannot be seen; `no_new_privs`, which
//! it needs, can.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::sys::peer::Peer;
use crate::sys::process;

struct Own {
    credentials: Vec<String>,
    surroundings: Vec<PathBuf>,
}

/// Says what differs between the caller and the daemon; `None` where nothing does.
pub(crate) fn differs(peer: &Peer) -> Option<String> {
    static OWN: OnceLock<Option<Own>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let pid = i32::try_from(std::process::id()).ok()?;
        look(pid).ok()
    });
    let (Some(own), Ok(caller)) = (own, look(peer.pid)) else {
        return Some("its credentials and namespaces cannot be read".to_owned());
    };
    let line = caller.credentials.iter().zip(&own.credentials).find(|(caller, own)| caller != own);
    if let Some((caller, _)) = line {
        return Some(caller.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
    }
    let around = caller.surroundings.iter().zip(&own.surroundings).find(|(caller, own)| caller != own);
    around.map(|(caller, _)| format!("in {}", caller.display()))
}

fn look(pid: i32) -> std::io::Result<Own> {
    Ok(Own { credentials: process::credentials(pid)?, surroundings: process::surroundings(pid)? })
}
