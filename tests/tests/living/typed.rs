//! What a person types at `tollgate` itself: completed, misspelt, asked for a page,
//! and the one screen of `status`.

use std::fs;
use std::time::Duration;

use e2e::{Pty, Ran, Running, Sandbox};

const LIMIT: Duration = Duration::from_secs(30);

/// `ask` waits for a person, `never` is denied.
fn sandbox() -> Sandbox {
    let policy = "[agents.house-bot]\nclearance = 1\n\
                  [[rule]]\nname = \"asks\"\ntools = \"ask\"\nverdict = \"escalate\"\ntier = \"unknown\"\n\
                  [[rule]]\nname = \"denies\"\ntools = \"never\"\nverdict = \"deny\"\ntier = \"unknown\"\n";
    let builder = Sandbox::builder(e2e::programs!()).probe("ask").probe("never");
    builder.policy("10-tests.toml", policy).tollgate_on_path().start()
}

/// A question that waits: its id, and the command that waits for it.
fn question(sandbox: &Sandbox) -> (String, Running) {
    let waiting = sandbox.start_command(sandbox.session("house-bot", "ask,never", "never x; ask exit 0"));
    sandbox.await_records("question", 1);
    (sandbox.audit_of("question")[0]["id"].as_str().unwrap().to_owned(), waiting)
}

/// What a shell's script prints.
fn shell(sandbox: &Sandbox, program: &str, script: &str) -> Ran {
    let mut command = sandbox.command(program);
    command.args(["-c", script]);
    sandbox.run_command(command, LIMIT)
}

fn denied(sandbox: &Sandbox, id: &str, waiting: Running) {
    assert_eq!(sandbox.person(&["deny", id]).0, Some(0));
    waiting.finish(LIMIT);
}

/// Completes the last of the words, as bash calls the function.
fn in_bash(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source <(tollgate completions bash); COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9; \
         _clap_complete_tollgate tollgate {}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1,
        words[words.len() - 1],
    );
    let ran = shell(sandbox, "bash", &script);
    ran.stdout_text().lines().map(|word| word.trim_end().to_owned()).filter(|word| !word.is_empty()).collect()
}

#[test]
fn bash_completes_questions_runs_agents_and_tools_of_this_moment() {
    let sandbox = sandbox();
    let (id, waiting) = question(&sandbox);
    let root = sandbox.path("root");
    let root = root.to_str().unwrap();
    let of =
        |words: &[&str], start: &str| in_bash(&sandbox, &[&["tollgate"], words, &["--root", root, start]].concat());
    assert_eq!(of(&["approve"], &id[..4]), [id.as_str()]);
    let refused = sandbox.audit_of("refused")[0]["id"].as_str().unwrap().to_owned();
    let runs = of(&["audit", "show"], "0");
    assert!(runs.contains(&id) && runs.contains(&refused), "{runs:?}");
    assert_eq!(in_bash(&sandbox, &["tollgate", "run", "--root", root, "--agent", "house"]), ["house-bot"]);
    assert_eq!(in_bash(&sandbox, &["tollgate", "run", "--tools", "terr"]), ["terraform"]);
    assert_eq!(in_bash(&sandbox, &["tollgate", "unin"]), ["uninstall"]);
    denied(&sandbox, &id, waiting);
    assert!(of(&["approve"], &id[..4]).is_empty());
}

#[test]
fn fish_completes_a_question_with_its_command() {
    if e2e::require_tool("fish").is_none() {
        return;
    }
    let sandbox = sandbox();
    let (id, waiting) = question(&sandbox);
    let script = "tollgate completions fish | source; complete -C \"tollgate approve --root $ROOT 0\"";
    let ran = shell(&sandbox, "fish", script);
    assert_eq!(ran.stdout_text(), format!("{id}\task exit 0\n"), "{ran:?}");
    denied(&sandbox, &id, waiting);
}

#[test]
fn zsh_completes_a_question_as_it_is_typed() {
    if e2e::require_tool("zsh").is_none() {
        return;
    }
    let sandbox = sandbox();
    let (id, waiting) = question(&sandbox);
    let mut zsh = sandbox.command("zsh");
    zsh.args(["-f", "-i"]).env("PS1", "zsh> ").env("TERM", "dumb");
    let mut terminal = Pty::spawn(zsh);
    terminal.wait_for("zsh> ");
    terminal.write("unsetopt zle_bracketed_paste 2>/dev/null; autoload -U compinit && compinit -u -D; source <(tollgate completions zsh); echo re''ady\n");
    terminal.wait_for("ready");
    terminal.write(&format!("tollgate approve --root ../root {}\t", &id[..10]));
    terminal.wait_for(&id);
    drop(terminal);
    denied(&sandbox, &id, waiting);
}

