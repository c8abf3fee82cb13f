//! Who may answer, tried from inside: by the person's command and by the admin socket,
//! however the process is dressed up. And passphrases: whose answer counts then.
//!
//! Not here: what an answer is bound to (`questions`).

use std::fs;

use e2e::{Builder, Pty, Sandbox};

use crate::{LIMIT, builder, question_id};

/// Asks the admin door past every program of ours: `admin.py ROOT JSON`.
const ADMIN: &str = r#"#!/usr/bin/env python3
import socket, struct, sys
body = sys.argv[2].encode()
door = socket.socket(socket.AF_UNIX)
door.connect(sys.argv[1] + "/run/admin")
door.sendall(b"TG\x01\x0d" + struct.pack("<II", len(body), 0) + body)
head = b""
while len(head) < 12:
    head += door.recv(12 - len(head))
length = struct.unpack("<I", head[4:8])[0]
reply = b""
while len(reply) < length:
    reply += door.recv(length - len(reply))
print("said", reply.decode())
"#;

/// Every way out that an agent has tried; `DO` is what it does there.
const WAYS: [&str; 9] = [
    "DO",
    "plain launch session -- DO",
    "plain launch session orphan -- DO",
    "plain launch terminal -- DO",
    "plain launch orphan terminal -- DO",
    "(setsid sh -c '(DO) & wait' & wait)",
    "tollgate run --tools probe -- DO",
    "wrapper DO",
    "git -c alias.x='!DO' x",
];

const FREE: &str = "[[rule]]\nname = \"free\"\ntools = [\"git\", \"wrapper\", \"terraform\"]\nverdict = \"allow\"\ntier = [0, 1, 2, 3, 4, \"unknown\"]\n";

fn prison() -> Builder {
    builder()
        .script("wrapper", "#!/bin/sh\nexec \"$@\"\n", "755")
        .wrap("git")
        .tollgate_on_path()
        .policy("20-free.toml", FREE)
}

/// Runs `script` in a session, with `$id` an open question and `$word` an answer to it;
/// gives all that was said.
fn inside(sandbox: &Sandbox, script: &str) -> String {
    fs::write(sandbox.path("admin.py"), ADMIN).unwrap();
    let text = format!(
        "mkfifo said; ask exit 5 2> said & exec 3< said
        while read -r line <&3; do case $line in *' is question '*) break;; esac; done
        export id=${{line##* }} TOLLGATE_X=1
        export word='{{\"ask\":\"answer\",\"id\":\"'$id'\",\"answer\":\"approve\"}}'
        cat <&3 >&2 &
        {script}
        echo over; kill %1"
    );
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask,probe,wrapper,git,terraform", &text), LIMIT * 2);
    assert!(ran.stdout_text().contains("over"), "{ran:?}");
    format!("{}{}", ran.stdout_text(), ran.stderr_text())
}

/// `what` on every way: each must be refused, and recorded.
fn on_every_way(what: &str, says: &str) {
    if e2e::require_tool("git").is_none() || e2e::require_tool("python3").is_none() {
        return;
    }
    let sandbox = prison().start();
    fs::write(sandbox.path("try"), format!("#!/bin/bash\n{what}\n")).unwrap();
    let attempts: String =
        WAYS.iter().map(|way| format!("{{ {}; }} 2>&1 | cat\n", way.replace("DO", "bash $E2E_SANDBOX/try"))).collect();
    let said = inside(&sandbox, &attempts);
    assert_eq!(said.matches(says).count(), WAYS.len(), "{said}");
    let refused = sandbox.audit_of("refused_answer");
    assert_eq!(refused.len(), WAYS.len(), "{said}\n{refused:#?}");
    assert!(sandbox.audit_of("answer").is_empty());
    assert!(sandbox.audit_of("intent").iter().all(|intent| intent["tool"] != "ask"), "{said}");
}

#[test]
fn no_way_out_of_a_session_lets_the_persons_command_answer() {
    on_every_way("tollgate approve $id --root \"$ROOT\"", "refused: ");
}

#[test]
fn no_way_out_of_a_session_lets_the_admin_socket_be_told() {
    on_every_way("python3 $E2E_SANDBOX/admin.py \"$ROOT\" \"$word\"", "\"reply\":\"refused\"");
}

#[test]
fn a_provisioner_of_terraforms_cannot_answer() {
    if e2e::require_tool("terraform").is_none() || e2e::require_tool("python3").is_none() {
        return;
    }
    let sandbox = prison().wrap("terraform").start();
    let main = r#"resource "terraform_data" "x" {
  provisioner "local-exec" {
    command = "tollgate approve $id --root $ROOT; python3 $E2E_SANDBOX/admin.py $ROOT \"$word\"; setsid tollgate approve $id --root $ROOT; true"
  }
}
"#;
    fs::create_dir(sandbox.path("infra")).unwrap();
    fs::write(sandbox.path("infra/main.tf"), main).unwrap();
    let said = inside(
        &sandbox,
        "cd $E2E_SANDBOX/infra && terraform init -no-color && terraform apply -auto-approve -no-color",
    );
    assert!(said.contains("Apply complete"), "{said}");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 3, "{said}");
    assert!(sandbox.audit_of("answer").is_empty());
}

