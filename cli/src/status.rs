//! `tollgate status`: how the daemon does.
//!
//! Not here: whether the machine is set up well; that is another question.

use std::process::ExitCode;

use tollgate_admin::{Ask, Reply, Status};

use crate::arguments;
use crate::door::Door;
use crate::error::Error;
use crate::{output, places};

/// Asks and prints.
pub(crate) fn status(arguments: &arguments::Ask) -> Result<ExitCode, Error> {
    let places = places::of(arguments.root.root.as_deref())?;
    let Reply::Status(status) = Door::ask(&places.admin(), &Ask::Status {})?.granted()? else {
        return Err(Error::Reply);
    };
    if arguments.json {
        output::json(&status)?;
    } else {
        output::line(text(&status))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(status: &Status) -> String {
    let mut lines = vec![
        format!("tollgated {}, process {}, up {}", status.version, status.pid, duration(status.up_s)),
        format!("policy     {} ({} rules)", status.policy.join(", "), status.rules),
        format!("           {}", status.policy_hash),
        format!(
            "now        {} sessions, {} running, {} questions open",
            status.sessions, status.runs, status.questions
        ),
        format!("audit      {} ({} records since the start{})", status.audit, status.records, signed(status)),
    ];
    if let Some(pending) = &status.policy_pending {
        lines.insert(3, format!("pending    {} ({} rules)", pending.files.join(", "), pending.rules));
        lines.insert(4, format!("           {}", pending.hash));
        lines.insert(
            5,
            "           what is stricter in it holds; `tollgate policy accept` lets the rest hold".to_owned(),
        );
    }
    if status.observes {
        lines.push("OBSERVES   the policy is only tried out: everything runs, and its word is recorded".to_owned());
    }
    lines.extend(status.policy_problem.iter().map(|problem| format!("PROBLEM    {problem}")));
    if status.audit_lost > 0 {
        let lost = status.audit_lost;
        lines.push(format!("PROBLEM    the audit: {lost} records could not be written since the start"));
    }
    lines.extend(status.audit_problem.iter().map(|problem| format!("PROBLEM    the audit: {problem}")));
    lines.join("\n")
}

/// How far checkpoints have come.
fn signed(status: &Status) -> String {
    status.audit_signed.map(|size| format!("; signed up to {size}")).unwrap_or_default()
}

/// `2d 3h`, `3h 5m`, `5m 7s`, `7s`.
pub(crate) fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_admin::PolicySummary;

    #[test]
    fn a_status_says_what_a_person_asks_first() {
        let status = Status {
            observes: false,
            version: "0.1.0".into(),
            pid: 7,
            up_s: 11_107,
            policy: vec!["~/.config/tollgate/policy.d/10-infra.toml".into()],
            policy_hash: "sha256:ab".into(),
            rules: 12,
            policy_pending: Some(PolicySummary { hash: "sha256:cd".into(), files: vec!["a".into()], rules: 13 }),
            policy_problem: Some("the policy has errors, the last good one holds:\na:1:1: bad".into()),
            sessions: 1,
            runs: 2,
            questions: 3,
            audit: "/s/audit".into(),
            records: 40,
            syncs: 38,
            supervisors: 24,
            audit_problem: Some("no space left on device".into()),
            audit_lost: 2,
            audit_signed: Some(38),
        };
        let expected = "tollgated 0.1.0, process 7, up 3h 5m
policy     ~/.config/tollgate/policy.d/10-infra.toml (12 rules)
           sha256:ab
pending    a (13 rules)
           sha256:cd
           what is stricter in it holds; `tollgate policy accept` lets the rest hold
now        1 sessions, 2 running, 3 questions open
audit      /s/audit (40 records since the start; signed up to 38)
PROBLEM    the policy has errors, the last good one holds:
a:1:1: bad
PROBLEM    the audit: 2 records could not be written since the start
PROBLEM    the audit: no space left on device";
        assert_eq!(text(&status), expected);
    }

    #[test]
    fn a_duration_has_two_units() {
        assert_eq!([7, 67, 3600, 90_000].map(duration), ["7s", "1m 7s", "1h 0m", "1d 1h"]);
    }
}
