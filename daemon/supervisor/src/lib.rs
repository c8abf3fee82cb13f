//! The supervisor: starts one command, holds it, and outlives the daemon.
//!
//! Theory of operation, in the order of the modules. The daemon starts it with a
//! socket of its own as descriptor 0, ahead of need.
//! 1. `house`: makes itself a place: own session, subreaper, all signals blocked.
//!    Where the caller has a terminal or is confined, the shim starts it instead,
//!    and it leaves the caller's session once the tool is started there.
//! 2. `order`: waits for one plan and the descriptors that ride with it.
//! 3. `tool`, `place`, `state`: gets ready, waits for the daemon's word that the
//!    intent is durable, and starts the tool as its caller would have.
//! 4. `hold`, `caller`, `reach`, `witness`, `ladder`, `limit`: passes signals and stops on
//!    until the tool ends; writes that down first, then tells the shim, then the daemon.
//! 5. Stays until the last descendant is gone, so that each has a parent that
//!    belongs to the run, and holds nothing of the caller's meanwhile.
//!
//! The daemon may go at any time and the command runs on; the shim may go, and
//! the command is asked to stop. Not here: any judgement, any byte of the tool's
//! streams, anything that outlives the run but its exit record.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod caller;
mod frames;
mod hold;
mod house;
mod ladder;
mod limit;
mod order;
mod place;
mod reach;
mod state;
mod tool;
mod witness;

use tollgate_bare::files::write_all;
use tollgate_bare::signals::SIGABRT;
use tollgate_bare::{Start, Text, process, signals};

use house::{Cradle, House};
use order::{Order, Problem};
use tool::Spawned;

/// The whole program; gives the exit code.
pub fn main(start: Start) -> u8 {
    let at_shim = start.arguments().nth(1).is_some_and(|word| word.to_bytes() == AT_SHIM);
    match run(if at_shim { Cradle::Shim } else { Cradle::Daemon }) {
        Ok(()) => 0,
        Err(problem) => {
            let mut line = Text::<160>::new();
            line.put("tollgate-supervisor: ").put(problem.words()).put("; nothing was started\n");
            let _ = write_all(LOG, line.as_bytes());
            1
        }
    }
}

/// Where a panic ends: as an abort would.
pub fn panicked() -> ! {
    signals::reset(SIGABRT);
    let _ = process::kill(process::id().cast_signed(), SIGABRT);
    signals::block_exactly(signals::Set::NONE);
    process::exit(134)
}

/// The argument that a shim gives.
const AT_SHIM: &[u8] = b"shim";

/// The daemon's log, or `/dev/null`.
const LOG: i32 = 2;

fn run(cradle: Cradle) -> Result<(), Problem> {
    let house = House::settle(cradle)?;
    let Some(order) = Order::receive(&house.control)? else { return Ok(()) };
    house.close()?;
    match tool::start(order, &house)? {
        Spawned::Runs(tool) => {
            let ended = hold::until_end(tool, house);
            linger();
            drop(ended);
        }
        Spawned::Withdrawn => {}
        Spawned::Failed(failure) => frames::number(&house.control, frames::Number::NotSpawned, failure.number()),
    }
    Ok(())
}

/// Until the last descendant is gone.
fn linger() {
    while process::wait_for_any().is_ok() {}
}
