//! Real tools: used where they are installed, and said to be missing where not.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where the tool is; none, with a line on the terminal, where it is not installed.
///
/// # Panics
/// When it is missing and `TOLLGATE_REQUIRE_TOOLS` (names, with commas) has it.
pub fn require_tool(name: &str) -> Option<PathBuf> {
    let found = search_path().into_iter().map(|folder| folder.join(name)).find(|path| is_program(path));
    if found.is_none() {
        let required = std::env::var("TOLLGATE_REQUIRE_TOOLS").unwrap_or_default();
        assert!(!required.split(',').any(|tool| tool == name), "{name} is required and not installed");
        say(&format!("skipped: {name} is not installed\n"));
    }
    found
}

/// The developer's PATH without folders of shims: direct must mean direct.
pub(crate) fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute() && folder.join(".gate").symlink_metadata().is_err())
        .collect()
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Says it on the terminal, past the test runner's capture.
pub fn say(line: &str) {
    let _ = nix::unistd::write(std::io::stderr(), line.as_bytes());
}

/// Folders as one PATH.
pub(crate) fn joined(folders: &[PathBuf]) -> std::ffi::OsString {
    let bytes: Vec<&[u8]> = folders.iter().map(|folder| folder.as_os_str().as_bytes()).collect();
    std::os::unix::ffi::OsStringExt::from_vec(bytes.join(&b':'))
}
