//! What a person reads, held whole.

use super::*;
use crate::line::{self, Hash};
use crate::{Also, Approver, Bytes, Command, Fact, Found, Grant, Process, Taken, TargetValue, Token};

fn record(seq: u64, entry: &Entry) -> Record {
    let time = "2026-02-12T14:30:22.123456789Z".parse().unwrap();
    let mut bytes = Vec::new();
    line::seal(seq, time, &line::body(entry).unwrap(), &Hash::ZERO, &mut bytes);
    Record::of(bytes.strip_suffix(b"\n").unwrap()).unwrap()
}

fn refusal() -> Entry {
    Entry {
        agent: Some("claude-code".into()),
        command: Some(Command {
            argv: vec!["terraform".into(), "destroy".into(), "a\u{1b}[2J".into()],
            ..Command::default()
        }),
        operation: Some("terraform.destroy".into()),
        tier: Some(4),
        decision: Some(Decision::Deny),
        rule: Some("prod-no-destroy".into()),
        reason: Some("rule".into()),
        ..Entry::of(Kind::Refused, "01KH9QAYZ8S6J4F8Q6E5T3V2W1")
    }
}

#[test]
fn a_line_says_who_wanted_what_and_what_came_of_it() {
    assert_eq!(
        line(&record(1, &refusal())),
        "2026-02-12 14:30:22Z  01KH9QAYZ8S6J4F8Q6E5T3V2W1  claude-code   T4  deny       terraform.destroy  \
         terraform destroy $'a\\x1b[2J'"
    );
    let outcome = Entry { exit_code: Some(1), duration_ms: Some(45_210), ..Entry::of(Kind::Outcome, "A") };
    assert_eq!(
        line(&record(2, &outcome)),
        "2026-02-12 14:30:22Z  A                           -             -   outcome    -  exit 1 after 45.2 s"
    );
    let gap = Entry { id: "B".into(), ..Entry::about_us(Kind::Gap, "3 records\ncould not be written") };
    assert_eq!(
        line(&record(3, &gap)),
        "2026-02-12 14:30:22Z  B                           -             -   gap        -  \
         3 records\\ncould not be written"
    );
}

