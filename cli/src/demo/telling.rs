//! What the demo tells, and what of it was not as it should be.
//!
//! Not here: what is told.

use std::fmt::Display;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use tollgate_policies::show;

use crate::error::Error;
use crate::output;

/// Most lines of a tool's output that are shown, at its start and at its end.
const FIRST: usize = 4;
const LAST: usize = 8;
/// Most characters of one line.
const WIDE: usize = 400;

/// The demo's story so far.
#[derive(Debug, Default)]
pub(super) struct Telling {
    chapters: usize,
    wrong: Vec<String>,
}

impl Telling {
    /// One paragraph.
    pub(super) fn say(&self, text: impl Display) -> Result<(), Error> {
        output::line(text)
    }

    /// Begins a chapter.
    pub(super) fn chapter(&mut self, title: &str) -> Result<(), Error> {
        self.chapters += 1;
        output::line(format_args!("\n{}. {title}", self.chapters))
    }

    /// A command, as who typed it would see it.
    pub(super) fn typed(&self, who: &str, command: &str) -> Result<(), Error> {
        output::line(format_args!("   {who}$ {command}"))
    }

    /// What came out of it, the middle of much left out.
    pub(super) fn came(&self, out: &[u8]) -> Result<(), Error> {
        let lines: Vec<_> =
            out.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()).collect();
        let hidden = lines.len().saturating_sub(FIRST + LAST);
        for (number, line) in lines.iter().enumerate() {
            match number {
                FIRST if hidden > 1 => output::line(format_args!("     ... {hidden} more lines ..."))?,
                number if hidden > 1 && (FIRST..FIRST + hidden).contains(&number) => {}
                _ => output::line(format_args!("     {}", show::text(line, WIDE)))?,
            }
        }
        Ok(())
    }

    /// A text file, whole.
    pub(super) fn file(&self, file: &Path) -> Result<(), Error> {
        let text = std::fs::read_to_string(file).map_err(|source| Error::File { path: file.to_owned(), source })?;
        text.lines().try_for_each(|line| output::line(format_args!("     {line}").to_string().trim_end()))
    }

    /// Runs one of our own commands, and shows it and what it printed.
    pub(super) fn command(&self, mut command: Command) -> Result<ExitStatus, Error> {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        self.typed("person", &format!("tollgate {}", words.join(" ")))?;
        let out = command.output().map_err(Error::kernel("run `tollgate`"))?;
        let all = [&out.stdout[..], &out.stderr].concat();
        all.split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .try_for_each(|line| output::line(format_args!("     {}", show::text(line, WIDE))))?;
        Ok(out.status)
    }

    /// Takes note where something is not as it should be.
    pub(super) fn expect(&mut self, what: &str, is_so: bool) {
        if !is_so {
            self.wrong.push(what.to_owned());
        }
    }

    /// The last word, and the exit code.
    pub(super) fn end(&self) -> Result<ExitCode, Error> {
        if self.wrong.is_empty() {
            output::line("\nAll of it went as it should. Now your own agent: tollgate run -- CMD")?;
            return Ok(ExitCode::SUCCESS);
        }
        output::line("\nThis did not go as it should:")?;
        self.wrong.iter().try_for_each(|what| output::line(format_args!("   - {what}")))?;
        Ok(ExitCode::FAILURE)
    }
}
