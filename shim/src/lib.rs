//! The shim: stands on PATH under a tool's name, hands the command to the
//! daemon, and ends as the command ended. It decides nothing.
//!
//! Theory of operation, in the order of the modules:
//! 1. `call`: which tool, and through which door.
//! 2. `collect`: what the tool would have inherited: descriptors, folder,
//!    arguments and environment, and the process's `state`.
//! 3. `gate` and `send`: connects to the daemon and sends all of it.
//! 4. `wait`: says what the daemon has it say, and gives `birth` to the supervisor
//!    where the tool is to run in the caller's own session; once the tool runs,
//!    lets go of the caller's descriptors and passes signals on, which it has `held`.
//! 5. `end`: exits with the tool's code or dies of the tool's signal.
//!
//! It has no libc, allocates whole pages only, and reads nothing from its
//! environment. Not here: any judgement, any retry of a command that may have
//! run, any byte of the tool's streams.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod birth;
mod block;
mod call;
mod collect;
mod end;
mod gate;
mod held;
mod problem;
mod repeats;
mod send;
mod state;
mod voice;
mod wait;

use tollgate_bare::signals::{self, SIGPIPE, Set};
use tollgate_bare::{Start, process};
use tollgate_wire::exit::GATE;
use tollgate_wire::message::End;

use call::Call;
use collect::Caller;
use held::Held;
use problem::Problem;
use send::Frame;
use voice::Voice;
use wait::{Answer, Asker, Question};

/// The whole program; gives the exit code.
pub fn main(start: Start) -> u8 {
    let voice = Voice::of_caller();
    let blocked = signals::block_exactly(Set::ALL);
    let call = Call::of(&start);
    match call.and_then(|call| run(&start, &call, blocked, voice)) {
        Ok(end) => end::like(end),
        Err(problem) => {
            signals::block_exactly(blocked.and(SIGPIPE));
            problem.tell(call.as_ref().ok(), voice);
            GATE
        }
    }
}

/// Where a panic ends: the gate failed, so nothing runs.
pub fn panicked() -> ! {
    process::exit(GATE)
}

fn run(start: &Start, call: &Call, blocked: Set, voice: Voice) -> Result<End, Problem> {
    let caller = Caller::collect(start, call, blocked)?;
    let mut held = Held::hold(&caller)?;
    let mut frame = Frame::new()?;
    let mut question = Question::default();
    let asker = Asker { start, voice, above: caller.inherited.above() };
    loop {
        let socket = gate::connect(call, &caller, &question, &held)?;
        send::request(&socket, call, &caller, question.id, &mut frame)?;
        match wait::answer(&socket, &mut question, &mut held, &asker, &mut frame)? {
            Answer::Ended(end) => return Ok(end),
            Answer::Lost => question.is_lost()?,
        }
    }
}
