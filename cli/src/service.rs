//! `tollgate service`: the user's daemon, started and stopped by systemd where
//! that runs the machine, else directly.
//!
//! Not here: the daemon that `tollgate run` starts where none answers.

mod direct;
mod systemd;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;
use tollgate_installer::Service;

use crate::error::Error;
use crate::install::outside;
use crate::installed::{Installed, Place};
use crate::output;
pub(crate) use direct::check_settings;

/// What `service status` ends with where no daemon runs (LSB's code for it).
const NOT_RUNNING: u8 = 3;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the daemon, unless it runs
    Start(Place),
    /// Stop it: commands that run go on, new ones are refused
    Stop(Place),
    /// Start it anew, after an upgrade for one: commands that run go on
    Restart(Place),
    /// Say whether it runs, and how it was started
    Status(Look),
    /// Show what it said
    Logs(Logs),
}

#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Stay, and show what comes
    #[arg(long, short)]
    follow: bool,
    /// How many lines to begin with
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 100)]
    lines: u32,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct Look {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// What `service status` prints for programs.
#[derive(Debug, Serialize)]
struct Kept {
    v: u32,
    running: bool,
    version: Option<String>,
    pid: Option<u32>,
    /// Whether systemd keeps it.
    systemd: bool,
}

/// Does what it says.
pub(crate) fn service(command: &Command) -> Result<ExitCode, Error> {
    match command {
        Command::Start(place) => {
            outside("service start")?;
            start(&Installed::find(place)?)?;
        }
        Command::Stop(place) => {
            outside("service stop")?;
            stop(&Installed::find(place)?)?;
        }
        Command::Restart(place) => {
            outside("service restart")?;
            restart(&Installed::find(place)?)?;
        }
        Command::Status(look) => return status(&Installed::find(&look.place)?, look),
        Command::Logs(logs) => show(logs)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// After an installation the gate is open.
pub(crate) fn start_after_install(installed: &Installed) -> Result<(), Error> {
    if is_managed(installed) {
        systemd::reload()?;
    } else if direct::running(installed)?.is_some() {
        return Ok(());
    }
    start(installed)
}

/// Before a removal it is closed; a daemon that cannot be stopped is no reason to
/// leave the shims in place.
pub(crate) fn stop_before_uninstall(installed: &Installed) -> Result<(), Error> {
    match stop(installed) {
        Err(error @ Error::Service { .. }) => {
            output::say(error.sentence());
            Ok(())
        }
        other => other,
    }
}

fn start(installed: &Installed) -> Result<(), Error> {
    if is_managed(installed) {
        return systemd::run(&["start", "tollgated.socket", "tollgated.service"]);
    }
    if let Some(running) = direct::running(installed)? {
        return output::line(format_args!("the daemon runs already (process {})", running.pid));
    }
    direct::start(installed)?;
    output::line("the daemon is started")
}

fn stop(installed: &Installed) -> Result<(), Error> {
    if is_managed(installed) {
        systemd::run(&["stop", "tollgated.socket", "tollgated.service"])?;
    }
    // One that `tollgate run` started, or that no manager knows any more.
    match direct::running(installed)? {
        Some(running) => {
            direct::stop(&running, installed)?;
            output::line("the daemon is stopped")
        }
        None => output::line("no daemon runs"),
    }
}

/// The one that runs is ended only where another could start.
fn restart(installed: &Installed) -> Result<(), Error> {
    check_settings(installed)?;
    if is_managed(installed) {
        systemd::reload()?;
        return systemd::run(&["restart", "tollgated.service"]);
    }
    if let Some(running) = direct::running(installed)? {
        direct::stop(&running, installed)?;
    }
    direct::start(installed)?;
    output::line("the daemon is started anew")
}

fn status(installed: &Installed, look: &Look) -> Result<ExitCode, Error> {
    let systemd = is_managed(installed);
    let by = if systemd { "systemd" } else { "no service manager" };
    let running = direct::running(installed)?;
    if look.json {
        let (version, pid) =
            (running.as_ref().map(|daemon| daemon.version.clone()), running.as_ref().map(|daemon| daemon.pid));
        output::json(&Kept { v: 1, running: running.is_some(), version, pid, systemd })?;
        return Ok(if running.is_some() { ExitCode::SUCCESS } else { ExitCode::from(NOT_RUNNING) });
    }
    match running {
        Some(running) => {
            output::line(format_args!(
                "running: tollgated {}, process {}, kept by {by}",
                running.version, running.pid
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        None => {
            output::line(format_args!("not running, kept by {by}: `tollgate service start`"))?;
            Ok(ExitCode::from(NOT_RUNNING))
        }
    }
}

fn show(logs: &Logs) -> Result<(), Error> {
    let installed = Installed::find(&logs.place)?;
    if is_managed(&installed) { systemd::logs(logs.lines, logs.follow) } else { direct::logs(&installed, logs) }
}

/// Whether systemd's manager for the user has our units and can be asked.
pub(crate) fn is_managed(installed: &Installed) -> bool {
    installed.service() == Service::Systemd && systemd::answers() && systemd::has_units(installed)
}
