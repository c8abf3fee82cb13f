//! Every way that a shell is started in an installed home leads to the gate; a
//! shell that is not on this machine is passed over, with a word.

use std::fs;
use std::process::Command;
use std::time::Duration;

use e2e::Sandbox;

const LIMIT: Duration = Duration::from_secs(30);
const SYSTEM: &str = "/usr/local/bin:/usr/bin:/bin";
/// What a version manager or a careless profile does.
const RESET: &str = "PATH=/usr/local/bin:/usr/bin:/bin\n";

const NEVER: &str = "[[rule]]\nname = \"never\"\ntools = \"never\"\nverdict = \"deny\"\ntier = \"unknown\"\n";

/// A home where PATH is made anew by every file that may.
fn installed(sandbox: &Sandbox) {
    for file in [".profile", ".bashrc", ".bash_profile", ".zprofile", ".zshrc"] {
        fs::write(sandbox.path("home").join(file), RESET).unwrap();
    }
    fs::create_dir_all(sandbox.path("home/.config/fish")).unwrap();
    fs::write(sandbox.path("home/.config/fish/config.fish"), "set -gx PATH /usr/local/bin /usr/bin /bin\n").unwrap();
    let mut install = sandbox.tollgate(&["install", "--tools", "never", "--no-start", "--root"]);
    install.arg(sandbox.path("root")).arg("--home").arg(sandbox.path("home"));
    let ran = sandbox.run_command(install, LIMIT);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
}

fn builder() -> e2e::Builder {
    Sandbox::builder(e2e::programs!()).probe("never").policy("10-tests.toml", NEVER)
}

/// What a login gives, and nothing of the developer's.
fn fresh(sandbox: &Sandbox, program: &str) -> Command {
    let mut command = sandbox.command(program);
    command.env_clear().env("HOME", sandbox.path("home")).env("PATH", SYSTEM).env("LC_ALL", "C.UTF-8");
    command.env("E2E_SANDBOX", sandbox.folder());
    command
}

const SCRIPT: &str = "command -v never; never exit 0; echo $?";

/// The shells, with arguments that end before the script, and whether a shell
/// started so from nothing reads a file of the home.
const CONTEXTS: [(&str, &str); 11] = [
    ("bash", "-lc"),
    ("bash", "-ic"),
    ("bash", "-lic"),
    ("sh", "-lc"),
    ("dash", "-lc"),
    ("zsh", "-c"),
    ("zsh", "-lc"),
    ("zsh", "-ic"),
    ("zsh", "-lic"),
    ("fish", "-c"),
    ("fish", "-lc"),
];

fn is_here(shell: &str) -> bool {
    let here = ["/bin", "/usr/bin"].iter().any(|folder| std::path::Path::new(folder).join(shell).exists());
    if !here {
        e2e::say(&format!("skipped: {shell} is not installed\n"));
    }
    here
}

fn script_for(shell: &str) -> String {
    if shell == "fish" { SCRIPT.replace("$?", "$status") } else { SCRIPT.to_owned() }
}

#[test]
fn every_shell_that_reads_a_file_of_the_home_leads_to_the_gate() {
    let sandbox = builder().start();
    installed(&sandbox);
    for (shell, options) in CONTEXTS.into_iter().filter(|(shell, _)| is_here(shell)) {
        let mut command = fresh(&sandbox, shell);
        command.args([options, &script_for(shell)]);
        let ran = sandbox.run_command(command, LIMIT);
        assert_eq!(sandbox.evened(&ran.stdout_text()), "SANDBOX/root/shims/never\n126\n", "{shell} {options}: {ran:?}");
        assert!(ran.stderr_text().contains("\"rule\":\"never\""), "{shell} {options}: {ran:?}");
    }
}

#[test]
fn every_shell_below_a_login_leads_to_the_gate() {
    let sandbox = builder().start();
    installed(&sandbox);
    let below = [("sh", "-c"), ("bash", "-c"), ("sh", "-lc"), ("bash", "-lc"), ("zsh", "-c"), ("fish", "-c")];
    for (login, outer) in [("bash", "-lc"), ("zsh", "-lc"), ("fish", "-lc"), ("sh", "-lc")] {
        for (shell, options) in below {
            if !is_here(login) || !is_here(shell) {
                continue;
            }
            let mut command = fresh(&sandbox, login);
            command.args([outer, &format!("{shell} {options} '{}'", script_for(shell))]);
            let ran = sandbox.run_command(command, LIMIT);
            let context = format!("{shell} {options} below {login} {outer}");
            assert_eq!(sandbox.evened(&ran.stdout_text()), "SANDBOX/root/shims/never\n126\n", "{context}: {ran:?}");
        }
    }
}