#[test]
fn no_agent_gives_itself_a_passphrase() {
    if e2e::require_tool("python3").is_none() {
        return;
    }
    let sandbox = prison().start();
    let ask = r#"'{"ask":"set_passphrase","approver":{"name":"mallory","passphrase":"of my own making"}}'"#;
    let said = inside(&sandbox, &format!("python3 $E2E_SANDBOX/admin.py \"$ROOT\" {ask}"));
    assert!(said.contains("\"reply\":\"refused\""), "{said}");
    assert_eq!(sandbox.audit_of("refused_attempt").len(), 1);
    assert_eq!(sandbox.ask(&["approver", "list"]).stdout_text(), "nobody has a passphrase\n");
}

/// Types a passphrase at `tollgate approve`, on a terminal that it has made: `feed.py ID ROOT`.
const FEED: &str = r#"import os, pty, sys
pid, screen = pty.fork()
if pid == 0:
    os.execvp("tollgate", ["tollgate", "approve", sys.argv[1], "--as", "anna", "--root", sys.argv[2]])
os.write(screen, b"correct horse battery\n")
said = b""
try:
    while True:
        some = os.read(screen, 4096)
        if not some:
            break
        said += some
except OSError:
    pass
os.waitpid(pid, 0)
print("fed", said.decode())
"#;

/// An agent that has come to know a passphrase: fed through a terminal of its own, in a
/// frame at the admin socket, twice, with and without its environment.
#[test]
fn a_passphrase_that_an_agent_knows_is_worth_nothing_in_its_session() {
    if e2e::require_tool("python3").is_none() {
        return;
    }
    let sure = "[[rule]]\nname = \"sure\"\ntools = \"ask\"\nconfirm = \"passphrase\"\n";
    let sandbox = prison().policy("30-sure.toml", sure).start();
    enrol_anna(&sandbox);
    fs::write(sandbox.path("feed.py"), FEED).unwrap();
    let script = r#"feed() { python3 $E2E_SANDBOX/feed.py $id "$ROOT"; }
        sure='{"ask":"answer","id":"'$id'","answer":"approve","approver":{"name":"anna","passphrase":"correct horse battery"}}'
        frame() { python3 $E2E_SANDBOX/admin.py "$ROOT" "$sure"; }
        feed; frame; frame
        env -i PATH="$PATH" python3 $E2E_SANDBOX/feed.py $id "$ROOT"
        env -u TOLLGATE_SESSION HOME=/ python3 $E2E_SANDBOX/admin.py "$ROOT" "$sure"
        plain launch orphan terminal -- python3 $E2E_SANDBOX/admin.py "$ROOT" "$sure" | cat"#;
    let said = inside(&sandbox, script);
    let refused = sandbox.audit_of("refused_answer");
    assert_eq!(refused.len(), 6, "{said}\n{refused:#?}");
    assert!(refused.iter().all(|one| one["message"].as_str().unwrap().contains("inside session")), "{refused:#?}");
    assert!(sandbox.audit_of("answer").is_empty() && !said.contains("approved"), "{said}");
    let all = sandbox.audit().iter().map(ToString::to_string).collect::<String>();
    assert!(!all.contains("correct horse"), "what was tried is not recorded");
}

