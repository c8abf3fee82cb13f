//! `tollgate install` and `uninstall` in a scratch home, also killed in the middle.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use e2e::{Ran, Sandbox};

const LIMIT: Duration = Duration::from_secs(60);
const BASHRC: &str = "# mine\nalias l=ls\n";

/// A home with a person's own files, and no installation yet.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::builder(e2e::programs!()).probe("probe").probe("other").without_daemon();
    fs::write(sandbox.path("home/.bashrc"), BASHRC).unwrap();
    fs::write(sandbox.path("home/.profile"), "umask 077").unwrap();
    sandbox
}

fn command(sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = sandbox.tollgate(words);
    command.arg("--root").arg(sandbox.path("root")).arg("--home").arg(sandbox.path("home"));
    command
}

fn run(sandbox: &Sandbox, words: &[&str]) -> Ran {
    sandbox.run_command(command(sandbox, words), LIMIT)
}

const INSTALL: [&str; 4] = ["install", "--tools", "probe", "--no-start"];

/// Files, links and folders under root and home; not the folders that a person
/// would have anyway, and not what the daemon keeps.
fn everything(sandbox: &Sandbox) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![sandbox.path("root"), sandbox.path("home")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path == sandbox.path("root/state") {
                continue;
            }
            let kind = fs::symlink_metadata(&path).unwrap();
            if kind.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path.clone(), what(&path, &kind));
        }
    }
    found
}

fn what(path: &Path, kind: &fs::Metadata) -> String {
    if kind.is_symlink() {
        format!("-> {}", fs::read_link(path).unwrap().display())
    } else if kind.is_dir() {
        "folder".to_owned()
    } else {
        String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
    }
}

