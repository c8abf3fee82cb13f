//! One folder with a daemon, tools and shims of its own.

mod terminals;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::difference::Difference;
use crate::leftovers;
use crate::pty::Pty;
use crate::script::{self, Ran, Running, Script};
use crate::sys;
use crate::tools::{joined, search_path};

/// The programs under test, and where sandboxes may be made.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
    scratch: PathBuf,
}

impl Programs {
    /// The programs beside `program`; see [`crate::programs!`].
    ///
    /// # Panics
    /// When `program` is in no folder.
    #[must_use]
    pub fn beside(program: &str, scratch: &str) -> Self {
        let folder = Path::new(program).parent().expect("a program is in a folder").to_owned();
        Self { folder, scratch: scratch.into() }
    }

    /// One of them.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder of them all.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// A policy that lets every tool named by [`Builder::probe`] run.
/// How long it is waited for a change before looking all the same.
const AGAIN: Duration = Duration::from_millis(100);
const ALLOW_ALL: &str = "[[rule]]\nname = \"tests\"\ntools = [TOOLS]\nverdict = \"allow\"\ntier = \"unknown\"\n";

/// What a sandbox shall hold.
#[derive(Debug, Clone)]
pub struct Builder {
    programs: Programs,
    probes: Vec<String>,
    scripts: Vec<(String, String, &'static str)>,
    wrapped: Vec<String>,
    policies: Vec<(String, String)>,
    settings: Option<String>,
    sabotage: Option<String>,
    on_path: bool,
}

impl Builder {
    /// A copy of the probe under this name, wrapped.
    #[must_use]
    pub fn probe(mut self, name: &str) -> Self {
        self.probes.push(name.to_owned());
        self.wrap(name)
    }

    /// A file of this text and mode (as for `install -m`) among the real tools, wrapped.
    #[must_use]
    pub fn script(mut self, name: &str, text: &str, mode: &'static str) -> Self {
        self.scripts.push((name.to_owned(), text.to_owned(), mode));
        self.wrap(name)
    }

    /// A shim of this name.
    #[must_use]
    pub fn wrap(mut self, name: &str) -> Self {
        self.wrapped.push(name.to_owned());
        self
    }

    /// A policy file; without any, every wrapped tool without a grammar may run.
    #[must_use]
    pub fn policy(mut self, name: &str, text: &str) -> Self {
        self.policies.push((name.to_owned(), text.to_owned()));
        self
    }

    /// The daemon's `tollgate.toml`.
    #[must_use]
    pub fn settings(mut self, text: &str) -> Self {
        self.settings = Some(text.to_owned());
        self
    }

    /// The programs themselves on PATH, as where they are installed.
    #[must_use]
    pub fn tollgate_on_path(mut self) -> Self {
        self.on_path = true;
        self
    }

    /// The fault that shim, supervisor and daemon shall have (builds with feature `sabotage`).
    #[must_use]
    pub fn sabotage(mut self, name: Option<&str>) -> Self {
        self.sabotage = name.map(str::to_owned);
        self
    }

    /// The sandbox with a daemon that answers.
    #[must_use]
    pub fn start(self) -> Sandbox {
        let mut sandbox = self.without_daemon();
        sandbox.start_daemon();
        sandbox
    }

