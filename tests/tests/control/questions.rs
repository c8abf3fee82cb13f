//! A question and its answer: how long they live, what they are bound to, and how many
//! there may be.
//!
//! Not here: who may answer (`answering`).

use std::fs;
use std::process::Command;

use e2e::{Ran, Running, Sandbox};

use crate::{LIMIT, builder, question_id};

const SOON: &str = "[approvals]\nwait_s = 1\n";

/// A gated script, where it always is.
fn script(sandbox: &Sandbox, text: &str) -> Command {
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", text]);
    command
}

pub(crate) fn run(sandbox: &Sandbox, text: &str) -> Ran {
    sandbox.run_command(script(sandbox, text), LIMIT)
}

/// A gated script that waits for a person, and its question's id.
fn waits(sandbox: &Sandbox, text: &str) -> (Running, String) {
    let mut running = sandbox.start_command(script(sandbox, text));
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    (running, id)
}

/// The id of the question for which this was not decided.
pub(crate) fn pending(ran: &Ran) -> String {
    assert_eq!(ran.code(), Some(75), "{ran:?}");
    assert!(ran.stderr_text().contains("\"reason\":\"pending\""), "{ran:?}");
    question_id(&ran.stderr_text()).to_owned()
}

fn approve(sandbox: &Sandbox, id: &str) {
    let (code, said) = sandbox.person(&["approve", id]);
    assert!(code == Some(0) && said.starts_with(&format!("approved: {id}  ")), "{code:?} {said}");
}

#[test]
fn a_question_and_the_call_that_waits_outlive_the_daemon() {
    let mut sandbox = builder().start();
    let (running, id) = waits(&sandbox, "ask exit 5");
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert!(sandbox.ask(&["approvals", "--json"]).stdout_text().contains(&id));
    approve(&sandbox, &id);
    let ran = running.finish(LIMIT);
    assert_eq!(ran.code(), Some(5), "{ran:?}");
    assert_eq!(ran.stderr_text().matches("waiting for a person").count(), 1, "it is told once: {ran:?}");
    assert_eq!(sandbox.audit_of("question").len(), 1);
}

#[test]
fn an_answer_that_nobody_waited_for_is_for_the_next_equal_call_alone_over_restarts() {
    let mut sandbox = builder().settings(SOON).start();
    let id = pending(&run(&sandbox, "ask exit 5"));
    assert_eq!(pending(&run(&sandbox, "ask exit 5")), id, "the same command continues the same question");
    approve(&sandbox, &id);
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert_eq!(run(&sandbox, "ask exit 5").code(), Some(5));
    assert_eq!(sandbox.audit_of("intent")[0]["taken"][0], serde_json::json!({"from": "approval", "id": id}));
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert_ne!(pending(&run(&sandbox, "ask exit 5")), id, "an answer is good for one run");
    assert_eq!(sandbox.audit_of("intent").len(), 1);
}

#[test]
fn a_denial_holds_for_equal_calls_as_long_as_an_answer_does() {
    let mut sandbox = builder().settings("[approvals]\nwait_s = 1\nanswer_s = 60\n").start();
    let id = pending(&run(&sandbox, "ask exit 5"));
    assert_eq!(sandbox.person(&["deny", &id, "--reason", "no"]).0, Some(0));
    for _ in 0..2 {
        let ran = run(&sandbox, "ask exit 5");
        assert_eq!(ran.code(), Some(126), "{ran:?}");
        sandbox.daemon().kill();
        sandbox.start_daemon();
    }
}

#[test]
fn an_answer_whose_time_is_over_is_none() {
    let sandbox = builder().settings("[approvals]\nwait_s = 1\nanswer_s = 0\n").start();
    let id = pending(&run(&sandbox, "ask exit 5"));
    approve(&sandbox, &id);
    sandbox.await_records("expired", 1);
    assert_ne!(pending(&run(&sandbox, "ask exit 5")), id);
}

