//! What the daemon makes of its files at the start.

use std::time::Duration;

use e2e::{Ran, Sandbox};

use crate::builder;

fn starting(sandbox: &Sandbox) -> Ran {
    sandbox.run_command(sandbox.daemon_command(), Duration::from_secs(10))
}

#[test]
fn a_policy_with_an_error_is_refused_with_its_place() {
    let text = "version = 1\n\n[[rule]]\nname = \"x\"\nvedict = \"allow\"\n";
    let sandbox = Sandbox::builder(e2e::programs!()).policy("10-tests.toml", text).without_daemon();
    let ran = starting(&sandbox);
    assert_eq!(ran.code(), Some(1));
    assert_eq!(
        sandbox.evened(&ran.stderr_text()),
        "tollgated: the policy has errors:
SANDBOX/root/config/policy.d/10-tests.toml:5:1: a rule has no key `vedict`; did you mean `verdict`?\n"
    );
}

#[test]
fn every_problem_of_a_policy_is_told() {
    let sandbox = Sandbox::builder(e2e::programs!())
        .policy("10-tests.toml", "[[rule]\n")
        .policy("20-tests.toml", "[[rule]]\nname = \"y\"\nverdict = \"perhaps\"\n")
        .without_daemon();
    let ran = starting(&sandbox);
    assert_eq!(ran.code(), Some(1));
    assert_eq!(
        sandbox.evened(&ran.stderr_text()),
        "tollgated: the policy has errors:
SANDBOX/root/config/policy.d/10-tests.toml:1:8: this is not TOML: unclosed array table, expected `]`; correct the line
SANDBOX/root/config/policy.d/20-tests.toml:3:11: there is no verdict `perhaps`; use one of `allow`, `escalate` and `deny`\n"
    );
}

#[test]
fn settings_with_an_error_are_refused_with_their_place() {
    let sandbox = builder().settings("[approvals]\nwait = 3\n").without_daemon();
    let ran = starting(&sandbox);
    assert_eq!(ran.code(), Some(1));
    assert!(ran.stderr_text().contains("/tollgate.toml:2: unknown field `wait`"), "{ran:?}");
}

#[test]
fn a_second_daemon_leaves_the_first_alone() {
    let sandbox = builder().start();
    let ran = starting(&sandbox);
    assert_eq!(ran.code(), Some(1));
    assert_eq!(sandbox.evened(&ran.stderr_text()), "tollgated: another daemon runs on `SANDBOX/root/state/lock`\n");
    assert_eq!(sandbox.gated("probe exit 7").code(), Some(7));
}

#[test]
fn a_folder_that_others_may_enter_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = builder().without_daemon();
    std::fs::create_dir(sandbox.path("root/state")).unwrap();
    std::fs::set_permissions(sandbox.path("root/state"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let ran = starting(&sandbox);
    assert_eq!(ran.code(), Some(1));
    assert!(ran.stderr_text().contains("must belong to uid"), "{ran:?}");
}

#[test]
fn a_log_that_a_link_puts_where_others_may_write_is_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mut sandbox = builder().without_daemon();
    let (log, elsewhere) = (sandbox.path("root/state/audit"), sandbox.path("elsewhere"));
    let mode = |mode| std::fs::set_permissions(&elsewhere, PermissionsExt::from_mode(mode)).unwrap();
    for folder in [log.parent().unwrap(), &elsewhere] {
        std::fs::create_dir(folder).unwrap();
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    }
    symlink(&elsewhere, &log).unwrap();
    mode(0o777);
    let ran = starting(&sandbox);
    assert_eq!(ran.code(), Some(1), "{ran:?}");
    assert!(sandbox.evened(&ran.stderr_text()).contains("SANDBOX/root/state/audit"), "{ran:?}");
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0, "nothing is written there");
    mode(0o700);
    sandbox.start_daemon();
    assert_eq!(sandbox.gated("probe exit 7").code(), Some(7));
    sandbox.await_records("outcome", 1);
}

#[test]
fn a_daemon_that_was_told_to_leaves_when_it_has_no_work() {
    let sandbox = builder().without_daemon();
    let mut command = sandbox.daemon_command();
    command.args(["--leave-after", "1"]);
    let ran = sandbox.run_command(command, Duration::from_secs(15));
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let stopped = &sandbox.audit_of("stopped")[0];
    assert_eq!(stopped["message"], "by idleness");
}
