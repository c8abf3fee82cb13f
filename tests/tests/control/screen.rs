//! `tollgate approvals` on a terminal, key by key: what a person says there stands in
//! the audit, and the terminal is theirs again afterwards.
//!
//! Not here: what is drawn cell by cell, which the screen's own tests hold.

use std::fs;
use std::process::Command;

use e2e::{Pty, Running, Sandbox, Window};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::{LIMIT, builder};

/// A stub with a real tool's name: what it is asked to do is judged as that tool's.
const STUB: &str = "#!/bin/sh\necho \"ran $*\"\n";
const ASK: &str = "[[rule]]\nname = \"stub\"\ntools = \"terraform\"\nverdict = \"escalate\"\ntier = \"0..4\"\n";
const SETTINGS: &str = "[approvals]\nwait_s = 20\n";
/// Out of the screen.
const LEAVES: &str = "\u{1b}[?1049l";

fn sandbox() -> Sandbox {
    builder().script("terraform", STUB, "755").policy("20-stub.toml", ASK).settings(SETTINGS).start()
}

/// An agent that types this, and waits.
fn agent(sandbox: &Sandbox, script: &str, questions: usize) -> Running {
    let mut session = sandbox.session("claude-code", "ask,terraform", script);
    session.env("TF_WORKSPACE", "dev-*");
    let running = sandbox.start_command(session);
    sandbox.await_records("question", questions);
    running
}

fn approvals(sandbox: &Sandbox, more: &[&str]) -> Command {
    let mut command = sandbox.tollgate(&["approvals"]);
    command.args(more).arg("--root").arg(sandbox.path("root")).env("TERM", "xterm");
    command
}

/// The screen in a shell's window, whose modes are told before and after.
fn screen(sandbox: &Sandbox, run: &str) -> Window {
    let program = e2e::programs!().path("tollgate");
    let mut bash = sandbox.command("bash");
    let script = format!("stty -g; {run} {} approvals --root \"$ROOT\"; echo code $?; stty -g", program.display());
    bash.args(["-c", &script]).env("TERM", "xterm");
    let pty = Pty::spawn(bash);
    pty.resize(24, 100);
    Window::on(pty)
}

/// Waits for the end; the shell's modes must be what they were, and the screen left.
fn left(window: Window) -> String {
    let sent = window.finish();
    let modes = sent.lines().next().unwrap().trim();
    assert!(sent.trim_end().ends_with(modes), "{sent:?}");
    assert!(sent.contains(LEAVES) && sent.rfind(LEAVES) < sent.rfind("code "), "{sent:?}");
    assert!(sent.rfind("\u{1b}[?25l") < sent.rfind("\u{1b}[?25h"), "{sent:?}");
    sent
}

#[test]
fn a_person_approves_one_question_and_denies_another_with_reasons() {
    let sandbox = sandbox();
    let running = agent(&sandbox, "ask exit 5; echo $?; ask exit 6; echo $?", 1);
    let mut window = screen(&sandbox, "");
    window.until("1 question waits for a person");
    window.until("ask exit 5");
    window.write("a");
    window.until("approve: why?");
    window.write("the window is open\r");
    window.until("approved: ");
    // What comes meanwhile is listed, and takes no other's place.
    window.until("open no more: ");
    window.until("ask exit 6");
    window.write("j");
    window.until("1 of 1: ");
    window.write("d");
    window.until("deny: why?");
    window.write("not \u{1b}[31mnow\r");
    window.until("denied: ");
    let ran = running.finish(LIMIT);
    assert_eq!(ran.stdout_text(), "5\n126\n", "{ran:?}");
    assert!(ran.stderr_text().contains("not now"), "{ran:?}");
    window.write("q");
    assert!(left(window).contains("code 0"));
    let answers = sandbox.audit_of("answer");
    let of = |answer: &Value| (answer["decision"].clone(), answer["message"].clone());
    assert_eq!(of(&answers[0]), (json!("allow"), json!("the window is open")));
    assert_eq!(of(&answers[1]), (json!("deny"), json!("not now")));
    assert!(answers.iter().all(|answer| answer["approved_by"]["how"] == "terminal"));
    let intents = sandbox.audit_of("intent");
    assert_eq!(intents.len(), 1);
    assert_eq!(intents[0]["taken"], json!([{"from": "approval", "id": answers[0]["id"]}]));
}

