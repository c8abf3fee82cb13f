//! The daemon, kept up for as long as a session is open.
//!
//! One is started only where nobody listens at the admin socket. Two that are
//! started at once settle it by their lock: the one that ends finds the other
//! answering.
//!
//! Not here: what is asked of the daemon; the keeper and the other commands do.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::{Uid, User};
use tollgate_admin::Ask;
use tollgate_places::{Places, private_folder};
use tollgate_wire::message::End;

use crate::door::Door;
use crate::error::Error;
use crate::sys::{self, Change};
use crate::{inside, places};

/// How long a daemon has to answer after its start.
const START: Duration = Duration::from_secs(10);
/// How long a lost one has to come back by itself: a service manager restarts it, too.
const GRACE: Duration = Duration::from_millis(300);
/// How long another one has to answer after ours ended at its start.
const OTHER: Duration = Duration::from_secs(1);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);
/// Between two starts that failed.
const AGAIN: Duration = Duration::from_secs(5);
/// Bytes of the log's end that are shown.
const SAID: u64 = 4096;
/// Most characters that are shown of what it says of its settings.
const MOST: usize = 400;
/// Where a daemon with an environment of its own finds system programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// May a daemon be started from here?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Yes.
    Allowed,
    /// No: it would be a descendant of a session.
    Forbidden,
}

/// How the daemon came to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// It was there, or another one was faster.
    ByItself,
    /// It was started here, and no policy was given to it.
    Started,
    /// It was started here, with `--policy`.
    WithItsPolicy,
}

/// How long a daemon that nobody installed stays without work, in seconds.
const LEAVE: [&str; 2] = ["--leave-after", "600"];

/// What is known of the daemon now.
#[derive(Debug)]
enum State {
    /// It answers, as far as we know.
    Up,
    /// Nobody listens; at this moment one is started.
    Missing { start: Instant },
    /// One was started and has not answered yet.
    Starting { process: u32, since: Instant, said_before: u64 },
    /// The one that was started ended.
    Ended { how: String, since: Instant, said_before: u64 },
}

/// The daemon that the session needs.
#[derive(Debug)]
pub(crate) struct Daemon {
    program: PathBuf,
    places: Places,
    arguments: Vec<OsString>,
    came: Came,
    start: Start,
    state: State,
}

impl Daemon {
    /// The daemon of `places`; `root` and `policy` as its own options.
    pub(super) fn new(
        program: PathBuf,
        places: Places,
        root: Option<PathBuf>,
        policy: Option<String>,
        start: Start,
    ) -> Result<Self, Error> {
        let mut arguments = Vec::new();
        let came = if policy.is_some() { Came::WithItsPolicy } else { Came::Started };
        if let Some(root) = root {
            arguments.extend(["--root".into(), places::absolute(&root)?.into_os_string()]);
        }
        if let Some(policy) = policy {
            arguments.extend(["--policy".into(), policy.into()]);
        }
        // It leaves by itself where no session, run or question is left.
        arguments.extend(LEAVE.map(Into::into));
        Ok(Self { program, places, arguments, came, start, state: State::Missing { start: Instant::now() } })
    }

    /// One that stays until it is stopped.
    pub(crate) fn for_good(program: PathBuf, places: Places, root: Option<PathBuf>) -> Result<Self, Error> {
        let mut daemon = Self::new(program, places, root, None, Start::Allowed)?;
        daemon.arguments.truncate(daemon.arguments.len().saturating_sub(LEAVE.len()));
        Ok(daemon)
    }

