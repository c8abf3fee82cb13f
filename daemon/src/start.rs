//! From the command line to a daemon that serves, and to its end.
//!
//! Whatever is wrong at the start is said in one line, and nothing is served:
//! an unreadable policy, a second daemon, a folder that others may enter.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use nix::fcntl::{Flock, FlockArg};
use tokio::signal::unix::{SignalKind, signal};
use tollgate_audit::{Entry, Kind, Writer};
use tollgate_facts::own_tools;
use tollgate_places::{Places, private_folder};

use crate::allowances::Allowances;
use crate::approvers::Approvers;
use crate::binary::Binaries;
use crate::gate::Gate;
use crate::identify::hint::Hints;
use crate::keys::Keys;
use crate::policies::Policies;
use crate::policies::origin::Origin;
use crate::policies::watch::watch;
use crate::questions::Questions;
use crate::readers::Readers;
use crate::request::Listener;
use crate::runs::Runs;
use crate::server::Owner;
use crate::service::Service;
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::supervisors::Supervisors;
use crate::sys::memory;
use crate::tokens::Tokens;
use crate::{adopt, needed, readers, server};

/// How long a stop waits for outcomes to be recorded.
const SETTLING: Duration = Duration::from_secs(2);
/// How often open questions are looked through for those whose time is over.
const SWEEP: Duration = Duration::from_secs(1);

/// The gate in front of the command-line tools that agents use.
#[derive(Debug, Parser)]
#[command(name = "tollgated", version)]
struct Arguments {
    /// Keep configuration, state and sockets under this folder.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Use this policy file instead of those in `policy.d`, now and at every later
    /// start on this state.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Leave after this long without a session, a running command or an open
    /// question.
    #[arg(long, value_name = "SECONDS")]
    leave_after: Option<u32>,
    #[command(subcommand)]
    mode: Option<Mode>,
}

/// What else this program does than being the daemon.
#[derive(Debug, clap::Subcommand)]
enum Mode {
    /// Look at files for a daemon, over the socket on standard input.
    #[command(hide = true)]
    ReadFacts,
    /// Read the settings, and say what is wrong with them.
    #[command(hide = true)]
    CheckSettings,
}

