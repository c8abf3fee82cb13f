//! What no other process of the same user may look into or attach to: the daemon,
//! a supervisor, and the command that answers for a person.
//!
//! The kernel gives the `/proc` files of such a process to root. As root there is
//! nothing to see, so everything here runs as another user; as another user these
//! tests say that they cannot.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use e2e::{Daemon, Pty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::others::{OTHER, as_another, can_be_another, reachable};

/// Whatever the environment of the test makes of it.
const POLICY: &str = r#"
[[rule]]
name = "sleep"
tools = "sleep"
verdict = "allow"
[[rule]]
name = "sleep-unknown"
tools = "sleep"
verdict = "allow"
tier = "unknown"
"#;

fn given(path: &Path) {
    chown(path, Some(OTHER), Some(OTHER)).unwrap();
}

/// Whether the process is closed to its own user.
fn is_closed(process: u32) -> bool {
    let environment = format!("/proc/{process}/environ");
    let owner = std::fs::metadata(&environment).map(|found| found.uid());
    let read = as_another(Path::new("cat")).arg(&environment).output().unwrap();
    owner.is_ok_and(|owner| owner == 0) && !read.status.success()
}

/// Until it holds; whoever asks knows that it will.
fn await_true(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "{what} never came");
        std::thread::yield_now();
    }
}

fn signal(process: u32, signal: Signal) {
    kill(Pid::from_raw(process.cast_signed()), signal).unwrap();
}

#[test]
fn nobody_of_the_same_user_looks_into_our_programs() {
    if !can_be_another() {
        return;
    }
    let folder = reachable();
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("config/policy.d")).unwrap();
    std::fs::write(root.join("config/policy.d/10.toml"), POLICY).unwrap();
    for path in ["", "config", "config/policy.d", "config/policy.d/10.toml"] {
        let path = root.join(path);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(if path.is_dir() { 0o700 } else { 0o600 })).unwrap();
        given(&path);
    }
    let mut command = as_another(&folder.path().join("tollgated"));
    command.arg("--root").arg(&root);
    let daemon = Daemon::start(command, &root, &folder.path().join("log"));
    assert!(is_closed(daemon.process()), "the daemon");

    let shims = folder.path().join("shims");
    std::fs::create_dir(&shims).unwrap();
    symlink(folder.path().join("tollgate-shim"), shims.join("sleep")).unwrap();
    symlink(root.join("run/gate"), shims.join(".gate")).unwrap();
    let mut shim = as_another(&shims.join("sleep")).arg("60").spawn().unwrap();
    let supervisor = || {
        let name = std::fs::read_dir(root.join("state/runs")).ok()?.flatten().next()?.file_name();
        name.to_str()?.split('-').nth(1)?.parse::<u32>().ok()
    };
    let tool = |supervisor| {
        let children = std::fs::read_to_string(format!("/proc/{supervisor}/task/{supervisor}/children")).ok()?;
        children.split_whitespace().next()?.parse::<u32>().ok()
    };
    let runs = |tool: Option<u32>| {
        tool.is_some_and(|tool| {
            std::fs::read_to_string(format!("/proc/{tool}/comm")).is_ok_and(|name| name == "sleep\n")
        })
    };
    await_true("the run", || runs(supervisor().and_then(tool)));
    let supervisor = supervisor().unwrap();
    let tool = tool(supervisor).unwrap();
    assert!(is_closed(supervisor), "the supervisor");
    assert!(!is_closed(tool), "the tool is its user's own");
    signal(tool, Signal::SIGTERM);
    assert_eq!(shim.wait().unwrap().code(), None, "it died as the tool did");

    signal(daemon.process(), Signal::SIGSTOP);
    let mut answer = as_another(&folder.path().join("tollgate"));
    answer.args(["approve", "01"]).arg("--root").arg(&root);
    let answer = Pty::spawn(answer);
    await_true("the answering command", || is_closed(answer.process()));
    signal(daemon.process(), Signal::SIGCONT);
    assert!(!answer.finish().0.success());
}