#[test]
fn and_the_next_ones_makes_a_grant_for_exactly_these() {
    let sandbox = sandbox();
    let apply = "terraform apply -auto-approve; echo $?; terraform apply -no-color -auto-approve; echo $?
        TF_WORKSPACE=dev-1 terraform apply -auto-approve; echo $?";
    let running = agent(&sandbox, apply, 1);
    let mut window = screen(&sandbox, "");
    window.until("terraform apply");
    window.write("n");
    window.until("how many more?");
    window.write("5\r");
    window.until("this, and the next 5 of claude-code, for 30m 0s: terraform.apply ");
    window.write("a routine\r");
    window.until("approved: ");
    window.until("granted: ");
    window.until("open no more: ");
    window.write("j");
    // A workspace that is called `dev-*` is no pattern: another one asks again.
    sandbox.await_records("question", 2);
    window.until("workspace dev-1");
    window.write("d");
    window.until("deny: why?");
    window.write("\r");
    let ran = running.finish(LIMIT);
    let codes: Vec<_> = ran.stdout_text().lines().filter(|line| !line.starts_with("ran")).map(str::to_owned).collect();
    assert_eq!(codes, ["0", "0", "126"], "{ran:?}");
    window.write("\u{3}");
    left(window);
    let granted = &sandbox.audit_of("granted")[0];
    let grant = &granted["grant"];
    assert_eq!((&grant["agent"], &grant["operation"]), (&json!("claude-code"), &json!("terraform.apply")));
    assert_eq!((&grant["count"], &grant["target"]["workspace"]), (&json!(5), &json!("dev-\\*")));
    assert_eq!(granted["approved_by"]["how"], "terminal");
    let taken: Vec<_> = sandbox.audit_of("intent").iter().map(|intent| intent["taken"][0].clone()).collect();
    assert_eq!(taken[0]["from"], "approval");
    assert_eq!(taken[1], json!({"from": "grant", "id": granted["id"]}));
}

#[test]
fn what_no_grant_can_stand_for_is_approved_alone() {
    let sandbox = sandbox();
    let running = agent(&sandbox, "ask exit 5", 1);
    let mut window = screen(&sandbox, "");
    window.until("ask exit 5");
    window.write("n");
    window.until("no grant can stand for this answer");
    window.write("a\r");
    assert_eq!(running.finish(LIMIT).code(), Some(5));
    window.write("q");
    left(window);
    assert!(sandbox.audit_of("granted").is_empty());
}

#[test]
fn a_passphrase_is_typed_on_the_screen_and_shown_nowhere() {
    const PHRASE: &str = "correct horse battery";
    let sure = "[[rule]]\nname = \"sure\"\ntools = \"ask\"\nconfirm = \"passphrase\"\n";
    let sandbox = builder().policy("30-sure.toml", sure).settings(SETTINGS).start();
    let mut add = Pty::spawn({
        let mut command = sandbox.tollgate(&["approver", "add", "anna", "--root"]);
        command.arg(sandbox.path("root"));
        command
    });
    for prompt in ["new passphrase of anna: ", "the same again: "] {
        add.wait_for(prompt);
        add.write(&format!("{PHRASE}\n"));
    }
    assert_eq!(add.finish().0.code(), Some(0));
    let running = agent(&sandbox, "ask exit 5", 1);
    let mut window = screen(&sandbox, "");
    window.until("a passphrase");
    for phrase in ["a guess of mine", PHRASE] {
        window.write("a\r");
        window.until("passphrase of anna, which is not shown:");
        window.write(&format!("{phrase}\r"));
        window.until(if phrase == PHRASE { "approved: " } else { "is another one" });
    }
    assert_eq!(running.finish(LIMIT).code(), Some(5));
    window.write("q");
    let shown = left(window);
    assert!(!shown.contains("horse") && !shown.contains("guess"), "{shown}");
    assert_eq!(sandbox.audit_of("answer")[0]["approved_by"]["how"], "passphrase");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 1);
}

