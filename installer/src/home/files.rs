//! The files of a home that shells read, and ours that they are led to.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Home;
use crate::shell::{self, Shell};
use crate::thing::{Owner, Position, Thing};

impl Home {
    /// Our own files.
    pub(super) fn shell_files(&self) -> Vec<Thing> {
        let bash_env = Self::bash_env(&self.shims);
        let mut files = vec![Thing::file(bash_env.clone(), shell::bash_env_file(&self.shims), Owner::Installer)];
        for shell in &self.shells {
            let text = shell::environment(*shell, &self.shims, &bash_env);
            files.push(Thing::file(self.shell_file(*shell), text, Owner::Installer));
        }
        files
    }

    /// Our lines in the person's files, and whole files where a shell reads a folder.
    pub(super) fn lines(&self) -> Vec<Thing> {
        let mut lines = Vec::new();
        for shell in &self.shells {
            let file = self.shell_file(*shell);
            lines.extend(self.read_by(*shell).into_iter().filter_map(|(at, position)| {
                let text = String::from_utf8(shell::reading(&file)).ok()?;
                Some(Thing::Lines { at: resolved(at), position, text })
            }));
        }
        lines
    }

    fn shell_file(&self, shell: Shell) -> PathBuf {
        let folder = self.shims.with_file_name("shell");
        match shell {
            Shell::Posix => folder.join("posix.sh"),
            Shell::Bash => folder.join("bash.sh"),
            Shell::Zsh => folder.join("zsh.zsh"),
            Shell::Fish => self.home.join(".config/fish/conf.d/tollgate.fish"),
        }
    }

    /// Which files lead the shell to ours, and where in them.
    fn read_by(&self, shell: Shell) -> Vec<(PathBuf, Position)> {
        let last = |name: &str| (self.home.join(name), Position::Last);
        match shell {
            Shell::Posix => vec![last(".profile")],
            Shell::Bash => {
                // A login bash reads the first of these that is there, else `.profile`.
                let login = [".bash_profile", ".bash_login"].map(|name| self.home.join(name));
                let login = login.into_iter().find(|file| file.exists()).map(|file| (file, Position::Last));
                // Many end early where the shell is not interactive; one that sshd starts is not.
                let mut files = vec![(self.home.join(".bashrc"), Position::First), last(".bashrc")];
                files.extend(login);
                files
            }
            // `.zlogin` comes after `.zprofile`, where PATH is often made anew.
            Shell::Zsh => {
                let own = self.zsh.as_ref().unwrap_or(&self.home);
                let mut files = vec![last(".zshenv")];
                if *own != self.home {
                    files.push((own.join(".zshenv"), Position::Last));
                }
                files.extend([".zshrc", ".zlogin"].map(|name| (own.join(name), Position::Last)));
                files
            }
            Shell::Fish => Vec::new(),
        }
    }

    /// PATH for what systemd's manager for the user starts: desktops, IDEs, units.
    pub(super) fn environment(&self) -> Option<Thing> {
        let bash_env = Self::bash_env(&self.shims);
        let plain = |path: &Path| {
            path.as_os_str().as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@".contains(byte))
        };
        if !plain(&self.shims) || !plain(&bash_env) {
            return None;
        }
        let text = format!(
            "# Tollgate: its shims first on PATH.\nPATH=\"{}:$PATH\"\nBASH_ENV=\"{}\"\n",
            self.shims.display(),
            bash_env.display()
        );
        let at = self.home.join(".config/environment.d/50-tollgate.conf");
        Some(Thing::file(at, text, Owner::Installer))
    }
}

/// The file itself, where a person's file is a link into a folder of theirs.
fn resolved(at: PathBuf) -> PathBuf {
    match fs::symlink_metadata(&at) {
        Ok(found) if found.is_symlink() => fs::canonicalize(&at).unwrap_or(at),
        _ => at,
    }
}