#[test]
fn what_was_approved_is_this_command_and_no_other() {
    let sandbox = builder().settings(SOON).start();
    let id = pending(&run(&sandbox, "ask exit 5"));
    approve(&sandbox, &id);
    let others = [
        ("an argument", "ask exit 6"),
        ("an argument more", "ask exit 5 ''"),
        ("argv[0]", "exec -a other ask exit 5"),
        ("a variable more", "X=1 ask exit 5"),
        ("a variable changed", "HOME=/ ask exit 5"),
        ("a variable less", "unset HOME; ask exit 5"),
        ("the folder", "cd / && ask exit 5"),
        ("a folder of that name", "w=$PWD; cd / && mv \"$w\" \"$w.old\" && mkdir \"$w\" && cd \"$w\" && ask exit 5"),
    ];
    for (what, other) in others {
        assert_ne!(pending(&run(&sandbox, other)), id, "{what}");
    }
    let work = sandbox.path("work");
    fs::remove_dir(&work).unwrap();
    fs::rename(sandbox.path("work.old"), &work).unwrap();
    let binary = sandbox.path("bin/ask");
    let (bytes, mode) = (fs::read(&binary).unwrap(), fs::metadata(&binary).unwrap().permissions());
    fs::remove_file(&binary).unwrap();
    fs::write(&binary, [&bytes[..], b"\0"].concat()).unwrap();
    fs::set_permissions(&binary, mode.clone()).unwrap();
    assert_ne!(pending(&run(&sandbox, "ask exit 5")), id, "the binary");
    fs::write(&binary, bytes).unwrap();
    let session = sandbox.run_command(sandbox.session("claude-code", "ask", "ask exit 5"), LIMIT);
    assert_ne!(pending(&session), id, "the agent");
    assert!(sandbox.audit_of("intent").is_empty());
    let same = run(&sandbox, "export SHLVL=7 OLDPWD=/x COLUMNS=9 LINES=9 TOLLGATE_X=1; ask exit 5");
    assert_eq!(same.code(), Some(5), "what changes by itself does not count: {same:?}");
}

/// A stub with a real tool's name: what it is asked to do is judged as that tool's.
const KUBECTL: &str = "#!/bin/sh\necho \"ran $*\"\n";
const CONFIG: &str = "current-context: c\ncontexts: [{name: c, context: {cluster: c, namespace: web}}]\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n";
const ASK_KUBECTL: &str =
    "[[rule]]\nname = \"kubectl\"\ntools = \"kubectl\"\nverdict = \"escalate\"\ntier = [0, 1, 2, 3, 4, \"unknown\"]\n";

fn with_kubectl() -> Sandbox {
    let sandbox = builder().script("kubectl", KUBECTL, "755").policy("20-kubectl.toml", ASK_KUBECTL).start();
    fs::write(sandbox.path("config"), CONFIG).unwrap();
    sandbox
}

#[test]
fn a_file_that_changes_between_question_and_run_stops_it_and_the_answer_is_not_used() {
    let sandbox = with_kubectl();
    let delete = "export KUBECONFIG=$ROOT/../config; kubectl delete pod x";
    let (running, id) = waits(&sandbox, delete);
    fs::write(sandbox.path("config"), CONFIG.replace("web", "prod")).unwrap();
    approve(&sandbox, &id);
    let ran = running.finish(LIMIT);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("has changed while it was judged"), "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
    let (other, another) = waits(&sandbox, delete);
    assert_ne!(another, id, "the changed file is another question");
    drop(other);
    fs::write(sandbox.path("config"), CONFIG).unwrap();
    let ran = run(&sandbox, delete);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert!(ran.stdout_text().ends_with(" delete pod x\n"), "{ran:?}");
}

#[test]
fn a_binary_that_is_written_between_question_and_run_does_not_run() {
    use std::io::Write;
    let sandbox = builder().start();
    let (running, id) = waits(&sandbox, "ask exit 5");
    fs::File::options().append(true).open(sandbox.path("bin/ask")).unwrap().write_all(b"\0").unwrap();
    approve(&sandbox, &id);
    let ran = running.finish(LIMIT);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
    assert!(!sandbox.audit_of("refused").is_empty());
}

