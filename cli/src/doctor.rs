//! `tollgate doctor`: does the gate stand, wherever a command can be started from?
//!
//! It enters every context by really starting it, and calls there a tool that the
//! gate must refuse and that does nothing where it is not refused. Beside that it
//! looks at what the gate stands on.
//!
//! Not here: mending anything; each finding says what does.

mod checks;
mod context;
mod enter;
mod page;
mod weigh;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::error::Error;
use crate::installed::{Installed, Place};
use crate::{inside, output};

/// Something is not as it should be.
const FOUND: u8 = 1;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Fail also for what no installation can close: cron, `env -i`, sudo, absolute paths
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// All that was found.
#[derive(Debug, Serialize)]
struct Report {
    v: u32,
    /// Whether everything is as promised.
    ok: bool,
    /// `installed`, or `session` where it was called inside one.
    seen_from: &'static str,
    contexts: Vec<Context>,
    checks: Vec<Check>,
}

/// What came of entering one context.
#[derive(Debug, Serialize)]
struct Context {
    name: &'static str,
    holds: Holds,
    /// What an installation promises here; none for a known limit.
    promised: Option<Holds>,
    /// What was seen.
    says: String,
    /// What to do, where it is worse than it could be.
    fix: Option<String>,
}

/// How well the gate holds in a context, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Holds {
    /// It could not be entered here.
    NotEntered,
    /// A tool's name leads past the gate.
    Bypassed,
    /// It holds as long as whoever starts this has the shims on PATH already.
    Advisory,
    /// It holds from an environment that has nothing of ours.
    Enforced,
}

/// One thing that the gate stands on.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    says: String,
    fix: Option<String>,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Warning,
    Failed,
}

impl Context {
    /// As promised, or not to be had.
    fn is_kept(&self) -> bool {
        self.holds == Holds::NotEntered || self.promised.is_none_or(|promised| self.holds >= promised)
    }
}

/// Looks, prints, and says by its code whether all is well.
pub(crate) fn doctor(arguments: &Arguments) -> Result<ExitCode, Error> {
    let installed = Installed::find(&arguments.place)?;
    let session = inside::a_session();
    // Before an installation nothing is promised, and nothing can be bypassed.
    let promised = session || installed.manifest.is_some();
    let contexts = if promised { context::all(&installed, session) } else { Vec::new() };
    let checks = checks::all(&installed, session);
    let limits_count = arguments.strict;
    let kept = |context: &Context| context.is_kept() && !(limits_count && context.holds == Holds::Bypassed);
    let ok = contexts.iter().all(kept) && checks.iter().all(|check| check.state != State::Failed);
    let report = Report { v: 1, ok, seen_from: if session { "session" } else { "installed" }, contexts, checks };
    if arguments.json {
        output::json(&report)?;
    } else {
        page::print(&report)?;
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}
