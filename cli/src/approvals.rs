//! `tollgate approvals`: the questions that wait for a person.
//!
//! Printed, or, on a terminal, a screen on which they are answered too (`screen`).
//! Not here: what an answer is worth; the daemon knows that.

mod screen;
mod text;

use std::collections::BTreeSet;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::termios::tcgetsid;
use tollgate_admin::{Ask, Question, Reply};
use tollgate_places::Places;

use crate::arguments::Approvals;
use crate::door::{Door, PATIENCE};
use crate::error::Error;
use crate::{output, places};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Shows them on a screen, lists them, or stays and prints each when it comes.
pub(crate) fn approvals(arguments: &Approvals) -> Result<ExitCode, Error> {
    let places = places::of(arguments.ask.root.root.as_deref())?;
    let prints = arguments.ask.json || arguments.plain || arguments.watch;
    if !prints && has_a_screen() {
        return screen::answer(&places);
    }
    let show = if arguments.ask.json { json } else { |question: &Question| Ok(text::text(question)) };
    let mut known = BTreeSet::new();
    loop {
        let open = open(&places)?;
        let new = open.iter().filter(|question| known.insert(question.id.clone()));
        let new = new.map(show).collect::<Result<Vec<_>, _>>()?;
        if !new.is_empty() {
            // At once: there may be thousands.
            output::line(new.join("\n"))?;
        }
        if !arguments.watch {
            if open.is_empty() && !arguments.ask.json {
                output::line("no question is open")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        std::thread::sleep(LOOK);
    }
}

/// Whether both standard streams are the terminal that this process belongs to (for any
/// other, `tcgetsid` fails), and it can do more than print.
fn has_a_screen() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal.is_empty() || terminal == "dumb");
    !dumb && tcgetsid(io::stdin()).is_ok() && tcgetsid(io::stdout()).is_ok()
}

/// The questions that are open now.
pub(crate) fn open(places: &Places) -> Result<Vec<Question>, Error> {
    let question = |reply| if let Reply::Question(question) = reply { Some(*question) } else { None };
    Door::list(&places.admin(), &Ask::Questions {}, PATIENCE, question)
}

fn json(question: &Question) -> Result<String, Error> {
    Ok(serde_json::to_string(question).map_err(io::Error::from)?)
}
