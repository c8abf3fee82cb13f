//! The harness of the end-to-end tests: a sandbox with its own daemon, scripts
//! that run directly or through the gate, and a terminal to answer from.
//!
//! Everything is private to one sandbox (folder, home, daemon, sockets), so tests
//! run in parallel and never see the developer's own Tollgate. Nothing here knows
//! a type of the product: the tests see the programs and their files only.
//!
//! ```text
//! SANDBOX/root/{config,state,run}   what `tollgated --root` keeps
//! SANDBOX/front/                    first on PATH: empty for a direct run, the shims for a gated one
//! SANDBOX/bin/                      next on PATH: the real tools
//! SANDBOX/home/                     HOME
//! SANDBOX/work/                     where scripts run; emptied before each
//! SANDBOX/daemon.log                what the daemon said
//! ```

mod daemon;
mod difference;
mod leftovers;
mod pty;
mod sandbox;
mod script;
mod shell;
mod sys;
mod tools;
mod window;

pub use daemon::{Daemon, ask_admin};
pub use difference::Difference;
pub use pty::Pty;
pub use sandbox::{Builder, Programs, Sandbox};
pub use script::{Ending, Kept, Ran, Running, Script};
pub use shell::Shell;
pub use sys::receive_with_descriptor;
pub use tools::{require_tool, say};
pub use window::Window;

/// Where cargo put the programs under test, and a folder for sandboxes.
#[macro_export]
macro_rules! programs {
    () => {
        $crate::Programs::beside(env!("CARGO_BIN_EXE_tollgated"), env!("CARGO_TARGET_TMPDIR"))
    };
}
