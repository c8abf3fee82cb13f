//! A project's own `.tollgate.toml`, and rules that hold at some times only.

use std::time::{SystemTime, UNIX_EPOCH};

use e2e::Sandbox;

use crate::{LIMIT, builder, under};

fn rule(tool: &str, said: &str) -> String {
    format!("[[rule]]\nname = \"p\"\ntools = \"{tool}\"\n{said}\n")
}

/// Runs the script in a folder whose project says this; `below` is a folder in it.
fn in_project(sandbox: &Sandbox, project: &str, script: &str) -> e2e::Ran {
    let script = format!("mkdir -p below; cat > .tollgate.toml <<'END'\n{project}END\n{script}");
    sandbox.gated(e2e::Script::new(&script).limit(LIMIT))
}

#[test]
fn a_projects_file_tightens_from_its_folder_downward() {
    let sandbox = builder().start();
    let script = "probe exit 3; echo $?; cd below; probe exit 3; echo $?; cd /; probe exit 3; echo $?";
    let ran = in_project(&sandbox, &rule("probe", "verdict = \"deny\"\nreason = \"not here\""), script);
    assert_eq!(ran.stdout_text(), "126\n126\n3\n", "{ran:?}");
    let said = ran.stderr_text();
    assert!(said.contains("/work/.tollgate.toml:1)") && said.contains("  reason: not here\n"), "{said}");
    assert_eq!(sandbox.audit_of("refused")[0]["rule"], "p");
}

#[test]
fn a_projects_deny_is_told_where_nothing_else_speaks() {
    let sandbox = builder().wrap("git").start();
    let deny = rule("git", "verdict = \"deny\"\nreason = \"frozen till Monday\"");
    let ran = in_project(&sandbox, &deny, "git status");
    let said = ran.stderr_text();
    assert!(said.contains("/work/.tollgate.toml:1)") && said.contains("  reason: frozen till Monday\n"), "{said}");
    assert!(said.contains("\"reason\":\"rule\""), "{said}");
}

#[test]
fn a_projects_file_allows_nothing() {
    let sandbox = builder().settings("[approvals]\nwait_s = 1\n").start();
    let allow = "verdict = \"allow\"\ntier = [\"0..4\", \"unknown\"]";
    let ran = in_project(&sandbox, &rule("*", allow), "never exit 3; echo $?; ask exit 3; echo $?");
    assert_eq!(ran.stdout_text(), "126\n75\n", "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn a_projects_file_is_checked_as_one() {
    let sandbox = builder().without_daemon();
    let check = |text: &str| {
        std::fs::write(sandbox.path("home/.tollgate.toml"), text).unwrap();
        let mut check = sandbox.tollgate(&["policy", "check"]);
        check.arg(sandbox.path("home/.tollgate.toml"));
        sandbox.run_command(check, LIMIT)
    };
    let ran = check("[agents.x]\nclearance = 1\n");
    assert_ne!(ran.code(), Some(0), "{ran:?}");
    assert!(ran.stderr_text().contains("a project does not say who agents are"), "{ran:?}");
    let ran = check(&rule("probe", "verdict = \"allow\""));
    assert!(ran.stderr_text().contains("a project can only tighten, so its `allow` says nothing"), "{ran:?}");
    assert!(ran.stdout_text().starts_with("good: 1 rule in "), "{ran:?}");
}

#[test]
fn a_projects_file_that_says_more_than_it_may_denies_everything() {
    let sandbox = builder().start();
    for project in [
        "nonsense\n",
        "mode = \"observe\"\n",
        "[persons]\nat_terminal = \"passes\"\n",
        "[tools.probe]\nbin = \"/bin/true\"\n",
        "[tools.probe]\ndefault_action = \"allow\"\n",
        &rule("probe", "correct = { add = \"--force\" }"),
    ] {
        let ran = in_project(&sandbox, project, "probe exit 3");
        assert_eq!(ran.code(), Some(126), "{project}: {ran:?}");
        assert!(ran.stderr_text().contains("the project's policy cannot be used"), "{project}: {ran:?}");
    }
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn a_projects_file_that_is_no_file_denies() {
    let sandbox = builder().start();
    let ran = sandbox.gated("mkfifo .tollgate.toml; probe exit 3");
    assert_eq!(ran.code(), Some(126), "{ran:?}");
}

/// A day of the week, so many days from now, in UTC.
fn day(ahead: u64) -> &'static str {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400 + ahead;
    // The first of January 1970 was a Thursday.
    ["thu", "fri", "sat", "sun", "mon", "tue", "wed"][usize::try_from(days % 7).unwrap()]
}

#[test]
fn a_rule_holds_on_its_days_alone() {
    let allowed = |time: &str| {
        let rule = rule("probe", &format!("verdict = \"allow\"\ntier = \"unknown\"\ntime = \"{time} utc\""));
        under(&rule).start().gated("probe exit 3").code()
    };
    assert_eq!(allowed(&format!("{},{}", day(0), day(1))), Some(3));
    assert_eq!(allowed(&format!("{},{}", day(3), day(4))), Some(126));
}
