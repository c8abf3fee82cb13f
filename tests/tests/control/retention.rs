//! The audit's oldest segments go; what a daemon knows by them stays.
//!
//! `TOLLGATE_KILLS=24 cargo test -p e2e --test control retention` kills it at so many
//! points of that work.

use std::io::Write;
use std::process::Stdio;

use e2e::{Builder, Sandbox};

use crate::answering::enrol_anna;
use crate::questions::{pending, run};
use crate::{LIMIT, policy, status, token, write_policy};

const SETTINGS: &str = "[audit]\nsegment_mb = 1\nkeep_mb = 1\n[approvals]\nwait_s = 1\n";

/// How often the daemon is killed, where nobody says.
const KILLS: u32 = 3;
/// Changes of the folder from one segment to the next and the one after: at one of
/// them it is killed.
const CHANGES: u32 = 24;

fn scene() -> Builder {
    let rated = policy("allow", "escalate", "deny").replacen("tier =", "rate = \"2/h\"\ntier =", 1);
    crate::under(&rated).tollgate_on_path().settings(SETTINGS)
}

/// Another recorder's lines of nearly a megabyte: each fills a segment.
pub(crate) fn fill(sandbox: &Sandbox, lines: usize) -> std::process::Child {
    let mut command = sandbox.tollgate(&["audit", "ingest", "--source", "filler"]);
    command.arg("--root").arg(sandbox.path("root")).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    // Where the daemon is killed, so is whoever feeds it.
    std::thread::spawn(move || (0..lines).try_for_each(|_| to.write_all(line().as_bytes())));
    child
}

/// What packs badly: else many segments would go into what is kept.
fn line() -> String {
    let mut number = 88_172_645_463_325_252_u64;
    let numbers = std::iter::repeat_with(|| {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        format!("{number} ")
    });
    format!("{{\"note\":\"{}\"}}\n", numbers.take(50_000).collect::<String>())
}

/// The oldest segment's number.
fn first(sandbox: &Sandbox) -> u64 {
    let names = std::fs::read_dir(sandbox.path("root/state/audit")).unwrap();
    let names = names.filter_map(|found| found.unwrap().file_name().into_string().ok());
    names.filter(|name| name.contains(".jsonl")).filter_map(|name| name.split('.').next()?.parse().ok()).min().unwrap()
}

/// Fills segments until everything before this record is gone.
fn remove_before(sandbox: &Sandbox, record: u64) {
    for _ in 0..40 {
        assert!(fill(sandbox, 2).wait().unwrap().success());
        if first(sandbox) > record {
            return;
        }
    }
    panic!("nothing is removed: it begins with record {}", first(sandbox));
}

/// What [`live`] leaves: three tokens and a question.
struct Left {
    /// Nobody has shown it.
    unused: String,
    /// It belongs to a process tree.
    bound: String,
    /// It was taken back.
    revoked: String,
    /// The question that nobody has answered.
    question: String,
}

/// Uses up what there is, and changes the policy.
fn live(sandbox: &Sandbox) -> Left {
    assert_eq!(sandbox.gated("probe exit 3; probe exit 4").code(), Some(4));
    for count in ["2", "1"] {
        let grant = ["grant", "claude-code", "ask.unknown", "--for", "3h", "--count", count];
        assert_eq!(sandbox.person(&grant).0, Some(0));
    }
    let newest = sandbox.audit_of("granted")[1]["id"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.person(&["grant", "revoke", &newest]).0, Some(0));
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask", "ask exit 3"), LIMIT);
    assert_eq!(ran.code(), Some(3), "{ran:?}");
    let made = || token(sandbox, &["ci", "--ttl", "3h"]);
    let ((unused, _), (bound, _), (revoked, id)) = (made(), made(), made());
    assert!(shown(sandbox, &bound).starts_with("Some(126)"), "what no rule allows is refused");
    assert_eq!(sandbox.person(&["agent", "revoke", &id]).0, Some(0));
    enrol_anna(sandbox);
    write_policy(sandbox, &policy("allow", "allow", "allow"));
    sandbox.await_records("policy_pending", 1);
    sandbox.await_records("session_closed", 1);
    let question = pending(&run(sandbox, "ask exit 9"));
    Left { unused, bound, revoked, question }
}