#[test]
fn a_signal_and_an_error_leave_the_terminal_as_it_was() {
    let sandbox = sandbox();
    let mut window = screen(&sandbox, "");
    window.until("no question is open");
    let shell = window.pty().process();
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    let child: i32 = children.trim().parse().unwrap();
    kill(Pid::from_raw(child), Signal::SIGTERM).unwrap();
    assert!(left(window).contains("code 143"));
}

#[test]
fn a_daemon_that_is_gone_is_said_and_one_that_is_back_is_seen() {
    let mut sandbox = sandbox();
    let mut window = screen(&sandbox, "NO_COLOR=1");
    window.until("no question is open");
    sandbox.daemon().stop();
    window.until("no daemon answers");
    window.pty().resize(10, 60);
    sandbox.start_daemon();
    window.until("no question is open");
    window.pty().resize(4, 20);
    window.until("too small");
    window.write("q");
    let shown = left(window);
    assert!(!shown.contains("\u{1b}[31m") && !shown.contains("38;5"), "{shown:?}");
}

#[test]
fn where_there_is_no_screen_or_none_is_wanted_the_list_is_printed() {
    let sandbox = sandbox();
    let running = agent(&sandbox, "ask exit 5", 1);
    let on_a_terminal = |command| Pty::spawn(command).finish().1;
    let dumb = |mut command: Command| {
        command.env("TERM", "dumb");
        command
    };
    for shown in [
        on_a_terminal(approvals(&sandbox, &["--plain"])),
        on_a_terminal(approvals(&sandbox, &["--json"])),
        on_a_terminal(dumb(approvals(&sandbox, &[]))),
        sandbox.run_command(approvals(&sandbox, &[]), LIMIT).stdout_text(),
    ] {
        assert!(shown.contains("ask exit 5") && !shown.contains('\u{1b}'), "{shown:?}");
    }
    let id = sandbox.audit_of("question")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.person(&["deny", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).code(), Some(126));
}

/// What is in sight is what is answered, whatever comes, goes or is typed ahead.
#[test]
fn keys_mean_the_question_that_is_in_sight_and_no_other() {
    let sandbox = sandbox();
    let running = agent(&sandbox, "ask exit 5 & ask exit 6 & ask exit 7 & wait", 3);
    let questions = sandbox.audit_of("question");
    let mut window = screen(&sandbox, "");
    let first = window.until("1 of 3: ");
    let shown = |screen: &str| {
        let of = |question: &&Value| screen.contains(&format!(" of 3: {} ", question["id"].as_str().unwrap()));
        questions.iter().find(of).unwrap()["id"].as_str().unwrap().to_owned()
    };
    // Somebody else answers what this person is looking at, and they press the keys all the same.
    let one = shown(&first);
    assert_eq!(sandbox.person(&["deny", &one]).0, Some(0));
    window.until(&format!("open no more: {one}"));
    window.write("a\r");
    window.until("this question is open no more");
    // Keys that are pasted, and those that come before the answer to others, do nothing.
    window.write("j");
    let two = window.until("1 of 2: ").replace("1 of 2: ", "1 of 3: ");
    let two = shown(&two);
    window.write("\u{1b}[200~a\ra\r\u{1b}[201~");
    window.write("a\ra\ra\r");
    window.until(&format!("approved: {two}"));
    window.until(&format!("open no more: {two}"));
    let answers = sandbox.audit_of("answer");
    let said: Vec<_> = answers.iter().map(|answer| (&answer["id"], &answer["decision"])).collect();
    assert_eq!(said, [(&json!(one), &json!("deny")), (&json!(two), &json!("allow"))]);
    window.write("j");
    window.until("1 of 1: ");
    window.write("d\r");
    window.until("denied: ");
    running.finish(LIMIT);
    window.write("q");
    let sent = left(window);
    assert!(sent.contains("\u{1b}[?2004h") && sent.rfind("\u{1b}[?2004l") > sent.rfind("\u{1b}[?2004h"), "{sent:?}");
    assert_eq!(sandbox.audit_of("intent").len(), 1);
}

