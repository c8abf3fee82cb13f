//! The demo's person: answers on a terminal of its own, outside the session.
//!
//! Not here: proving that it is a person; the daemon does, as for anybody.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::{Duration, Instant};

use tollgate_admin::{Ask, Reply};

use super::stage::Stage;
use super::telling::Telling;
use crate::door::Door;
use crate::error::Error;
use crate::sys::{self, Terminal};

/// How long a question may take to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Looks at the open question and approves it; says whether that went well.
pub(super) fn approves(stage: &Stage, telling: &mut Telling) -> Result<(), Error> {
    let Some(id) = question(stage)? else {
        telling.expect("a question comes for a person", false);
        return Ok(());
    };
    telling.expect("the question is listed", telling.command(stage.tollgate(&["approvals"]))?.success());
    telling.typed("person", &format!("tollgate approve {id}"))?;
    let (answered, said) = on_a_terminal(stage.tollgate(&["approve", &id]))?;
    telling.came(&said)?;
    telling.expect("a person's approval is taken", answered);
    Ok(())
}

/// The id of the first question, once there is one.
fn question(stage: &Stage) -> Result<Option<String>, Error> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        stage.go_on()?;
        match Door::ask(&stage.admin(), &Ask::Questions {})?.granted()? {
            Reply::Question(question) => return Ok(Some(question.id)),
            _ => std::thread::sleep(LOOK),
        }
    }
    Ok(None)
}

/// Runs a command as the leader of a fresh terminal: whether it succeeded, and
/// what was on the screen.
fn on_a_terminal(mut command: Command) -> Result<(bool, Vec<u8>), Error> {
    let Terminal { mut screen, line } = sys::terminal().map_err(Error::kernel("make a terminal"))?;
    let copy = |line: &OwnedFd| line.try_clone().map_err(Error::kernel("copy a descriptor"));
    command.stdin(copy(&line)?).stdout(copy(&line)?).stderr(line);
    sys::lead_terminal(&mut command);
    let mut child = command.spawn().map_err(Error::kernel("run `tollgate`"))?;
    // The terminal's line is closed when its last program is gone.
    drop(command);
    let mut said = Vec::new();
    let mut part = [0; 1024];
    while let Ok(length) = screen.read(&mut part)
        && length > 0
    {
        said.extend(part.iter().take(length));
    }
    let answered = child.wait().is_ok_and(|status| status.success());
    Ok((answered, said))
}
