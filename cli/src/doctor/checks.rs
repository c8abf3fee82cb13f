//! What the gate stands on: programs, shims, folders, daemon, policy, audit, disk,
//! clock.
//!
//! Not here: whether a command meets the gate; contexts are entered for that.

mod daemon;
mod machine;
mod versions;

use tollgate_installer::manifest::Standing;
use tollgate_installer::{Plan, Tool};

use super::{Check, State};
use crate::installed::Installed;

/// Every check.
pub(super) fn all(installed: &Installed, session: bool) -> Vec<Check> {
    let mut checks = vec![versions::programs(), installation(installed, session)];
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
