//! How a policy has a tool run: with an environment and in a folder of its own.

use e2e::Sandbox;

const POLICY: &str = r#"
[[rule]]
name = "may-run"
tools = "probe"
verdict = "allow"
tier = "unknown"

[tools.probe]
"#;

fn sandbox(setting: &str) -> Sandbox {
    Sandbox::builder(e2e::programs!()).probe("probe").policy("10.toml", &format!("{POLICY}{setting}\n")).start()
}

#[test]
fn a_tool_with_an_environment_of_its_own_sees_no_other() {
    let sandbox = sandbox("env = { MODE = \"strict\" }");
    let ran = sandbox.gated("KUBECONFIG=/elsewhere AWS_PROFILE=prod LD_PRELOAD= probe env");
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let said = ran.stdout_text();
    // Each line is the bytes of one variable, then its text.
    let texts = said.lines().filter_map(|line| line.split_once(' '));
    let names: Vec<_> = texts.filter_map(|(_, text)| text.split_once('=')).map(|(name, _)| name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["HOME", "LANG", "MODE", "PATH"], "{said}");
}

#[test]
fn a_tool_with_a_folder_of_its_own_runs_there_and_nowhere_else() {
    let sandbox = sandbox("working_dir = \"/usr/share\"");
    let ran = sandbox.gated("probe cwd");
    assert!(ran.stdout_text().contains("/usr/share"), "{ran:?}");
    assert_eq!(sandbox.audit_of("intent")[0]["command"]["cwd"], "/usr/share");
}

#[test]
fn a_folder_that_is_not_there_is_a_refusal() {
    let sandbox = sandbox("working_dir = \"/nowhere/at/all\"");
    let ran = sandbox.gated("probe cwd");
    assert_eq!(ran.code(), Some(125), "{ran:?}");
    assert!(ran.stderr_text().contains("run in `/nowhere/at/all`, which cannot be opened"), "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
}
