//! What this process was started with, so that its command gets it unchanged.
//!
//! Before `main`, Rust ignores SIGPIPE and opens `/dev/null` for descriptors 0
//! to 2 that were closed: so those two are looked at earlier, by the loader.
//!
//! Not here: what a command gets by inheritance alone (umask, limits, cwd).

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static PIPE_IGNORED: AtomicBool = AtomicBool::new(false);
/// One bit for each of descriptors 0 to 2.
static CLOSED: AtomicU8 = AtomicU8::new(0);

// SAFETY: the loader calls what stands in `.init_array` once, before `main`, as a C function.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

/// Runs before Rust's own start: system calls and atomics alone.
extern "C" fn look() {
    for descriptor in 0..3 {
        // SAFETY: F_GETFD takes no pointer and changes nothing.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << descriptor, Ordering::Relaxed);
        }
    }
    PIPE_IGNORED.store(is_ignored(libc::SIGPIPE), Ordering::Relaxed);
}

fn is_ignored(signal: i32) -> bool {
    let mut found = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a null new action only reads; `found` is writable and of the right type.
    let read = unsafe { libc::sigaction(signal, std::ptr::null(), found.as_mut_ptr()) };
    // SAFETY: zeroed is a valid sigaction, and the kernel may have filled it.
    let found = unsafe { found.assume_init() };
    read == 0 && found.sa_sigaction == libc::SIG_IGN
}

/// What this process was started with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    mask: SigSet,
    pipe_ignored: bool,
    child_ignored: bool,
    closed: u8,
}

impl Entry {
    /// Takes note of it. Called first, before any signal is blocked.
    pub(crate) fn take() -> nix::Result<Self> {
        Ok(Self {
            mask: SigSet::thread_get_mask()?,
            pipe_ignored: PIPE_IGNORED.load(Ordering::Relaxed),
            child_ignored: is_ignored(libc::SIGCHLD),
            closed: CLOSED.load(Ordering::Relaxed),
        })
    }

    /// Makes the process as it was found: for a child, between fork and exec.
    /// Async-signal-safe.
    pub(crate) fn restore(&self) -> nix::Result<()> {
        for descriptor in (0..3).filter(|descriptor| self.closed & (1 << descriptor) != 0) {
            let _ = nix::unistd::close(descriptor);
        }
        disposition(Signal::SIGPIPE, self.pipe_ignored)?;
        disposition(Signal::SIGCHLD, self.child_ignored)?;
        self.mask.thread_set_mask()
    }

    /// SIGCHLD to its default: where it is ignored, nobody learns how a child ended.
    pub(crate) fn hear_children(&self) -> nix::Result<()> {
        disposition(Signal::SIGCHLD, false)
    }
}

fn disposition(signal: Signal, ignored: bool) -> nix::Result<()> {
    let handler = if ignored { SigHandler::SigIgn } else { SigHandler::SigDfl };
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: neither SIG_IGN nor SIG_DFL runs any code of ours.
    unsafe { sigaction(signal, &action) }.map(drop)
}
