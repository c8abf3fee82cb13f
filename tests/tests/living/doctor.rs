//! `tollgate doctor`: all well where it is, and each thing that is broken found
//! and told with what mends it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use e2e::{Ran, Sandbox};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(60);

fn builder() -> e2e::Builder {
    Sandbox::builder(e2e::programs!()).probe("probe")
}

fn run(sandbox: &Sandbox, words: &[&str]) -> Ran {
    let mut command = sandbox.tollgate(words);
    command.arg("--root").arg(sandbox.path("root")).arg("--home").arg(sandbox.path("home"));
    sandbox.run_command(command, LIMIT)
}

fn install(sandbox: &Sandbox) {
    let ran = run(sandbox, &["install", "--tools", "probe", "--no-start"]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
}

/// A home with an installation and its daemon.
fn installed() -> Sandbox {
    let sandbox = builder().start();
    install(&sandbox);
    sandbox
}

fn report(sandbox: &Sandbox) -> (Option<i32>, Value) {
    let ran = run(sandbox, &["doctor", "--json"]);
    (ran.code(), ran.stdout_text().trim().parse().unwrap_or_else(|_| panic!("{ran:?}")))
}

/// One context or check of a report.
fn of<'a>(report: &'a Value, list: &str, name: &str) -> &'a Value {
    let found = report[list].as_array().unwrap().iter().find(|entry| entry["name"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {report}"))
}

#[test]
fn an_installation_that_stands_passes_and_says_what_it_cannot_close() {
    let sandbox = installed();
    let (code, report) = report(&sandbox);
    assert_eq!((code, &report["ok"]), (Some(0), &Value::Bool(true)), "{report}");
    for name in
        ["bash -lc", "sh -lc", "a terminal with bash", "an agent's shell snapshot", "a shim by its path, env -i"]
    {
        assert_eq!(of(&report, "contexts", name)["holds"], "enforced", "{report}");
    }
    for name in ["bash -c", "sh -c"] {
        assert_eq!(of(&report, "contexts", name)["holds"], "advisory", "{report}");
    }
    for name in ["cron", "env -i"] {
        let context = of(&report, "contexts", name);
        assert_eq!((&context["holds"], &context["promised"]), (&Value::from("bypassed"), &Value::Null), "{report}");
        assert!(context["fix"].is_string(), "{report}");
    }
    assert_eq!(run(&sandbox, &["doctor", "--strict"]).code(), Some(1));
}

/// What the gate always refuses is on record as any refusal is.
#[test]
fn each_probe_is_refused_by_a_rule_of_its_own_and_recorded() {
    let sandbox = installed();
    report(&sandbox);
    let refused = sandbox.audit_of("refused");
    let judged: Vec<_> = refused.iter().filter(|record| record["reason"] == "rule").collect();
    assert!(judged.len() > 5, "{}", judged.len());
    assert!(judged.iter().all(|record| record["rule"] == "doctor-probe"), "{judged:?}");
}

#[test]
fn a_name_that_leads_past_the_shims_is_found() {
    let sandbox = installed();
    let bashrc = fs::read_to_string(sandbox.path("home/.bashrc")).unwrap();
    fs::write(sandbox.path("home/.bashrc"), format!("{bashrc}alias probe=/bin/true\n")).unwrap();
    let (code, report) = report(&sandbox);
    let context = of(&report, "contexts", "a terminal with bash");
    assert_eq!((code, &context["holds"]), (Some(1), &Value::from("bypassed")), "{report}");
    assert!(context["says"].as_str().unwrap().contains("leads to `alias probe='/bin/true'`"), "{report}");
}

#[test]
fn a_file_that_lost_our_lines_is_found_and_mended() {
    let sandbox = installed();
    fs::remove_file(sandbox.path("home/.profile")).unwrap();
    let (code, found) = report(&sandbox);
    assert_eq!(code, Some(1), "{found}");
    assert_eq!(of(&found, "contexts", "sh -lc")["holds"], "bypassed", "{found}");
    assert_eq!(of(&found, "contexts", "sh -lc")["fix"], "`tollgate install` again, then open a new shell");
    let drift = of(&found, "checks", "installation");
    assert!(drift["says"].as_str().unwrap().contains("put a line at the end of"), "{found}");
    install(&sandbox);
    let (code, mended) = report(&sandbox);
    assert_eq!(code, Some(0), "{mended}");
}

#[test]
fn a_daemon_that_is_down_is_found_and_leaves_the_gate_closed() {
    let mut sandbox = installed();
    sandbox.daemon().stop();
    let (code, report) = report(&sandbox);
    assert_eq!(code, Some(1), "{report}");
    assert_eq!(of(&report, "checks", "daemon")["fix"], "`tollgate service start`", "{report}");
    assert_eq!(of(&report, "contexts", "bash -lc")["says"], "the gate is closed: everything is refused");
}

#[test]
fn what_others_may_read_a_broken_policy_and_a_broken_record_are_found() {
    let sandbox = installed();
    fs::set_permissions(sandbox.path("root/shims"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(sandbox.path("root/config/policy.d/20-mine.toml"), "[[rule]]\nname = \"x\"\nverdict = \"perhaps\"\n")
        .unwrap();
    sandbox.gated("probe exit 0");
    sandbox.await_records("outcome", 1);
    let segment = sandbox.path("root/state/audit/000000000001.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, text.replacen("\"kind\":\"intent\"", "\"kind\":\"indent\"", 1)).unwrap();
    let (code, report) = report(&sandbox);
    assert_eq!(code, Some(1), "{report}");
    for (name, says) in [
        ("folders and sockets", "shims` is open to others (mode 0755)"),
        ("policy", "20-mine.toml:3"),
        ("audit", "000000000001.jsonl"),
    ] {
        let check = of(&report, "checks", name);
        assert_eq!(check["state"], "failed", "{report}");
        assert!(check["says"].as_str().unwrap().contains(says), "{report}");
    }
}

#[test]
fn a_clock_that_went_back_is_found() {
    let sandbox = installed();
    let segment = sandbox.path("root/state/audit/000000000001.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    let line = text.lines().last().unwrap();
    let year = line.split_once("\"timestamp\":\"").unwrap().1.get(..4).unwrap();
    fs::write(&segment, text.replace(&format!("\"timestamp\":\"{year}"), "\"timestamp\":\"2999")).unwrap();
    assert_eq!(of(&report(&sandbox).1, "checks", "clock")["state"], "failed");
}

#[test]
fn inside_a_session_it_looks_from_there() {
    let sandbox = builder().tollgate_on_path().start();
    let script = "tollgate doctor --json --root \"$ROOT\"";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", script), LIMIT);
    let report: Value = ran.stdout_text().trim().parse().unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!(report["seen_from"], "session", "{report}");
    for name in ["bash -c", "sh -c", "bash -lc"] {
        assert_eq!(of(&report, "contexts", name)["holds"], "advisory", "{report}");
    }
    assert!(sandbox.audit_of("refused").iter().any(|record| record["agent"] == "claude-code"));
}

#[test]
fn nothing_installed_is_said_first() {
    let sandbox = builder().without_daemon();
    let ran = run(&sandbox, &["doctor"]);
    assert_eq!(ran.code(), Some(1));
    assert!(!ran.stdout_text().contains("BYPASSED"), "nothing was promised: {ran:?}");
    assert!(
        ran.stdout_text()
            .contains("FAILED       installation: nothing is installed\n             -> `tollgate install`\n"),
        "{ran:?}"
    );
}

/// As an upgrade that was broken off leaves them.
#[test]
fn programs_of_several_versions_and_a_daemon_from_elsewhere_are_found() {
    let sandbox = installed();
    let folder = sandbox.path("mixed");
    fs::create_dir(&folder).unwrap();
    for name in ["tollgate", "tollgated", "tollgate-shim", "tollgate-supervisor"] {
        let bytes = fs::read(e2e::programs!().path(name)).unwrap();
        let mixed = if name.contains('-') { with_another_version(bytes, name) } else { bytes };
        fs::write(folder.join(name), mixed).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = sandbox.command(folder.join("tollgate"));
    command.args(["doctor", "--json", "--root"]).arg(sandbox.path("root")).arg("--home").arg(sandbox.path("home"));
    let report: Value = sandbox.run_command(command, LIMIT).stdout_text().trim().parse().unwrap();
    let programs = of(&report, "checks", "programs");
    assert_eq!(programs["state"], "failed", "{report}");
    let says = programs["says"].as_str().unwrap();
    assert!(says.ends_with("`tollgate-shim` of `9.9.9`, `tollgate-supervisor` of `9.9.9`"), "{says}");
    let daemon = of(&report, "checks", "daemon");
    assert!(daemon["says"].as_str().unwrap().contains("is not the program that is installed"), "{report}");
}

fn with_another_version(mut bytes: Vec<u8>, name: &str) -> Vec<u8> {
    let mark = format!("{name} {}", env!("CARGO_PKG_VERSION"));
    let at = bytes.windows(mark.len()).position(|window| window == mark.as_bytes()).unwrap();
    let other = format!("{name} 9.9.9");
    assert_eq!(other.len(), mark.len());
    bytes[at..at + mark.len()].copy_from_slice(other.as_bytes());
    bytes
}
