//! Long work on the audit says on a terminal how far it has come, and nowhere else.

use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{Pty, Sandbox};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::builder;

/// The processor's time that a slow command gets, and how long it waits for the next.
const MOMENT: Duration = Duration::from_millis(1);
const PAUSE: Duration = Duration::from_millis(50);
/// So many moments it waits for its turn.
const PATIENCE: usize = 100;

/// Lets a process run for a moment and stops it for longer: what it does takes long,
/// however fast the machine is. Whether what is waited for came.
fn moment(process: u32, mut comes: impl FnMut(Duration) -> bool) -> bool {
    let until = had(process) + MOMENT;
    signal(process, Signal::SIGCONT);
    // On a crowded machine it is not its turn at once; and it may wait for something itself.
    let mut came = false;
    for _ in 0..PATIENCE {
        came = comes(MOMENT);
        if came || had(process) >= until {
            break;
        }
    }
    signal(process, Signal::SIGSTOP);
    came || comes(PAUSE)
}

/// The processor's time that a process has had, by `/proc/PID/schedstat`.
fn had(process: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default())
}

fn signal(process: u32, signal: Signal) {
    kill(Pid::from_raw(process.cast_signed()), signal).unwrap();
}

/// Waits until a slow command's screen shows `text`; gives all up to it.
fn wait_for(slow: &mut Pty, text: &str) -> String {
    let end = Instant::now() + Duration::from_secs(90);
    let mut shown = None;
    while !moment(slow.process(), |limit| {
        shown = slow.seen_within(text, limit);
        shown.is_some()
    }) {
        assert!(Instant::now() < end, "`{text}` never came");
    }
    shown.unwrap()
}

/// Lets it end; what it showed up to then.
fn finish(slow: Pty) -> String {
    signal(slow.process(), Signal::SIGCONT);
    let (status, rest) = slow.finish();
    assert!(status.success(), "{rest:?}");
    rest
}

/// Whether something can be read there, or it was closed, within the time.
fn is_heard(ears: &impl AsFd, limit: Duration) -> bool {
    let mut ears = [PollFd::new(ears.as_fd(), PollFlags::POLLIN)];
    poll(&mut ears, PollTimeout::try_from(limit).unwrap()) == Ok(1)
}

/// It says nothing where nobody watches, though it takes as long.
fn is_silent(mut command: Command) {
    let mut slow = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let ears = slow.stderr.take().unwrap();
    // It says something, or has closed it and ends.
    while !moment(slow.id(), |limit| is_heard(&ears, limit)) {}
    signal(slow.id(), Signal::SIGCONT);
    slow.stderr = Some(ears);
    let ended = slow.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

fn tollgate(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = sandbox.tollgate(&[&["audit"], arguments].concat());
    command.arg("--root").arg(sandbox.path("root"));
    command
}

/// Adds records of this size, as another recorder.
fn grow(sandbox: &Sandbox, records: usize, bytes: usize) {
    let lines = format!("{{\"note\":\"{}\"}}\n", "x".repeat(bytes)).repeat(records);
    let mut command = tollgate(sandbox, &["ingest", "--source", "long"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn export_says_how_far_it_is_on_a_terminal_alone() {
    let sandbox = builder().start();
    grow(&sandbox, 300, 1);
    let export = |to: &str| tollgate(&sandbox, &["export", "csv", "--output", sandbox.path(to).to_str().unwrap()]);
    let mut slow = Pty::spawn(export("one.csv"));
    // Written over and over, at the line's start, and wiped in the end.
    let first = wait_for(&mut slow, " records");
    assert!(first.starts_with("\r\u{1b}[Kwritten "), "{first:?}");
    let count = |shown: &str| shown.rsplit(' ').nth(1).unwrap().parse::<u64>().unwrap();
    let second = wait_for(&mut slow, " records");
    assert!(count(&second) > count(&first), "{first:?} {second:?}");
    let rest = finish(slow);
    assert!(rest.ends_with("\r\u{1b}[K"), "{rest:?}");
    is_silent(export("two.csv"));
}

#[test]
fn verify_says_how_far_it_is_on_a_terminal_alone() {
    let sandbox = builder().start();
    grow(&sandbox, 8, 1_000_000);
    let verify = || tollgate(&sandbox, &["verify"]);
    let mut slow = Pty::spawn(verify());
    let first = wait_for(&mut slow, " %");
    assert!(first.starts_with("\r\u{1b}[Kverified "), "{first:?}");
    let rest = finish(slow);
    let (wiped, told) = rest.rsplit_once("\r\u{1b}[K").unwrap();
    assert!(told.starts_with("whole: ") && !wiped.contains("whole"), "{rest:?}");
    is_silent(verify());
}
