//! What `tollgate run` is for the command and for the shell, with a daemon that
//! only opens sessions.
#![expect(clippy::unwrap_used, reason = "what a test does not expect ends it, in its own helpers too")]

mod fake;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use fake::{Fake, Manner, SESSION, Told, programs};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tollgate_admin::Ask;

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The same `sh -c` script, alone and in a session.
fn both(fake: &Fake, script: &str) -> [Output; 2] {
    let alone = Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::null()).output().unwrap();
    [alone, fake.run(&["/bin/sh", "-c", script]).output().unwrap()]
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

/// A session whose command prints a line when it is ready.
fn ready(mut run: Command) -> (Child, BufReader<ChildStdout>) {
    let mut front = run.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(front.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    (front, out)
}

#[test]
fn a_session_ends_with_the_commands_code() {
    let fake = Fake::new();
    for code in [0, 7, 255] {
        let status = fake.run(&["/bin/sh", "-c", &format!("exit {code}")]).status().unwrap();
        assert_eq!(status.code(), Some(code));
    }
}

#[test]
fn a_session_dies_of_the_commands_signal() {
    let fake = Fake::new();
    for signal in [1, 2, 3, 9, 10, 13, 15, 34] {
        let [alone, session] = both(&fake, &format!("ulimit -c 0; kill -{signal} $$"));
        assert_eq!(session.status.signal(), Some(signal));
        assert_eq!(session.status.signal(), alone.status.signal());
    }
}

#[test]
fn a_session_lasts_until_the_last_process_is_gone() {
    let fake = Fake::new();
    let mut run = fake.run(&["/bin/sh", "-c", "exec 3<&0; (exec head -c1 <&3 >/dev/null 2>&1) & echo ready"]);
    let (mut front, mut out) = ready({
        run.stdin(Stdio::piped());
        run
    });
    let opened = fake.told();
    assert_eq!(opened, Told::Opened(Ask::OpenSession { agent: "unknown".into(), id: None, policy: None }));
    assert!(front.stdout.is_none());
    // The reader sees the end as soon as the command is gone, whoever lives on.
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let stdin = front.stdin.take();
    assert!(front.wait().unwrap().success());
    assert!(fake.folder().join("shims/cat").symlink_metadata().is_ok());
    drop(stdin);
    assert_eq!(fake.told(), Told::Closed);
    assert!(!fake.folder().exists());
}

#[test]
fn the_command_finds_four_variables_and_nothing_else_changed() {
    let fake = Fake::new();
    let variables = |output: &Output| -> Vec<String> {
        let mut variables: Vec<_> = stdout(output).lines().map(str::to_owned).collect();
        variables.sort();
        variables
    };
    let names = ["PATH=", "BASH_ENV=", "TOLLGATE_SESSION=", "TOLLGATE_SHIMS="];
    let own = |line: &&String| names.iter().any(|name| line.starts_with(name));
    let [alone, session] = both(&fake, "exec env");
    let (alone, session) = (variables(&alone), variables(&session));
    let folder = fake.folder();
    let path = std::env::var("PATH").unwrap();
    let expected = [
        format!("BASH_ENV={}/bash_env", folder.display()),
        format!("PATH={}/shims:{path}", folder.display()),
        format!("TOLLGATE_SESSION={SESSION}"),
        format!("TOLLGATE_SHIMS={}/shims", folder.display()),
    ];
    assert_eq!(session.iter().filter(own).cloned().collect::<Vec<_>>(), expected);
    let others = |lines: &[String]| lines.iter().filter(|line| !own(line)).cloned().collect::<Vec<_>>();
    assert_eq!(others(&session), others(&alone));
}

#[test]
fn tools_are_found_as_shims_from_every_kind_of_shell() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(".bash_profile"), "PATH=/usr/local/bin:/usr/bin:/bin\n").unwrap();
    for shell in [["bash", "-c"], ["bash", "-lc"], ["sh", "-c"], ["bash", "-xc"], ["bash", "-euc"]] {
        let fake = Fake::new();
        let output = fake.run(&[shell[0], shell[1], "cat some file"]).env("HOME", home.path()).output().unwrap();
        let expected = format!("shim: {}/shims/cat some file\n", fake.folder().display());
        assert_eq!(stdout(&output), expected, "{shell:?}: {}", stderr(&output));
    }
    let fake = Fake::new();
    let output = fake.run(&["cat", "itself"]).output().unwrap();
    assert_eq!(stdout(&output), format!("shim: {}/shims/cat itself\n", fake.folder().display()));
}

