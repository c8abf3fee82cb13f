//! `tollgate demo`: the real thing in one minute.
//!
//! A real daemon with a root of its own, real shims, an unmodified bash that
//! plays the agent, real tools on real files in a fresh folder, and a person on
//! a terminal of its own who answers. Every step is checked: what does not go as
//! it should makes the exit code 1.
//!
//! Not here: anything that only looks like it.

mod agent;
mod person;
mod scene;
mod stage;
mod telling;

use std::process::ExitCode;

use crate::error::Error;
use crate::inside;
use scene::Scene;
use stage::Stage;
use telling::Telling;

/// Plays it.
pub(crate) fn demo() -> Result<ExitCode, Error> {
    if inside::a_session() {
        return Err(Error::DemoInside);
    }
    let mut telling = Telling::default();
    let stage = Stage::set()?;
    let Some(scene) = Scene::of_this_machine(&mut telling)? else { return Err(Error::DemoTools) };
    telling
        .say(format_args!("Everything below happens in `{}`, with a daemon of its own.", stage.folder().display()))?;
    telling.chapter("A person writes a policy")?;
    telling.file(&stage.policy())?;
    scene.prepare(&stage, &mut telling)?;
    scene.play(&stage, &mut telling)?;
    record(&stage, &mut telling)?;
    drop(stage);
    telling.end()
}

/// What the record says of it all.
fn record(stage: &Stage, telling: &mut Telling) -> Result<(), Error> {
    telling.chapter("The record, a chain of hashes")?;
    let tail = stage.tollgate(&["audit", "tail", "-n", "50"]);
    telling.expect("the record can be read", telling.command(tail)?.success());
    let verify = stage.tollgate(&["audit", "verify"]);
    telling.expect("the record is whole", telling.command(verify)?.success());
    Ok(())
}