    /// Whether it could start: what it says of its settings. Whoever is about to end the
    /// one that runs asks first.
    pub(crate) fn check_settings(&self) -> Result<(), Error> {
        let failed = |source| Error::DaemonStart { path: self.program.clone(), source };
        let mut asked = Command::new(&self.program);
        asked.args(&self.arguments).arg("check-settings").env_clear().envs(self.environment()).current_dir("/");
        let said = asked.stdin(Stdio::null()).output().map_err(failed)?;
        if said.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&said.stderr);
        let said = said.trim().trim_start_matches("tollgated: ");
        Err(Error::Settings(tollgate_policies::show::text(said.as_bytes(), MOST)))
    }

    /// Returns when it answers.
    pub(crate) fn bring_up(&mut self) -> Result<Came, Error> {
        let mut started = false;
        loop {
            self.tend(Instant::now())?;
            started |= matches!(self.state, State::Starting { .. });
            match self.state {
                State::Up if started => return Ok(self.came),
                State::Up => {
                    self.forget_policy();
                    return Ok(Came::ByItself);
                }
                State::Ended { .. } => started = false,
                _ => {}
            }
            std::thread::sleep(LOOK);
            let (changes, _) = sys::changes();
            changes.into_iter().for_each(|(child, change)| self.child(child, change));
        }
    }

    /// A daemon that was there has a policy, and finds it again where it is started
    /// here: a policy of ours is that of our session alone.
    fn forget_policy(&mut self) {
        if let Some(option) = self.arguments.iter().position(|argument| argument == "--policy") {
            self.arguments.drain(option..=option + 1);
        }
    }

    /// Its connection broke.
    pub(super) fn lost(&mut self, now: Instant) {
        if matches!(self.state, State::Up) {
            self.state = State::Missing { start: now + GRACE };
        }
    }

    /// A child of ours has changed; it may be the daemon.
    pub(super) fn child(&mut self, child: u32, change: Change) {
        if let (State::Starting { process, said_before, .. }, Change::Ended(end)) = (&self.state, change)
            && *process == child
        {
            self.state = State::Ended { how: how(end), since: Instant::now(), said_before: *said_before };
        }
    }

    /// When to look after it next; none while all is well.
    pub(super) fn next(&self) -> Option<Instant> {
        match self.state {
            State::Up => None,
            _ => Some(Instant::now() + LOOK),
        }
    }

    /// Looks after it: one step, never waiting for long.
    pub(super) fn tend(&mut self, now: Instant) -> Result<(), Error> {
        if matches!(self.state, State::Up) {
            return Ok(());
        }
        let done = match self.answers() {
            Ok(true) => {
                self.state = State::Up;
                Ok(())
            }
            Ok(false) => self.step(now),
            Err(error) => Err(error),
        };
        if done.is_err() {
            self.state = State::Missing { start: now + AGAIN };
        }
        done
    }

    /// Nobody listens: what now?
    fn step(&mut self, now: Instant) -> Result<(), Error> {
        match &self.state {
            State::Missing { start } if now >= *start => self.launch(now),
            State::Starting { since, .. } if now >= *since + START => Err(self.silent()),
            State::Ended { how, since, said_before } if now >= *since + OTHER => {
                let said = said_since(&self.places.log(), *said_before);
                Err(Error::DaemonEnded { how: how.clone(), log: self.places.log(), said })
            }
            _ => Ok(()),
        }
    }

    /// False where nobody listens.
    fn answers(&self) -> Result<bool, Error> {
        match Door::ask(&self.places.admin(), &Ask::Status {}).and_then(|mut door| door.reply()) {
            Ok(Some(_)) => Ok(true),
            // It ended while it was asked.
            Ok(None) | Err(Error::Door(tollgate_admin::Error::NoDaemon(_))) => Ok(false),
            Err(Error::Door(tollgate_admin::Error::Broken(cause))) => match cause.kind() {
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => Err(self.silent()),
                _ => Ok(false),
            },
            Err(error) => Err(error),
        }
    }

    fn silent(&self) -> Error {
        Error::DaemonSilent { socket: self.places.admin(), log: self.places.log(), seconds: START.as_secs() }
    }

    fn launch(&mut self, now: Instant) -> Result<(), Error> {
        if self.start == Start::Forbidden {
            return Err(Error::NoDaemonInside(self.places.admin()));
        }
        let (log, said_before) = self.open_log()?;
        let process = self.spawn(log)?;
        self.state = State::Starting { process, since: now, said_before };
        Ok(())
    }

    /// The log, and how long it is by now.
    fn open_log(&self) -> Result<(File, u64), Error> {
        private_folder(&self.places.state)?;
        let path = self.places.log();
        let open = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        let measured = open.and_then(|file| file.metadata().map(|found| (file, found.len())));
        measured.map_err(|source| Error::Log { path, source })
    }

    fn spawn(&self, log: File) -> Result<u32, Error> {
        let failed = |source| Error::DaemonStart { path: self.program.clone(), source };
        let mut daemon = Command::new(&self.program);
        daemon.args(&self.arguments).env_clear().envs(self.environment()).current_dir("/");
        daemon.stdin(Stdio::null()).stdout(log.try_clone().map_err(failed)?).stderr(log);
        sys::detach(&mut daemon);
        Ok(daemon.spawn().map_err(failed)?.id())
    }

    /// The daemon serves every later session as well: nothing of this caller's
    /// environment, but who the user is and Tollgate's own variables. One with a root
    /// of its own is for this caller alone.
    fn environment(&self) -> Vec<(OsString, OsString)> {
        let own = |name: &OsStr| name.as_encoded_bytes().starts_with(b"TOLLGATE_") && name != inside::VARIABLE;
        let mut environment: Vec<_> = std::env::vars_os().filter(|(name, _)| own(name)).collect();
        environment.push(("PATH".into(), PATH.into()));
        environment.extend(self.places.home().map(|home| ("HOME".into(), home.into_os_string())));
        if let Ok(Some(user)) = User::from_uid(Uid::effective()) {
            environment.push(("USER".into(), user.name.into()));
        }
        environment
    }
}

fn how(end: End) -> String {
    match end {
        End::Exited(code) => format!("exit code {code}"),
        End::Killed(signal) => format!("killed by signal {signal}"),
    }
}

/// The log's last lines, none from before `start`.
fn said_since(log: &Path, start: u64) -> String {
    let mut said = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(start.max(length.saturating_sub(SAID))))?;
        file.take(SAID).read_to_end(&mut said)
    });
    let said = String::from_utf8_lossy(&said);
    match read {
        Ok(_) if !said.trim().is_empty() => said.trim_end().to_owned(),
        _ => "(nothing)".to_owned(),
    }
}
