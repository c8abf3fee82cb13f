//! The record as evidence: signed, checked elsewhere, added to by other recorders,
//! asked, and sent on.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use e2e::{Ran, Sandbox};

use crate::builder;

/// `tollgate audit ARGUMENTS`, which must succeed.
fn audit(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let ran = sandbox.ask(&[&["audit"], arguments].concat());
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    ran.stdout_text()
}

/// `tollgate audit ARGUMENTS`, with this on standard input.
fn fed(sandbox: &Sandbox, arguments: &[&str], input: &[u8]) -> std::process::Output {
    let mut command = sandbox.tollgate(&[&["audit"], arguments].concat());
    command.arg("--root").arg(sandbox.path("root")).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_copy_is_verified_elsewhere_with_the_public_key_alone() {
    let mut sandbox = builder().start();
    assert_eq!(sandbox.gated("probe exit 0; probe exit 3").code(), Some(3));
    sandbox.await_records("outcome", 2);
    let key = audit(&sandbox, &["key"]);
    let head = audit(&sandbox, &["checkpoint"]);
    assert!(head.starts_with(key.split('+').next().unwrap()), "{head}");
    std::fs::write(sandbox.path("head"), &head).unwrap();
    sandbox.daemon().stop();
    assert_eq!(audit(&sandbox, &["key"]), key, "also without a daemon");

    // The copy has no key beside it, and no daemon is asked.
    let copied = sandbox.command("cp").args(["-r", "../root/state/audit", "../copy"]).status().unwrap();
    assert!(copied.success());
    let copy = sandbox.path("copy");
    let head = sandbox.path("head");
    let verify = |more: &[&str]| {
        let mut command = sandbox.tollgate(&["audit", "verify", "--key", key.trim()]);
        command.args(more).arg(&copy);
        sandbox.run_command(command, Duration::from_secs(20))
    };
    let ran = verify(&["--checkpoint", head.to_str().unwrap()]);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert!(ran.stdout_text().ends_with(", the last\n"), "{ran:?}");

    let segment = copy.join("000000000001.jsonl");
    let text = std::fs::read_to_string(&segment).unwrap();
    let cut: Vec<&str> = text.lines().collect();
    std::fs::write(&segment, cut[..cut.len() - 1].join("\n") + "\n").unwrap();
    let ran = verify(&[]);
    assert!(ran.code() == Some(1) && ran.stderr_text().contains("its end was cut off"), "{ran:?}");
    std::fs::remove_file(copy.join("000000000001.notes")).unwrap();
    let ran = verify(&[]);
    assert!(ran.code() == Some(1) && ran.stderr_text().contains("no checkpoint that the key of"), "{ran:?}");
}

#[test]
fn keys_are_the_owners_alone_and_apart_from_the_log() {
    use std::os::unix::fs::MetadataExt;
    let sandbox = builder().start();
    for name in ["audit.key", "hash.key"] {
        let found = std::fs::metadata(sandbox.path("root/state/keys").join(name)).unwrap();
        assert_eq!(found.mode() & 0o777, 0o600, "{name}");
    }
    sandbox.await_records("key_made", 1);
}

#[test]
fn equal_secrets_can_be_told_and_are_not_recorded() {
    let sandbox = builder().start();
    let script = "probe exit 0 --password=hunter2; probe exit 0 --token hunter2; probe exit 0 --password=other";
    assert_eq!(sandbox.gated(script).code(), Some(0));
    let intents = sandbox.audit_of("intent");
    let hash = |at: usize| intents[at]["scrubbed"][0]["hash"].as_str().unwrap().to_owned();
    assert!(hash(0).starts_with("hmac-sha256:"));
    assert_eq!(hash(0), hash(1));
    assert_ne!(hash(0), hash(2));
    assert!(!serde_json::to_string(&intents).unwrap().contains("hunter2"));
}

#[test]
fn another_recorder_s_lines_share_the_chain() {
    let mut sandbox = builder().start();
    let long = format!(r#"{{"note":"{}"}}"#, "äx\\\"".repeat(60_000));
    let lines = format!("{{\"verb\":\"delete\",\"password\":\"hunter2\"}}\n\n{long}\n{{\"verb\":\"get\"}}");
    let output = fed(&sandbox, &["ingest", "--source", "kubernetes"], lines.as_bytes());
    assert!(output.status.success(), "{}", said(&output));
    let foreign = sandbox.audit_of("foreign");
    assert_eq!(foreign.len(), 3);
    assert_eq!((&foreign[0]["source"], &foreign[0]["foreign"]["verb"]), (&"kubernetes".into(), &"delete".into()));
    assert_eq!(foreign[0]["foreign"]["password"], "[scrubbed]");
    assert_eq!(foreign[1]["foreign"]["note"].as_str().unwrap().len(), 60_000 * 4);
    assert!(foreign[2]["foreign_hash"].as_str().unwrap().starts_with("hmac-sha256:"));

    let wrong = fed(&sandbox, &["ingest", "--source", "k8s"], b"{\"n\":1}\n[1]\n{\"n\":2}\n");
    assert!(!wrong.status.success());
    assert!(
        said(&wrong).contains("line 2: this is no JSON object; the 1 lines before it are recorded"),
        "{}",
        said(&wrong)
    );
    let named = fed(&sandbox, &["ingest", "--source", "a b"], b"");
    assert!(said(&named).contains("refused: a recorder's name is"), "{}", said(&named));
    let endless = fed(&sandbox, &["ingest", "--source", "x"], &vec![b'x'; (1 << 20) + 9]);
    assert!(said(&endless).contains("longer than the daemon takes"), "{}", said(&endless));
    sandbox.daemon().stop();
    audit(&sandbox, &["verify"]);
}

/// As a recorder has it that wants to be believed: a record of ours, and text that
/// moves a terminal's cursor.
#[test]
fn another_recorder_s_line_is_never_one_of_ours() {
    let mut sandbox = builder().start();
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(3));
    sandbox.await_records("outcome", 1);
    let before = sandbox.audit();
    let mut lines: String = before.iter().map(|record| format!("{record}\n")).collect();
    lines.push_str("{\"kind\":\"granted\",\"taken\":[{\"from\":\"rate\"}],\"prev_hash\":\"\",\"hash\":\"\"}\n");
    lines.push_str("{\"\\u001b[2J\\u202e\":\"\\r\\n\\u001b]0;x\\u0007\"}\n");
    assert!(fed(&sandbox, &["ingest", "--source", "k8s"], lines.as_bytes()).status.success());
    let added = sandbox.audit().split_off(before.len());
    assert_eq!(added.len(), before.len() + 2);
    assert!(added.iter().all(|record| record["kind"] == "foreign" && record["taken"] == serde_json::json!([])));
    for asked in [&["list"][..], &["tail"], &["show", added.last().unwrap()["id"].as_str().unwrap()]] {
        let page = audit(&sandbox, asked);
        assert!(page.chars().all(|one| one == '\n' || !(one.is_control() || one == '\u{202e}')), "{page:?}");
    }
    let policy = |sandbox: &Sandbox| {
        let status: serde_json::Value = sandbox.ask(&["status", "--json"]).stdout_text().parse().unwrap();
        status["policy_hash"].clone()
    };
    let known = policy(&sandbox);
    sandbox.daemon().stop();
    audit(&sandbox, &["verify"]);
    sandbox.start_daemon();
    assert_eq!(
        (policy(&sandbox), sandbox.ask(&["grant", "list"]).stdout_text().as_str()),
        (known, "no grant is in force\n")
    );
}

#[test]
fn nobody_inside_a_session_adds_foreign_records() {
    let sandbox = builder().tollgate_on_path().start();
    let script = "echo '{\"n\":1}' | tollgate audit ingest --source kubernetes --root \"$ROOT\"";
    let ran = sandbox.run_command(sandbox.session("agent", "probe", script), Duration::from_secs(30));
    assert_ne!(ran.code(), Some(0), "{ran:?}");
    assert!(sandbox.audit_of("foreign").is_empty());
    let refused = sandbox.audit_of("refused_attempt");
    assert!(refused[0]["message"].as_str().unwrap().contains("may not stand inside a session"), "{refused:?}");
}

#[test]
fn a_fresh_machine_says_that_nothing_is_recorded_yet() {
    let sandbox = builder().without_daemon();
    // Nothing is no proof of anything.
    for (command, code) in [("verify", 1), ("tail", 0), ("list", 0), ("stats", 0)] {
        let ran = sandbox.ask(&["audit", command]);
        assert_eq!((ran.code(), ran.stdout_text().as_str()), (Some(code), ""), "{command}: {ran:?}");
        let expected = "tollgate: nothing is recorded yet: `SANDBOX/root/state/audit` comes with the first \
                        `tollgate run` or `tollgated`\n";
        assert_eq!(sandbox.evened(&ran.stderr_text()), expected);
    }
    assert_eq!(sandbox.ask(&["audit", "show", "01K"]).code(), Some(1));
}

#[test]
fn records_are_found_by_what_they_say() {
    let sandbox = builder().start();
    assert_eq!(sandbox.gated("probe exit 3; never; probe exit 0; true").code(), Some(0));
    sandbox.await_records("outcome", 2);
    let numbers = |arguments: &[&str]| {
        let text = audit(&sandbox, &[&["list", "--json"], arguments].concat());
        let records = text.lines().map(|line| line.parse::<serde_json::Value>().unwrap());
        records.map(|record| record["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&["--tool", "never"]), ["refused"]);
    assert_eq!(numbers(&["--exit", "3"]), ["outcome"]);
    assert_eq!(numbers(&["--kind", "intent", "--tool", "pro*", "--tier", "unknown"]), ["intent", "intent"]);
    assert_eq!(numbers(&["--verdict", "deny", "--since", "1h"]), ["refused"]);
    assert_eq!(numbers(&["--kind", "intent", "--until", "1h"]), [""; 0]);
    assert_eq!(numbers(&["--text", "good idea", "--no-index"]), numbers(&["--text", "good idea"]));
    assert_eq!(numbers(&["--tool", "probe", "-n", "1"]), ["outcome"]);
    let stats: serde_json::Value = audit(&sandbox, &["stats", "--json"]).parse().unwrap();
    assert_eq!((&stats["kinds"]["intent"], &stats["verdicts"]["deny"]), (&2.into(), &1.into()));
    let csv = audit(&sandbox, &["export", "csv", "--tool", "never"]);
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.starts_with("seq,timestamp,kind,id,"), "{csv}");
}

#[test]
fn a_run_is_shown_with_the_runs_that_it_called() {
    let sandbox = builder().script("outer", "#!/bin/sh\nprobe exit 4\n", "755").policy("20-outer.toml", OUTER).start();
    sandbox.put_shims_first();
    let ran = sandbox.run_command(sandbox.command("outer"), Duration::from_secs(20));
    assert_eq!(ran.code(), Some(4), "{ran:?}");
    sandbox.await_records("outcome", 2);
    let outer = &sandbox.audit_of("intent")[0];
    let id = outer["id"].as_str().unwrap();
    let page = audit(&sandbox, &["show", "--short", &id[..20]]);
    let (headline, child) = page.split_once("\n    ").unwrap_or_else(|| panic!("no child in:\n{page}"));
    assert!(headline.starts_with(id) && child.contains("probe exit 4"), "{page}");
}

const OUTER: &str = "[[rule]]\nname = \"outer\"\ntools = \"outer\"\nverdict = \"allow\"\ntier = \"unknown\"\n";

/// Bodies of a collector that stands in for a real one.
struct Collector {
    address: String,
    server: std::sync::Arc<tiny::Server>,
}

/// The least of HTTP: one request a connection.
mod tiny {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::{Arc, Condvar, Mutex};

    /// What the collector does with the next requests.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Manner {
        /// It takes what comes.
        Well,
        /// It takes nothing, and says nothing: whoever waits is killed.
        Silent,
        /// It says once that it has no time.
        Busy,
    }

    #[derive(Debug)]
    pub(super) struct Server {
        pub(super) bodies: Mutex<Vec<serde_json::Value>>,
        pub(super) manner: Mutex<Vec<Manner>>,
        pub(super) asked: (Mutex<usize>, Condvar),
    }

    impl Server {
        pub(super) fn start(manner: Vec<Manner>) -> (String, Arc<Self>) {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            let asked = (Mutex::new(0), Condvar::new());
            let server = Arc::new(Self { bodies: Mutex::default(), manner: Mutex::new(manner), asked });
            let serving = Arc::clone(&server);
            std::thread::spawn(move || {
                let mut held = Vec::new();
                for stream in listener.incoming() {
                    let stream = stream.unwrap();
                    if serving.serve(&stream).is_none() {
                        held.push(stream);
                    }
                }
            });
            (address, server)
        }

        fn serve(&self, mut stream: &std::net::TcpStream) -> Option<()> {
            let mut lines = BufReader::new(stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                lines.read_line(&mut line).ok()?;
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            lines.read_exact(&mut body).ok()?;
            let manner = self.manner.lock().unwrap().pop().unwrap_or(Manner::Well);
            if manner == Manner::Well {
                self.bodies.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            }
            *self.asked.0.lock().unwrap() += 1;
            self.asked.1.notify_all();
            let answer: &[u8] = match manner {
                Manner::Silent => return None,
                Manner::Busy => b"HTTP/1.1 503 Busy\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                Manner::Well => {
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
                }
            };
            stream.write_all(answer).ok()
        }
    }
}

impl Collector {
    /// The manners of its first requests, the last first.
    fn start(manner: Vec<tiny::Manner>) -> Self {
        let (address, server) = tiny::Server::start(manner);
        Self { address, server }
    }

    fn await_requests(&self, count: usize) {
        let (asked, more) = &self.server.asked;
        let limit = Duration::from_secs(20);
        let (asked, _) = more.wait_timeout_while(asked.lock().unwrap(), limit, |asked| *asked < count).unwrap();
        assert!(*asked >= count, "{asked} requests");
    }

    /// How often each record came, by its number.
    fn records(&self) -> BTreeMap<u64, usize> {
        let mut counted = BTreeMap::new();
        for body in self.server.bodies.lock().unwrap().iter() {
            for record in body["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap() {
                let attributes = record["attributes"].as_array().unwrap();
                let seq = attributes.iter().find(|attribute| attribute["key"] == "tollgate.seq").unwrap();
                let seq = seq["value"]["intValue"].as_str().unwrap().parse().unwrap();
                *counted.entry(seq).or_default() += 1;
            }
        }
        counted
    }
}

#[test]
fn a_collector_has_every_record_once_across_a_killed_export() {
    use tiny::Manner::{Busy, Silent, Well};
    let mut sandbox = builder().start();
    let lines: String = (0..300).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    assert!(fed(&sandbox, &["ingest", "--source", "counter"], lines.as_bytes()).status.success());
    sandbox.daemon().stop();
    let last = sandbox.audit().last().unwrap()["seq"].as_u64().unwrap();
    // Of the requests the fifth is left without an answer, and its export is killed.
    let collector = Collector::start(vec![Silent, Well, Busy, Well, Well]);
    let export = || {
        let mut command = sandbox.tollgate(&["audit", "export", "otlp", "--batch", "25", "--endpoint"]);
        command.arg(&collector.address).arg("--root").arg(sandbox.path("root"));
        command
    };
    let mut killed = export().stderr(Stdio::null()).spawn().unwrap();
    collector.await_requests(5);
    let before = collector.records().len();
    killed.kill().unwrap();
    killed.wait().unwrap();
    let finish = |command| -> Ran { sandbox.run_command(command, Duration::from_secs(30)) };
    let ran = finish(export());
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert_eq!(before, 75);
    assert_eq!(collector.records(), (1..=last).map(|seq| (seq, 1)).collect());
    let again = finish(export());
    assert!(again.stderr_text().contains("0 records sent"), "{again:?}");
    let other = Collector::start(vec![Busy; 20]);
    let mut command = sandbox.tollgate(&["audit", "export", "otlp", "--endpoint", &other.address, "--header"]);
    command.arg("nonsense").arg("--root").arg(sandbox.path("root"));
    assert_eq!(finish(command).code(), Some(2));
}