#[test]
fn signals_that_were_ignored_or_blocked_are_so_for_the_command_and_no_others() {
    let fake = Fake::new();
    let show = "exec grep ^Sig[BI] /proc/self/status";
    for before in ["", "trap '' INT PIPE CHLD TSTP; ", "trap '' HUP; "] {
        let programs = programs().display();
        let root = fake.root.path().display();
        let alone = format!("{before} sh -c '{show}'");
        let session = format!("{before} {programs}/tollgate run --root {root} --tools cat -- sh -c '{show}'");
        let [alone, session] = [alone, session].map(|line| Command::new("sh").args(["-c", &line]).output().unwrap());
        assert_eq!(stdout(&session), stdout(&alone), "{before}{}", stderr(&session));
        assert!(stdout(&alone).starts_with("SigBlk"));
    }
}

#[test]
fn descriptors_are_the_callers_closed_ones_too() {
    let fake = Fake::new();
    let show = "exec find /proc/self/fd -mindepth 1 ! -lname */fd -printf \"%f \" 2>/dev/null";
    for redirections in ["", "8</dev/null 9>/dev/null", "<&-", "2>&-", "8</dev/null <&- 2>&-"] {
        let programs = programs().display();
        let root = fake.root.path().display();
        let alone = format!("sh -c '{show}' {redirections}");
        let session = format!("{programs}/tollgate run --root {root} --tools cat -- sh -c '{show}' {redirections}");
        let [alone, session] = [alone, session].map(|line| Command::new("sh").args(["-c", &line]).output().unwrap());
        assert_eq!(stdout(&session), stdout(&alone), "{redirections}");
        assert!(!stdout(&alone).is_empty());
    }
}

/// Counts the USR1s that reach it, says each, and how many when TERM comes. It
/// reads with a limit: bash runs no trap for a signal that came just before a read
/// until that read is over.
const COUNTS: &str = "n=0; trap 'n=$((n+1)); echo usr1' USR1; trap 'echo $n; exit' TERM; echo ready; while :; do read -t 0.02 line; done";

fn counting(fake: &Fake) -> (Child, BufReader<ChildStdout>) {
    let mut run = fake.run(&["bash", "-c", COUNTS]);
    run.stdin(Stdio::piped()).process_group(0);
    ready(run)
}

/// The first USR1 has arrived. Were TERM sent before that, bash itself would now
/// and then run the second trap in the middle of the first.
fn arrived(out: &mut impl BufRead) {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "usr1\n");
}

/// The count, once front and keeper have passed on what they had to: what was
/// sent before, and has the lower number, goes first.
fn count(front: &mut Child, out: &mut impl Read) -> String {
    kill(pid(front), Signal::SIGTERM).unwrap();
    let mut count = String::new();
    out.read_to_string(&mut count).unwrap();
    assert!(front.wait().unwrap().success());
    count
}

#[test]
fn a_signal_sent_to_the_session_reaches_the_command_once() {
    let fake = Fake::new();
    let (mut front, mut out) = counting(&fake);
    kill(pid(&front), Signal::SIGUSR1).unwrap();
    arrived(&mut out);
    assert_eq!(count(&mut front, &mut out), "1\n");
}

#[test]
fn a_signal_sent_to_the_whole_group_reaches_the_command_once() {
    let fake = Fake::new();
    for _ in 0..10 {
        let (mut front, mut out) = counting(&fake);
        killpg(pid(&front), Signal::SIGUSR1).unwrap();
        arrived(&mut out);
        assert_eq!(count(&mut front, &mut out), "1\n");
    }
}

#[test]
fn a_session_stops_and_goes_on_with_its_command() {
    let fake = Fake::new();
    for stop in [Signal::SIGTSTP, Signal::SIGSTOP] {
        let (mut front, mut out) = counting(&fake);
        killpg(pid(&front), stop).unwrap();
        assert_eq!(waitpid(pid(&front), Some(WaitPidFlag::WUNTRACED)), Ok(WaitStatus::Stopped(pid(&front), stop)));
        killpg(pid(&front), Signal::SIGCONT).unwrap();
        assert_eq!(count(&mut front, &mut out), "0\n");
    }
}

