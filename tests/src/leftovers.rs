//! Ends what a sandbox's scripts left running.
//!
//! A gated tool is no descendant of the test, nor is a daemon that a session
//! started, so they are found by what they have of the sandbox: the program, the
//! folder, a variable, or an argument.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Kills every process that runs from, in, or with a variable or argument of `folder`.
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
    let folder = folder.as_os_str().as_bytes();
    let variable = [b"E2E_SANDBOX=", folder].concat();
    let has = |file: &str, fits: &dyn Fn(&[u8]) -> bool| {
        std::fs::read(process.join(file)).is_ok_and(|strings| strings.split(|byte| *byte == 0).any(fits))
    };
    has("environ", &|string| string == variable) || has("cmdline", &|string| string.starts_with(folder))
}
