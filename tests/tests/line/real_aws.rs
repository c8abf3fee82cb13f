//! The real aws CLI against a mock of EC2 on loopback, under the profile for
//! staging: describing runs, terminating never reaches the service.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use e2e::{Running, Sandbox, require_tool};

const LIMIT: Duration = Duration::from_secs(60);

/// EC2 on loopback, and a sandbox to use it from.
struct Cloud {
    sandbox: Sandbox,
    _server: Running,
    endpoint: String,
    aws: PathBuf,
}

impl Cloud {
    /// None where the tools are missing. `aws` is the program that PATH leads to.
    fn with(aws: PathBuf) -> Option<Self> {
        let server = require_tool("moto_server")?;
        let sandbox = Sandbox::builder(e2e::programs!()).policy("10-staging.toml", &profile()).start();
        let mut command = sandbox.command(server);
        command.args(["-H", "127.0.0.1", "-p", "0"]);
        let mut server = sandbox.start_command(command);
        let said = server.line_on_stderr("Running on http://127.0.0.1:");
        let endpoint = said.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:"));
        let endpoint = endpoint.expect("an address").to_owned();
        Some(Self { sandbox, _server: server, endpoint, aws })
    }

    /// `aws ARGUMENTS` without the gate.
    fn direct(&self, arguments: &str) -> String {
        let mut command = self.signed_in(self.sandbox.command(&self.aws));
        command.args(arguments.split(' '));
        let ran = self.sandbox.run_command(command, LIMIT);
        assert_eq!(ran.code(), Some(0), "{ran:?}");
        ran.stdout_text().trim().to_owned()
    }

    /// A script in a session of `claude-code`, with this aws next on PATH after its shim.
    fn session(&self, script: &str) -> e2e::Ran {
        let mut command = self.signed_in(self.sandbox.session("claude-code", "aws", script));
        let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value).unwrap();
        let mut first = self.aws.parent().unwrap().as_os_str().to_owned();
        first.push(":");
        first.push(path);
        command.env("PATH", first);
        self.sandbox.run_command(command, LIMIT)
    }

    fn signed_in(&self, mut command: Command) -> Command {
        for (name, value) in [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_PAGER", ""),
        ] {
            command.env(name, value);
        }
        command
    }
}

fn profile() -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../policies/profiles/staging.toml"].iter().collect();
    std::fs::read_to_string(path).unwrap()
}

fn describing_runs_and_terminating_does_not(aws: PathBuf) {
    let Some(cloud) = Cloud::with(aws) else { return };
    let start = "ec2 run-instances --image-id ami-12c6146b --query Instances[0].InstanceId --output text";
    let instance = cloud.direct(start);
    let states = "ec2 describe-instances --query Reservations[].Instances[].State.Name --output text";
    let script = format!("aws {states}; echo $?; aws ec2 terminate-instances --instance-ids {instance}; echo $?");
    let ran = cloud.session(&script);
    assert_eq!(ran.stdout_text(), "running\n0\n126\n", "{ran:?}");
    assert!(ran.stderr_text().contains("aws.ec2.terminate-instances"), "{ran:?}");
    assert_eq!(cloud.direct(states), "running");
    let refused = &cloud.sandbox.audit_of("refused")[0];
    assert_eq!((&refused["operation"], &refused["tier"]), (&"aws.ec2.terminate-instances".into(), &4.into()));
}

/// The script itself, where the `aws` on PATH is a version manager's stand-in for it.
fn behind_a_version_manager(aws: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(aws).unwrap_or_default();
    if !text.contains("PYENV_ROOT") {
        return None;
    }
    let found = Command::new("pyenv").args(["which", "aws"]).output().ok()?;
    Some(PathBuf::from(String::from_utf8(found.stdout).ok()?.trim()))
}

#[test]
fn aws_as_it_is_installed() {
    let Some(aws) = require_tool("aws") else { return };
    describing_runs_and_terminating_does_not(aws.clone());
}

#[test]
fn aws_as_the_script_behind_a_version_manager() {
    let Some(aws) = require_tool("aws") else { return };
    match behind_a_version_manager(&aws) {
        Some(script) => describing_runs_and_terminating_does_not(script),
        None => e2e::say("skipped: `aws` is no version manager's stand-in\n"),
    }
}
