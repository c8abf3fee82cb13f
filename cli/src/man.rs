//! `tollgate man`: the manual pages, from the same source as `--help`.
//!
//! Not here: the book (`docs/`), which says how things are used together.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use crate::arguments::Line;
use crate::error::Error;
use crate::output;

/// What is said of the programs that no person starts.
const OTHERS: [(&str, &str, &str); 3] = [
    (
        "tollgated",
        "the daemon of Tollgate",
        "Listens where the shims ask, judges what they bring, asks a person where the policy says so, records it, and \
         has it run. One runs for a user; `tollgate run` starts it where none answers, `tollgate service` by hand, \
         and systemd by its units. It is told everything in `~/.config/tollgate`; with --root DIR everything of it is \
         under DIR. It ends on SIGTERM; commands that run go on.",
    ),
    (
        "tollgate-shim",
        "the program behind every wrapped tool's name",
        "A link of a tool's name leads here. It hands the command, its environment, folder and descriptors to the \
         daemon whose socket lies beside the link (`.gate`), and ends as the tool does. It is never called by its own \
         name and has no options.",
    ),
    (
        "tollgate-supervisor",
        "the program that holds one running command",
        "Started by tollgated(1) or tollgate-shim(1) for one command. It starts the tool, waits for it, and leaves \
         its exit code on record, whatever becomes of the daemon. It is never called by hand and has no options.",
    ),
];

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder that they are written into; it is made where it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes a page for every command, and one for each other program.
pub(crate) fn man(arguments: &Arguments) -> Result<ExitCode, Error> {
    let folder = &arguments.folder;
    let failed = |source| Error::SessionFile { path: folder.clone(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut pages = Vec::new();
    let mut line = Line::command().disable_help_subcommand(true);
    line.build();
    below(&line, &mut pages);
    pages.extend(OTHERS.map(|(name, about, long)| Command::new(name).about(about).long_about(long).version(VERSION)));
    for page in &pages {
        let man = Man::new(page.clone()).manual("Tollgate").source(concat!("tollgate ", env!("CARGO_PKG_VERSION")));
        let mut text = Vec::new();
        man.render(&mut text).map_err(failed)?;
        text.extend_from_slice(ends(page).as_bytes());
        std::fs::write(folder.join(man.get_filename()), text).map_err(failed)?;
    }
    output::line(format_args!("{} pages are in `{}`", pages.len(), folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// What a person's command ends with.
const OURS: [(&str, &str); 4] = [
    ("0", "It is done, or all is as it should be."),
    ("1", "The answer is no, or a check has found something."),
    ("2", "What was typed, or a file that was named, cannot be used."),
    ("125", "No daemon answers, or the gate itself failed."),
];

/// What a command ends with that goes through the gate.
const GATED: [(&str, &str); 6] = [
    ("75", "No person has answered yet, or a rate is used up: try again later."),
    ("124", "The policy's time limit has ended it."),
    ("125", "The gate itself failed; the line of JSON says whether to try again."),
    ("126", "The policy or a person denies it, or it cannot be executed."),
    ("127", "There is no such program."),
    ("else", "As the command ended; its death by a signal is repeated."),
];

/// The page's last sections: how it ends, and where to read on.
fn ends(page: &Command) -> String {
    let rows: &[_] = match page.get_name() {
        "tollgate-run" | "tollgate-exec" | "tollgate-shim" | "run" | "exec" => &GATED,
        "tollgate-supervisor" | "tollgated" => return see_also(),
        _ => &OURS,
    };
    let rows = rows.iter().map(|(code, what)| format!(".TP\n{code}\n{what}\n"));
    format!(".SH \"EXIT STATUS\"\n{}{}", rows.collect::<String>(), see_also())
}

fn see_also() -> String {
    ".SH \"SEE ALSO\"\n\\fBtollgate\\fR(1), \\fBtollgated\\fR(1), \\fBtollgate\\-doctor\\fR(1)\n".to_owned()
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The command and all that are shown below it.
fn below(command: &Command, pages: &mut Vec<Command>) {
    pages.push(command.clone());
    command.get_subcommands().filter(|below| !below.is_hide_set()).for_each(|below_it| below(below_it, pages));
}
