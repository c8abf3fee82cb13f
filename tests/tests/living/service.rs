//! The daemon under a service manager, which the test plays: it holds the
//! sockets, keeps what it is given, hears what it is told, and restarts the daemon.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::{Child, Stdio};
use std::time::Duration;

use e2e::{Running, Sandbox};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const LIMIT: Duration = Duration::from_secs(20);

/// Sockets that stay, whatever becomes of the daemon.
struct Manager {
    gate: UnixListener,
    admin: UnixListener,
    notified: UnixDatagram,
}

impl Manager {
    fn new(sandbox: &Sandbox) -> Self {
        std::fs::DirBuilder::new().mode(0o700).create(sandbox.path("root/run")).unwrap();
        let notified = UnixDatagram::bind(sandbox.path("notify")).unwrap();
        notified.set_read_timeout(Some(LIMIT)).unwrap();
        let listen = |name| UnixListener::bind(sandbox.path("root/run").join(name)).unwrap();
        Self { gate: listen("gate"), admin: listen("admin"), notified }
    }

    fn start(&self, sandbox: &Sandbox) -> Child {
        self.start_with(sandbox, None)
    }

    /// With a socket that an earlier daemon gave to keep, and its name.
    fn start_with(&self, sandbox: &Sandbox, kept: Option<(&str, &UnixListener)>) -> Child {
        let script = "exec 3<&0 4<&1 5<&2 </dev/null >/dev/null 2>>\"$1\"; [ $LISTEN_FDS = 3 ] || exec 5<&-; \
                      LISTEN_PID=$$ exec \"$0\" --root \"$ROOT\"";
        let mut command = sandbox.command("bash");
        command.args(["-c", script]).arg(e2e::programs!().path("tollgated")).arg(sandbox.path("daemon.log"));
        command.env("LISTEN_FDS", if kept.is_some() { "3" } else { "2" });
        command.env("LISTEN_FDNAMES", format!("x:x:{}", kept.map_or("", |(name, _)| name)));
        command.env("NOTIFY_SOCKET", sandbox.path("notify")).env("WATCHDOG_USEC", "200000");
        command.stdin(Stdio::from(OwnedFd::from(self.gate.try_clone().unwrap())));
        command.stdout(Stdio::from(OwnedFd::from(self.admin.try_clone().unwrap())));
        let third = kept.map(|(_, socket)| Stdio::from(OwnedFd::from(socket.try_clone().unwrap())));
        command.stderr(third.unwrap_or_else(Stdio::null));
        command.spawn().unwrap()
    }

    /// Waits until it is given something to keep: the name, and the socket.
    fn is_given(&self) -> (String, UnixListener) {
        loop {
            let mut told = [0; 256];
            if let (length, Some(socket)) = e2e::receive_with_descriptor(&self.notified, &mut told).unwrap() {
                let told = std::str::from_utf8(&told[..length]).unwrap();
                let name = told.strip_prefix("FDSTORE=1\nFDNAME=").unwrap().trim_end();
                return (name.to_owned(), socket.into());
            }
        }
    }

    /// Waits until it is told something that begins so.
    fn hears(&self, start: &str) {
        let mut told = [0; 256];
        loop {
            match self.notified.recv(&mut told) {
                Ok(length) if told[..length].starts_with(start.as_bytes()) => return,
                Ok(_) => {}
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => panic!("the service manager was never told `{start}`: {cause}"),
            }
        }
    }

