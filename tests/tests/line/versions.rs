//! Programs of two versions together: what the previous one says byte for byte,
//! written down here once more, so that no change of ours changes it unseen.

use std::fs::File;
use std::io::{IoSlice, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

use crate::builder;

/// The version that is spoken here.
const PREVIOUS: u8 = 1;
const REQUEST: u8 = 1;
const SPAWNED: u8 = 10;
const STARTED: u8 = 5;
const ENDED: u8 = 6;
const PLAN: u8 = 9;

/// A process as version 1 describes it, with descriptors at `numbers`.
fn launch(arguments: &[&str], variables: &[&str], numbers: &[i32]) -> Vec<u8> {
    let block: String = arguments.iter().chain(variables).flat_map(|string| [string, "\0"]).collect();
    let mut bytes = Vec::new();
    // umask, nice, io priority, scheduler and its priority, oom score, no_new_privs,
    // terminal, group, session; ignored and blocked signals; no affinity.
    bytes.extend([0; 10 * 4 + 2 * 8 + 16 * 8]);
    // Every limit, soft and hard: none.
    bytes.extend([0xff; 16 * 16]);
    bytes.extend((arguments.len() as u32).to_le_bytes());
    bytes.extend((variables.len() as u32).to_le_bytes());
    // The folder rides, the block does not.
    bytes.push(2);
    bytes.extend((block.len() as u32).to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend((numbers.len() as u32).to_le_bytes());
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend(block.into_bytes());
    bytes
}

fn send(to: &UnixStream, kind: u8, body: &[u8], riders: &[RawFd]) {
    let mut frame = vec![b'T', b'G', PREVIOUS, kind];
    frame.extend((body.len() as u32).to_le_bytes());
    frame.extend((riders.len() as u16).to_le_bytes());
    frame.extend([0, 0]);
    frame.extend(body);
    let rights = [ControlMessage::ScmRights(riders)];
    let sent = sendmsg::<()>(to.as_raw_fd(), &[IoSlice::new(&frame)], &rights, MsgFlags::empty(), None);
    assert_eq!(sent, Ok(frame.len()));
}

/// The next frame; whoever speaks version 1 refuses any other.
fn receive(mut from: &UnixStream) -> (u8, Vec<u8>) {
    let mut header = [0; 12];
    from.read_exact(&mut header).expect("a frame");
    assert_eq!(header[..3], [b'T', b'G', PREVIOUS], "kind {}", header[3]);
    let mut body = vec![0; u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize];
    from.read_exact(&mut body).expect("a body");
    (header[3], body)
}

/// The tool runs; its number, which came later, a shim of version 1 passes over.
fn has_started(shim: &UnixStream) {
    assert_eq!(receive(shim), (STARTED, Vec::new()));
    let (kind, body) = receive(shim);
    assert_eq!((kind, body.len()), (SPAWNED, 4));
}

fn pipe() -> (File, OwnedFd) {
    let (read, write) = std::io::pipe().unwrap();
    (File::from(OwnedFd::from(write)), OwnedFd::from(read))
}

#[test]
fn a_shim_of_the_previous_version_is_served_also_by_the_next_daemon() {
    let text = "#!/bin/sh\nread line\nexit 5\n";
    let mut sandbox = builder().script("waiter", text, "755").policy("20-waiter.toml", ALLOW).start();
    // An address holds 107 bytes.
    let sockets = File::open(sandbox.path("root/run")).unwrap();
    let shim = UnixStream::connect(format!("/proc/self/fd/{}/gate", sockets.as_raw_fd())).unwrap();
    let (mut typing, stdin) = pipe();
    let folder = File::open(sandbox.path("work")).unwrap();
    let mut body = vec![1, 0];
    body.extend(6_u32.to_le_bytes());
    body.extend(b"waiter");
    let path = format!("PATH={}:/usr/bin:/bin", sandbox.path("bin").display());
    body.append(&mut launch(&["waiter"], &[&path], &[0]));
    send(&shim, REQUEST, &body, &[folder.as_raw_fd(), stdin.as_raw_fd()]);
    has_started(&shim);
    sandbox.daemon().kill();
    sandbox.start_daemon();
    sandbox.await_records("adopted", 1);
    typing.write_all(b"go on\n").unwrap();
    assert_eq!(receive(&shim), (ENDED, vec![0, 5]));
    sandbox.await_records("outcome", 1);
    assert_eq!(sandbox.audit_of("outcome")[0]["exit_code"], 5);
}

const ALLOW: &str = "[[rule]]\nname = \"waiter\"\ntools = \"waiter\"\nverdict = \"allow\"\ntier = \"unknown\"\n";

#[test]
fn a_plan_of_the_previous_daemon_runs_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (control, theirs) = UnixStream::pair().unwrap();
    let (shim, its) = UnixStream::pair().unwrap();
    let mut command = Command::new(e2e::programs!().path("tollgate-supervisor"));
    let mut supervisor = command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).spawn().unwrap();
    let record = File::create(folder.path().join("record")).unwrap();
    let (binary, work) = (File::open("/bin/sh").unwrap(), File::open(folder.path()).unwrap());
    let (mut said, stdout) = std::io::pipe().unwrap();
    let mut body = b"01JZZZZZZZZZZZZZZZZZZZZZZZ\0".to_vec();
    body.append(&mut launch(&["sh", "-c", "echo said; exit 3"], &[], &[1]));
    let riders =
        [its.as_raw_fd(), record.as_raw_fd(), binary.as_raw_fd(), work.as_raw_fd(), stdout.as_fd().as_raw_fd()];
    send(&control, PLAN, &body, &riders);
    drop((its, stdout));
    has_started(&shim);
    assert_eq!(receive(&shim), (ENDED, vec![0, 3]));
    let mut text = String::new();
    said.read_to_string(&mut text).unwrap();
    assert_eq!(text, "said\n");
    assert_eq!(std::fs::read_to_string(folder.path().join("record")).unwrap(), "tollgate-run 1 exited 3\n");
    assert!(supervisor.wait().unwrap().success());
}
