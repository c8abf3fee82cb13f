//! systemd's manager for the user, asked through its own command.
//!
//! Not here: the units; the installation makes them.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::unistd::Uid;

use crate::error::Error;
use crate::installed::Installed;

/// Has it answer: its private socket is there.
pub(super) fn answers() -> bool {
    runtime().join("systemd/private").exists()
}

/// Has an installation, or a package, given it our units?
pub(super) fn has_units(installed: &Installed) -> bool {
    let own = installed.home.join(".config/systemd/user");
    own.join("sockets.target.wants/tollgated.socket").symlink_metadata().is_ok()
}

/// Has it read its units again.
pub(super) fn reload() -> Result<(), Error> {
    run(&["daemon-reload"])
}

/// `systemctl --user ARGUMENTS`.
pub(super) fn run(arguments: &[&str]) -> Result<(), Error> {
    let failed = |source| Error::Service { what: format!("systemctl --user {}", arguments.join(" ")), source };
    let status = command("systemctl").args(arguments).stdin(Stdio::null()).status().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(failed(std::io::Error::other(status.to_string()))) }
}

/// Becomes `journalctl`.
pub(super) fn logs(lines: u32, follow: bool) -> Result<(), Error> {
    let mut journal = command("journalctl");
    journal.args(["--unit", "tollgated.service", "--lines"]).arg(lines.to_string());
    if follow {
        journal.arg("--follow");
    }
    Err(Error::Service { what: "journalctl --user".to_owned(), source: journal.exec() })
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("--user").env("XDG_RUNTIME_DIR", runtime());
    command
}

fn runtime() -> PathBuf {
    PathBuf::from(format!("/run/user/{}", Uid::effective()))
}