/// Why the daemon does not start.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Places(#[from] tollgate_places::Error),
    #[error(transparent)]
    Settings(#[from] crate::settings::Error),
    #[error(transparent)]
    OwnTools(#[from] own_tools::Error),
    #[error(transparent)]
    Policy(#[from] crate::policies::Error),
    #[error(transparent)]
    Keys(#[from] crate::keys::Error),
    #[error(transparent)]
    Audit(#[from] tollgate_audit::Error),
    #[error("cannot read the audit for what was accepted: {0}")]
    Reading(#[from] tollgate_audit::read::Error),
    #[error(transparent)]
    Server(#[from] server::Error),
    #[error(transparent)]
    Service(#[from] crate::service::Error),
    #[error("another daemon runs on `{}`", .0.display())]
    Running(PathBuf),
    #[error("cannot use `{}`: {}", .0.display(), .1)]
    File(PathBuf, std::io::Error),
    #[error("the program `{}` is missing: it is installed beside `tollgated`", .0.display())]
    Program(PathBuf),
    #[error("cannot set the process up: {0}")]
    Process(#[from] std::io::Error),
}

/// Runs the daemon.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    logging();
    let done = match arguments.mode {
        Some(Mode::ReadFacts) => readers::serve().map_err(Error::from),
        Some(Mode::CheckSettings) => settings(&arguments).map(drop),
        None => prepare().and_then(|service| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(run(arguments, service))
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; the exit code tells as well.
            let _ = writeln!(std::io::stderr(), "tollgated: {error}");
            ExitCode::FAILURE
        }
    }
}

fn logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TOLLGATE_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
}

/// What the process needs before it has threads.
fn prepare() -> Result<Service, Error> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use nix::sys::stat::{Mode, umask};
    let service = Service::take()?;
    umask(Mode::from_bits_truncate(0o077));
    nix::sys::prctl::set_dumpable(false).map_err(std::io::Error::from)?;
    // What a killed supervisor leaves comes to us, and is known by that.
    nix::sys::prctl::set_child_subreaper(true).map_err(std::io::Error::from)?;
    // A request may bring a thousand descriptors.
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(std::io::Error::from)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(std::io::Error::from)?;
    Ok(service)
}

/// Where everything is, and what the person has set.
fn settings(arguments: &Arguments) -> Result<(Places, Settings), Error> {
    let places = match &arguments.root {
        Some(root) => Places::of_root(&absolute(root)?),
        None => Places::of_environment()?,
    };
    let settings = Settings::load(&places.config)?;
    Ok((places, settings))
}

async fn run(arguments: Arguments, service: Service) -> Result<(), Error> {
    let (places, settings) = settings(&arguments)?;
    for folder in [&places.state, &places.runs(), &places.sockets] {
        private_folder(folder)?;
    }
    let _lock = lock(&places.lock())?;
    let gate = Arc::new(open(places, settings, arguments.policy, service)?);
    // The admin door comes last: whoever is answered there finds the gate open.
    let (shims, owner) = server::open(&gate.places.gate(), &gate.service)?;
    let (admin, admins_owner) = server::open(&gate.places.admin(), &gate.service)?;
    gate.service.all_used()?;
    std::env::set_current_dir("/")?;
    say(&gate, Kind::Started, format!("tollgated {}", env!("CARGO_PKG_VERSION"))).await?;
    if gate.keys.is_new {
        say(&gate, Kind::KeyMade, format!("checkpoints are signed by {}", gate.keys.signing.public())).await?;
    }
    gate.policies.say(&gate).await.map_err(|cause| unrecorded(&gate, cause))?;
    adopt::adopt(&gate).await;
    gate.supervisors.refill();
    tracing::info!(state = %gate.places.state.display(), policy = gate.policies.current().hash(), "serving");
    let serving = [
        tokio::spawn(server::gate(Arc::clone(&gate), shims, Listener::Gate)),
        tokio::spawn(server::admin(Arc::clone(&gate), admin)),
        tokio::spawn(sweep(Arc::clone(&gate))),
        tokio::spawn(stay_alive(Arc::clone(&gate))),
        tokio::spawn(drop_unclaimed(Arc::clone(&gate))),
        tokio::spawn(watch(Arc::clone(&gate))),
    ];
    gate.service.ready();
    let reason = tokio::select! {
        signal = stopped() => signal?,
        () = idle(&gate, arguments.leave_after) => "idleness",
    };
    gate.service.stopping();
    for task in serving {
        task.abort();
    }
    tracing::info!(reason, "stopping");
    settled(&gate).await;
    say(&gate, Kind::Stopped, format!("by {reason}")).await?;
    for (socket, owner) in [(gate.places.gate(), owner), (gate.places.admin(), admins_owner)] {
        if owner == Owner::Us {
            // Whoever comes next takes a left socket over.
            let _ = std::fs::remove_file(socket);
        }
    }
    Ok(())
}

async fn stay_alive(gate: Arc<Gate>) {
    gate.service.stay_alive().await;
}

async fn drop_unclaimed(gate: Arc<Gate>) {
    gate.service.drop_unclaimed().await;
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(path)
        .and_then(|()| path.canonicalize())
        .map_err(|cause| Error::File(path.to_owned(), cause))
}

/// The lock that makes this the one daemon of its state folder.
///
/// A child that a killed daemon was about to execute holds a copy until it does: so
/// it is asked for a moment longer than that can take.
fn lock(path: &Path) -> Result<Flock<File>, Error> {
    const MOMENT: Duration = Duration::from_millis(500);
    let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut file = file.map_err(|cause| Error::File(path.to_owned(), cause))?;
    let end = Instant::now() + MOMENT;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Ok(locked),
            Err(_) if Instant::now() >= end => return Err(Error::Running(path.to_owned())),
            Err((unlocked, _)) => file = unlocked,
        }
        std::thread::sleep(MOMENT / 50);
    }
}

fn open(places: Places, settings: Settings, policy: Option<PathBuf>, service: Service) -> Result<Gate, Error> {
    let keys = Keys::load(settings.audit.keys().unwrap_or(&places.keys()))?;
    if places.audit().exists() {
        // It may be a link to a larger disk: that folder is held to the same.
        private_folder(&places.audit())?;
    }
    let (audit, recovery) = Writer::open(&places.audit(), settings.audit.options(&keys.signing))?;
    let records = tollgate_audit::read::state(&places.audit(), &needed::kinds())?;
    let policies = Policies::open(Origin::of(&places, policy)?, &places, &records)?;
    tracing::info!(?recovery, "the audit is open");
    let runs = Runs::new(&places.runs());
    let gate = Gate {
        settings,
        policies,
        grammars: own_tools::grammars(&places.tools())?,
        audit,
        keys,
        sessions: Sessions::remembered(&records),
        allowances: Allowances::remembered(&records),
        tokens: Tokens::open(&places, &records)?,
        hints: Hints::default(),
        questions: Questions::remembered(&records),
        approvers: Approvers::remembered(&places.approvals(), &records),
        runs,
        supervisors: Supervisors::new(beside_us("tollgate-supervisor")?),
        readers: Readers::default(),
        binaries: Binaries::new(&beside_us("tollgate-shim")?),
        service,
        connections: server::Connections::default(),
        started: Instant::now(),
        home: places.home(),
        places,
    };
    // All records were in memory; what the gate keeps of them is a part.
    drop(records);
    memory::give_back();
    Ok(gate)
}

/// Another of our programs: they are installed in one folder.
fn beside_us(name: &str) -> Result<PathBuf, Error> {
    let own = std::fs::read_link("/proc/self/exe")?;
    let program = own.with_file_name(name);
    if program.is_file() { Ok(program) } else { Err(Error::Program(program)) }
}

async fn say(gate: &Gate, kind: Kind, message: String) -> Result<(), Error> {
    match gate.record(Entry::about_us(kind, message)).await {
        Ok(_) => Ok(()),
        Err(cause) => Err(unrecorded(gate, cause)),
    }
}

fn unrecorded(gate: &Gate, cause: Arc<tollgate_audit::Error>) -> Error {
    Error::File(gate.places.audit(), std::io::Error::other(cause))
}

async fn stopped() -> Result<&'static str, Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}

/// Returns when nothing has needed the gate for so long, a live grant or token
/// included; never without a bound.
async fn idle(gate: &Gate, bound: Option<u32>) {
    let Some(bound) = bound else { return std::future::pending().await };
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_secs(bound.into()) {
        tokio::time::sleep(SWEEP).await;
        let held = !gate.allowances.grants().is_empty() || !gate.tokens.all().is_empty();
        if held || !(gate.sessions.is_empty() && gate.runs.is_empty() && gate.questions.unanswered().is_empty()) {
            since = Instant::now();
        }
    }
}

/// Returns when every request that was taken runs, waits for a person or is
/// refused, and every command that has ended is on record, or a while is over: the
/// next daemon records what is left in `runs/`.
async fn settled(gate: &Gate) {
    let until = Instant::now() + SETTLING;
    let ended = || gate.runs.left_behind().is_ok_and(|files| files.iter().any(|file| file.finish().is_some()));
    while (gate.is_deciding() || ended()) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Reaps what killed supervisors have left; supervisors are reaped by their runs.
fn reap_strays(gate: &Gate) {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while let Some(pid) = waitid(Id::All, look).ok().as_ref().and_then(WaitStatus::pid) {
        let pid_is_ours = gate.readers.is_one(pid.as_raw()) || gate.supervisors.is_one(pid.as_raw());
        if pid_is_ours || gate.runs.is_supervisor(pid.as_raw()) {
            return;
        }
        if waitpid(pid, Some(WaitPidFlag::WNOHANG)).is_err() {
            return;
        }
    }
}

/// Records the questions whose time is over.
async fn sweep(gate: Arc<Gate>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        reap_strays(&gate);
        for question in gate.questions.expire(&gate.settings.approvals) {
            let entry = Entry { kind: Kind::Expired, ..question.entry.clone() };
            if let Err(cause) = gate.record(entry).await {
                tracing::error!(%cause, id = %question.id, "an expired question could not be recorded");
            }
        }
    }
}