#[test]
fn a_dry_run_shows_the_plan_and_does_nothing() {
    let sandbox = sandbox();
    let before = everything(&sandbox);
    let ran = run(&sandbox, &["install", "--tools", "probe", "--dry-run"]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let said = sandbox.evened(&ran.stdout_text());
    assert!(said.contains("  link `SANDBOX/root/shims/probe` to "), "{said}");
    assert!(said.contains("  put a line at the end of `SANDBOX/home/.profile`\n"), "{said}");
    assert!(said.ends_with("nothing was done\n"), "{said}");
    assert_eq!(everything(&sandbox), before);
}

#[test]
fn installed_twice_it_says_nothing_to_do_and_uninstalled_nothing_is_left() {
    let sandbox = sandbox();
    let before = everything(&sandbox);
    let ran = run(&sandbox, &INSTALL);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let whole = everything(&sandbox);
    let again = run(&sandbox, &INSTALL);
    assert!(again.stdout_text().starts_with("installed already: nothing to do\n"), "{again:?}");
    assert_eq!(everything(&sandbox), whole);
    let ran = run(&sandbox, &["uninstall"]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert_eq!(everything(&sandbox), before);
    assert_eq!(run(&sandbox, &["uninstall"]).stdout_text(), "nothing is installed\n");
}

/// The system calls by which an installation changes the disk.
const CHANGES: &str = "mkdir,rename,renameat2,symlink,unlink,unlinkat,rmdir,write,fsync,fchmod";

/// Kills `words` when it makes its so-manieth change; says whether it came that far.
fn killed_at(sandbox: &Sandbox, change: usize, words: &[&str]) -> bool {
    let plain = command(sandbox, words);
    let mut traced = sandbox.command("strace");
    traced.args(["-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={CHANGES}"));
    traced.arg("-e").arg(format!("inject={CHANGES}:signal=KILL:when={change}"));
    traced.arg(plain.get_program()).args(plain.get_args());
    let ran = sandbox.run_command(traced, LIMIT);
    ran.code() != Some(0)
}

/// How many steps an installation had. How many there are goes by the shells of the
/// machine; each is at least one change.
fn steps(installed: &Ran) -> usize {
    installed.stdout_text().lines().filter(|line| line.starts_with("  ")).count()
}

#[test]
fn killed_at_any_change_it_can_be_removed_or_finished() {
    if e2e::require_tool("strace").is_none() {
        return;
    }
    let sandbox = sandbox();
    let before = everything(&sandbox);
    let steps = steps(&run(&sandbox, &INSTALL));
    let whole = everything(&sandbox);
    run(&sandbox, &["uninstall"]);
    let mut change = 1;
    while killed_at(&sandbox, change, &INSTALL) {
        // Every third is finished first, so that both ways out are tried everywhere.
        if change % 3 == 0 {
            assert_eq!(run(&sandbox, &INSTALL).code(), Some(0), "killed at change {change}");
            assert_eq!(everything(&sandbox), whole, "killed at change {change}");
        }
        assert_eq!(run(&sandbox, &["uninstall"]).code(), Some(0), "killed at change {change}");
        assert_eq!(everything(&sandbox), before, "killed at change {change}");
        change += 1;
    }
    assert!(steps > 8 && change > steps, "{steps} steps, and only {change} changes were seen");
}

#[test]
fn an_uninstall_killed_at_any_change_can_be_finished() {
    if e2e::require_tool("strace").is_none() {
        return;
    }
    let sandbox = sandbox();
    let before = everything(&sandbox);
    let steps = steps(&run(&sandbox, &INSTALL));
    let mut change = 1;
    while killed_at(&sandbox, change, &["uninstall"]) {
        run(&sandbox, &["uninstall"]);
        assert_eq!(everything(&sandbox), before, "killed at change {change}");
        run(&sandbox, &INSTALL);
        change += 1;
    }
    assert_eq!(everything(&sandbox), before);
    assert!(steps > 8 && change > steps, "{steps} steps, and only {change} changes were seen");
}

#[test]
fn what_a_person_changed_since_stays() {
    let sandbox = sandbox();
    run(&sandbox, &INSTALL);
    let policy = sandbox.path("root/config/policy.d/10-tests.toml");
    assert!(policy.exists() && !sandbox.path("root/config/policy.d/00-starter.toml").exists());
    let bashrc = fs::read_to_string(sandbox.path("home/.bashrc")).unwrap();
    fs::write(sandbox.path("home/.bashrc"), format!("{bashrc}# more\n")).unwrap();
    fs::write(sandbox.path("root/shell/posix.sh"), "# mine now\n").unwrap();
    let ran = run(&sandbox, &["uninstall"]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let said = sandbox.evened(&ran.stderr_text());
    assert_eq!(
        said,
        "tollgate: note: `SANDBOX/root/shell/posix.sh` was changed since it was made, and is left as it is\n"
    );
    assert_eq!(fs::read_to_string(sandbox.path("home/.bashrc")).unwrap(), format!("{BASHRC}# more\n"));
    assert_eq!(fs::read_to_string(sandbox.path("home/.profile")).unwrap(), "umask 077");
    assert!(sandbox.path("root/shell/posix.sh").exists() && policy.exists());
}

#[test]
fn an_installation_says_which_policy_holds() {
    let sandbox = sandbox();
    let install = [&INSTALL[..], &["--profile", "strict"]].concat();
    let ran = run(&sandbox, &install);
    let kept = "your policy in `SANDBOX/root/config/policy.d` is kept";
    let said = sandbox.evened(&ran.stdout_text());
    assert!(said.contains(&format!("\ninstalled, with probe; {kept}\n")), "{said}");
    let noted = sandbox.evened(&ran.stderr_text());
    assert!(noted.contains(&format!("note: {kept}, and `--profile strict` not used")), "{noted}");
    run(&sandbox, &["uninstall"]);
    fs::remove_file(sandbox.path("root/config/policy.d/10-tests.toml")).unwrap();
    let ran = run(&sandbox, &install);
    assert!(ran.stdout_text().contains("\ninstalled, with probe; the policy is `strict`\n"), "{ran:?}");
    assert!(!ran.stderr_text().contains("not used"), "{ran:?}");
}

#[test]
fn tools_are_added_removed_and_listed() {
    let sandbox = sandbox();
    let ran = run(&sandbox, &["shims", "add", "other"]);
    assert_eq!(
        (ran.code(), ran.stderr_text().as_str()),
        (Some(1), "tollgate: nothing is installed: `tollgate install` first\n")
    );
    run(&sandbox, &INSTALL);
    run(&sandbox, &["shims", "add", "other", "absent"]);
    run(&sandbox, &["shims", "remove", "probe"]);
    let mut list = sandbox.tollgate(&["shims", "list", "--json", "--root"]);
    list.arg(sandbox.path("root"));
    let ran = sandbox.run_command(list, LIMIT);
    let listed: serde_json::Value = ran.stdout_text().trim().parse().unwrap();
    let wrapped: Vec<_> = listed.as_array().unwrap().iter().filter(|tool| tool["shim"] == "wrapped").collect();
    let names: Vec<_> = wrapped.iter().map(|tool| tool["tool"].as_str().unwrap()).collect();
    assert_eq!(names, ["absent", "other"]);
    assert_eq!(wrapped[0]["real"], serde_json::Value::Null);
    assert_eq!(wrapped[1]["real"].as_str().unwrap(), sandbox.path("bin/other").to_str().unwrap());
    assert!(!sandbox.path("root/shims/probe").exists());
}

#[test]
fn what_is_understood_and_not_wrapped_is_offered() {
    let tool = |sandbox: e2e::Builder, name: &str| sandbox.script(name, "#!/bin/sh\n", "755");
    let sandbox = tool(tool(Sandbox::builder(e2e::programs!()), "git"), "gcloud").without_daemon();
    let ran = run(&sandbox, &["install", "--tools", "gcloud", "--no-start"]);
    assert!(ran.stdout_text().contains("git"), "{ran:?}");
    let listed = run(&sandbox, &["shims", "list"]).stdout_text();
    assert!(listed.contains("\ngit          not wrapped  "), "{listed}");
    run(&sandbox, &["install", "--tools", "+git", "--no-start"]);
    let listed = run(&sandbox, &["shims", "list"]).stdout_text();
    assert!(listed.starts_with("gcloud       wrapped") && listed.contains("\ngit          wrapped"), "{listed}");
}

#[test]
fn inside_a_session_the_gate_cannot_be_taken_away() {
    let sandbox = Sandbox::builder(e2e::programs!()).probe("probe").tollgate_on_path().start();
    let script = "for command in install uninstall 'shims remove probe' 'service stop'; do \
                  tollgate $command --root \"$ROOT\"; echo $?; done";
    let ran = sandbox.run_command(sandbox.session("claude-code", "probe", script), LIMIT);
    assert_eq!(ran.stdout_text(), "2\n2\n2\n2\n", "{ran:?}");
    assert_eq!(ran.stderr_text().matches("cannot be used inside a session").count(), 4, "{ran:?}");
}

#[test]
fn an_installation_starts_its_daemon_and_takes_it_away() {
    let sandbox = sandbox();
    let ran = run(&sandbox, &["install", "--tools", "probe"]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let shim = sandbox.command(sandbox.path("root/shims/probe"));
    let mut gated = shim;
    gated.args(["exit", "6"]);
    assert_eq!(sandbox.run_command(gated, LIMIT).code(), Some(6));
    let status = run(&sandbox, &["service", "status"]);
    assert!(status.stdout_text().starts_with("running: tollgated "), "{status:?}");
    assert_eq!(run(&sandbox, &["service", "restart"]).code(), Some(0));
    // What could not start does not take the place of what runs.
    let settings = sandbox.path("root/config/tollgate.toml");
    fs::write(&settings, "[approvals]\nwait_s = \"3\"\n").unwrap();
    let ran = run(&sandbox, &["service", "restart"]);
    let wrong = "tollgate: the settings are wrong: SANDBOX/root/config/tollgate.toml:2: invalid type: string \"3\"";
    assert!(ran.code() == Some(1) && sandbox.evened(&ran.stderr_text()).starts_with(wrong), "{ran:?}");
    assert_eq!(run(&sandbox, &["service", "status"]).code(), Some(0));
    fs::remove_file(&settings).unwrap();
    assert_eq!(run(&sandbox, &["service", "start"]).code(), Some(0));
    assert_eq!(run(&sandbox, &["uninstall"]).code(), Some(0));
    assert_eq!(run(&sandbox, &["service", "status"]).code(), Some(3));
}
