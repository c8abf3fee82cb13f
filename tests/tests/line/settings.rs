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

/// The digest that `sha256sum` prints.
fn digest(path: &str) -> String {
    let said = std::process::Command::new("sha256sum").arg(path).output().unwrap().stdout;
    String::from_utf8(said).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn the_binary_that_the_policy_names_is_what_runs() {
    for bin in ["/bin/echo", "echo"] {
        let sandbox = sandbox(&format!("bin = \"{bin}\"\nsha256 = \"{}\"", digest("/bin/echo")));
        let ran = sandbox.gated("probe said by another");
        assert_eq!((ran.code(), ran.stdout_text()), (Some(0), "said by another\n".to_owned()), "{bin}: {ran:?}");
        let path = sandbox.audit_of("intent")[0]["binary"].as_str().unwrap().to_owned();
        assert!(path.ends_with("/echo"), "{path}");
    }
}

#[test]
fn a_binary_of_another_digest_never_starts() {
    let sandbox = sandbox(&format!("bin = \"/bin/echo\"\nsha256 = \"{}\"", digest("/bin/cat")));
    let ran = sandbox.gated("probe said by another");
    assert_eq!((ran.code(), ran.stdout_text()), (Some(126), String::new()), "{ran:?}");
    let said = "  `/bin/echo` is not the program whose `sha256` the policy names in `[tools.probe]`\n";
    assert!(ran.stderr_text().contains(said), "{ran:?}");
    assert!(sandbox.audit_of("intent").is_empty());
    assert_eq!(sandbox.audit_of("refused")[0]["reason"], "rule");
}

#[test]
fn a_binary_that_is_not_there_is_not_looked_for_elsewhere() {
    let sandbox = sandbox("bin = \"/nowhere/probe\"");
    assert_eq!(sandbox.gated("probe exit 0").code(), Some(127));
}