/// A frame that once counted, sent again from a person's own terminal.
#[test]
fn a_frame_that_is_sent_again_answers_nothing_more() {
    if e2e::require_tool("python3").is_none() {
        return;
    }
    let sandbox = builder().settings(SETTINGS).start();
    fs::write(sandbox.path("admin.py"), ADMIN).unwrap();
    let id = asked(&sandbox);
    let word = format!("{{\"ask\":\"answer\",\"id\":\"{id}\",\"answer\":\"approve\"}}");
    let send = || {
        let mut command = sandbox.command("python3");
        command.arg(sandbox.path("admin.py")).arg(sandbox.path("root")).arg(&word);
        Pty::spawn(command).finish().1
    };
    assert!(send().contains("\"reply\":\"done\""));
    assert!(send().contains("\"reply\":\"failed\""));
    assert_eq!(runs(&sandbox), Some(5));
    assert!(send().contains("\"reply\":\"failed\""));
    assert_ne!(asked(&sandbox), id, "the next one asks anew");
    assert!(send().contains("\"reply\":\"failed\""));
    assert_eq!((sandbox.audit_of("refused_answer").len(), sandbox.audit_of("intent").len()), (3, 1));
}

#[test]
fn guesses_are_recorded_and_the_right_one_waits_after_many() {
    let sandbox = crate::under(&policy("confirm = \"passphrase\"")).settings(SETTINGS).start();
    enrol_anna(&sandbox);
    let id = asked(&sandbox);
    for guess in 0..4 {
        let (code, said) = typed(&sandbox, &["approve", &id], &[(ANNA.0, &format!("a guess of mine {guess}"))]);
        assert!(code != Some(0) && said.contains("is another one"), "{said}");
    }
    let (code, said) = typed(&sandbox, &["approve", &id], &[ANNA]);
    assert!(
        code != Some(0) && said.contains("refused: too many wrong passphrases: the next one is looked at in "),
        "{said}"
    );
    assert_eq!(sandbox.audit_of("refused_answer").len(), 5);
    assert!(sandbox.audit_of("answer").is_empty());
}

/// `tollgate ARGUMENTS --root ROOT` at a terminal: each prompt, and what is typed there.
fn typed(sandbox: &Sandbox, arguments: &[&str], keys: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = sandbox.tollgate(arguments);
    command.arg("--root").arg(sandbox.path("root"));
    let mut person = Pty::spawn(command);
    let mut shown = String::new();
    for (prompt, key) in keys {
        shown.push_str(&person.wait_for(prompt));
        person.write(&format!("{key}\n"));
    }
    let (status, rest) = person.finish();
    (status.code(), format!("{shown}{rest}"))
}

fn policy(more: &str) -> String {
    format!("{}\n[[rule]]\nname = \"sure\"\ntools = \"ask\"\n{more}\n", crate::policy("allow", "escalate", "deny"))
}

const SETTINGS: &str =
    "[approvals]\nwait_s = 1\n[approvers.anna]\nname = \"Anna Example\"\nemail = \"anna@example.org\"\n";
const ANNA: (&str, &str) = ("passphrase of anna: ", "correct horse battery");
const BERT: (&str, &str) = ("passphrase of bert: ", "staple of another");
const AGAIN: &str = "the same again: ";