fn refusal(sandbox: &Sandbox, script: &str) -> String {
    let ran = run(sandbox, script);
    format!("{:?} {}", ran.code(), ran.stderr_text())
}

/// What somebody with this token is told. Its process tree is that of a shell which
/// does not become the command: the test itself would belong to it else.
fn shown(sandbox: &Sandbox, token: &str) -> String {
    refusal(sandbox, &format!("TOLLGATE_TOKEN={token} never exit 5; exit $?"))
}

/// Everything is as [`live`] left it.
fn check(sandbox: &Sandbox, policy: &serde_json::Value, left: &Left) {
    let now = status(sandbox);
    assert_eq!((&now["policy_hash"], &now["policy_pending"]), (&policy["policy_hash"], &policy["policy_pending"]));
    assert!(refusal(sandbox, "probe exit 5").starts_with("Some(75)"), "the rate is used up");
    assert!(refusal(sandbox, "never exit 5").starts_with("Some(126)"), "nobody has accepted what is looser");
    let (bound, revoked) = (shown(sandbox, &left.bound), shown(sandbox, &left.revoked));
    assert!(bound.contains("belongs to another process tree"), "{bound}");
    assert!(revoked.contains("was revoked"), "{revoked}");
    assert_eq!(pending(&run(sandbox, "ask exit 9")), left.question, "the same command continues the same question");
    assert_eq!(sandbox.ask(&["approver", "list"]).stdout_text(), "anna\n");
    let granted = sandbox.ask(&["grant", "list"]).stdout_text();
    assert!(granted.lines().count() == 1 && granted.contains("1 of 2 used"), "{granted}");
}

fn verify(sandbox: &Sandbox) {
    let key = sandbox.path("root/state/keys/audit.pub");
    let ran = sandbox.ask(&["audit", "verify", "--key", key.to_str().unwrap()]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
}

#[test]
fn a_daemon_knows_what_removed_segments_told() {
    let mut sandbox = scene().start();
    let left = live(&sandbox);
    let policy = status(&sandbox);
    let told = sandbox.audit().last().unwrap()["seq"].as_u64().unwrap();
    remove_before(&sandbox, told);
    sandbox.daemon().kill();
    sandbox.start_daemon();
    check(&sandbox, &policy, &left);
    // What was carried once is carried again.
    remove_before(&sandbox, first(&sandbox) + 8);
    sandbox.daemon().kill();
    sandbox.start_daemon();
    check(&sandbox, &policy, &left);
    verify(&sandbox);
    let unused = shown(&sandbox, &left.unused);
    assert!(unused.starts_with("Some(126)"), "it is known, and the rule refuses: {unused}");
    let ran = sandbox.run_command(sandbox.session("claude-code", "ask", "ask exit 3; ask exit 4"), LIMIT);
    assert_eq!(ran.code(), Some(75), "one use was left: {ran:?}");
}

#[test]
fn a_daemon_killed_while_segments_go_forgets_nothing() {
    let kills = std::env::var("TOLLGATE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let mut sandbox = scene().start();
    let left = live(&sandbox);
    let policy = status(&sandbox);
    let mut begins = first(&sandbox);
    for round in 0..kills {
        let mut filling = fill(&sandbox, 40);
        // At another one each round: a segment, a note, an index, what is packed or removed.
        let (at, changes) = (round * 7 % CHANGES, std::cell::Cell::new(0));
        sandbox.await_change("root/state/audit", || changes.replace(changes.get() + 1) > at);
        sandbox.daemon().kill();
        filling.wait().unwrap();
        sandbox.start_daemon();
        begins = begins.max(first(&sandbox));
    }
    check(&sandbox, &policy, &left);
    remove_before(&sandbox, begins);
    sandbox.daemon().kill();
    sandbox.start_daemon();
    check(&sandbox, &policy, &left);
    verify(&sandbox);
}
