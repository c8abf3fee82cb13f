//! `tollgate notify`: a question is told by a webhook, signed and tried again, in the
//! shape that was asked for, and on the desktop; the command waits for none of them.
//!
//! Not here: every status and every limit of a webhook, which its own tests hold.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread::JoinHandle;

use e2e::{Running, Sandbox};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{LIMIT, builder, question_id};

/// Headers and body of one request.
type Posted = (BTreeMap<String, String>, Vec<u8>);

const SECRET: &[u8] = b"a secret of sixteen bytes or more";

/// Answers a connection with each status; gives what came.
fn receiver(statuses: &'static [u16]) -> (String, JoinHandle<Vec<Posted>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let serve = move |status: &u16| {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let lines = reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty());
        let headers =
            lines.filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())));
        let headers: BTreeMap<_, _> = headers.collect();
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        write!(reader.get_mut(), "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        (headers, body)
    };
    (address, std::thread::spawn(move || statuses.iter().map(serve).collect()))
}

/// HMAC-SHA256 as RFC 2104 has it.
fn hmac(key: &[u8], text: &[u8]) -> String {
    let padded = |pad: u8| (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36), text.to_vec()].concat());
    let outer = Sha256::digest([padded(0x5c), inner.to_vec()].concat());
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn notify(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = sandbox.tollgate(&[&["notify"], arguments].concat());
    command.arg("--root").arg(sandbox.path("root"));
    command
}

/// A command that waits for a person, with what would be markup, and what steers terminals.
fn asking(sandbox: &Sandbox) -> (Running, String) {
    sandbox.put_shims_first();
    let mut command = sandbox.command("bash");
    command.args(["-c", r"ask exit 5 '<!channel> & <b>' $'\e[31m\u202e'"]);
    let mut running = sandbox.start_command(command);
    let id = question_id(&running.line_on_stderr(" is question ")).to_owned();
    (running, id)
}

#[test]
fn a_webhook_is_signed_and_tried_again_and_slack_mentions_nobody() {
    let sandbox = builder().start();
    let secret = sandbox.path("secret");
    fs::write(&secret, [SECRET, b"\n"].concat()).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let (generic, posted) = receiver(&[503, 204]);
    let (slack, said) = receiver(&[200]);
    let secret = secret.display().to_string();
    let signs = sandbox.start_command(notify(&sandbox, &["--webhook", &generic, "--secret", &secret]));
    let slacks = sandbox.start_command(notify(&sandbox, &["--webhook", &slack, "--shape", "slack"]));
    let (running, id) = asking(&sandbox);
    let posted = posted.join().unwrap();
    assert_eq!(posted.len(), 2, "again after 503, and no more after 204");
    for (headers, body) in posted {
        assert_eq!(headers["x-tollgate-id"], id);
        let signed = [headers["x-tollgate-timestamp"].as_bytes(), b".", &body].concat();
        assert_eq!(headers["x-tollgate-signature"], format!("v1={}", hmac(SECRET, &signed)));
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&body["v"], &body["event"], &body["question"]["id"]),
            (&1.into(), &"question".into(), &id.clone().into())
        );
        assert!(body["question"]["command"].as_str().unwrap().contains(r"\x1b[31m\xe2\x80\xae"), "{body}");
    }
    let (headers, body) = said.join().unwrap().remove(0);
    assert!(!headers.contains_key("x-tollgate-signature"), "without a secret nothing is signed");
    let text = serde_json::from_slice::<Value>(&body).unwrap()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("&lt;!channel&gt; &amp; &lt;b&gt;") && !text.contains('<'), "{text}");
    assert!(text.contains(&format!("tollgate approve {id}")), "{text}");
    // What the receivers answered is no answer.
    assert!(sandbox.audit_of("answer").is_empty());
    drop((signs, slacks));
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).code(), Some(5));
}

#[test]
fn the_desktop_shows_a_question_and_no_run_waits_for_it() {
    let sandbox = builder().start();
    let stub = "#!/bin/sh\nfor one; do printf '%s\\n' \"$one\"; done > \"$E2E_SANDBOX/shown.new\"\nmv \"$E2E_SANDBOX/shown.new\" \"$E2E_SANDBOX/shown\"\nexec sleep 600\n";
    fs::create_dir(sandbox.path("desk")).unwrap();
    fs::write(sandbox.path("desk/notify-send"), stub).unwrap();
    fs::set_permissions(sandbox.path("desk/notify-send"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = notify(&sandbox, &["--desktop"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", sandbox.path("desk").display()));
    let telling = sandbox.start_command(command);
    let (running, id) = asking(&sandbox);
    sandbox.await_change("", || sandbox.path("shown").exists());
    // The note stands there still: nobody waits for that.
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(running.finish(LIMIT).code(), Some(5));
    let shown = fs::read_to_string(sandbox.path("shown")).unwrap();
    let (head, body) = shown.split_once("--\n").unwrap();
    assert_eq!(head, "--app-name=tollgate\n--urgency=critical\n");
    assert!(body.starts_with("Tollgate: unknown waits for your word\nunknown wants to run: ask exit 5 "), "{shown}");
    assert!(
        body.contains("&lt;b&gt;") && body.contains(r"\x1b[31m\xe2\x80\xae") && !body.contains('\u{1b}'),
        "{shown}"
    );
    drop(telling);
}

#[test]
fn a_secret_that_others_may_read_signs_nothing() {
    let sandbox = builder().start();
    let secret = sandbox.path("secret");
    fs::write(&secret, SECRET).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let secret = secret.display().to_string();
    let ran = sandbox.run_command(notify(&sandbox, &["--webhook", "http://127.0.0.1:1/", "--secret", &secret]), LIMIT);
    assert_ne!(ran.code(), Some(0));
    assert!(ran.stderr_text().contains("others may read or write it"), "{ran:?}");
}
