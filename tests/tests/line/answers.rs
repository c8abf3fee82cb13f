//! Questions, and who may answer them: a person on a terminal outside every
//! session, and nobody else, however it is dressed up.

use std::time::Duration;

use e2e::{Builder, Running, Sandbox};

use crate::{builder, question_id};

const LIMIT: Duration = Duration::from_secs(20);

/// A gated `ask exit 5` that waits for a person, and its question's id.
fn asked(sandbox: &Sandbox) -> (Running, String) {
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", "ask exit 5"]);
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    (running, id)
}

#[test]
fn an_approved_command_runs_once() {
    let sandbox = builder().start();
    let (running, id) = asked(&sandbox);
    assert_eq!(sandbox.person(&["approve", &id]), (Some(0), format!("approved: {id}  ask exit 5\n")));
    assert_eq!(running.finish(LIMIT).code(), Some(5));
    let answer = &sandbox.audit_of("answer")[0];
    assert_eq!(answer["decision"], "allow");
    assert_eq!(answer["approved_by"]["how"], "terminal");
    let (again, other) = asked(&sandbox);
    assert_ne!(other, id, "an answer is good for one run");
    drop(again);
}

#[test]
fn a_denied_command_never_starts() {
    let sandbox = builder().start();
    let (running, id) = asked(&sandbox);
    let (code, _) = sandbox.person(&["deny", &id, "--reason", "not on a Friday"]);
    assert_eq!(code, Some(0));
    let ran = running.finish(LIMIT);
    assert_eq!(ran.code(), Some(126));
    assert!(ran.stderr_text().contains("not on a Friday"), "{}", ran.stderr_text());
    assert!(sandbox.audit_of("intent").is_empty());
}

#[test]
fn a_question_is_listed_until_it_is_answered() {
    let sandbox = builder().start();
    let (running, id) = asked(&sandbox);
    let listed = sandbox.ask(&["approvals", "--json"]).stdout_text();
    let question: serde_json::Value = listed.trim().parse().unwrap();
    assert_eq!(question["id"], id.as_str());
    assert_eq!((&question["command"], &question["operation"]), (&"ask exit 5".into(), &"ask.unknown".into()));
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).code(), Some(5));
    assert_eq!(sandbox.ask(&["approvals", "--json"]).stdout_text(), "");
}

#[test]
fn an_answer_to_no_question_is_an_error() {
    let sandbox = builder().start();
    let (code, said) = sandbox.person(&["approve", "01JZZZZZZZZZZZZZZZZZZZZZZZ"]);
    assert_ne!(code, Some(0));
    assert!(said.contains("no open question"), "{said}");
}

#[test]
fn who_stops_waiting_ends_the_command_but_not_the_question() {
    let sandbox = builder().start();
    let (running, id) = asked(&sandbox);
    drop(running);
    let listed = sandbox.ask(&["approvals", "--json"]).stdout_text();
    assert!(listed.contains(&id), "{listed}");
    assert!(sandbox.audit_of("intent").is_empty());
}

/// Every way that an agent inside a session has tried: each must be refused.
const INSIDE: [(&str, &str); 6] = [
    ("plainly", "tollgate approve ID --root ROOT"),
    ("in a session of its own", "plain launch session -- tollgate approve ID --root ROOT"),
    ("on a terminal of its own", "plain launch terminal -- tollgate approve ID --root ROOT"),
    ("as an orphan", "plain launch session orphan -- tollgate approve ID --root ROOT"),
    ("as an orphan on a terminal of its own", "plain launch orphan terminal -- tollgate approve ID --root ROOT"),
    ("under an allowed tool", "answerer ID ROOT"),
];

/// With a tool that a policy lets run, and that answers on a terminal of its own.
fn with_answerer() -> Builder {
    let text = "#!/bin/sh\nexec plain launch terminal -- tollgate approve \"$1\" --root \"$2\"\n";
    let policy = crate::POLICY.replace("tools = \"probe\"", "tools = [\"probe\", \"answerer\"]");
    Sandbox::builder(e2e::programs!())
        .probe("probe")
        .probe("ask")
        .script("answerer", text, "755")
        .tollgate_on_path()
        .policy("10-tests.toml", &policy)
}

#[test]
fn an_agent_cannot_answer_from_inside_its_session() {
    let sandbox = with_answerer().start();
    let attempts: String = INSIDE
        .iter()
        .map(|(_, attempt)| {
            format!("{{ {}; }} 2>&1 | cat\n", attempt.replace("ID", "$id").replace("ROOT", "\"$ROOT\""))
        })
        .collect();
    let script = format!(
        "mkfifo said; ask exit 5 2> said & exec 3< said
         while read -r line <&3; do case $line in *' is question '*) break;; esac; done
         id=${{line##* }}
         {attempts}
         echo \"id $id\"; cat <&3 >&2 & wait %1; echo \"ended $?\""
    );
    let mut running = sandbox.start_command(sandbox.session("claude-code", "ask,answerer,probe", &script));
    let said = running.until_stdout("id 0");
    let said = if said.ends_with('\n') { said } else { running.until_stdout("\n") };
    let id = said.lines().find_map(|line| line.strip_prefix("id ")).unwrap().to_owned();
    assert!(!said.contains("approved"), "{said}");
    assert_eq!(said.matches("refused: ").count(), INSIDE.len(), "{said}");
    let refused = sandbox.audit_of("refused_answer");
    assert_eq!(refused.len(), INSIDE.len(), "{refused:#?}");
    assert!(refused.iter().all(|record| record["id"] == id.as_str()), "{refused:#?}");
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0), "a person still may");
    let ran = running.finish(LIMIT);
    assert!(ran.stdout_text().ends_with("ended 5\n"), "{ran:?}");
}

#[test]
fn a_tool_that_was_allowed_cannot_answer_outside_of_sessions_either() {
    let sandbox = with_answerer().start();
    let (running, id) = asked(&sandbox);
    let ran = sandbox.gated(format!("answerer {id} \"$ROOT\"").as_str());
    assert_ne!(ran.code(), Some(0));
    assert!(ran.stdout_text().contains("refused: "), "{ran:?}");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 1);
    assert!(sandbox.audit_of("answer").is_empty());
    drop(running);
}

#[test]
fn an_answer_needs_a_terminal() {
    let sandbox = builder().start();
    let (running, id) = asked(&sandbox);
    let ran = sandbox.ask(&["approve", &id]);
    assert_ne!(ran.code(), Some(0));
    assert!(ran.stderr_text().contains("terminal"), "{ran:?}");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 1);
    drop(running);
}
