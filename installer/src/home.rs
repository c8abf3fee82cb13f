//! What an installation in a home consists of.
//!
//! ```text
//! ~/.local/share/tollgate/   installed.json
//!     shims/                 .gate, tollgate-probe, one link a tool
//!     shell/                 posix.sh  bash.sh  zsh.zsh  bash_env
//! ~/.config/tollgate/        policy.d/00-starter.toml
//! ~/.config/fish/conf.d/     tollgate.fish
//! ~/.config/environment.d/   50-tollgate.conf
//! ~/.config/systemd/user/    tollgated.socket  tollgated.service, and links that enable them
//! ~/.profile ~/.bashrc ~/.bash_profile ~/.zshenv ~/.zshrc ~/.zlogin     our lines
//! ```
//! Not here: whether any of it stands ([`crate::plan`]), and which shells and
//! service managers a machine has; who calls says that.

mod files;
mod units;

use std::path::{Path, PathBuf};

use crate::shell::Shell;
use crate::thing::{Owner, Thing};
use crate::tool::{GATE, Tool};

/// The shim that `tollgate doctor` calls: no program has its name, and the gate
/// always refuses it.
pub const PROBE: &str = "tollgate-probe";

/// The starter policy's file, among the policy's files.
pub const STARTER: &str = "00-starter.toml";

/// A home, and what it shall get.
#[derive(Debug, Clone)]
pub struct Home {
    /// The home itself.
    pub home: PathBuf,
    /// Where the policy's files are.
    pub policies: PathBuf,
    /// The folder of shims.
    pub shims: PathBuf,
    /// The daemon's socket.
    pub gate: PathBuf,
    /// Folders above this one are not ours to make.
    pub base: PathBuf,
    /// The shim's program.
    pub shim: PathBuf,
    /// The daemon's program.
    pub daemon: PathBuf,
    /// The tools that get a shim.
    pub tools: Vec<Tool>,
    /// The starter policy's text.
    pub policy: String,
    /// The shells that are told.
    pub shells: Vec<Shell>,
    /// zsh's own folder of files, where it is not the home.
    pub zsh: Option<PathBuf>,
    /// How the daemon is started.
    pub service: Service,
}

/// How the daemon is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// By systemd's manager for the user.
    Systemd,
    /// By `tollgate service start`.
    ByHand,
}

impl Home {
    /// The manifest.
    #[must_use]
    pub fn manifest(shims: &Path) -> PathBuf {
        shims.with_file_name("installed.json")
    }

    /// The file that `BASH_ENV` names.
    #[must_use]
    pub fn bash_env(shims: &Path) -> PathBuf {
        shims.with_file_name("shell").join("bash_env")
    }

    /// The starter policy.
    #[must_use]
    pub fn starter(&self) -> PathBuf {
        self.policies.join(STARTER)
    }

    /// All of it, in the order of making: folders, then what they hold, and what
    /// changes a shell last.
    #[must_use]
    pub fn things(&self) -> Vec<Thing> {
        let mut held = self.policy();
        held.extend(self.shims());
        held.extend(self.shell_files());
        held.extend(self.units());
        held.extend(self.lines());
        let mut things: Vec<Thing> = Vec::new();
        for thing in held {
            let missing = self.folders(thing.at());
            let new = |folder: &Thing| !things.iter().any(|known| known.is_same_place(folder));
            let missing: Vec<_> = missing.into_iter().filter(new).collect();
            things.extend(missing);
            things.push(thing);
        }
        things
    }

    /// The folders that must be there for this, the outermost first.
    fn folders(&self, at: &Path) -> Vec<Thing> {
        let bases = [&self.home, &self.base];
        let inside = |folder: &&Path| bases.iter().any(|base| folder.starts_with(base) && folder != base);
        let mut folders: Vec<_> = at.ancestors().skip(1).take_while(inside).collect();
        folders.reverse();
        folders.into_iter().map(|folder| Thing::Folder { at: folder.to_owned() }).collect()
    }

    /// Only where the person has none of their own.
    fn policy(&self) -> Vec<Thing> {
        let starter = self.starter();
        let files = std::fs::read_dir(&self.policies).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut policies = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
        if !starter.exists() && policies.next().is_some() {
            return Vec::new();
        }
        vec![Thing::file(starter, self.policy.as_bytes(), Owner::Person)]
    }

    /// The way to the gate first: a shim without it would ask nobody.
    fn shims(&self) -> Vec<Thing> {
        let gate = Thing::Link { at: self.shims.join(GATE), to: self.gate.clone() };
        let names = self.tools.iter().map(Tool::name).chain([PROBE.as_ref()]);
        let shims = names.map(|name| Thing::Link { at: self.shims.join(name), to: self.shim.clone() });
        std::iter::once(gate).chain(shims).collect()
    }
}

#[cfg(test)]
mod tests;
