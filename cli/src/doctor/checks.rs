//! What the gate stands on: programs, shims, folders, daemon, policy, audit, disk,
//! clock.
//!
//! Not here: whether a command meets the gate; contexts are entered for that.

mod daemon;
mod machine;

use tollgate_installer::manifest::Standing;
use tollgate_installer::{Plan, Tool};

use super::{Check, State};
use crate::installed::Installed;
use crate::programs;

/// Every check.
pub(super) fn all(installed: &Installed, session: bool) -> Vec<Check> {
    let mut checks = vec![programs_are_there(), installation(installed, session)];
    checks.extend(daemon::all(installed));
    checks.extend(machine::all(installed));
    checks
}

pub(super) fn ok(name: &'static str, says: impl Into<String>) -> Check {
    Check { name, state: State::Ok, says: says.into(), fix: None }
}

pub(super) fn warning(name: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Check {
    Check { name, state: State::Warning, says: says.into(), fix: Some(fix.into()) }
}

pub(super) fn failed(name: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Check {
    Check { name, state: State::Failed, says: says.into(), fix: Some(fix.into()) }
}

fn programs_are_there() -> Check {
    let name = "programs";
    match programs::daemon().and_then(|daemon| programs::shim().map(|_| daemon)) {
        Err(error) => failed(name, error.sentence(), "install the package again"),
        Ok(daemon) if !daemon.with_file_name("tollgate-supervisor").is_file() => {
            failed(name, "`tollgate-supervisor` is missing", "install the package again")
        }
        Ok(daemon) => match versions(&daemon) {
            Ok(()) => ok(name, concat!("all of version ", env!("CARGO_PKG_VERSION"))),
            Err(says) => failed(name, says, "install the package again, whole"),
        },
    }
}

/// The daemon's program beside this one is of the same version.
fn versions(daemon: &std::path::Path) -> Result<(), String> {
    let mut asked = std::process::Command::new(daemon);
    asked.arg("--version");
    let (said, _) = super::enter::hear(asked).map_err(|cause| format!("`{}`: {cause}", daemon.display()))?;
    let version = said.trim().rsplit(' ').next().unwrap_or_default();
    if version == env!("CARGO_PKG_VERSION") {
        return Ok(());
    }
    let version = tollgate_policies::show::text(version.as_bytes(), 40);
    Err(format!("`tollgate` is of version {}, `tollgated` of `{version}`", env!("CARGO_PKG_VERSION")))
}

/// Everything that was made is as it was made: the plan of another installation is empty.
fn installation(installed: &Installed, session: bool) -> Check {
    let name = "installation";
    let Some(manifest) = &installed.manifest else {
        let says = "nothing is installed";
        return if session { ok(name, says) } else { failed(name, says, "`tollgate install`") };
    };
    if manifest.standing == Standing::Begun {
        return failed(name, "it was broken off", "`tollgate install` again, or `tollgate uninstall`");
    }
    match drift(installed) {
        Err(error) => failed(name, error.sentence(), "`tollgate install` again"),
        Ok(plan) => match (plan.steps(), plan.notes()) {
            ([], []) => ok(name, format!("{} tools are wrapped", manifest.tools.len())),
            ([], [note, ..]) => warning(name, note.to_string(), "change it back, or leave it so"),
            ([step, ..], _) => failed(name, format!("it has drifted: would {step}"), "`tollgate install` again"),
        },
    }
}

fn drift(installed: &Installed) -> Result<Plan, crate::error::Error> {
    let tools = installed.tools().iter().map(|name| Tool::new(name.as_ref())).collect::<Result<Vec<_>, _>>()?;
    Ok(Plan::install(&installed.manifest_file(), &installed.wanted(&tools, None)?)?)
}
