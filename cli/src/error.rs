//! What can go wrong in the person's command: a sentence and a call to action
//! each, and the exit code that it gives.
//!
//! Not here: refusals of a command by the gate; the shim prints those.

use std::io;
use std::path::PathBuf;

use tollgate_wire::exit;

/// What the caller wrote cannot be: as clap's own usage errors.
const USAGE: u8 = 2;
/// A question was answered with no, or a check found something.
const FAILED: u8 = 1;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// An option that an agent could use to get round the gate.
    #[error("`{0}` cannot be used inside a session: leave it out, or run this outside")]
    InsideSession(&'static str),
    /// The name cannot be an agent's.
    #[error("`{0}` is no agent's name: use up to 64 letters, digits, `.`, `_`, `-` or `@`")]
    AgentName(String),
    /// A name in `--tools` cannot be a shim's.
    #[error(transparent)]
    ToolName(#[from] tollgate_installer::Wrong),
    /// A new passphrase was typed in two ways.
    #[error("these are two different passphrases: type the same one twice")]
    NotTheSame,
    /// The path travels in JSON.
    #[error("the path `{}` is not UTF-8: name the policy file otherwise", .0.display())]
    PolicyPath(PathBuf),
    /// A file that was named cannot be used.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The policy cannot be read.
    #[error(transparent)]
    PolicyFiles(#[from] tollgate_facts::policy_files::Error),
    /// A person's own grammars.
    #[error(transparent)]
    OwnTools(#[from] tollgate_facts::own_tools::Error),
    /// Another gate's configuration cannot be taken over.
    #[error("cannot import `{}`: {wrong}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        wrong: String,
    },
    /// The policy is wrong.
    #[error("the policy has errors:\n{0}")]
    Policy(#[from] tollgate_policies::policy::Problems),
    /// The record cannot be read.
    #[error(transparent)]
    Audit(#[from] tollgate_audit::read::Error),
    /// The record is not whole, or cannot be read.
    #[error(transparent)]
    Verify(#[from] tollgate_audit::verify::Error),
    /// The key that was given is none.
    #[error(transparent)]
    Key(#[from] tollgate_audit::WrongKey),
    /// The file holds no checkpoint.
    #[error("`{}` holds no checkpoint: give what `tollgate audit checkpoint` printed", .0.display())]
    NoCheckpoint(PathBuf),
    /// Nothing is signed yet.
    #[error("there is no checkpoint yet: one comes with the first record of a running `tollgated`")]
    NoHead,
    /// An export needs a place for its cursor.
    #[error("with `--log`, `--cursor FILE` must say where it is noted how far sending has come")]
    NoCursor,
    /// Another export holds the cursor.
    #[error("another export uses `{}`: wait for it, or name another cursor", .0.display())]
    Exporting(PathBuf),
    /// The cursor is of another log.
    #[error("`{}` is the cursor of another log: remove it to send everything, or name another one", .0.display())]
    OtherLog(PathBuf),
    /// The collector's address is none.
    #[error("`{0}` is no collector's address: it begins with `http://` or `https://`")]
    Endpoint(String),
    /// A header is none.
    #[error("`{0}` is no header: write `NAME=VALUE`")]
    Header(String),
    /// The webhook's address is none.
    #[error("`{0}` is no webhook's address: it begins with `http://` or `https://`")]
    Webhook(String),
    /// Somebody could not be told of a question.
    #[error("{place} was not told: {why}")]
    Notify {
        /// Who.
        place: String,
        /// Why not.
        why: String,
    },
    /// The collector did not take what was sent.
    #[error("the collector `{address}` did not take the records: {why}; the next export goes on from there")]
    Collector {
        /// Its address.
        address: String,
        /// Why not.
        why: String,
    },
    /// Standard input cannot be read, or holds what cannot be.
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    /// Nothing is recorded under this id.
    #[error("the audit holds no id that begins with `{0}`: see `tollgate audit tail`")]
    NoRecord(String),
    /// The start of an id fits several.
    #[error("{ids} ids begin with `{start}`: give more of it")]
    SeveralRecords {
        /// What was typed.
        start: String,
        /// How many there are.
        ids: usize,
    },
    /// The folders cannot be told or made.
    #[error(transparent)]
    Places(#[from] tollgate_places::Error),
    /// The admin door did not answer.
    #[error(transparent)]
    Door(#[from] tollgate_admin::Error),
    /// The daemon answered with something that this ask does not call for.
    #[error("the daemon's answer makes no sense here: is it another version? see `tollgate status`")]
    Reply,
    /// The daemon said no, and wrote that down.
    #[error("refused: {0}")]
    Refused(String),
    /// The daemon tried and could not.
    #[error("{0}")]
    Failed(String),
    /// One dimension can have one glob.
    #[error("the target `{0}` is given twice: make two grants, or one glob for both")]
    TargetTwice(String),
    /// There is nothing to accept.
    #[error("no policy waits to be accepted: see `tollgate status`")]
    NothingPending,
    /// A person has looked and said no.
    #[error("not accepted: the policy goes on waiting, and what is stricter in it holds")]
    NotAccepted,
    /// A program of ours is not where it belongs.
    #[error("`{}` is not there: the programs of Tollgate belong in one folder, install them again", .0.display())]
    NoProgram(PathBuf),
    /// The daemon's log cannot be written.
    #[error("cannot open the daemon's log `{}`", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// No daemon starts with these settings.
    #[error("{0}")]
    Settings(String),
    /// The daemon could not be executed.
    #[error("cannot start the daemon `{}`", path.display())]
    DaemonStart {
        /// The program.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The daemon ended before it answered.
    #[error("the daemon ended at its start ({how}); the last that it said, in `{}`:\n{said}", log.display())]
    DaemonEnded {
        /// With which code or signal.
        how: String,
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        said: String,
    },
    /// Somebody listens, nobody speaks.
    #[error("the daemon does not answer at `{}` for {seconds} s: see its log `{}`", socket.display(), log.display())]
    DaemonSilent {
        /// The admin socket.
        socket: PathBuf,
        /// Its log.
        log: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// There is no daemon, and from here none may be started.
    #[error("no daemon answers at `{}`, and none is started from inside a session: the session's own `tollgate run` will", .0.display())]
    NoDaemonInside(PathBuf),
    /// An agent would take its own gate away.
    #[error("`tollgate {0}` changes the gate itself, so it cannot be used inside a session: run it outside")]
    NotInside(&'static str),
    /// There is no such profile.
    #[error("there is no profile `{0}`: use one of {profiles}", profiles = profiles())]
    NoProfile(String),
    /// There is no grammar.
    #[error("`{0}` is not understood: every call of it is unknown; `tollgate tiers` names those that are")]
    NoGrammar(String),
    /// The name travels in JSON.
    #[error("the tool's name `{}` is not UTF-8, so it cannot be remembered", .0.display())]
    ToolText(std::ffi::OsString),
    /// The installation cannot be planned or done.
    #[error(transparent)]
    Plan(#[from] tollgate_installer::plan::Error),
    /// What is asked for stands on an installation.
    #[error("nothing is installed: `tollgate install` first")]
    NotInstalled,
    /// The service manager said no.
    #[error("`{what}` failed")]
    Service {
        /// What was asked of it.
        what: String,
        /// The cause.
        source: io::Error,
    },
    /// It was asked to end and has not.
    #[error("the daemon (process {process}) does not end: see its log `{}`", log.display())]
    DaemonStays {
        /// The daemon.
        process: u32,
        /// Its log.
        log: PathBuf,
    },
    /// The shims could not be made.
    #[error("cannot make the session's shims")]
    Shims(#[source] tollgate_installer::Error),
    /// PATH has no way to say this folder.
    #[error("the session's folder `{}` holds a colon, so it cannot be on PATH: choose another `--root`", .0.display())]
    Colon(PathBuf),
    /// The session's own files could not be made.
    #[error("cannot write `{}`", path.display())]
    SessionFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// There is no such command.
    #[error("`{0}` is not found: is it on PATH?")]
    NotFound(String),
    /// The command cannot be executed.
    #[error("cannot execute `{command}`")]
    NotExecutable {
        /// The command.
        command: String,
        /// The cause.
        source: io::Error,
    },
    /// The session's other half vanished.
    #[error(
        "the session's keeper (process {0}) was killed: its tools are refused from now on, start the session again"
    )]
    KeeperLost(u32),
    /// What the keeper reports is printed as it stands.
    #[error("{message}")]
    Reported {
        /// The exit code.
        code: u8,
        /// The sentence.
        message: String,
    },
    /// `keeper` was typed by hand.
    #[error("`tollgate keeper` is started by `tollgate run` alone: use that")]
    NoFront,
    /// The demo would run under an agent.
    #[error("`tollgate demo` plays the person too, so it cannot run inside a session: run it outside")]
    DemoInside,
    /// Somebody ended the demo.
    #[error("the demo was broken off; its daemon and its folder are gone")]
    DemoBroken,
    /// The demo has nothing to wrap.
    #[error("the demo needs `terraform`, or `git` and `rm`, on PATH: install one of them")]
    DemoTools,
    /// The system refused something that it seldom does.
    #[error("cannot {what}")]
    Kernel {
        /// What was tried.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// Nobody reads what is printed, or the disk is full.
    #[error("cannot print")]
    Output(#[from] io::Error),
}

fn profiles() -> String {
    let names: Vec<_> = tollgate_policies::policy::profiles().map(|(name, _)| format!("`{name}`")).collect();
    names.join(", ")
}

impl Error {
    /// The exit code that the error gives, as README.md has it.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::InsideSession(_)
            | Self::AgentName(_)
            | Self::ToolName(_)
            | Self::PolicyPath(_)
            | Self::TargetTwice(_)
            | Self::File { .. }
            | Self::PolicyFiles(_)
            | Self::Policy(_)
            | Self::NotTheSame
            | Self::Import { .. }
            | Self::Key(_)
            | Self::NoCheckpoint(_)
            | Self::NoCursor
            | Self::Endpoint(_)
            | Self::Webhook(_)
            | Self::Header(_)
            | Self::DemoInside
            | Self::NotInside(_)
            | Self::NoProfile(_)
            | Self::ToolText(_)
            | Self::NoGrammar(_)
            | Self::NoFront => USAGE,
            Self::Refused(_)
            | Self::Plan(_)
            | Self::NotInstalled
            | Self::Settings(_)
            | Self::Service { .. }
            | Self::DaemonStays { .. }
            | Self::Failed(_)
            | Self::Output(_)
            | Self::NothingPending
            | Self::NotAccepted
            | Self::DemoTools
            | Self::DemoBroken
            | Self::NoRecord(_)
            | Self::SeveralRecords { .. }
            | Self::NoHead
            | Self::Exporting(_)
            | Self::Notify { .. }
            | Self::OtherLog(_)
            | Self::Collector { .. }
            | Self::Input(_)
            | Self::Audit(_)
            | Self::Verify(_) => FAILED,
            Self::NotFound(_) => exit::NOT_FOUND,
            Self::NotExecutable { .. } => exit::NOT_EXECUTABLE,
            Self::Reported { code, .. } => *code,
            _ => exit::GATE,
        }
    }

    /// The sentence and its causes, on one line.
    pub(crate) fn sentence(&self) -> String {
        let mut sentence = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let more = error.to_string();
            // Some say their cause themselves.
            if !sentence.ends_with(&more) {
                sentence.push_str(": ");
                sentence.push_str(&more);
            }
            cause = error.source();
        }
        sentence
    }

    /// For what the system refuses: `cannot block signals: ...`.
    pub(crate) fn kernel<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Kernel { what, source: source.into() }
    }
}