#[test]
fn a_bash_that_makes_path_anew_below_a_login_is_brought_back() {
    let sandbox = builder().start();
    installed(&sandbox);
    let mut command = fresh(&sandbox, "bash");
    command.args(["-lc", &format!("PATH={SYSTEM} bash -c '{SCRIPT}'")]);
    let ran = sandbox.run_command(command, LIMIT);
    assert_eq!(sandbox.evened(&ran.stdout_text()), "SANDBOX/root/shims/never\n126\n", "{ran:?}");
}

/// An agent asks a login shell once for what it has, and sources that before
/// each of its commands.
#[test]
fn an_agents_snapshot_of_a_shell_leads_to_the_gate() {
    let sandbox = builder().start();
    installed(&sandbox);
    let snapshot = sandbox.path("home/snapshot.sh");
    let take =
        format!("{{ declare -f; shopt -p; alias; printf 'export PATH=%q\\n' \"$PATH\"; }} >'{}'", snapshot.display());
    let mut command = fresh(&sandbox, "bash");
    command.args(["-lic", &take]);
    assert_eq!(sandbox.run_command(command, LIMIT).code(), Some(0));
    let mut command = fresh(&sandbox, "bash");
    command.args(["-c", &format!("source '{}' && eval '{SCRIPT}'", snapshot.display())]);
    let ran = sandbox.run_command(command, LIMIT);
    assert_eq!(sandbox.evened(&ran.stdout_text()), "SANDBOX/root/shims/never\n126\n", "{ran:?}");
}

#[test]
fn in_a_session_every_shell_keeps_the_sessions_shims_first() {
    let sandbox = builder().start();
    installed(&sandbox);
    for (shell, options) in [("bash", "-lc"), ("sh", "-lc"), ("zsh", "-lc"), ("zsh", "-ic"), ("fish", "-lc")] {
        if !is_here(shell) {
            continue;
        }
        let mut command = sandbox.tollgate(&["run", "--agent", "claude-code", "--tools", "never", "--root"]);
        command.arg(sandbox.path("root")).args(["--", shell, options, &script_for(shell)]);
        let ran = sandbox.run_command(command, LIMIT);
        let expected = "SANDBOX/root/state/sessions/ID/shims/never\n126\n";
        assert_eq!(sandbox.evened(&ran.stdout_text()), expected, "{shell} {options}: {ran:?}");
        assert_eq!(sandbox.audit_of("refused").last().unwrap()["agent"], "claude-code");
    }
}

#[test]
fn a_stopped_daemon_breaks_no_login_and_wrapped_tools_say_why() {
    let sandbox = builder().without_daemon();
    installed(&sandbox);
    for (shell, options) in CONTEXTS.into_iter().filter(|(shell, _)| is_here(shell)) {
        let mut command = fresh(&sandbox, shell);
        command.args([options, &script_for(shell)]);
        let ran = sandbox.run_command(command, LIMIT);
        assert_eq!(sandbox.evened(&ran.stdout_text()), "SANDBOX/root/shims/never\n125\n", "{shell} {options}: {ran:?}");
        assert!(ran.stderr_text().contains("tollgate: "), "{shell} {options}: {ran:?}");
    }
}

#[test]
fn shellenv_is_what_an_installation_has_shells_read() {
    let sandbox = builder().without_daemon();
    installed(&sandbox);
    for (shell, file) in [("posix", "posix.sh"), ("bash", "bash.sh")] {
        let mut command = sandbox.tollgate(&["shellenv", shell, "--root"]);
        command.arg(sandbox.path("root"));
        let printed = sandbox.run_command(command, LIMIT).stdout;
        assert_eq!(printed, fs::read(sandbox.path("root/shell").join(file)).unwrap());
    }
}
