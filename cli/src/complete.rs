//! `tollgate completions`, and the answers to what a shell asks while a person types.
//!
//! The script that a shell reads calls this program again for every word, with
//! [`VARIABLE`] set: so what is completed are the questions, runs and agents of
//! this moment, and the options of this version.
//!
//! Not here: what a wrapped tool completes; its own shim asks the gate for that.

pub(crate) mod candidates;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::env::{Bash, EnvCompleter, Fish, Shells, Zsh};

use crate::arguments::Line;
use crate::error::Error;
use crate::output;

/// Which shell asks, in a call that completes.
const VARIABLE: &str = "TOLLGATE_COMPLETE";
const NAME: &str = "tollgate";
const SHELLS: Shells<'static> = Shells(&[&Bash, &Zsh, &Fish]);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The shell that reads it
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
        }
    }
}

/// Prints the script that a shell reads once.
pub(crate) fn completions(arguments: &Arguments) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    arguments.shell.completer().write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    std::io::stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Answers a shell, where one asks; then this process has nothing else to do.
pub(crate) fn answered() -> Option<ExitCode> {
    let words: Vec<OsString> = std::env::args_os().collect();
    // A script always says what is typed after two dashes.
    if std::env::var_os(VARIABLE).is_none() || !words.iter().any(|word| word == "--") {
        return None;
    }
    let folder = std::env::current_dir().ok();
    match CompleteEnv::with_factory(Line::command).var(VARIABLE).shells(SHELLS).try_complete(words, folder.as_deref()) {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        Err(cause) => {
            output::say(cause.to_string().trim_end());
            Some(ExitCode::FAILURE)
        }
    }
}
