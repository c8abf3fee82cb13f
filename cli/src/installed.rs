//! Where an installation is, and what this machine has for it: one answer for
//! `install`, `uninstall`, `shims`, `shellenv` and `doctor`.
//!
//! Not here: making or checking any of it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;
use nix::unistd::{Uid, User};
use tollgate_installer::{Home, Manifest, Service, Shell, Tool, Wanted};
use tollgate_places::Places;
use tollgate_policies::policy::profile;

use crate::error::Error;
use crate::{places, programs, tools};

/// The policy that a new installation starts with, where none is named.
pub(crate) const PROFILE: &str = "careful";

/// Whose installation is meant.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Place {
    /// Keep config, state, sockets and shims under DIR, apart from the user's own
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// The home whose shells are told; by default the user's
    #[arg(long, value_name = "DIR", requires = "root")]
    pub(crate) home: Option<PathBuf>,
}

/// One installation, there or not.
#[derive(Debug)]
pub(crate) struct Installed {
    /// The home that its shells read.
    pub(crate) home: PathBuf,
    /// Its folders.
    pub(crate) places: Places,
    /// What was made, if it was.
    pub(crate) manifest: Option<Manifest>,
    /// Whether it has a root of its own.
    pub(crate) root: Option<PathBuf>,
}

impl Installed {
    /// Looks for it.
    pub(crate) fn find(place: &Place) -> Result<Self, Error> {
        let places = places::of(place.root.as_deref())?;
        let home = match &place.home {
            Some(home) => places::absolute(home)?,
            None => users_home()?,
        };
        let manifest = Manifest::read(&Home::manifest(&places.shims)).map_err(tollgate_installer::plan::Error::from)?;
        let root = place.root.as_deref().map(places::absolute).transpose()?;
        Ok(Self { home, places, manifest, root })
    }

    /// Where its manifest is.
    pub(crate) fn manifest_file(&self) -> PathBuf {
        Home::manifest(&self.places.shims)
    }

    /// The names of the tools that are wrapped.
    pub(crate) fn tools(&self) -> &[String] {
        self.manifest.as_ref().map_or(&[], |manifest| &manifest.tools)
    }

    /// Everything that it shall consist of.
    pub(crate) fn wanted(&self, tools: &[Tool], profile_name: Option<&str>) -> Result<Wanted, Error> {
        let name = profile_name.or(self.manifest.as_ref().map(|manifest| manifest.profile.as_str())).unwrap_or(PROFILE);
        let policy = profile(name).ok_or_else(|| Error::NoProfile(name.to_owned()))?;
        let home = Home {
            policies: self.places.policies(),
            shims: self.places.shims.clone(),
            gate: self.places.gate(),
            base: self.root.clone().unwrap_or_else(|| self.home.clone()),
            shim: programs::shim()?,
            daemon: programs::daemon()?,
            tools: tools.to_vec(),
            policy: policy.text,
            shells: shells(&self.home),
            zsh: std::env::var_os("ZDOTDIR").map(PathBuf::from).filter(|folder| folder.starts_with(&self.home)),
            service: self.service(),
            home: self.home.clone(),
        };
        let tools = tools.iter().map(|tool| text(tool.name())).collect::<Result<_, _>>()?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Wanted { version, tools, profile: name.to_owned(), things: home.things() })
    }

    /// How its daemon is started: by systemd, where that runs this machine.
    pub(crate) fn service(&self) -> Service {
        let booted = Path::new("/run/systemd/system").is_dir();
        if booted && self.root.is_none() { Service::Systemd } else { Service::ByHand }
    }
}

/// What is remembered is written as JSON.
fn text(name: &OsStr) -> Result<String, Error> {
    name.to_str().map(str::to_owned).ok_or_else(|| Error::ToolText(name.to_owned()))
}

fn users_home() -> Result<PathBuf, Error> {
    let uid = Uid::effective();
    let home = User::from_uid(uid).ok().flatten().map(|user| user.dir);
    Ok(home.ok_or(tollgate_places::Error::NoHome(uid.as_raw()))?)
}

/// Those that are installed, and those that have files in the home all the same.
fn shells(home: &Path) -> Vec<Shell> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |name: &str, file: &str| {
        tools::is_on(&path, name.as_ref()) || Path::new("/bin").join(name).exists() || home.join(file).exists()
    };
    let used = |shell: &Shell| match shell {
        Shell::Posix => true,
        Shell::Bash => has("bash", ".bashrc"),
        Shell::Zsh => has("zsh", ".zshrc"),
        Shell::Fish => has("fish", ".config/fish"),
    };
    Shell::ALL.into_iter().filter(used).collect()
}

/// PATH without folders of shims: where real programs are.
pub(crate) fn real_path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let real = std::env::split_paths(&path).filter(|folder| folder.join(".gate").symlink_metadata().is_err());
    std::env::join_paths(real).unwrap_or(path)
}
