//! Real tools on a terminal, as a person has them there.

use e2e::{Sandbox, Shell, require_tool};

use crate::real_tools::allowing;
use crate::slow_apply;

fn same(sandbox: &Sandbox, act: impl Fn(&mut Shell)) -> String {
    sandbox.on_terminals(act).unwrap_or_else(|difference| panic!("{difference}"))
}

#[test]
fn one_ctrl_c_interrupts_terraform_once_which_writes_its_state_and_lets_go_of_the_lock() {
    if require_tool("terraform").is_none() {
        return;
    }
    let sandbox = allowing(&["terraform"]);
    let shown = sandbox.on_gated_terminal(|shell| {
        std::fs::write(sandbox.path("work/main.tf"), slow_apply("echo inside")).unwrap();
        shell.done("export CHECKPOINT_DISABLE=1");
        shell.done("terraform init -no-color > initialised; echo init $?");
        shell.line("terraform apply -no-color -auto-approve");
        // Not earlier: what terraform has just forked shares its memory and counts a second one.
        shell.until("(local-exec): inside");
        shell.keys("\x03");
        shell.prompt();
        shell.done("echo code $?");
    });
    assert_eq!(shown.matches("Interrupt received").count(), 1, "{shown}");
    assert!(shown.contains("init 0") && shown.contains("code 1") && !shown.contains("Two interrupts"), "{shown}");
    let state = std::fs::read_to_string(sandbox.path("work/terraform.tfstate")).expect("a state");
    let state: serde_json::Value = state.parse().expect("a state that can be read");
    assert!(state["resources"].as_array().is_some_and(|kept| !kept.is_empty()), "{state:#}");
    assert!(!sandbox.path("work/.terraform.tfstate.lock.info").exists(), "the lock is still held");
}

#[test]
fn terraforms_console_answers_line_by_line() {
    if require_tool("terraform").is_none() {
        return;
    }
    // What is typed is echoed by the terminal or by the console, as it comes: not compared.
    let shown = allowing(&["terraform"]).on_gated_terminal(|shell| {
        shell.done("export CHECKPOINT_DISABLE=1");
        shell.line("terraform console");
        shell.until("> ");
        for (asked, answered) in [("6 * 7", "42"), ("upper(\"gate\")", "\"GATE\"")] {
            shell.line(asked);
            shell.until(answered);
            shell.until("> ");
        }
        shell.line("exit");
        shell.prompt();
        shell.done("echo code $?");
    });
    assert!(shown.contains("code 0"), "{shown}");
}

/// Asks on the terminal itself, as an editor does.
const ASKING: &str = "#!/bin/sh
printf 'the message: ' > /dev/tty; read -r line < /dev/tty; echo \"$line\" > \"$1\"
";

#[test]
fn git_waits_for_its_editor_on_the_terminal() {
    if require_tool("git").is_none() {
        return;
    }
    let sandbox = allowing(&["git"]);
    let editor = sandbox.path("bin/asking");
    std::fs::write(&editor, ASKING).unwrap();
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let shown = same(&sandbox, |shell| {
        // A commit's name holds its time.
        shell.done("export GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z");
        shell.done("export GIT_CONFIG_GLOBAL=/dev/null GIT_EDITOR=asking; git init -q -b main");
        shell.done("git config user.email t@example.org; git config user.name T");
        shell.line("git commit --allow-empty");
        shell.until("the message: ");
        shell.line("typed by hand");
        shell.prompt();
        shell.done("git log --format=%s | cat; echo code $?");
        // An editor that is interrupted leaves no commit.
        shell.line("git commit --allow-empty");
        shell.until("the message: ");
        shell.keys("\x03");
        shell.prompt();
        shell.done("git rev-list --count HEAD; rm -rf .git");
    });
    assert!(shown.contains("typed by hand") && shown.contains("code 0"), "{shown}");
    assert!(shown.lines().any(|line| line == "1"), "{shown}");
}

#[test]
fn python_asks_and_is_answered() {
    if require_tool("python3").is_none() {
        return;
    }
    let shown = same(&allowing(&["python3"]), |shell| {
        shell.line("python3 -c 'print(\"said\", input(\"ask\" \"ed: \"))'");
        shell.until("asked: ");
        shell.line("this");
        shell.until("said this");
        shell.prompt();
        shell.done("echo code $?");
    });
    assert!(shown.contains("code 0"), "{shown}");
}

#[test]
fn versions_are_told_as_they_are() {
    for (tool, asked) in [("kubectl", "kubectl version --client"), ("aws", "aws --version")] {
        if require_tool(tool).is_none() {
            continue;
        }
        let shown = same(&allowing(&[tool]), |shell| {
            shell.line(&format!("{asked}; echo code $?"));
            shell.until("code 0");
            shell.prompt();
        });
        assert!(shown.contains("ersion") || shown.contains("aws-cli/"), "{shown}");
    }
}
