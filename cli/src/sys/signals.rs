//! Signals as values to wait for, and the two ends that a signal can make.
//!
//! Not here: who gets which signal; that is said by `run` and `keeper`.

use std::os::fd::{AsFd, BorrowedFd};

use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What a terminal, a shell or `kill` sends: blocked and read, so that none of
/// them ends or stops the process that waits for the command.
const HEARD: [Signal; 13] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGCONT,
    Signal::SIGWINCH,
    Signal::SIGCHLD,
];

/// A signal that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// Its number.
    pub(crate) number: i32,
    /// The process that sent it; none for the kernel (a terminal, a child's end).
    pub(crate) sender: Option<u32>,
}

/// The signals that are heard instead of felt.
#[derive(Debug)]
pub(crate) struct Signals(SignalFd);

impl Signals {
    /// Blocks them, for as long as the process lives, and hears them.
    pub(crate) fn hear() -> nix::Result<Self> {
        let set: SigSet = HEARD.into_iter().collect();
        set.thread_block()?;
        Ok(Self(SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
    }

    /// The next one that has arrived, if any.
    pub(crate) fn next(&self) -> nix::Result<Option<Arrived>> {
        Ok(self.0.read_signal()?.map(|found| Arrived {
            number: i32::try_from(found.ssi_signo).unwrap_or(0),
            sender: (found.ssi_code <= libc::SI_USER).then_some(found.ssi_pid),
        }))
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Ends this process as `signal` ends one, without a second core file. Returns
/// only where the signal does not end a process.
pub(crate) fn die_of(signal: i32) {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    // A real-time signal is none that nix knows, and is neither blocked nor ignored here.
    let Ok(signal) = Signal::try_from(signal) else { return send(std::process::id(), signal) };
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: SIG_DFL runs no code of ours.
    let _ = unsafe { sigaction(signal, &default) };
    let _ = SigSet::from(signal).thread_unblock();
    let _ = raise(signal);
}

/// Sends any signal by its number.
pub(crate) fn send(process: u32, signal: i32) {
    let Some(process) = i32::try_from(process).ok().filter(|process| *process > 1) else { return };
    // SAFETY: takes two numbers; a wrong one is an error.
    unsafe { libc::kill(process, signal) };
}

/// Stops this process as its command was stopped; returns when it is continued.
pub(crate) fn stop_by(signal: i32) {
    let Ok(signal) = Signal::try_from(signal) else { return };
    let alone = SigSet::from(signal);
    let _ = alone.thread_unblock();
    let _ = raise(signal);
    let _ = alone.thread_block();
}