    /// The sandbox with everything but a daemon.
    #[must_use]
    pub fn without_daemon(mut self) -> Sandbox {
        let held = tempfile::Builder::new().prefix("t-").tempdir_in(&self.programs.scratch).expect("a sandbox");
        let folder = held.path().canonicalize().expect("a sandbox");
        for name in ["root", "root/config", "root/config/policy.d", "home", "bin", "work", "shims", "empty"] {
            fs::DirBuilder::new().mode(0o700).create(folder.join(name)).expect("a folder");
        }
        if self.policies.is_empty() {
            let names: Vec<_> = self.wrapped.iter().map(|name| format!("{name:?}")).collect();
            self.policies.push(("10-tests.toml".to_owned(), ALLOW_ALL.replace("TOOLS", &names.join(", "))));
        }
        for (name, text) in &self.policies {
            write_private(&folder.join("root/config/policy.d").join(name), text);
        }
        if let Some(settings) = &self.settings {
            write_private(&folder.join("root/config/tollgate.toml"), settings);
        }
        for name in self.probes.iter().map(String::as_str).chain(["plain"]) {
            install(&self.programs.path("probe"), &folder.join("bin").join(name), "755");
        }
        for (name, text, mode) in &self.scripts {
            let source = folder.join("home").join(name);
            fs::write(&source, text).expect("a script");
            install(&source, &folder.join("bin").join(name), mode);
            fs::remove_file(source).expect("a script");
        }
        if self.on_path {
            symlink(self.programs.path("tollgate"), folder.join("bin/tollgate")).expect("a link");
        }
        for name in &self.wrapped {
            symlink(self.programs.path("tollgate-shim"), folder.join("shims").join(name)).expect("a shim");
        }
        symlink(folder.join("root/run/gate"), folder.join("shims/.gate")).expect("a gate");
        fs::rename(folder.join("empty"), folder.join("front")).expect("a folder");
        Sandbox { _held: held, folder, builder: self, daemon: None, front: Mutex::new(Front::Empty) }
    }
}

/// Copies a program by another process: were it open for writing here, a child
/// that another test forks just now would hold it, and executing it would fail.
fn install(from: &Path, to: &Path, mode: &str) {
    let status = Command::new("install").args(["-m", mode]).arg(from).arg(to).status();
    assert!(status.is_ok_and(|status| status.success()), "cannot install {}", to.display());
}

/// Whatever the developer's umask: a policy that others may write is refused.
fn write_private(path: &Path, text: &str) {
    let file = fs::File::options().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("a file of the sandbox");
}

/// What stands first on PATH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Front {
    Empty,
    Shims,
}

/// One test's world; ended and removed on drop.
#[derive(Debug)]
pub struct Sandbox {
    _held: tempfile::TempDir,
    folder: PathBuf,
    builder: Builder,
    daemon: Option<Daemon>,
    front: Mutex<Front>,
}

impl Sandbox {
    /// Nothing but the programs, and `plain`: the probe under a name that is never wrapped.
    #[must_use]
    pub fn builder(programs: Programs) -> Builder {
        Builder {
            programs,
            probes: Vec::new(),
            scripts: Vec::new(),
            wrapped: Vec::new(),
            policies: Vec::new(),
            settings: None,
            sabotage: None,
            on_path: false,
        }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path in its folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The daemon.
    ///
    /// # Panics
    /// When there is none.
    pub fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("a daemon")
    }

    /// Starts the daemon, or starts it again.
    pub fn start_daemon(&mut self) {
        let command = self.daemon_command();
        self.start_daemon_as(command);
    }

    /// Starts a daemon by another command, one that ends in `tollgated --root`.
    pub fn start_daemon_as(&mut self, command: Command) {
        self.daemon = None;
        self.daemon = Some(Daemon::start(command, &self.path("root"), &self.path("daemon.log")));
    }

    /// `tollgated --root ROOT`.
    #[must_use]
    pub fn daemon_command(&self) -> Command {
        let mut command = self.command(self.builder.programs.path("tollgated"));
        command.arg("--root").arg(self.path("root"));
        command.env_remove("TOLLGATE_SABOTAGE");
        if let Some(sabotage) = &self.builder.sabotage {
            command.env("TOLLGATE_SABOTAGE", sabotage);
        }
        command
    }

    /// `tollgate ARGUMENTS`, with `--root` after the subcommand's words.
    #[must_use]
    pub fn tollgate(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(self.builder.programs.path("tollgate"));
        command.args(arguments);
        command
    }

