//! Ending as the tool ended, so that whoever waits for the shim cannot tell.

use tollgate_bare::sabotage::silence_terminal;
use tollgate_bare::{files, limits, process, sabotage, signals};
use tollgate_wire::message::End;

use crate::held::deliver_to_self;

/// The exit code to end with; where the tool died of a signal this does not come back.
pub(crate) fn like(end: End) -> u8 {
    if sabotage!("no-echo") {
        silence_terminal();
    }
    if sabotage!("eat-input") {
        eat_input();
    }
    match end {
        End::Exited(_) if sabotage!("exit-code") => 0,
        End::Exited(code) => code,
        End::Killed(signal) => {
            if !sabotage!("death-as-exit") {
                die_of(signal.into());
            }
            // The first process of a container does not die of its own signals.
            128u8.wrapping_add(signal)
        }
    }
}

/// The fault of a gate that reads a terminal for its tool.
fn eat_input() {
    if let Ok(terminal) = files::open(c"/dev/tty", files::O_RDWR | files::O_NONBLOCK) {
        let _ = files::read(terminal.number(), &mut [0; 64]);
    }
}

/// Without a core: the one that counts is the tool's. The limit alone does not
/// keep a core from a program that takes them by a pipe (core(5)).
fn die_of(signal: i32) {
    if !sabotage!("second-core") {
        let hard = limits::of(limits::RLIMIT_CORE).map_or(0, |(_, hard)| hard);
        let _ = limits::set(limits::RLIMIT_CORE, (0, hard));
        let _ = process::become_undumpable();
    }
    signals::reset(signal);
    deliver_to_self(signal);
}