/// A command longer than the window, with all that steers terminals, in a window that
/// changes its size: a yes waits until all of it has been in sight.
#[test]
fn a_yes_waits_until_all_of_a_long_question_has_been_in_sight() {
    let sandbox = sandbox();
    let evil = r"$'\e[2J\e]0;stolen\a' $'\u202eright' $'\u2066' $'\x9b31m' $'a\r\nrule    allowed'";
    let words =
        "--force delete-a delete-b delete-c delete-d delete-e delete-f delete-g delete-h delete-i delete-j delete-k";
    let running = agent(&sandbox, &format!("ask exit 5 {evil} {words} {}", "x".repeat(4000)), 1);
    let mut window = screen(&sandbox, "");
    window.pty().resize(9, 44);
    let small = window.until("more lines below: PgDn");
    assert!(small.contains("DANGER  --force"), "{small}");
    for key in ["a", "a\r", "n"] {
        window.write(key);
        window.until("there is more to read before a yes");
        window.write("k");
    }
    assert!(sandbox.audit_of("answer").is_empty());
    for _ in 0..12 {
        window.write("\u{1b}[6~");
    }
    window.until("asked   ");
    window.pty().resize(60, 190);
    let whole = window.until("the command is longer than this: ");
    assert!(
        whole.contains("xxx…") && whole.contains(r"\x1b]0;stolen\x07") && whole.contains(r"\xe2\x80\xaeright"),
        "{whole}"
    );
    assert_eq!(whole.lines().filter(|line| line.starts_with("rule ")).count(), 1, "{whole}");
    window.write("a");
    window.until("approve: why?");
    window.write("\r");
    window.until("approved: ");
    assert_eq!(running.finish(LIMIT).code(), Some(5));
    assert_eq!(sandbox.audit_of("answer").len(), 1);
    window.write("q");
    let sent = left(window);
    let steers = ["\u{1b}]", "\u{202e}", "\u{2066}", "\u{9b}"];
    assert!(!steers.iter().any(|evil| sent.contains(evil)), "{sent:?}");
}

/// The screen is a person's by the daemon's proof alone: drawn inside a session, on a
/// terminal of its own, it answers nothing.
#[test]
fn a_screen_inside_a_session_answers_nothing() {
    if e2e::require_tool("python3").is_none() {
        return;
    }
    let sandbox = builder().tollgate_on_path().settings(SETTINGS).start();
    let attack = r#"import os, pty, sys, time
pid, screen = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp("tollgate", ["tollgate", "approvals", "--root", os.environ["ROOT"]])
seen = b""
def until(text):
    global seen
    while text not in seen:
        seen += os.read(screen, 4096)
    seen = b""
import fcntl, struct, termios
fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
until(b"ask exit 5")
os.write(screen, b"a\r")
until(b"an answer may not come from inside session")
os.write(screen, b"q")
os.waitpid(pid, 0)
"#;
    fs::write(sandbox.path("attack.py"), attack).unwrap();
    let script = "mkfifo said; ask exit 5 2> said & exec 3< said
        while read -r line <&3; do case $line in *' is question '*) break;; esac; done; cat <&3 >&2 &
        python3 $E2E_SANDBOX/attack.py && echo tried; kill %1";
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask", script), LIMIT);
    assert!(ran.stdout_text().contains("tried"), "{ran:?}");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 1);
    assert!(sandbox.audit_of("answer").is_empty() && sandbox.audit_of("intent").is_empty());
}
