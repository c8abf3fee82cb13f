//! Folders and sockets are this user's alone, the disk has room, and the service
//! manager keeps the daemon.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::statvfs::statvfs;
use nix::unistd::{Uid, User};

use super::{failed, ok, warning};
use crate::doctor::Check;
use crate::installed::Installed;
use crate::service;

/// Bytes below which the record is in danger, and below which it soon is.
const LITTLE: [u64; 2] = [16 << 20, 256 << 20];
/// Files below which the same holds.
const FEW: u64 = 1000;

/// Every check.
pub(super) fn all(installed: &Installed) -> Vec<Check> {
    [Some(modes(installed)), disk(&installed.places.state), lingering(installed)].into_iter().flatten().collect()
}

fn modes(installed: &Installed) -> Check {
    let name = "folders and sockets";
    let places = &installed.places;
    let policies = places.policies();
    let (gate, admin) = (places.gate(), places.admin());
    // What a policy says may be read by others, as the daemon has it too.
    let read = [&places.config, &policies].into_iter().filter_map(|path| is_open(path, 0o022));
    let kept = [&places.state, &places.sockets, &places.shims, &gate, &admin];
    let mut open = read.chain(kept.into_iter().filter_map(|path| is_open(path, 0o077)));
    match open.next() {
        None => ok(name, "are yours alone"),
        Some(says) => failed(name, says, "`chmod go-rwx` it, and let it belong to you"),
    }
}

/// What is wrong with it, where it is there: these bits of its mode may not be set.
fn is_open(path: &Path, bits: u32) -> Option<String> {
    let found = fs::metadata(path).ok()?;
    let mode = found.mode() & 0o7777;
    if found.uid() != Uid::effective().as_raw() {
        return Some(format!("`{}` belongs to uid {}", path.display(), found.uid()));
    }
    (mode & bits != 0).then(|| format!("`{}` is open to others (mode {mode:04o})", path.display()))
}

fn disk(state: &Path) -> Option<Check> {
    let name = "disk";
    let folder = state.ancestors().find(|folder| folder.is_dir())?;
    let found = statvfs(folder).ok()?;
    let free = found.blocks_available().saturating_mul(found.fragment_size());
    let few = found.files() > 0 && found.files_available() < FEW;
    let says = format!("{} MiB are free for the record", free >> 20);
    let [danger, soon] = LITTLE;
    Some(match free {
        _ if few => {
            failed(name, "hardly a file can be made for the record", "make room: what cannot be recorded does not run")
        }
        free if free < danger => failed(name, says, "make room: what cannot be recorded does not run"),
        free if free < soon => warning(name, says, "make room"),
        _ => ok(name, says),
    })
}

/// systemd ends a user's services at the last logout, unless the user lingers.
fn lingering(installed: &Installed) -> Option<Check> {
    if !service::is_managed(installed) {
        return None;
    }
    let user = User::from_uid(Uid::effective()).ok()??.name;
    let name = "service";
    Some(if Path::new("/var/lib/systemd/linger").join(&user).exists() {
        ok(name, "systemd keeps the daemon, also while you are logged out")
    } else {
        warning(name, "systemd ends the daemon at your last logout", "`loginctl enable-linger`")
    })
}
