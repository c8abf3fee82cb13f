//! Where Tollgate keeps its things: one rule for every program.
//!
//! ```text
//! config   ~/.config/tollgate/            tollgate.toml  policy.d/*.toml  tools.d/*.toml
//! state    ~/.local/state/tollgate/       audit/  runs/  sessions/ID/  lock  log
//! sockets  /run/user/UID/tollgate/        gate  admin  sessions/ID
//! shims    ~/.local/share/tollgate/shims/
//! ```
//! Where `/run/user/UID` is no folder of that user, the sockets are in
//! `state/run`. `--root DIR` puts everything under one folder: `config`,
//! `state`, `run`, `shims`. Folders are 0700, files 0600.
//!
//! Only the daemon asks its environment (`XDG_*`, `HOME`), once, with
//! [`Places::of_environment`]; every other program uses [`Places::of_user`],
//! which knows the uid alone.
#![forbid(unsafe_code)]

pub mod bash_env;

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

/// Why the places cannot be told or made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The uid has no entry, or no home, in the passwd database.
    #[error("uid {0} has no home in the passwd database: give `--root DIR`")]
    NoHome(u32),
    /// A folder cannot be made or read.
    #[error("cannot make the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A folder belongs to somebody else, or others may write into it.
    #[error("the folder `{}` must belong to uid {uid} with mode 0700, it has uid {found} and mode {mode:04o}", path.display())]
    Shared {
        /// The folder.
        path: PathBuf,
        /// Who must own it.
        uid: u32,
        /// Who does.
        found: u32,
        /// Its permission bits.
        mode: u32,
    },
}

/// The four folders that everything else is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// What the person writes: policies, tools, settings.
    pub config: PathBuf,
    /// What the daemon writes: audit, runs, sessions.
    pub state: PathBuf,
    /// Where the sockets are.
    pub sockets: PathBuf,
    /// The installed shims.
    pub shims: PathBuf,
    /// The one folder, where `--root` named it.
    root: Option<PathBuf>,
}

impl Places {
    /// Everything under one folder: demo and tests.
    #[must_use]
    pub fn of_root(root: &Path) -> Self {
        Self {
            config: root.join("config"),
            state: root.join("state"),
            sockets: root.join("run"),
            shims: root.join("shims"),
            root: Some(root.to_owned()),
        }
    }

    /// The home in which the tools of this gate's user have their usual files: that of
    /// the passwd database, which no caller changes. A gate with a root of its own
    /// (demo, tests) has the home of whoever started it.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        let started = || std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let by_uid = || User::from_uid(Uid::effective()).ok().flatten().map(|user| user.dir);
        self.root.as_ref().and_then(|_| started()).or_else(by_uid)
    }

    /// How a person gives this command to the gate of these places: `tollgate status`,
    /// with `--root` where it has one.
    #[must_use]
    pub fn command(&self, words: &str) -> String {
        let root = self.root.as_ref().map(|root| format!(" --root {}", root.display())).unwrap_or_default();
        format!("tollgate {words}{root}")
    }

    /// The places of the user who runs this program, from the uid alone.
    pub fn of_user() -> Result<Self, Error> {
        let uid = Uid::effective();
        let home = User::from_uid(uid).ok().flatten().map(|user| user.dir).filter(|home| home.is_absolute());
        let home = home.ok_or(Error::NoHome(uid.as_raw()))?;
        let state = home.join(".local/state/tollgate");
        Ok(Self {
            config: home.join(".config/tollgate"),
            sockets: sockets(uid, &state),
            state,
            shims: home.join(".local/share/tollgate/shims"),
            root: None,
        })
    }

    /// The daemon's own places: as [`Places::of_user`], but `XDG_*` and `HOME`
    /// may move config, state and shims. Sockets follow the uid alone, or no
    /// other program would find them.
    pub fn of_environment() -> Result<Self, Error> {
        let user = Self::of_user()?;
        let Some(folders) = directories::ProjectDirs::from("", "", "tollgate") else {
            return Ok(user);
        };
        Ok(Self {
            config: folders.config_dir().to_owned(),
            state: folders.state_dir().map_or(user.state, Path::to_owned),
            shims: folders.data_dir().join("shims"),
            sockets: user.sockets,
            root: None,
        })
    }

    /// The socket that installed shims ask.
    #[must_use]
    pub fn gate(&self) -> PathBuf {
        self.sockets.join("gate")
    }

    /// The socket of answers, sessions and questions about the daemon.
    #[must_use]
    pub fn admin(&self) -> PathBuf {
        self.sockets.join("admin")
    }

    /// The socket of one session's shims.
    #[must_use]
    pub fn session_gate(&self, id: &str) -> PathBuf {
        self.sockets.join("sessions").join(id)
    }

    /// One session's own folder: its shims and its `bash_env`.
    #[must_use]
    pub fn session(&self, id: &str) -> PathBuf {
        self.state.join("sessions").join(id)
    }

    /// The file of one session that every bash in it reads first.
    #[must_use]
    pub fn session_bash_env(&self, id: &str) -> PathBuf {
        self.session(id).join("bash_env")
    }

    /// The shims of one session.
    #[must_use]
    pub fn session_shims(&self, id: &str) -> PathBuf {
        self.session(id).join("shims")
    }

    /// The audit's segments.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.state.join("audit")
    }

    /// The hashes of passphrases that people answer with.
    #[must_use]
    pub fn approvals(&self) -> PathBuf {
        self.state.join("approvals")
    }

    /// The keys of the audit, apart from it.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.state.join("keys")
    }

    /// The exit records of running commands.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.state.join("runs")
    }

    /// Held by the one daemon of this state folder.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.state.join("lock")
    }

    /// The daemon's log where no service manager takes it.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.state.join("log")
    }

    /// The person's policy files.
    #[must_use]
    pub fn policies(&self) -> PathBuf {
        self.config.join("policy.d")
    }

    /// The person's own grammars of tools.
    #[must_use]
    pub fn tools(&self) -> PathBuf {
        self.config.join("tools.d")
    }
}

/// Makes `folder` and its parents, 0700, and checks that it is ours alone.
pub fn private_folder(folder: &Path) -> Result<(), Error> {
    let cause = |source| Error::Folder { path: folder.to_owned(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(cause)?;
    let found = std::fs::metadata(folder).map_err(cause)?;
    let uid = Uid::effective().as_raw();
    if found.uid() != uid || found.mode() & 0o077 != 0 {
        return Err(Error::Shared { path: folder.to_owned(), uid, found: found.uid(), mode: found.mode() & 0o7777 });
    }
    Ok(())
}

fn sockets(uid: Uid, state: &Path) -> PathBuf {
    let runtime = PathBuf::from(format!("/run/user/{uid}"));
    match std::fs::metadata(&runtime) {
        Ok(found) if found.is_dir() && found.uid() == uid.as_raw() => runtime.join("tollgate"),
        _ => state.join("run"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_holds_everything() {
        let places = Places::of_root(Path::new("/r"));
        assert_eq!(places.gate(), Path::new("/r/run/gate"));
        assert_eq!(places.session_gate("S"), Path::new("/r/run/sessions/S"));
        assert_eq!(places.audit(), Path::new("/r/state/audit"));
        assert_eq!(places.policies(), Path::new("/r/config/policy.d"));
        assert_eq!(places.command("status"), "tollgate status --root /r");
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("a/b");
        private_folder(&folder).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(private_folder(&folder), Err(Error::Shared { mode: 0o755, .. })));
    }
}
