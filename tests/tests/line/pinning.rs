//! What was judged is where it runs: files that change after the verdict do not
//! lead a real tool elsewhere.
//!
//! What a person was asked about is refused where the file that named the target has
//! changed since; what runs carries its target, so that a later change leads nowhere.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use e2e::{Sandbox, require_tool};

use crate::question_id;

const LIMIT: Duration = Duration::from_secs(60);

const POLICY: &str = r#"
[[rule]]
name = "look-at-staging"
tools = ["kubectl", "terraform"]
target.context = "staging"
verdict = "allow"
tier = 0

[[rule]]
name = "ask-for-the-rest"
tools = ["kubectl", "terraform"]
verdict = "escalate"
tier = ["0..4", "unknown"]
unless = { target.context = "staging" }
"#;

fn sandbox() -> Sandbox {
    Sandbox::builder(e2e::programs!()).policy("10.toml", POLICY).start()
}

fn kubeconfig(current: &str, staging: &str, prod: &str) -> String {
    let cluster = |name: &str, server: &str| format!("- name: {name}\n  cluster: {{server: 'http://{server}'}}\n");
    let context = |name: &str| format!("- name: {name}\n  context: {{cluster: {name}, namespace: {name}-web}}\n");
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {current}\nclusters:\n{}{}contexts:\n{}{}",
        cluster("staging", staging),
        cluster("prod", prod),
        context("staging"),
        context("prod")
    )
}

/// A server on loopback that knows no resource.
struct Cluster(TcpListener);

impl Cluster {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// The first line of the request that comes within the limit, after those that
    /// ask for the server's version; of any that waits already where there is none.
    fn request(&self, limit: Duration) -> Option<String> {
        let end = Instant::now() + limit;
        loop {
            match self.0.accept().map(|(stream, _)| answer(stream)) {
                Ok(line) if line.starts_with("GET /version") && !limit.is_zero() => {}
                Ok(line) => return Some(line),
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < end => std::thread::yield_now(),
                Err(_) => return None,
            }
        }
    }
}

fn answer(mut stream: TcpStream) -> String {
    stream.set_nonblocking(false).unwrap();
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "the request ends too early");
        request.extend_from_slice(&part[..count]);
    }
    let list = r#"{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}"#;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
    write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{list}", list.len()).unwrap();
    String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_kubeconfig_that_changes_after_the_verdict_leads_nowhere_else() {
    if require_tool("kubectl").is_none() {
        return;
    }
    let (staging, prod) = (Cluster::new(), Cluster::new());
    let sandbox = sandbox();
    let config = sandbox.path("kubeconfig");
    let write = |current: &str, staging: &Cluster| {
        std::fs::write(&config, kubeconfig(current, &staging.address(), &prod.address())).unwrap();
    };
    // The context is not `staging` by name alone: its server is another one in the end, too.
    write("staging", &staging);
    let mut command = sandbox.session("claude-code", "kubectl", "kubectl get --raw /api; echo code $?");
    command.env("KUBECONFIG", &config);
    let ran = sandbox.start_command(command);
    let asked = staging.request(LIMIT);
    let ran = ran.finish(LIMIT);
    assert!(
        asked.as_deref().is_some_and(|line| line.starts_with("GET /api")),
        "it is allowed and runs: {asked:?} {ran:?}"
    );
    assert!(ran.stdout_text().ends_with("code 0\n"), "{ran:?}");

    write("prod", &staging);
    let mut command = sandbox.session("claude-code", "kubectl", "kubectl get --raw /apis; echo code $?");
    command.env("KUBECONFIG", &config);
    let mut ran = sandbox.start_command(command);
    let id = question_id(&ran.line_on_stderr(" is question ")).to_owned();
    let third = Cluster::new();
    write("staging", &third);
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    let ran = ran.finish(LIMIT);
    assert!(ran.stdout_text().ends_with("code 125\n"), "{ran:?}");

    write("prod", &staging);
    let mut command = sandbox.session("claude-code", "kubectl", "kubectl get --raw /apis; echo code $?");
    command.env("KUBECONFIG", &config);
    let mut ran = sandbox.start_command(command);
    let id = question_id(&ran.line_on_stderr(" is question ")).to_owned();
    assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
    assert_eq!(prod.request(LIMIT).as_deref(), Some("GET /apis HTTP/1.1"), "where the person was told it goes");
    let ran = ran.finish(LIMIT);
    assert!(ran.stdout_text().ends_with("code 0\n"), "{ran:?}");
    assert_eq!((staging.request(Duration::ZERO), third.request(Duration::ZERO)), (None, None));

    let intents = sandbox.audit_of("intent");
    assert_eq!(intents[1]["command"]["argv"], serde_json::json!(["kubectl", "get", "--raw", "/apis"]));
    let server = format!("--server=http://{}", prod.address());
    let expected = serde_json::json!(["kubectl", "--context=prod", server, "get", "--raw", "/apis"]);
    assert_eq!(intents[1]["pinned"]["argv"], expected);
    // What only rules decided carries the targets that they ask for.
    let expected = serde_json::json!(["kubectl", "--context=staging", "get", "--raw", "/api"]);
    assert_eq!(intents[0]["pinned"]["argv"], expected);
}

#[test]
fn a_workspace_that_is_selected_after_the_verdict_is_not_the_one_that_is_used() {
    let Some(terraform) = require_tool("terraform") else { return };
    let sandbox = sandbox();
    std::fs::write(sandbox.path("work/main.tf"), "output \"here\" {\n  value = terraform.workspace\n}\n").unwrap();
    for arguments in [&["init"][..], &["workspace", "new", "prod"], &["workspace", "new", "staging"]] {
        let mut command = sandbox.command(&terraform);
        command.args(arguments).env("CHECKPOINT_DISABLE", "1");
        assert_eq!(sandbox.run_command(command, LIMIT).code(), Some(0));
    }
    let approved = |meanwhile: &str| {
        let mut command = sandbox.session("claude-code", "terraform", "terraform plan -no-color");
        command.env("CHECKPOINT_DISABLE", "1").env("TF_INPUT", "0");
        let mut plan = sandbox.start_command(command);
        let id = question_id(&plan.line_on_stderr(" is question ")).to_owned();
        std::fs::write(sandbox.path("work/.terraform/environment"), meanwhile).unwrap();
        assert_eq!(sandbox.person(&["approve", &id]).0, Some(0));
        plan.finish(LIMIT)
    };
    assert_eq!(approved("prod").code(), Some(125));
    std::fs::write(sandbox.path("work/.terraform/environment"), "staging").unwrap();
    let plan = approved("staging");
    assert!(plan.stdout_text().contains("+ here = \"staging\""), "{plan:?}");
    let intent = &sandbox.audit_of("intent")[0];
    assert_eq!(intent["pinned"]["env"], serde_json::json!(["TF_WORKSPACE=staging"]));
    assert_eq!(intent["pinned"]["argv"], intent["command"]["argv"]);
}