#[test]
fn a_command_that_stops_itself_stops_the_session_and_whoever_continues_it_continues_both() {
    let fake = Fake::new();
    let mut run = fake.run(&["sh", "-c", "echo ready; echo $$; kill -TSTP $$; echo on"]);
    run.process_group(0);
    let (mut front, mut out) = ready(run);
    let mut command = String::new();
    out.read_line(&mut command).unwrap();
    let stopped = WaitStatus::Stopped(pid(&front), Signal::SIGTSTP);
    assert_eq!(waitpid(pid(&front), Some(WaitPidFlag::WUNTRACED)), Ok(stopped));
    kill(Pid::from_raw(command.trim().parse().unwrap()), Signal::SIGCONT).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "on\n");
    assert!(front.wait().unwrap().success());
}

#[test]
fn a_front_that_was_continued_alone_continues_the_command() {
    let fake = Fake::new();
    let mut run = fake.run(&["sh", "-c", "echo ready; kill -STOP $$; echo on"]);
    run.process_group(0);
    let (mut front, mut out) = ready(run);
    let stopped = WaitStatus::Stopped(pid(&front), Signal::SIGSTOP);
    assert_eq!(waitpid(pid(&front), Some(WaitPidFlag::WUNTRACED)), Ok(stopped));
    kill(pid(&front), Signal::SIGCONT).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "on\n");
    assert!(front.wait().unwrap().success());
}

#[test]
fn a_command_whose_front_is_killed_is_told_to_end() {
    let fake = Fake::new();
    let (mut front, mut out) = counting(&fake);
    front.kill().unwrap();
    let mut count = String::new();
    out.read_to_string(&mut count).unwrap();
    assert_eq!(count, "0\n");
    assert_eq!(front.wait().unwrap().signal(), Some(9));
    assert!(matches!(fake.told(), Told::Opened(_)));
    assert_eq!(fake.told(), Told::Closed);
}

#[test]
fn a_reader_sees_the_end_when_the_command_closes_its_output() {
    let fake = Fake::new();
    let mut run = fake.run(&["sh", "-c", "exec >&-; read line"]);
    let mut front = run.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut nothing = String::new();
    front.stdout.take().unwrap().read_to_string(&mut nothing).unwrap();
    assert_eq!(nothing, "");
    drop(front.stdin.take());
    assert_eq!(front.wait().unwrap().code(), Some(1));
}

#[test]
fn a_session_is_registered_again_under_its_id_when_the_daemon_is_back() {
    let fake = Fake::new();
    let (mut front, mut out) = counting(&fake);
    let Told::Opened(Ask::OpenSession { id: None, .. }) = fake.told() else { panic!("no fresh session") };
    fs::remove_file(fake.admin()).unwrap();
    fs::write(fake.root.path().join("daemon.sh"), "exit 3\n").unwrap();
    fake.break_links();
    assert_eq!(fake.told(), Told::Closed);
    fake.listen(Manner::Friendly);
    let again = Ask::OpenSession { agent: "unknown".into(), id: Some(SESSION.into()), policy: None };
    assert_eq!(fake.told(), Told::Opened(again));
    assert!(fake.folder().join("shims/.gate").symlink_metadata().is_ok());
    assert_eq!(count(&mut front, &mut out), "0\n");
}