#[test]
fn the_full_form_shows_every_field_once_and_nothing_that_is_not_there() {
    let known = |value: &str, source: &'static str| TargetValue::Known { value: value.into(), source: source.into() };
    let entry = Entry {
        parent: Some("P".into()),
        door: Some("shim".into()),
        uid: Some(1000),
        pid: Some(42),
        agent_known_by: vec!["session".into(), "ancestry".into()],
        session: Some("S".into()),
        command: Some(Command {
            argv: vec!["terraform".into(), "apply".into()],
            cwd: Some("/srv/infra".into()),
            env: vec!["TF_WORKSPACE=prod".into(), Bytes::from(&b"A=\xff"[..])],
        }),
        tool: Some("terraform".into()),
        also: vec![Also {
            operation: "terraform.destroy".into(),
            tier: None,
            target: [("path".into(), Found::One(known("x", "argument")))].into(),
            wrapped_by: Vec::new(),
        }],
        target: [
            ("region".into(), Found::One(TargetValue::Unknown { unknown: "no profile".into() })),
            ("path".into(), Found::Several(vec![known("a", "argument"), known("b", "argument")])),
            ("workspace".into(), Found::One(known("prod", "TF_WORKSPACE"))),
        ]
        .into(),
        rationale: Some("destroys".into()),
        approved_by: Some(Approver {
            name: "alice".into(),
            uid: Some(1001),
            how: "terminal".into(),
            from: Some("/dev/pts/3".into()),
            key: None,
        }),
        signal: Some(15),
        duration_ms: Some(723_999),
        binary: Some("/usr/bin/terraform".into()),
        binary_sha256: Some("ab".into()),
        binary_writable_by_caller: Some(true),
        clearance: Some(2),
        token: Some(Token {
            id: "T".into(),
            agent: "claude-code".into(),
            clearance: Some(2),
            until: "2026-02-12T15:30:22Z".parse().unwrap(),
        }),
        process: Some(Process { pid: 7, started: 99, boot: "b".into() }),
        grant: Some(Grant {
            id: "G".into(),
            agent: "claude-*".into(),
            operation: "terraform.apply".into(),
            target: [("workspace".into(), "staging-*".into())].into(),
            until: "2026-02-12T15:00:00Z".parse().unwrap(),
            count: Some(5),
        }),
        taken: vec![
            Taken::Rate { rule: "deploys".into(), of: "agent claude-code".into(), limit: "1/h".into() },
            Taken::Grant { id: "G".into() },
            Taken::Runbook { name: "restart".into() },
        ],
        policy_hash: Some("sha256:cd".into()),
        policy_pending: Some("sha256:ce".into()),
        facts: vec![Fact { path: "/srv/infra/.terraform/environment".into(), sha256: "ef".into() }],
        lost: Some(2),
        message: Some("hello".into()),
        ..refusal()
    };
    let record = record(17, &entry);
    assert_eq!(
        full(&record),
        format!(
            "record 17 of 2026-02-12T14:30:22.123456789Z: refused
  id           01KH9QAYZ8S6J4F8Q6E5T3V2W1
  called by    P
  agent        claude-code (known by session, ancestry)
  clearance    2
  session      S
  token        T of claude-code, clearance 2, until 2026-02-12T15:30:22Z
  process      pid 7
  caller       uid 1000, pid 42, door shim
  command      terraform apply
  folder       /srv/infra
  environment  TF_WORKSPACE=prod
               A=\\xff
  operation    terraform.destroy -- T4 break-glass
  because      destroys
  target       workspace prod (from TF_WORKSPACE)
               region unknown (no profile)
               path a (from argument)
               path b (from argument)
  also         terraform.destroy -- tier unknown
               path x (from argument)
  verdict      deny
  reason       rule
  rule         prod-no-destroy
  answered by  alice (uid 1001) by terminal from /dev/pts/3
  grant        G for claude-* on terraform.apply, workspace=staging-*, until 2026-02-12T15:00:00Z, 5 times
  used up      rate deploys (1/h) of agent claude-code
               grant G
               runbook restart
  ended        signal 15 after 12 min 3 s
  binary       /usr/bin/terraform
  its SHA-256  ab
               the caller can change this binary
  policy       sha256:cd
  with pending sha256:ce
  read         /srv/infra/.terraform/environment (SHA-256 ef)
  lost         2 records
  message      hello
  hash         {}
  after        {}
",
            record.hash, record.prev_hash
        )
    );
    let nothing = full(&self::record(1, &Entry::of(Kind::Started, "A")));
    assert_eq!(nothing.lines().count(), 4, "{nothing}");
}

#[test]
fn a_run_is_told_from_question_to_outcome() {
    let question = Entry { kind: Kind::Question, decision: Some(Decision::Escalate), ..refusal() };
    let id = question.id.clone();
    let answer = Entry {
        decision: Some(Decision::Allow),
        reason: Some("person".into()),
        approved_by: Some(Approver { name: "alice".into(), ..Approver::default() }),
        ..Entry::of(Kind::Answer, &id)
    };
    let outcome = Entry { exit_code: Some(0), ..Entry::of(Kind::Outcome, &id) };
    let other = Entry::of(Kind::Started, "Z");
    let records = [&question, &answer, &other, &outcome];
    let runs = runs(records.iter().zip(1..).map(|(entry, seq)| record(seq, entry)));
    let sequences: Vec<Vec<u64>> =
        runs.iter().map(|run| run.records.iter().map(|record| record.seq).collect()).collect();
    assert_eq!(sequences, [vec![1, 2, 4], vec![3]]);
    assert_eq!(
        run(&runs[0]),
        "01KH9QAYZ8S6J4F8Q6E5T3V2W1  claude-code  terraform destroy $'a\\x1b[2J'  (terraform.destroy, T4 break-glass)
  2026-02-12 14:30:22.123Z  escalate  rule prod-no-destroy
  2026-02-12 14:30:22.123Z  approved  by alice, reason person
  2026-02-12 14:30:22.123Z  outcome   exit 0
"
    );
}
