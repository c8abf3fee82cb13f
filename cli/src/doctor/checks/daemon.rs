//! The daemon: does it answer, is it the installed one, does it keep its record
//! and its policy.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tollgate_admin::{Ask, Reply, Status};
use tollgate_audit::{Timestamp, read, verify};
use tollgate_facts::policy_files;
use tollgate_policies::policy::Policy;

use super::{failed, ok, warning};
use crate::doctor::Check;
use crate::door::Door;
use crate::error::Error;
use crate::installed::Installed;
use crate::{programs, service};

/// Seconds that a record may be ahead of this clock.
const AHEAD_S: i64 = 60;
/// How many of the newest records are looked at for that.
const LOOKED_AT: usize = 1000;
/// Bytes of audit up to which all of it is verified.
const VERIFIED: u64 = 256 << 20;

/// What is asked of a daemon, and what is read without one.
pub(super) fn all(installed: &Installed) -> Vec<Check> {
    let mut checks = Vec::new();
    match status(installed) {
        Ok(status) => {
            checks.push(daemon(&status));
            checks.extend(status.audit_problem.iter().map(|problem| {
                failed(
                    "record",
                    format!("it cannot be written: {problem}"),
                    "make room, then `tollgate service restart`",
                )
            }));
            checks.extend(
                status.policy_problem.iter().map(|problem| {
                    failed("policy in force", format!("the files have errors: {problem}"), "correct them")
                }),
            );
            checks.extend(status.policy_pending.iter().map(|_| {
                warning("policy in force", "a changed policy waits for a person", "`tollgate policy accept`")
            }));
        }
        Err(error) => checks.push(failed("daemon", error.sentence(), "`tollgate service start`")),
    }
    checks.extend(
        service::check_settings(installed).err().map(|error| failed("settings", error.sentence(), "correct them")),
    );
    checks.push(policy(&installed.places.policies()));
    checks.push(audit(&installed.places.audit()));
    checks.extend(clock(&installed.places.audit()));
    checks
}

fn status(installed: &Installed) -> Result<Status, Error> {
    match Door::ask(&installed.places.admin(), &Ask::Status {})?.granted()? {
        Reply::Status(status) => Ok(*status),
        _ => Err(Error::Reply),
    }
}

fn daemon(status: &Status) -> Check {
    let name = "daemon";
    let again = "`tollgate service restart`: commands that run go on";
    if status.version != env!("CARGO_PKG_VERSION") {
        let says = format!("version {} runs, {} is installed", status.version, env!("CARGO_PKG_VERSION"));
        return failed(name, says, again);
    }
    let place = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let runs = place(Path::new(&format!("/proc/{}/exe", status.pid)));
    let installed = programs::daemon().ok().and_then(|program| place(&program));
    match (runs, installed) {
        (Some(runs), Some(installed)) if runs != installed => {
            warning(name, format!("process {} is not the program that is installed", status.pid), again)
        }
        _ => ok(name, format!("version {} answers, process {}", status.version, status.pid)),
    }
}

fn policy(folder: &Path) -> Check {
    let name = "policy";
    let sources = match policy_files::load(folder) {
        Ok(sources) => sources,
        Err(error) => return failed(name, error.to_string(), "make it readable for you, and writable for nobody else"),
    };
    if sources.is_empty() {
        return warning(name, "there is none, so the profile `careful` holds", "`tollgate install` writes a start");
    }
    match Policy::parse(&sources) {
        Ok(policy) => ok(name, format!("{} rules in {} files", policy.rules(), sources.len())),
        Err(problems) => failed(name, problems.to_string(), "correct the lines"),
    }
}

fn audit(folder: &Path) -> Check {
    let name = "audit";
    let segments = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes: u64 = segments.filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum();
    if bytes == 0 {
        return ok(name, "nothing is recorded yet");
    }
    if bytes > VERIFIED {
        return warning(name, "it is long, and was not verified here", "`tollgate audit verify` now and then");
    }
    match verify(folder, |_| {}) {
        Ok(report) => ok(name, format!("{} records, the chain is whole", report.records)),
        Err(error) => failed(name, error.to_string(), "`tollgate audit verify` says where; keep a copy of all of it"),
    }
}

/// A clock that went back makes times in the record, and bounds, meaningless.
fn clock(folder: &Path) -> Option<Check> {
    let name = "clock";
    // The very newest are of this doctor's own probes.
    let newest = read::tail(folder, LOOKED_AT).ok()?.into_iter().map(|record| record.timestamp).max()?;
    let ahead = newest.as_second().saturating_sub(Timestamp::now().as_second());
    Some(if ahead > AHEAD_S {
        failed(name, format!("a record is {ahead} s ahead of it"), "set the clock")
    } else {
        ok(name, "it is not behind the record")
    })
}
