//! Whatever is sent to the gate's socket: a clear word, an end to that connection
//! alone, and nothing of it kept.
//!
//! The frames are put together by hand from the format's description, so that a
//! mistake in the programs' own encoder cannot hide one in their decoder.

use std::io::{IoSlice, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use e2e::{Sandbox, Script};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

use crate::builder;

const REQUEST: u8 = 1;
const DESCRIPTORS: u8 = 2;
const PLAN: u8 = 9;

/// A header: "TG", version, kind, length of the body, descriptors, nothing.
fn header(version: u8, kind: u8, body: usize, descriptors: u16) -> Vec<u8> {
    let mut bytes = vec![b'T', b'G', version, kind];
    bytes.extend(u32::try_from(body).unwrap().to_le_bytes());
    bytes.extend(descriptors.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn frame(kind: u8, body: &[u8], descriptors: u16) -> Vec<u8> {
    [header(1, kind, body.len(), descriptors), body.to_vec()].concat()
}

/// What a request's body may get wrong.
struct Body {
    arguments: u32,
    in_memory: bool,
    length: u32,
    block: Vec<u8>,
    numbers: u32,
}

impl Body {
    /// `probe exit 0` with these descriptors.
    fn sound(numbers: u32) -> Self {
        let block = b"probe\0exit\0\x30\0".to_vec();
        Self { arguments: 3, in_memory: false, length: u32::try_from(block.len()).unwrap(), block, numbers }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![1, 0];
        bytes.extend(5_u32.to_le_bytes());
        bytes.extend(b"probe");
        // Ten numbers, two signal sets, sixteen words of affinity, sixteen pairs of limits.
        bytes.extend([0; 10 * 4 + 2 * 8 + 16 * 8 + 16 * 16]);
        bytes.extend(self.arguments.to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
        bytes.push(u8::from(self.in_memory));
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(b"/");
        bytes.extend(self.numbers.to_le_bytes());
        for number in 0..self.numbers {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(&self.block);
        bytes
    }
}

/// Bytes, and how many descriptors ride on them.
type Part = (Vec<u8>, usize);

/// Connects, sends each part with so many descriptors, and gives what comes back.
fn send(sandbox: &Sandbox, parts: &[Part]) -> String {
    let mut stream = connect(sandbox);
    let null = std::fs::File::open("/dev/null").unwrap();
    for (bytes, descriptors) in parts {
        let riders: Vec<RawFd> = vec![null.as_raw_fd(); *descriptors];
        let rights = [ControlMessage::ScmRights(&riders)];
        let control = if riders.is_empty() { &[][..] } else { &rights };
        // The gate may have heard enough and closed.
        let sent = sendmsg::<()>(stream.as_raw_fd(), &[IoSlice::new(bytes)], control, MsgFlags::MSG_NOSIGNAL, None);
        if let Ok(sent) = sent
            && sent < bytes.len()
        {
            let _ = stream.write_all(&bytes[sent..]);
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn connect(sandbox: &Sandbox) -> UnixStream {
    let folder = std::fs::File::open(sandbox.path("root/run")).unwrap();
    let stream = UnixStream::connect(format!("/proc/self/fd/{}/gate", folder.as_raw_fd())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    stream
}

fn serves(sandbox: &Sandbox) {
    assert_eq!(sandbox.gated("probe exit 7").code(), Some(7), "{}", sandbox.log());
}

#[test]
fn every_broken_request_gets_a_clear_word_and_the_next_one_is_served() {
    let sandbox = builder().start();
    let sound = |numbers| Body::sound(numbers);
    let long = Body { in_memory: true, length: 10 << 20, block: Vec::new(), ..sound(0) };
    let too_many_words = Body { arguments: 4, ..sound(0) };
    let endless = Body { length: u32::MAX, ..sound(0) };
    let trailing = [sound(0).bytes(), vec![0]].concat();
    let cases: Vec<(&str, Vec<Part>, &str)> = vec![
        ("no frame at all", vec![(vec![0xa5; 64], 0)], "this is no message of ours"),
        ("text", vec![(b"GET / HTTP/1.1\r\n\r\n".to_vec(), 0)], "this is no message of ours"),
        ("another version", vec![(header(9, REQUEST, 0, 0), 0)], "the message has version 9, this program speaks 1"),
        ("an unknown kind", vec![(header(1, 77, 0, 0), 0)], "unknown code 77 in a message"),
        (
            "a body above the limit",
            vec![(header(1, REQUEST, 65537, 0), 0)],
            "a length in the message is above its limit",
        ),
        ("a header cut short", vec![(header(1, REQUEST, 5, 0)[..7].to_vec(), 0)], "the connection broke"),
        ("a body cut short", vec![([header(1, REQUEST, 100, 0), vec![1; 10]].concat(), 0)], "the connection broke"),
        ("an empty body", vec![(frame(REQUEST, b"", 0), 0)], "the message ends too early"),
        ("bytes left over", vec![(frame(REQUEST, &trailing, 0), 0)], "bytes left over"),
        (
            "ten megabytes of arguments",
            vec![(frame(REQUEST, &long.bytes(), 1), 1)],
            "a length in the message is above its limit",
        ),
        (
            "an endless block",
            vec![(frame(REQUEST, &endless.bytes(), 0), 0)],
            "a length in the message is above its limit",
        ),
        (
            "fewer words than it says",
            vec![(frame(REQUEST, &too_many_words.bytes(), 0), 0)],
            "another number of strings",
        ),
        ("a plan", vec![(frame(PLAN, b"", 0), 0)], "expected a request, got a frame of kind Plan"),
        (
            "riders that were not announced",
            vec![(frame(REQUEST, &sound(0).bytes(), 0), 3)],
            "announced 0 descriptors and carried 3",
        ),
        (
            "fewer riders than announced",
            vec![(frame(REQUEST, &sound(3).bytes(), 3), 1)],
            "announced 3 descriptors and carried 1",
        ),
        (
            "fewer riders than the body says",
            vec![(frame(REQUEST, &sound(3).bytes(), 1), 1)],
            "says that 3 descriptors come along, 1 did",
        ),
        (
            "more riders than the body says",
            vec![(frame(REQUEST, &sound(1).bytes(), 3), 3)],
            "says that 1 descriptors come along, 3 did",
        ),
        (
            "300 riders in more frames than there are",
            vec![(frame(REQUEST, &sound(300).bytes(), 253), 253), (frame(DESCRIPTORS, b"", 40), 40)],
            "says that 300 descriptors come along, 293 did",
        ),
        (
            "more than 300 riders",
            vec![(frame(REQUEST, &sound(300).bytes(), 253), 253), (frame(DESCRIPTORS, b"", 253), 253)],
            "says that 300 descriptors come along, 506 did",
        ),
        (
            "2000 riders",
            vec![(frame(REQUEST, &Body { numbers: 2000, ..sound(0) }.bytes(), 253), 253)],
            "a length in the message is above its limit",
        ),
    ];
    for (what, parts, expected) in cases {
        let answer = send(&sandbox, &parts);
        assert!(answer.contains(expected), "{what}: expected `{expected}`, got `{}`", answer.escape_debug());
        assert!(answer.contains(r#""reason":"gate""#), "{what}: {}", answer.escape_debug());
        assert!(answer.ends_with("\0\x7d"), "{what}: it must end with exit code 125: {}", answer.escape_debug());
    }
    serves(&sandbox);
    assert!(sandbox.audit_of("intent").len() == 1, "only the last may have run");
}

#[test]
fn a_connection_that_says_nothing_hinders_nobody() {
    let sandbox = builder().start();
    let silent: Vec<_> = (0..50).map(|_| connect(&sandbox)).collect();
    serves(&sandbox);
    drop(silent);
    serves(&sandbox);
}

#[test]
fn no_descriptor_of_a_broken_request_is_kept() {
    let mut sandbox = builder().without_daemon();
    let tollgated = sandbox.daemon_command();
    let mut command = sandbox.command("bash");
    command.args(["-c", "ulimit -n 700; exec \"$@\"", "bash"]).arg(tollgated.get_program()).args(tollgated.get_args());
    sandbox.start_daemon_as(command);
    serves(&sandbox);
    // Three times what the daemon may have open, had it kept them.
    for _ in 0..9 {
        send(&sandbox, &[(frame(REQUEST, &Body::sound(1).bytes(), 250), 250)]);
        send(&sandbox, &[(frame(REQUEST, b"", 250), 250)]);
        send(&sandbox, &[(vec![0xa5; 64], 250)]);
        send(&sandbox, &[(frame(REQUEST, &Body::sound(300).bytes(), 250), 250)]);
    }
    serves(&sandbox);
}

#[test]
fn descriptors_are_given_back_when_a_run_has_ended() {
    let mut sandbox = builder().start();
    if std::fs::read_dir(format!("/proc/{}/fd", sandbox.daemon().process())).is_err() {
        e2e::say("skipped: the daemon's descriptors cannot be seen\n");
        return;
    }
    let many = Script::new("for i in $(seq 20); do probe exit 0 & probe exit 1 5< /dev/null & done; wait");
    sandbox.gated(many.clone());
    let settled = |sandbox: &mut Sandbox, runs: usize| {
        sandbox.await_records("outcome", runs);
        sandbox.daemon().descriptors()
    };
    let before = settled(&mut sandbox, 40);
    for _ in 0..4 {
        sandbox.gated(many.clone());
    }
    settled(&mut sandbox, 200);
    // Four supervisors more may be ready, and sixteen readers of files, at two descriptors
    // each: far fewer than one of each run. The last of them goes with its supervisor,
    // after the outcome.
    let stock = 2 * (4 + 16);
    let folder = format!("/proc/{}/fd", sandbox.daemon().process());
    let open = || std::fs::read_dir(&folder).unwrap().count();
    assert!(sandbox.comes_to_hold("root/state/runs", || open() <= before + stock), "{before} before, {} after", open());
}

#[test]
fn the_admin_door_answers_nonsense_and_goes_on() {
    let sandbox = builder().start();
    let folder = std::fs::File::open(sandbox.path("root/run")).unwrap();
    for bytes in
        [vec![0xa5; 40], frame(13, b"{", 0), frame(13, br#"{"ask":"fly"}"#, 0), frame(13, b"[]", 0), vec![b'T']]
    {
        let mut stream = UnixStream::connect(format!("/proc/self/fd/{}/admin", folder.as_raw_fd())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        stream.write_all(&bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // It may close with our bytes unread, which resets the connection.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.contains("does not know this"), "{answer}");
    }
    serves(&sandbox);
    assert_eq!(sandbox.ask(&["status", "--json"]).code(), Some(0));
}
