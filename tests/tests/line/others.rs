//! Other users: nobody but the daemon's own is served.
//!
//! As root everything may be opened, so these tests drop to another uid; as
//! another user they say that they cannot.

use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use e2e::Daemon;

/// Nobody in particular.
pub(crate) const OTHER: u32 = 65_534;

/// Whether this test can be another user.
pub(crate) fn can_be_another() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        e2e::say("skipped: only root can be another user\n");
    }
    root && e2e::require_tool("setpriv").is_some()
}

/// `program`, run as [`OTHER`].
pub(crate) fn as_another(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &OTHER.to_string(), "--regid", &OTHER.to_string(), "--clear-groups"]).arg(program);
    command.current_dir("/");
    command
}

/// A folder that another user reaches, with the programs and a root of its own.
pub(crate) fn reachable() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    for name in ["tollgate", "tollgated", "tollgate-shim", "tollgate-supervisor"] {
        let mut install = Command::new("install");
        install.args(["-m", "755"]).arg(e2e::programs!().path(name)).arg(folder.path());
        assert!(install.status().unwrap().success());
    }
    std::fs::create_dir(folder.path().join("root")).unwrap();
    folder
}

#[test]
fn another_users_connection_is_closed_unheard() {
    if !can_be_another() {
        return;
    }
    let folder = reachable();
    let root = folder.path().join("root");
    chown(&root, Some(OTHER), Some(OTHER)).unwrap();
    let mut command = as_another(&folder.path().join("tollgated"));
    command.arg("--root").arg(&root);
    let log = folder.path().join("log");
    let _daemon = Daemon::start(command, &root, &log);
    for socket in ["gate", "admin"] {
        let mut stream = UnixStream::connect(root.join("run").join(socket)).unwrap();
        let mut answer = Vec::new();
        // It may be closed before this is written.
        let _ = stream.write_all(b"TG\x01\x0d\x10\0\0\0\0\0\0\0{\"ask\":\"status\"}");
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(answer, b"", "root is not this daemon's user");
    }
    let said = std::fs::read_to_string(&log).unwrap();
    assert_eq!(said.matches("a connection of another user was closed").count(), 2 + ANSWERED, "{said}");
}

/// The harness connects as well, to see whether the daemon answers.
const ANSWERED: usize = 1;

#[test]
fn another_user_does_not_reach_the_sockets() {
    if !can_be_another() {
        return;
    }
    let folder = reachable();
    let root = folder.path().join("root");
    let mut command = Command::new(folder.path().join("tollgated"));
    command.arg("--root").arg(&root);
    let _daemon = Daemon::start(command, &root, &folder.path().join("log"));
    let shims = folder.path().join("shims");
    std::fs::create_dir(&shims).unwrap();
    std::os::unix::fs::symlink(folder.path().join("tollgate-shim"), shims.join("true")).unwrap();
    std::os::unix::fs::symlink(root.join("run/gate"), shims.join(".gate")).unwrap();
    let ran = as_another(&shims.join("true")).output().unwrap();
    assert_eq!(ran.status.code(), Some(125));
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("permission denied"), "{said}");
}