    /// A program in the sandbox: its HOME, PATH and folder, and nothing of the developer's.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.path("work")).stdin(Stdio::null());
        let path: Vec<_> = [self.path("front"), self.path("bin")].into_iter().chain(search_path()).collect();
        command.env("PATH", joined(&path));
        command.env("HOME", self.path("home")).env("LANG", "C.UTF-8").env("E2E_SANDBOX", &self.folder);
        command.env("ROOT", self.path("root"));
        command
    }

    /// Runs the script without the gate.
    pub fn direct(&self, script: impl Into<Script>) -> Ran {
        let _front = self.front(Front::Empty);
        self.run(script.into(), None)
    }

    /// Runs the script with the shims first on PATH.
    pub fn gated(&self, script: impl Into<Script>) -> Ran {
        let _front = self.front(Front::Shims);
        self.run(script.into(), self.builder.sabotage.as_deref())
    }

    /// Both in turn, which must be equal; gives what the direct one did.
    ///
    /// # Errors
    /// The first respect in which they differ.
    pub fn compare(&self, script: impl Into<Script>) -> Result<Ran, Difference> {
        let script = script.into();
        let direct = self.direct(script.clone());
        let gated = self.gated(script);
        Difference::between(&direct, &gated)?;
        Ok(direct)
    }

    /// As [`Sandbox::compare`], after `even` took out what is never twice the same.
    ///
    /// # Errors
    /// The first respect in which they differ.
    pub fn compare_after(&self, script: impl Into<Script>, even: impl Fn(&mut Ran)) -> Result<Ran, Difference> {
        let script = script.into();
        let (mut direct, mut gated) = (self.direct(script.clone()), self.gated(script));
        even(&mut direct);
        even(&mut gated);
        Difference::between(&direct, &gated)?;
        Ok(direct)
    }

    fn empty_work(&self) {
        let work = self.path("work");
        fs::remove_dir_all(&work).expect("an old folder");
        fs::DirBuilder::new().mode(0o700).create(&work).expect("a new folder");
    }

    /// Runs a command in a session without a terminal.
    pub fn run_command(&self, command: Command, limit: Duration) -> Ran {
        Running::start(command).finish(limit)
    }

    /// Starts a command in a session without a terminal.
    #[must_use]
    pub fn start_command(&self, command: Command) -> Running {
        Running::start(command)
    }

    /// `tollgate run --root ROOT --agent AGENT --tools TOOLS -- bash -c SCRIPT`.
    #[must_use]
    pub fn session(&self, agent: &str, tools: &str, script: &str) -> Command {
        let mut command = self.tollgate(&["run", "--agent", agent, "--tools", tools, "--root"]);
        command.arg(self.path("root")).args(["--", "bash", "-c", script]);
        command
    }

    /// `tollgate ARGUMENTS --root ROOT` as a person types it: on a terminal of its
    /// own, outside of every session. Gives its exit code and what it showed.
    pub fn person(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = self.tollgate(arguments);
        command.arg("--root").arg(self.path("root"));
        let (status, shown) = Pty::spawn(command).finish();
        (status.code(), shown.replace("\r\n", "\n"))
    }

    /// `tollgate ARGUMENTS --root ROOT`, without a terminal.
    pub fn ask(&self, arguments: &[&str]) -> Ran {
        let mut command = self.tollgate(arguments);
        command.arg("--root").arg(self.path("root"));
        self.run_command(command, Duration::from_secs(20))
    }

    /// Every record of the audit, the oldest first.
    #[must_use]
    pub fn audit(&self) -> Vec<serde_json::Value> {
        let entries = fs::read_dir(self.path("root/state/audit")).into_iter().flatten().flatten();
        let mut segments: Vec<_> = entries.map(|entry| entry.path()).collect();
        segments.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        segments.sort();
        let texts = segments.iter().map(|path| fs::read_to_string(path).unwrap_or_default());
        // The last line may be in the writing.
        let whole = |line: &str| line.ends_with('\n').then(|| line.parse().expect("JSON"));
        texts.flat_map(|text| text.split_inclusive('\n').filter_map(whole).collect::<Vec<_>>()).collect()
    }