#[test]
fn a_policy_that_asks_for_more_meanwhile_stops_it_and_is_another_question() {
    let sandbox = builder().start();
    let (running, id) = waits(&sandbox, "ask exit 5");
    let timed = "[[rule]]\nname = \"timed\"\ntools = \"ask\"\ntimeout = \"9s\"\n";
    crate::write_policy(&sandbox, &format!("{}\n{timed}", crate::policy("allow", "escalate", "deny")));
    sandbox.await_records("policy_pending", 1);
    approve(&sandbox, &id);
    let ran = running.finish(LIMIT);
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("the policy has changed while it was judged"), "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
    let (_other, another) = waits(&sandbox, "ask exit 5");
    assert_ne!(another, id, "the answer was for the policy of then");
}

#[test]
fn who_typed_the_command_waits_longer_than_an_agent() {
    let sandbox = builder().settings("[approvals]\nwait_s = 0\nperson_wait_s = 600\n").start();
    pending(&run(&sandbox, "ask exit 6"));
    let mut typed = e2e::Pty::spawn(script(&sandbox, "ask exit 5; echo code $?"));
    typed.wait_for(" is question ");
    let id = typed.wait_for("\r\n").trim().to_owned();
    approve(&sandbox, &id);
    typed.wait_for("code 5");
    assert_eq!(typed.finish().0.code(), Some(0));
}

#[test]
fn of_two_equal_calls_one_runs_and_the_other_waits_on_with_a_new_question() {
    let sandbox = builder().start();
    let text = "ask exit 5 & ask exit 5 & wait -n; echo one $?; wait -n; echo two $?";
    let mut running = sandbox.start_command(script(&sandbox, text));
    let line = running.line_on_stderr(" is question ");
    let first = question_id(&line).to_owned();
    running.until_stderr(&format!("{line}\n{line}\n"));
    approve(&sandbox, &first);
    running.until_stdout("one 5\n");
    sandbox.await_records("question", 2);
    let second = sandbox.audit_of("question")[1]["id"].as_str().unwrap().to_owned();
    assert_ne!(second, first);
    approve(&sandbox, &second);
    let ran = running.finish(LIMIT);
    assert!(ran.stdout_text().ends_with("two 5\n"), "{ran:?}");
    let mut used: Vec<_> = sandbox.audit_of("intent").iter().map(|one| one["taken"][0]["id"].clone()).collect();
    used.sort_by_key(ToString::to_string);
    assert_eq!(used, [first.as_str(), second.as_str()]);
}

#[test]
fn approving_twice_is_refused_and_recorded() {
    let sandbox = builder().settings(SOON).start();
    let id = pending(&run(&sandbox, "ask exit 5"));
    approve(&sandbox, &id);
    for _ in 0..2 {
        let (code, said) = sandbox.person(&["approve", &id]);
        assert_ne!(code, Some(0), "{said}");
        assert!(said.contains("answered already"), "{said}");
        assert!(run(&sandbox, "ask exit 5").code().is_some());
    }
    assert_eq!(sandbox.audit_of("refused_answer").len(), 2);
    assert_eq!(sandbox.audit_of("intent").len(), 1);
}

#[test]
fn an_answer_names_what_it_answered_and_takes_no_start_that_could_mean_another() {
    let sandbox = builder().settings(SOON).start();
    let id = pending(&run(&sandbox, "ask exit 5"));
    for answer in ["approve", "deny"] {
        let (code, said) = sandbox.person(&[answer, &id[..4]]);
        let short = format!("`{}` is too short to mean one question: give 8 letters of its id or more", &id[..4]);
        assert!(code == Some(1) && said.contains(&short), "{code:?} {said}");
    }
    let start = id[..9].to_ascii_lowercase();
    assert_eq!(sandbox.person(&["approve", &start]), (Some(0), format!("approved: {id}  ask exit 5\n")));
    assert_eq!(run(&sandbox, "ask exit 5").code(), Some(5));
}

#[test]
fn questions_end_with_their_session() {
    let sandbox = builder().settings(SOON).tollgate_on_path().start();
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask", "ask exit 5"), LIMIT);
    let id = pending(&ran);
    sandbox.await_records("expired", 1);
    let expired = &sandbox.audit_of("expired")[0];
    assert_eq!((&expired["id"], &expired["message"]), (&id.into(), &"the session that asked is over".into()));
    assert_eq!(sandbox.ask(&["approvals"]).stdout_text(), "no question is open\n");
    assert_eq!(crate::status(&sandbox)["questions"], 0);
}

