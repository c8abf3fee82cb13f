//! `tollgate shellenv`: what a shell evaluates to have the shims first on PATH.
//!
//! Needs no daemon and no installation: a login must never wait for either.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tollgate_installer::{Home, shell};

use crate::error::Error;
use crate::installed::Place;
use crate::places;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The shell that evaluates it
    #[arg(value_enum)]
    shell: Shell,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Posix,
}

impl From<Shell> for tollgate_installer::Shell {
    fn from(shell: Shell) -> Self {
        match shell {
            Shell::Bash => Self::Bash,
            Shell::Zsh => Self::Zsh,
            Shell::Fish => Self::Fish,
            Shell::Posix => Self::Posix,
        }
    }
}

/// Prints it.
pub(crate) fn shellenv(arguments: &Arguments) -> Result<ExitCode, Error> {
    let shims = places::of(arguments.place.root.as_deref())?.shims;
    let text = shell::environment(arguments.shell.into(), &shims, &Home::bash_env(&shims));
    std::io::stdout().lock().write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}