#[test]
fn completing_starts_no_daemon_and_fails_quietly() {
    let sandbox = Sandbox::builder(e2e::programs!()).probe("ask").tollgate_on_path().without_daemon();
    let root = sandbox.path("root");
    let words = in_bash(&sandbox, &["tollgate", "approve", "--root", root.to_str().unwrap(), "0"]);
    assert!(words.is_empty(), "{words:?}");
    assert!(!sandbox.path("root/run").exists());
}

#[test]
fn a_misspelt_command_is_answered_with_the_nearest() {
    let sandbox = Sandbox::builder(e2e::programs!()).without_daemon();
    for (typed, meant) in [("aprove", "approve"), ("statsu", "status"), ("instal", "install")] {
        let ran = sandbox.run_command(sandbox.tollgate(&[typed]), LIMIT);
        assert_eq!(ran.code(), Some(2));
        assert!(ran.stderr_text().contains(&format!("'{meant}'")), "{ran:?}");
    }
    let ran = sandbox.run_command(sandbox.tollgate(&["run", "--agnet", "x", "--", "true"]), LIMIT);
    assert!(ran.stderr_text().contains("'--agent'"), "{ran:?}");
}

#[test]
fn there_is_a_page_for_every_command_and_program() {
    let sandbox = Sandbox::builder(e2e::programs!()).without_daemon();
    let mut man = sandbox.tollgate(&["man"]);
    man.arg(sandbox.path("home/man"));
    assert_eq!(sandbox.run_command(man, LIMIT).code(), Some(0));
    for name in
        ["tollgate", "tollgate-run", "tollgate-audit-verify", "tollgated", "tollgate-shim", "tollgate-supervisor"]
    {
        let page = fs::read_to_string(sandbox.path("home/man").join(format!("{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
    let run = fs::read_to_string(sandbox.path("home/man/tollgate-run.1")).unwrap();
    assert!(run.contains("\\-\\-agent") && run.contains("\\-\\-tools"), "{run}");
    assert!(!sandbox.path("home/man/tollgate-keeper.1").exists());
}

#[test]
fn one_screen_tells_who_is_here_what_waits_and_what_was_refused() {
    let sandbox = sandbox();
    let (id, waiting) = question(&sandbox);
    let shown = sandbox.ask(&["status"]).stdout_text();
    assert!(shown.starts_with("daemon     tollgated "), "{shown}");
    assert!(shown.contains("agents     house-bot: 1 session, 0 running\n"), "{shown}");
    assert!(shown.contains(&format!("  {id}  house-bot  ask exit 0  ")), "{shown}");
    assert!(shown.contains("refused    the last:\n") && shown.contains("never x"), "{shown}");
    assert!(shown.contains("\naudit      whole: ") && !shown.contains('\u{1b}'), "{shown}");
    assert!(shown.lines().count() <= 24, "more than a screen:\n{shown}");
    let told: serde_json::Value = sandbox.ask(&["status", "--json"]).stdout_text().trim().parse().unwrap();
    assert_eq!(
        (&told["v"], &told["agents"][0]["agent"], &told["open"][0]["id"]),
        (&1.into(), &"house-bot".into(), &id.as_str().into())
    );
    assert_eq!(told["refused"][0]["kind"], "refused");
    denied(&sandbox, &id, waiting);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let sandbox = sandbox();
    let (id, waiting) = question(&sandbox);
    let on_terminal = |variables: &[(&str, &str)]| {
        let mut command = sandbox.tollgate(&["status", "--root"]);
        command.arg(sandbox.path("root")).envs(variables.iter().copied());
        Pty::spawn(command).finish().1
    };
    assert!(on_terminal(&[("TERM", "xterm")]).contains("\u{1b}[33m"));
    for plain in [&[("TERM", "xterm"), ("NO_COLOR", "1")][..], &[("TERM", "dumb")]] {
        assert!(!on_terminal(plain).contains('\u{1b}'));
    }
    denied(&sandbox, &id, waiting);
}

#[test]
fn without_a_daemon_status_says_so_and_what_was_refused_last() {
    let mut sandbox = sandbox();
    sandbox.run_command(sandbox.session("house-bot", "never", "never x"), LIMIT);
    sandbox.daemon().stop();
    let ran = sandbox.ask(&["status"]);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stdout_text().contains("never x"), "{ran:?}");
    assert!(ran.stderr_text().contains("no daemon answers"), "{ran:?}");
}