#[test]
fn a_thousand_questions_at_once_are_ten_and_the_rest_is_refused_and_recorded() {
    let sandbox = builder().settings("[approvals]\nwait_s = 1\n").start();
    let text = "for n in $(seq 1000); do ask exit $n 2>>said & done; wait; grep -c crowded said";
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask", text), LIMIT * 6);
    assert_eq!(ran.stdout_text(), "990\n", "{ran:?}");
    assert_eq!(sandbox.audit_of("question").len(), 10);
    let refused = sandbox.audit_of("refused");
    assert_eq!(refused.iter().filter(|one| one["reason"] == "crowded").count(), 990);
    sandbox.await_records("expired", 10);
    // Another session has room of its own.
    let other = sandbox.run_command(sandbox.session("claude-code", "ask", "ask exit 1"), LIMIT);
    pending(&other);
}

#[test]
fn a_crowded_session_is_told_what_to_do() {
    let sandbox = builder().settings("[approvals]\nwait_s = 1\na_session = 1\n").start();
    pending(&run(&sandbox, "ask exit 5"));
    let ran = run(&sandbox, "ask exit 6");
    assert_eq!(ran.code(), Some(75));
    assert_eq!(
        sandbox.evened(&ran.stderr_text()),
        r#"tollgate: not asked: `ask exit 6`
  open questions of this session: 1, and no more may be (`tollgate approvals --root SANDBOX/root`)
  wait for an answer to one of them, then run the command again
tollgate: {"v":1,"verdict":"escalate","reason":"crowded","operation":"ask.unknown","tier":null,"rule":"ask","id":"ID","retry":true}
"#
    );
}

#[test]
fn a_file_of_approvals_that_somebody_wrote_counts_for_nothing() {
    let mut sandbox = builder().settings(SOON).start();
    let id = pending(&run(&sandbox, "ask exit 5"));
    let question = sandbox.audit_of("question").remove(0);
    let mut answer = question.clone();
    answer["kind"] = "answer".into();
    answer["decision"] = "allow".into();
    answer["approved_by"] = serde_json::json!({"name": "root", "uid": 0, "how": "terminal", "from": "pts/0"});
    let folder = sandbox.path("root/state/approvals");
    let _ = fs::create_dir(&folder);
    for name in [format!("{id}.json"), id.clone(), "approvals.json".into(), "answers.jsonl".into()] {
        fs::write(folder.join(name), format!("{answer}\n")).unwrap();
    }
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert_eq!(pending(&run(&sandbox, "ask exit 5")), id, "it is still open");
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn what_a_caller_wrote_steers_no_terminal_wherever_a_question_shows_it() {
    let sandbox = builder().settings(SOON).start();
    let evil = r"$'\e[2J\e]0;x\a' $'a\nb' $'\u202eright' $'\u200b' $'\x9b31m' $'\xff' --force=$'\e'";
    let folder = "d=$'f\\e[31m\\u202e\\nx'; mkdir \"$d\"; cd \"$d\"";
    let long = "x".repeat(5000);
    pending(&run(&sandbox, &format!("{folder}; ask {evil} {long}")));
    let listed = sandbox.ask(&["approvals"]).stdout_text();
    let hidden = |character: &char| {
        (character.is_control() && *character != '\n') || ['\u{200b}', '\u{202e}'].contains(character)
    };
    assert_eq!(listed.chars().find(hidden), None, "{listed:?}");
    assert_eq!(listed.lines().count(), 10, "each on one line, and where to read all of it: {listed}");
    assert!(listed.contains('…') && listed.len() < 3000, "cut, with a mark: {listed}");
    assert!(listed.contains("  DANGER  --force="), "{listed}");
    let json = sandbox.ask(&["approvals", "--json"]).stdout_text();
    assert_eq!(json.chars().find(hidden), None, "{json:?}");
    assert_eq!(json.lines().count(), 1);
}