    /// The records of one kind.
    #[must_use]
    pub fn audit_of(&self, kind: &str) -> Vec<serde_json::Value> {
        self.audit().into_iter().filter(|record| record["kind"] == kind).collect()
    }

    /// Waits until the audit has so many records of a kind.
    ///
    /// # Panics
    /// When they do not come.
    pub fn await_records(&self, kind: &str, count: usize) {
        self.await_change("root/state/audit", || self.audit_of(kind).len() >= count);
    }

    /// Waits until something holds that comes with a change in `folder`.
    ///
    /// # Panics
    /// When it does not.
    pub fn await_change(&self, folder: &str, holds: impl Fn() -> bool) {
        assert!(self.comes_to_hold(folder, holds), "what was waited for in `{folder}` never came");
    }

    /// Whether something comes to hold, with a change in `folder`, in twenty seconds.
    pub fn comes_to_hold(&self, folder: &str, holds: impl Fn() -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(20);
        let watched = sys::Watched::folder(&self.path(folder));
        while !holds() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            // What is waited for may follow the last change in the folder.
            watched.wait(left.min(AGAIN));
        }
        true
    }

    /// The text of a file in the scripts' folder; empty where there is none.
    #[must_use]
    pub fn work_file(&self, name: &str) -> String {
        fs::read_to_string(self.path("work").join(name)).unwrap_or_default()
    }

    /// A text without what is never twice the same: ids become `ID`, the sandbox's folder `SANDBOX`.
    #[must_use]
    pub fn evened(&self, text: &str) -> String {
        let text = text.replace(&*self.folder.to_string_lossy(), "SANDBOX");
        let of_an_id = |character: char| character.is_ascii_digit() || character.is_ascii_uppercase();
        let mut out = String::new();
        let mut word = String::new();
        for character in text.chars().chain(['\0']) {
            if of_an_id(character) {
                word.push(character);
                continue;
            }
            out.push_str(if word.len() == 26 { "ID" } else { &word });
            word.clear();
            out.extend(Some(character).filter(|character| *character != '\0'));
        }
        out
    }

    /// What the daemon said so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// Puts the shims first on PATH, for commands that the test starts itself.
    pub fn put_shims_first(&self) {
        drop(self.front(Front::Shims));
    }

    fn run(&self, script: Script, sabotage: Option<&str>) -> Ran {
        let work = self.path("work");
        self.empty_work();
        for (name, bytes) in &script.files {
            fs::write(work.join(name), bytes).expect("a script's file");
        }
        let mut command = self.command("bash");
        command.arg("-c").arg(&script.text).envs(script.variables);
        if let Some(sabotage) = sabotage {
            command.env("TOLLGATE_SABOTAGE", sabotage);
        }
        let mut ran = Running::start(command).finish(script.limit);
        if ran.ending == script::Ending::Late {
            leftovers::kill_all(&work);
        }
        ran.files = script::files_of(&work);
        ran
    }

    /// Swaps what is first on PATH, so that both runs have the same PATH.
    fn front(&self, wanted: Front) -> MutexGuard<'_, Front> {
        let mut front = self.front.lock().unwrap_or_else(PoisonError::into_inner);
        if *front != wanted {
            let (away, here) = match wanted {
                Front::Empty => ("shims", "empty"),
                Front::Shims => ("empty", "shims"),
            };
            fs::rename(self.path("front"), self.path(away)).expect("a folder");
            fs::rename(self.path(here), self.path("front")).expect("a folder");
            *front = wanted;
        }
        front
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.daemon = None;
        leftovers::kill_all(&self.folder);
        if std::thread::panicking() {
            println!("--- the daemon's log\n{}---", self.log());
        }
    }
}
