//! Files that never answer: the command is judged without them, and nobody hangs.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::Sandbox;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

const POLICY: &str = r#"
[[rule]]
name = "only-staging"
tools = "kubectl"
target.context = "staging"
verdict = "allow"
tier = 0

[[rule]]
name = "may-run"
tools = "probe"
verdict = "allow"
tier = "unknown"
"#;

/// Far more than the two seconds that files are given.
const LONG: Duration = Duration::from_secs(60);

fn sandbox() -> Sandbox {
    Sandbox::builder(e2e::programs!()).probe("probe").wrap("kubectl").policy("10.toml", POLICY).start()
}

/// What the record of the newest refusal says of the context.
fn context(sandbox: &Sandbox) -> serde_json::Value {
    let refused = sandbox.audit_of("refused");
    refused.last().expect("a refusal")["target"]["context"].clone()
}

fn get_pods(config: &Path) -> String {
    format!("KUBECONFIG={} kubectl get pods; echo $?", config.display())
}

/// A file that is in order: its context is `other`.
fn in_order(sandbox: &Sandbox) -> PathBuf {
    let config = sandbox.path("kubeconfig");
    std::fs::write(&config, "current-context: other\ncontexts:\n- name: other\n  context: {cluster: x}\n").unwrap();
    config
}

/// A file system that takes questions and never answers one.
struct Hanging {
    folder: PathBuf,
    _device: File,
}

impl Hanging {
    fn at(folder: PathBuf) -> Option<Self> {
        std::fs::create_dir(&folder).unwrap();
        let device = File::options().read(true).write(true).open("/dev/fuse").ok()?;
        let who = Uid::effective();
        let options = format!("fd={},rootmode=40000,user_id={who},group_id=0", device.as_raw_fd());
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("hanging"), &folder, Some("fuse"), flags, Some(options.as_str())).ok()?;
        Some(Self { folder, _device: device })
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        umount2(&self.folder, MntFlags::MNT_FORCE | MntFlags::MNT_DETACH).unwrap();
    }
}

#[test]
fn a_file_system_that_never_answers_hangs_neither_the_caller_nor_the_daemon() {
    let sandbox = sandbox();
    let Some(hanging) = Hanging::at(sandbox.path("hanging")) else {
        e2e::say("skipped: no file system of our own can be mounted here\n");
        return;
    };
    let script = get_pods(&hanging.folder.join("config"));
    sandbox.put_shims_first();
    let run = |script: &str| {
        let mut command = sandbox.command("bash");
        command.args(["-c", script]);
        sandbox.run_command(command, LONG)
    };
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let several: Vec<_> = (0..6).map(|_| scope.spawn(|| run(&script))).collect();
        let other = run("probe exit 7; echo $?");
        assert_eq!(other.stdout_text(), "7\n", "{other:?}");
        for ran in several {
            let ran = ran.join().unwrap();
            assert_eq!(ran.stdout_text(), "126\n", "{ran:?}");
        }
    });
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    let said = context(&sandbox)["unknown"].as_str().unwrap_or_default().to_owned();
    assert!(said.ends_with("hanging/config`: looking at it takes too long"), "{said}");

    let ran = sandbox.gated(get_pods(&in_order(&sandbox)).as_str());
    assert_eq!(ran.stdout_text(), "126\n", "{ran:?}");
    assert_eq!(context(&sandbox)["value"], "other", "readers are there again");
}

#[test]
fn a_reader_that_stops_is_replaced() {
    let mut sandbox = sandbox();
    let script = get_pods(&in_order(&sandbox));
    assert_eq!(sandbox.gated(script.as_str()).stdout_text(), "126\n");
    assert_eq!(context(&sandbox)["value"], "other");

    assert_eq!(sandbox.gated(script.as_str()).stdout_text(), "126\n");
    let first = readers_of(&mut sandbox);
    assert_eq!(first.len(), 1, "it is started once and kept");
    stop(&first);
    assert_eq!(sandbox.gated(script.as_str()).stdout_text(), "126\n");
    assert!(context(&sandbox)["unknown"].is_string(), "{}", context(&sandbox));
    assert_eq!(sandbox.gated(script.as_str()).stdout_text(), "126\n");
    assert_eq!(context(&sandbox)["value"], "other");
    assert!(!readers_of(&mut sandbox).contains(&first[0]));
}

#[test]
fn a_command_without_facts_needs_no_reader() {
    let mut sandbox = sandbox();
    // The folders above are looked into once for a project's policy; then the kernel knows.
    let script = "cd / && probe exit 0; echo $?";
    assert_eq!(sandbox.gated(script).stdout_text(), "0\n");
    let before = readers_of(&mut sandbox);
    stop(&before);
    assert_eq!(sandbox.gated(script).stdout_text(), "0\n");
    assert_eq!(readers_of(&mut sandbox), before, "one that was asked would be gone");
}

/// The daemon's children that look at files.
fn readers_of(sandbox: &mut Sandbox) -> Vec<u32> {
    let mut children = sandbox.daemon().children();
    let line = |child: &u32| std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
    children.retain(|child| line(child).ends_with(b"\0read-facts\0"));
    children
}

fn stop(readers: &[u32]) {
    readers.iter().for_each(|reader| kill(Pid::from_raw(reader.cast_signed()), Signal::SIGSTOP).unwrap());
}