#[test]
fn a_daemon_is_started_apart_from_the_caller() {
    let fake = Fake::silent();
    let root = fake.root.path().display().to_string();
    // Says what it was started as, then is the fake that the test runs.
    let script = "mkfifo \"$2/go\"
        { echo \"$@\"; pwd; env | sort; readlink /proc/self/fd/0; cut -d' ' -f5-7 /proc/$$/stat; echo $$; } >\"$2/seen\"
        echo x >\"$2/go\"; exec sleep 60\n";
    fs::write(fake.root.path().join("daemon.sh"), script).unwrap();
    let policy = fake.root.path().join("policy.toml");
    fs::write(&policy, "").unwrap();
    let mut run = Command::new(programs().join("tollgate"));
    run.args(["run", "--root", &root, "--agent", "bot", "--policy"]).arg(&policy).args(["--", "true"]);
    run.env("XDG_STATE_HOME", "/x").env("HOME", "/x").env("AWS_SECRET_ACCESS_KEY", "x").env("TOLLGATE_TEST", "kept");
    let mut front = run.env_remove("TOLLGATE_SESSION").env_remove("TOLLGATE_REQUIRE_TOOLS").spawn().unwrap();
    let go = fake.root.path().join("go");
    while !go.exists() {
        assert!(front.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    fs::read(&go).unwrap();
    fake.listen(Manner::Friendly);
    assert!(front.wait().unwrap().success());
    // What the daemon was given as its base does not come again with the session.
    assert_eq!(fake.told(), Told::Opened(Ask::OpenSession { agent: "bot".into(), id: None, policy: None }));
    let seen = fs::read_to_string(fake.root.path().join("seen")).unwrap();
    let lines: Vec<_> = seen.lines().collect();
    assert_eq!(lines[0], format!("--root {root} --policy {} --leave-after 600", policy.display()));
    assert_eq!(lines[1], "/");
    let names: Vec<_> = lines[2..].iter().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert_eq!(names, ["HOME", "PATH", "PWD", "TOLLGATE_TEST", "USER"]);
    assert!(seen.contains("HOME=/x"), "a gate of its own root has the home of whoever started it");
    let [.., input, ids, process] = lines[..] else { panic!("{seen}") };
    assert_eq!(input, "/dev/null");
    assert_eq!(ids, format!("{process} {process} 0"));
    kill(Pid::from_raw(process.parse().unwrap()), Signal::SIGKILL).unwrap();
}

#[test]
fn a_daemon_that_cannot_start_is_said_with_its_own_words() {
    let fake = Fake::silent();
    fs::write(fake.root.path().join("daemon.sh"), "echo 'policy.d/10.toml:3: unknown key' >&2; exit 3\n").unwrap();
    let output = fake.run(&["true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    let root = fake.root.path().display();
    let expected = format!(
        "tollgate: the daemon ended at its start (exit code 3); the last that it said, in `{root}/state/log`:
policy.d/10.toml:3: unknown key\n"
    );
    assert_eq!(stderr(&output), expected);
}

#[test]
fn a_refused_session_starts_nothing() {
    let fake = Fake::silent();
    fake.listen(Manner::Refusing);
    let output = fake.run(&["sh", "-c", "echo started"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((stdout(&output), stderr(&output)), (String::new(), "tollgate: refused: not today\n".to_owned()));
}

#[test]
fn a_command_that_cannot_be_executed_is_said_and_leaves_nothing() {
    let fake = Fake::new();
    for (command, code, message) in [
        ("no-such-command", 127, "tollgate: `no-such-command` is not found: is it on PATH?\n"),
        ("/etc/passwd", 126, "tollgate: cannot execute `/etc/passwd`: Permission denied (os error 13)\n"),
    ] {
        let output = fake.run(&[command]).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(code), message.to_owned()));
        assert!(matches!(fake.told(), Told::Opened(_)));
        assert_eq!(fake.told(), Told::Closed);
        assert!(!fake.folder().exists());
    }
}

#[test]
fn from_inside_a_session_neither_root_nor_policy_may_be_given() {
    let fake = Fake::new();
    let nested = |option: &str| {
        let tollgate = programs().join("tollgate").display().to_string();
        // The variable is no proof either way: who stands above is.
        let script = format!("unset TOLLGATE_SESSION; {tollgate} run {option} /etc/passwd -- true");
        let output = fake.run(&["sh", "-c", &script]).output().unwrap();
        (output.status.code(), stderr(&output))
    };
    for option in ["--root", "--policy"] {
        let message =
            format!("tollgate: `{option}` cannot be used inside a session: leave it out, or run this outside\n");
        assert_eq!(nested(option), (Some(2), message));
    }
}

#[test]
fn a_session_inside_a_session_is_the_same_agents_with_the_same_daemon() {
    let fake = Fake::new();
    let tollgate = programs().join("tollgate");
    let mut outer = Command::new(&tollgate);
    outer.args(["run", "--agent", "bot", "--tools", "cat", "--root"]).arg(fake.root.path()).args(["--", "sh", "-c"]);
    outer.arg(format!("{} run --tools cat -- sh -c 'echo $PATH'", tollgate.display())).env_remove("TOLLGATE_SESSION");
    let output = outer.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let [outer, inner] = [SESSION.to_owned(), format!("{SESSION}-2")].map(|id| fake.sessions().join(id).join("shims"));
    assert!(stdout(&output).starts_with(&format!("{}:{}:", inner.display(), outer.display())), "{}", stdout(&output));
    for _ in [outer, inner] {
        let opened = fake.told();
        assert_eq!(opened, Told::Opened(Ask::OpenSession { agent: "bot".into(), id: None, policy: None }));
    }
}
