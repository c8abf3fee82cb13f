//! Ends what a sandbox's scripts left running.
//!
//! A gated tool is no descendant of the test, so it is found by what it has of
//! the sandbox: its program, its folder, or a variable.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Kills every process that runs from, in, or with a variable of `folder`.
pub(crate) fn kill_all(folder: &Path) {
    let Ok(processes) = std::fs::read_dir("/proc") else { return };
    for process in processes.flatten() {
        let number = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let Some(number) = number.filter(|number| *number != std::process::id()) else { continue };
        if belongs(&process.path(), folder)
            && let Ok(number) = i32::try_from(number)
        {
            let _ = kill(Pid::from_raw(number), Signal::SIGKILL);
        }
    }
}

fn belongs(process: &Path, folder: &Path) -> bool {
    let links = ["exe", "cwd"];
    if links.iter().any(|link| std::fs::read_link(process.join(link)).is_ok_and(|target| target.starts_with(folder))) {
        return true;
    }
    let variable = [b"E2E_SANDBOX=", folder.as_os_str().as_bytes()].concat();
    std::fs::read(process.join("environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|string| string == variable))
}
