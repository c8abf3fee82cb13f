//! A terminal of our own: the demo's person sits at it.
//!
//! Not here: relaying between terminals.

use std::fs::File;
use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::{Winsize, openpty};

/// Both ends of a terminal; no program started from here inherits them unasked.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Where its keys are pressed and its screen is read.
    pub(crate) screen: File,
    /// What a program has for its standard streams.
    pub(crate) line: OwnedFd,
}

/// A fresh terminal, 80 by 24.
pub(crate) fn terminal() -> nix::Result<Terminal> {
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let pair = openpty(&size, None)?;
    for end in [&pair.master, &pair.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok(Terminal { screen: pair.master.into(), line: pair.slave })
}
