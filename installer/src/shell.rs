//! What shells are told, so that the shims stand first on PATH however a shell is
//! started and whatever else changes PATH.
//!
//! The texts start no program and never fail. Not here: which file of a home
//! reads them ([`crate::home`]).

pub use tollgate_places::bash_env;
mod quote;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use quote::fish_quoted;
use tollgate_places::bash_env::single_quoted;

const POSIX: &str = include_str!("shell/posix.sh");
const BASH: &str = include_str!("shell/bash.sh");
const ZSH: &str = include_str!("shell/zsh.zsh");
const FISH: &str = include_str!("shell/fish.fish");

/// A shell that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shell {
    /// Any that reads `~/.profile`: dash, ksh, busybox sh.
    Posix,
    /// bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

impl Shell {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Posix, Self::Bash, Self::Zsh, Self::Fish];

    /// Its name, as in `tollgate shellenv NAME`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Posix => "posix",
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }
}

/// What the shell evaluates, for these shims; `bash_env` is the file of
/// [`bash_env_file`].
#[must_use]
pub fn environment(shell: Shell, shims: &Path, bash_env: &Path) -> Vec<u8> {
    let text = match shell {
        Shell::Posix => POSIX.to_owned(),
        Shell::Bash => [POSIX, BASH].concat(),
        Shell::Zsh => [POSIX, ZSH].concat(),
        Shell::Fish => FISH.to_owned(),
    };
    let quoted = if shell == Shell::Fish { fish_quoted } else { single_quoted };
    let bash_env = bash_env::variable(bash_env.as_os_str());
    fill(&text, &[("@SHIMS@", quoted(shims.as_os_str().as_bytes())), ("@BASH_ENV@", quoted(bash_env.as_bytes()))])
}

/// The file that `BASH_ENV` names in a home.
#[must_use]
pub fn bash_env_file(shims: &Path) -> Vec<u8> {
    bash_env::installed(shims.as_os_str())
}

/// The line that has a shell read `file`, if it is there.
#[must_use]
pub fn reading(file: &Path) -> Vec<u8> {
    let file = single_quoted(file.as_os_str().as_bytes());
    [b"if [ -r ", &file[..], b" ]; then . ", &file, b"; fi\n"].concat()
}

/// The text with every mark replaced; what is put in is not looked through again.
fn fill(text: &str, values: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = text;
    while let Some((place, mark, value)) = next_mark(rest, values) {
        filled.extend(rest.get(..place).unwrap_or_default().bytes());
        filled.extend(value);
        rest = rest.get(place + mark.len()..).unwrap_or_default();
    }
    filled.extend(rest.bytes());
    filled
}

fn next_mark<'a>(text: &str, values: &'a [(&str, Vec<u8>)]) -> Option<(usize, &'a str, &'a [u8])> {
    let found = values.iter().filter_map(|(mark, value)| Some((text.find(mark)?, *mark, value.as_slice())));
    found.min_by_key(|(place, ..)| *place)
}

#[cfg(test)]
mod tests;