fn asked(sandbox: &Sandbox) -> String {
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", "ask exit 5"]);
    let ran = sandbox.run_command(command, LIMIT);
    assert_eq!(ran.code(), Some(75), "{ran:?}");
    question_id(&ran.stderr_text()).to_owned()
}

fn runs(sandbox: &Sandbox) -> Option<i32> {
    let mut command = sandbox.command("bash");
    command.args(["-c", "ask exit 5"]);
    sandbox.run_command(command, LIMIT).code()
}

/// Gives `anna` a passphrase.
pub(crate) fn enrol_anna(sandbox: &Sandbox) {
    let (code, shown) = typed(sandbox, &["approver", "add", "anna"], &[ANNA, (AGAIN, ANNA.1)]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains(ANNA.1), "what is typed is not shown: {shown}");
}

#[test]
fn a_rule_that_wants_a_passphrase_takes_no_other_yes() {
    let sandbox = crate::under(&policy("confirm = \"passphrase\"")).settings(SETTINGS).start();
    let id = asked(&sandbox);
    let (code, said) = sandbox.person(&["approve", &id]);
    assert_ne!(code, Some(0));
    assert!(said.contains("nobody has one: `tollgate approver add NAME`"), "{said}");
    enrol_anna(&sandbox);
    let (code, said) = typed(&sandbox, &["approve", &id], &[(ANNA.0, "a guess of mine")]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("refused: the passphrase of `anna` is another one"), "{said}");
    assert_eq!(sandbox.audit_of("refused_answer").len(), 2);
    assert!(sandbox.audit_of("answer").is_empty());
    let (code, said) = typed(&sandbox, &["approve", &id], &[ANNA]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(runs(&sandbox), Some(5));
    let by = &sandbox.audit_of("answer")[0]["approved_by"];
    assert_eq!((&by["how"], &by["name"]), (&"passphrase".into(), &"Anna Example <anna@example.org>".into()));
    let all = sandbox.audit().iter().map(ToString::to_string).collect::<String>();
    assert!(!all.contains(ANNA.1) && !all.contains("argon2"), "neither passphrase nor hash is recorded");
}

#[test]
fn a_grant_is_no_passphrase_and_no_second_person() {
    for more in ["confirm = \"passphrase\"", "people = 2"] {
        let sandbox = crate::under(&policy(more)).settings(SETTINGS).start();
        assert_eq!(sandbox.person(&["grant", "claude-code", "ask.unknown"]).0, Some(0));
        // A question ends with its session.
        let mut command = sandbox.session("claude-code", "ask", "ask exit 5; echo $?; read -r");
        command.stdin(std::process::Stdio::piped());
        let mut running = sandbox.start_command(command);
        running.until_stdout("75\n");
        let question: serde_json::Value = sandbox.ask(&["approvals", "--json"]).stdout_text().trim().parse().unwrap();
        assert_eq!(question["like_this"], serde_json::json!([]), "{more}");
        running.type_line("");
        running.finish(LIMIT);
    }
}

#[test]
fn why_a_person_said_yes_or_no_is_on_record() {
    let sandbox = builder().settings(SETTINGS).start();
    for (word, decision) in [("approve", "allow"), ("deny", "deny")] {
        let id = asked(&sandbox);
        let (code, said) = sandbox.person(&[word, &id, "--reason", "the window is open"]);
        assert_eq!(code, Some(0), "{said}");
        let answer = sandbox.audit_of("answer").pop().unwrap();
        assert_eq!((&answer["id"], &answer["decision"]), (&id.as_str().into(), &decision.into()));
        assert_eq!(answer["message"], "the window is open");
        assert_eq!(runs(&sandbox), Some(if word == "approve" { 5 } else { 126 }));
    }
}

#[test]
fn two_people_are_two_even_over_a_restart_and_neither_can_be_made_up() {
    let mut sandbox = crate::under(&policy("confirm = \"passphrase\"\npeople = 2")).settings(SETTINGS).start();
    enrol_anna(&sandbox);
    let new = [("new passphrase of bert: ", BERT.1), (AGAIN, BERT.1)];
    let guess = [&new[..], &[(ANNA.0, "no idea at all")]].concat();
    let (code, said) = typed(&sandbox, &["approver", "add", "bert"], &guess);
    assert_ne!(code, Some(0), "somebody must vouch: {said}");
    assert_eq!(sandbox.audit_of("refused_attempt").len(), 1);
    let (code, said) = typed(&sandbox, &["approver", "add", "bert"], &[&new[..], &[ANNA]].concat());
    assert_eq!(code, Some(0), "{said}");
    let id = asked(&sandbox);
    let (code, said) = typed(&sandbox, &["approve", &id, "--as", "anna"], &[ANNA]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 more must approve before it runs"), "{said}");
    assert_eq!(runs(&sandbox), Some(75), "one is not enough");
    sandbox.daemon().kill();
    // Another name in the settings makes nobody another person.
    fs::write(sandbox.path("root/config/tollgate.toml"), SETTINGS.replace("Anna", "Another")).unwrap();
    sandbox.start_daemon();
    let (code, said) = typed(&sandbox, &["approve", &id, "--as", "anna"], &[ANNA]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("the other approval must be another person's"), "{said}");
    let listed = sandbox.ask(&["approvals"]).stdout_text();
    assert!(listed.contains("needs   2 people, approved by Anna Example <anna@example.org>, a passphrase"), "{listed}");
    let (code, said) = typed(&sandbox, &["approve", &id, "--as", "bert"], &[BERT]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(runs(&sandbox), Some(5));
}

#[test]
fn one_user_is_one_person_with_a_passphrase_and_without() {
    if e2e::require_tool("python3").is_none() {
        return;
    }
    let sandbox = crate::under(&policy("people = 2")).settings(SETTINGS).start();
    fs::write(sandbox.path("admin.py"), ADMIN).unwrap();
    enrol_anna(&sandbox);
    let id = asked(&sandbox);
    let (code, said) = sandbox.person(&["approve", &id]);
    assert!(code == Some(0) && said.contains("1 more must approve before it runs"), "{said}");
    let (code, said) = sandbox.person(&["approve", &id]);
    assert!(code != Some(0) && said.contains("the other approval must be another person's"), "{said}");
    let word = serde_json::json!({"ask": "answer", "id": id, "answer": "approve",
        "approver": {"name": "anna", "passphrase": ANNA.1}});
    let mut command = sandbox.command("python3");
    command.arg(sandbox.path("admin.py")).arg(sandbox.path("root")).arg(word.to_string());
    let (_, said) = Pty::spawn(command).finish();
    assert!(said.contains("the other approval must be another person's"), "{said}");
    assert_eq!(runs(&sandbox), Some(75));
    assert_eq!((sandbox.audit_of("refused_answer").len(), sandbox.audit_of("answer").len()), (2, 1));
}

#[test]
fn a_passphrase_file_that_somebody_wrote_is_nobodys() {
    let mut sandbox = crate::under(&policy("confirm = \"passphrase\"")).settings(SETTINGS).start();
    enrol_anna(&sandbox);
    let folder = sandbox.path("root/state/approvals");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    fs::copy(&file, folder.join("mallory.0123456789abcdef")).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let other = text.replacen(&text[text.len() - 9..text.len() - 1], "00000000", 1);
    fs::write(&file, other).unwrap();
    sandbox.daemon().kill();
    sandbox.start_daemon();
    assert_eq!(sandbox.ask(&["approver", "list"]).stdout_text(), "anna\n");
    let id = asked(&sandbox);
    let (code, said) = typed(&sandbox, &["approve", &id], &[ANNA]);
    assert_ne!(code, Some(0));
    assert!(said.contains("is not the one that was recorded"), "{said}");
}
