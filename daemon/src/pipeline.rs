//! The line: one request from its door to its outcome, on one screen.
//!
//! Each stage takes by value what the stage before returned, and only that stage
//! can make it: none can be skipped, and no verdict can be applied to another
//! command. A refusal at any stage goes one way: recorded, then told.

use crate::approve::approve;
use crate::classify::classify;
use crate::correct::correct;
use crate::decide::decide;
use crate::gate::Gate;
use crate::identify::identify;
use crate::record::record;
use crate::refuse::{Refused, refuse};
use crate::relay::{Outcome, relay};
use crate::request::Request;
use crate::spawn::spawn;

/// Takes one request through the gate.
pub(crate) async fn run(gate: &Gate, request: Request) {
    if let Err(refused) = pass(gate, request).await {
        refuse(gate, *refused).await;
    }
}

async fn pass(gate: &Gate, request: Request) -> Result<Outcome, Box<Refused>> {
    let call = identify(gate, request).await?;
    let operation = classify(gate, call).await?;
    let judged = decide(gate, operation)?;
    let settled = correct(gate, judged).await?;
    let permitted = approve(gate, settled).await?;
    let recorded = record(gate, permitted).await?;
    let running = spawn(gate, recorded).await?;
    Ok(relay(gate, running).await)
}
