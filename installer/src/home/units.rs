//! The units by which systemd's manager for the user holds the sockets and starts
//! the daemon, and the links by which they are enabled.
//!
//! Not here: telling the manager; that is no change on disk.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Home, Service};
use crate::thing::{Owner, Thing};

const SOCKET: &str = include_str!("../../../packaging/systemd/tollgated.socket");
const SERVICE: &str = include_str!("../../../packaging/systemd/tollgated.service");
/// The program that the units name where they are part of a package.
const PACKAGED: &str = "/usr/bin/tollgated";
/// Where a package puts its units for every user's manager.
const PACKAGES: &str = "/usr/lib/systemd/user";

impl Home {
    /// Units, links and environment; nothing where the daemon is started by hand.
    pub(super) fn units(&self) -> Vec<Thing> {
        if self.service == Service::ByHand {
            return Vec::new();
        }
        let own = self.home.join(".config/systemd/user");
        let packages = Path::new(PACKAGES);
        let packaged = self.daemon == Path::new(PACKAGED) && packages.join("tollgated.socket").is_file();
        let units = if packaged { packages } else { own.as_path() };
        let mut things = Vec::new();
        if !packaged {
            things.push(Thing::file(own.join("tollgated.socket"), SOCKET, Owner::Installer));
            things.push(Thing::file(own.join("tollgated.service"), service(&self.daemon), Owner::Installer));
        }
        for (target, unit) in [("sockets", "tollgated.socket"), ("default", "tollgated.service")] {
            let at = own.join(format!("{target}.target.wants")).join(unit);
            things.push(Thing::Link { at, to: units.join(unit) });
        }
        things.extend(self.environment());
        things
    }
}

fn service(daemon: &Path) -> Vec<u8> {
    let Some((before, after)) = SERVICE.split_once(PACKAGED) else { return SERVICE.into() };
    [before.as_bytes(), &exec_word(daemon), after.as_bytes()].concat()
}

/// A path as one word of `ExecStart=` (systemd.service(5), "Command lines").
fn exec_word(path: &Path) -> Vec<u8> {
    let mut word = b"\"".to_vec();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' => word.extend(b"%%"),
            b'$' => word.extend(b"$$"),
            b'"' | b'\\' => word.extend([b'\\', *byte]),
            byte => word.push(*byte),
        }
    }
    word.push(b'"');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_anywhere_is_one_word_of_the_unit() {
        let text = String::from_utf8(service(Path::new("/opt/a b/100%/$x/tollgated"))).unwrap();
        assert!(text.contains("\nExecStart=\"/opt/a b/100%%/$$x/tollgated\"\n"), "{text}");
    }
}
