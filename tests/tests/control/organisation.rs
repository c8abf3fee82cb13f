//! The organisation's policies, `/etc/tollgate/policy.d`: for every user of the machine, and
//! no user's files undo them.
//!
//! The daemon gets an `/etc` of its own: the machine's, with that folder in it.

use std::process::Command;

use crate::builder;

const DENY: &str = "[[rule]]\nname = \"frozen\"\ntools = \"probe\"\nargv = \"probe exit 4\"\nverdict = \"deny\"\nreason = \"the organisation says no\"\n";
const ALLOW: &str =
    "[[rule]]\nname = \"mine\"\ntools = \"probe\"\nverdict = \"allow\"\ntier = [\"0..4\", \"unknown\"]\n";

/// `tollgated` in a mount namespace of its own, the lower layer laid over `/etc`.
fn in_its_own_etc(daemon: &Command, lower: &std::path::Path) -> Command {
    let mut command = Command::new("unshare");
    let script = "mount -t overlay overlay -o \"lowerdir=$1:/etc\" /etc && shift && exec \"$@\"";
    command.args(["-m", "sh", "-c", script, "sh"]).arg(lower).arg(daemon.get_program()).args(daemon.get_args());
    command.env_clear().envs(daemon.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[test]
fn an_organisations_deny_holds_whatever_the_user_allows() {
    if !Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success()) {
        return e2e::say("skipped: this process may not have an `/etc` of its own\n");
    }
    let mut sandbox = builder().policy("20-mine.toml", ALLOW).without_daemon();
    let lower = sandbox.path("lower");
    std::fs::create_dir_all(lower.join("tollgate/policy.d")).unwrap();
    std::fs::write(lower.join("tollgate/policy.d/10-all.toml"), DENY).unwrap();
    let command = in_its_own_etc(&sandbox.daemon_command(), &lower);
    sandbox.start_daemon_as(command);
    let ran = sandbox.gated("probe exit 3; echo $?; probe exit 4; echo $?");
    assert_eq!(ran.stdout_text(), "3\n126\n", "{ran:?}");
    let said = ran.stderr_text();
    assert!(
        said.contains("the organisation says no") && said.contains("/etc/tollgate/policy.d/10-all.toml:1"),
        "{said}"
    );
    let refused = sandbox.audit_of("refused");
    assert_eq!((refused.len(), &refused[0]["rule"]), (1, &"frozen".into()));
}
