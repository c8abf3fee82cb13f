//! `tollgate install` and `tollgate uninstall`: the gate for good, in one home.
//!
//! Not here: what an installation consists of, and how it is made
//! (`tollgate-installer`).

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;
use clap_complete::ArgValueCandidates;
use serde::Serialize;
use tollgate_installer::home::STARTER;
use tollgate_installer::{Plan, Step, Thing, Tool, Wanted};

use crate::complete::candidates;
use crate::error::Error;
use crate::installed::{Installed, Place};
use crate::{inside, output, service, tools};

#[derive(Debug, Args)]
pub(crate) struct Install {
    /// The tools to wrap; by default those that are wrapped already, or, at first,
    /// those for infrastructure that are on PATH. `+NAME` adds to them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', add = ArgValueCandidates::new(candidates::tools))]
    tools: Vec<OsString>,
    /// The policy to start with: careful, read-only, ...
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(candidates::profiles))]
    profile: Option<String>,
    #[command(flatten)]
    trial: Trial,
    /// Leave the daemon as it is
    #[arg(long)]
    no_start: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    place: Place,
}

/// Plans, shows, does.
pub(crate) fn install(arguments: &Install) -> Result<ExitCode, Error> {
    outside("install")?;
    let installed = Installed::find(&arguments.place)?;
    let tools = wanted_tools(&installed, &arguments.tools)?;
    let wanted = installed.wanted(&tools, arguments.profile.as_deref())?;
    let plan = Plan::install(&installed.manifest_file(), &wanted)?;
    let policy = policy(&installed, &wanted, &plan, arguments.profile.as_deref());
    carry_out(&plan, arguments.trial.doing(), "installed already: nothing to do")?;
    if arguments.trial.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.no_start {
        service::start_after_install(&installed)?;
    }
    if !plan.is_done() {
        output::line(format_args!("installed, with {}; {policy}", list(&wanted.tools)))?;
        output::line("next: open a new shell, then `tollgate doctor`")?;
    }
    offer(&tools)?;
    Ok(ExitCode::SUCCESS)
}

/// Which policy holds afterwards: a person's own is never replaced.
fn policy(installed: &Installed, wanted: &Wanted, plan: &Plan, named: Option<&str>) -> String {
    let starter = installed.places.policies().join(STARTER);
    let is_starter = |thing: &&Thing| thing.at() == starter;
    let holds = match wanted.things.iter().find(is_starter) {
        Some(Thing::File { bytes, .. }) => std::fs::read(&starter).is_ok_and(|found| found == *bytes),
        _ => false,
    };
    if holds || plan.steps().iter().any(|step| matches!(step, Step::Write { at, .. } if *at == starter)) {
        return format!("the policy is `{}`", wanted.profile);
    }
    let kept = format!("your policy in `{}` is kept", installed.places.policies().display());
    if let Some(named) = named {
        output::say(format_args!(
            "note: {kept}, and `--profile {named}` not used: `tollgate policy show {named}` prints it"
        ));
    }
    kept
}

/// Removes what was installed, and nothing else.
pub(crate) fn uninstall(arguments: &Uninstall) -> Result<ExitCode, Error> {
    outside("uninstall")?;
    let installed = Installed::find(&arguments.place)?;
    let Some(plan) = Plan::uninstall(&installed.manifest_file())? else {
        match arguments.trial.doing() {
            Doing::Telling => output::json(&Told::default())?,
            Doing::Really | Doing::Showing => output::line("nothing is installed")?,
        }
        return Ok(ExitCode::SUCCESS);
    };
    if !arguments.trial.dry_run {
        service::stop_before_uninstall(&installed)?;
    }
    carry_out(&plan, arguments.trial.doing(), "nothing of it is left")?;
    if !arguments.trial.dry_run {
        let state = installed.places.state.display();
        output::line(format_args!("uninstalled; what was recorded stays in `{state}`"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How far a change of the machine goes.
#[derive(Debug, Args)]
pub(crate) struct Trial {
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print it as JSON
    #[arg(long, requires = "dry_run")]
    json: bool,
}

impl Trial {
    /// What it asks for.
    pub(crate) fn doing(&self) -> Doing {
        match (self.dry_run, self.json) {
            (false, _) => Doing::Really,
            (true, false) => Doing::Showing,
            (true, true) => Doing::Telling,
        }
    }
}

/// Whether a plan is only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It is shown and done.
    Really,
    /// It is shown.
    Showing,
    /// It is told to a program.
    Telling,
}

/// A plan, for programs.
#[derive(Debug, Serialize)]
struct Told {
    v: u32,
    /// As a person reads them, in their order.
    steps: Vec<String>,
    notes: Vec<String>,
}

impl Default for Told {
    fn default() -> Self {
        Self { v: 1, steps: Vec::new(), notes: Vec::new() }
    }
}

/// Shows the plan, and does it.
pub(crate) fn carry_out(plan: &Plan, doing: Doing, nothing: &str) -> Result<(), Error> {
    if doing == Doing::Telling {
        let steps = plan.steps().iter().map(ToString::to_string).collect();
        let notes = plan.notes().iter().map(ToString::to_string).collect();
        return output::json(&Told { steps, notes, ..Told::default() });
    }
    for note in plan.notes() {
        output::say(format_args!("note: {note}"));
    }
    if plan.steps().is_empty() {
        output::line(nothing)?;
    }
    plan.steps().iter().try_for_each(|step| output::line(format_args!("  {step}")))?;
    match doing {
        Doing::Really => Ok(plan.apply()?),
        Doing::Showing | Doing::Telling => output::line("nothing was done"),
    }
}

/// An agent must not take its own gate away; that it could in other ways is in
/// SECURITY.md.
pub(crate) fn outside(command: &'static str) -> Result<(), Error> {
    if inside::a_session() { Err(Error::NotInside(command)) } else { Ok(()) }
}

fn wanted_tools(installed: &Installed, named: &[OsString]) -> Result<Vec<Tool>, Error> {
    tools::chosen(named, || match &installed.manifest {
        Some(made) => Ok(made.tools.iter().map(|name| Tool::new(name.as_ref())).collect::<Result<_, _>>()?),
        None => tools::for_infrastructure(),
    })
}

/// Says which tools could be wrapped too.
fn offer(wrapped: &[Tool]) -> Result<(), Error> {
    let new = tools::understood_but_not(wrapped);
    if new.is_empty() {
        return Ok(());
    }
    let names = list(&new);
    output::line(format_args!("not wrapped: {names}; to add: `tollgate shims add {}`", new.join(" ")))
}

/// `a, b and c`.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => "no tools".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