    fn stop(&self, mut daemon: Child) {
        kill(Pid::from_raw(i32::try_from(daemon.id()).unwrap()), Signal::SIGTERM).unwrap();
        self.hears("STOPPING=1");
        assert!(daemon.wait().unwrap().success());
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::builder(e2e::programs!()).probe("probe").without_daemon();
    sandbox.put_shims_first();
    sandbox
}

fn probe(sandbox: &Sandbox, arguments: &[&str]) -> Running {
    let mut command = sandbox.command(sandbox.path("front/probe"));
    command.args(arguments);
    sandbox.start_command(command)
}

#[test]
fn a_manager_is_told_when_the_daemon_serves_lives_and_stops() {
    let sandbox = sandbox();
    let manager = Manager::new(&sandbox);
    let daemon = manager.start(&sandbox);
    manager.hears("READY=1");
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    manager.stop(daemon);
    assert!(sandbox.path("root/run/gate").exists(), "the manager's socket was removed");
}

#[test]
fn a_command_that_comes_during_a_restart_waits_for_the_next_daemon() {
    let sandbox = sandbox();
    let manager = Manager::new(&sandbox);
    let early = probe(&sandbox, &["exit", "4"]);
    let daemon = manager.start(&sandbox);
    assert_eq!(early.finish(LIMIT).code(), Some(4));
    manager.stop(daemon);
    let between = probe(&sandbox, &["exit", "5"]);
    let daemon = manager.start(&sandbox);
    let ran = between.finish(LIMIT);
    assert_eq!(ran.code(), Some(5), "{ran:?}");
    manager.stop(daemon);
}

#[test]
fn a_command_that_runs_outlives_a_restart_and_its_end_is_on_record() {
    let sandbox = sandbox();
    let manager = Manager::new(&sandbox);
    let daemon = manager.start(&sandbox);
    manager.hears("READY=1");
    let script = "probe read 0 64; echo $?";
    let mut command = sandbox.command("bash");
    command.args(["-c", script]).stdin(Stdio::piped());
    let mut running = sandbox.start_command(command);
    sandbox.await_records("intent", 1);
    manager.stop(daemon);
    let daemon = manager.start(&sandbox);
    manager.hears("READY=1");
    running.type_line("still here");
    let ran = running.finish(LIMIT);
    assert_eq!(ran.stdout_text(), "read still here\\n\n0\n", "{ran:?}");
    sandbox.await_records("outcome", 1);
    manager.stop(daemon);
}

#[test]
fn a_restart_in_a_storm_drops_no_request() {
    let sandbox = sandbox();
    let manager = Manager::new(&sandbox);
    let mut daemon = manager.start(&sandbox);
    manager.hears("READY=1");
    let script = "for i in $(seq 40); do probe exit 0 & done; wait; for job in $(jobs -p); do :; done; \
                  for i in $(seq 40); do probe exit 0 || echo lost; done; echo done";
    let mut command = sandbox.command("bash");
    command.args(["-c", script]);
    let storm = sandbox.start_command(command);
    for _ in 0..3 {
        sandbox.await_records("intent", 1);
        manager.stop(daemon);
        daemon = manager.start(&sandbox);
        manager.hears("READY=1");
    }
    let ran = storm.finish(Duration::from_secs(60));
    assert_eq!((ran.stdout_text().as_str(), ran.stderr_text().as_str()), ("done\n", ""));
    manager.stop(daemon);
}

/// A session's socket is the daemon's own; the manager keeps it all the same.
#[test]
fn a_command_of_a_session_waits_for_the_next_daemon_too() {
    let sandbox = sandbox();
    let manager = Manager::new(&sandbox);
    let daemon = manager.start(&sandbox);
    let script = "probe exit 0 && touch first && read go && probe exit 5; echo $?";
    let mut command = sandbox.session("claude-code", "probe", script);
    command.stdin(Stdio::piped());
    let mut session = sandbox.start_command(command);
    let (name, socket) = manager.is_given();
    sandbox.await_change("work", || sandbox.path("work/first").exists());
    manager.stop(daemon);
    session.type_line("go");
    let mut called = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut called, PollTimeout::from(20_000_u16)).unwrap(), 1, "nobody called the session's socket");
    let daemon = manager.start_with(&sandbox, Some((&name, &socket)));
    let ran = session.finish(LIMIT);
    assert_eq!(ran.stdout_text(), "5\n", "{ran:?}");
    assert!(sandbox.audit_of("intent").iter().all(|intent| intent["agent"] == "claude-code"));
    manager.hears(&format!("FDSTOREREMOVE=1\nFDNAME={name}"));
    manager.stop(daemon);
}

#[test]
fn a_socket_that_nobody_serves_is_refused() {
    let sandbox = sandbox();
    std::fs::DirBuilder::new().mode(0o700).create(sandbox.path("root/run")).unwrap();
    let stray = UnixListener::bind(sandbox.path("root/run/other")).unwrap();
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" --root \"$ROOT\"";
    let mut command = sandbox.command("bash");
    command.args(["-c", script]).arg(e2e::programs!().path("tollgated"));
    command.stdin(Stdio::from(OwnedFd::from(stray)));
    let ran = sandbox.run_command(command, LIMIT);
    assert_eq!(ran.code(), Some(1), "{ran:?}");
    let said = sandbox.evened(&ran.stderr_text());
    assert!(said.contains("the service manager listens at `SANDBOX/root/run/other`"), "{said}");
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if e2e::require_tool("systemd-analyze").is_none() {
        return;
    }
    let sandbox = sandbox();
    let units = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/systemd");
    let daemon = e2e::programs!().path("tollgated");
    let mut verify = sandbox.command("systemd-analyze");
    verify.args(["--user", "verify", "--man=no"]).env("XDG_RUNTIME_DIR", sandbox.path("work"));
    for name in ["tollgated.service", "tollgated.socket"] {
        let unit = std::fs::read_to_string(format!("{units}/{name}")).unwrap();
        let unit = unit.replace("/usr/bin/tollgated", daemon.to_str().unwrap());
        std::fs::write(sandbox.path(name), unit).unwrap();
        verify.arg(sandbox.path(name));
    }
    let ran = sandbox.run_command(verify, LIMIT);
    assert_eq!((ran.code(), ran.stderr_text().as_str()), (Some(0), ""), "{ran:?}");
}
