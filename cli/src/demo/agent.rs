//! The demo's agent: a bash as it comes, inside `tollgate run`, that types what
//! it is told.
//!
//! Not here: what it types.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, Stdio};

use nix::fcntl::OFlag;
use nix::libc;
use nix::unistd::pipe2;

use super::stage::Stage;
use super::telling::Telling;
use crate::error::Error;
use crate::sys;

/// Stands before the exit code of each command.
const MARK: &[u8] = b"--end-of-command--";

/// The agent's shell.
#[derive(Debug)]
pub(super) struct Agent {
    /// None when it has ended.
    session: Option<Child>,
    keys: Option<ChildStdin>,
    screen: File,
    /// What was read and not yet taken as a line.
    read: Vec<u8>,
}

impl Agent {
    /// Opens the session.
    pub(super) fn start(stage: &Stage, tools: &str, telling: &Telling) -> Result<Self, Error> {
        telling.typed("person", &format!("tollgate run --agent demo-agent --tools {tools} -- bash"))?;
        let mut run = stage.tollgate(&["run", "--agent", "demo-agent", "--tools", tools]);
        run.arg("--policy").arg(stage.policy()).args(["--", "bash", "--noprofile", "--norc"]);
        let (screen, line) = pipe2(OFlag::O_CLOEXEC).map_err(Error::kernel("make a pipe"))?;
        let both = line.try_clone().map_err(Error::kernel("copy a descriptor"))?;
        let mut session =
            run.stdin(Stdio::piped()).stdout(line).stderr(both).spawn().map_err(Error::kernel("run `tollgate`"))?;
        let keys = session.stdin.take();
        Ok(Self { session: Some(session), keys, screen: screen.into(), read: Vec::new() })
    }

    /// Types a command and does not wait for it.
    pub(super) fn types(&mut self, command: &str, stage: &Stage, telling: &Telling) -> Result<(), Error> {
        stage.go_on()?;
        telling.typed("agent", command)?;
        let Some(keys) = &mut self.keys else { return Ok(()) };
        let mark = String::from_utf8_lossy(MARK);
        // A shell that has ended is found out when its output ends.
        drop(writeln!(keys, "{command}\nprintf '\\n{mark} %d\\n' $?"));
        Ok(())
    }

    /// Shows what came of it and gives the exit code; none where the shell ended.
    pub(super) fn sees(&mut self, stage: &Stage, telling: &Telling) -> Result<Option<u8>, Error> {
        let mut out = Vec::new();
        let mut code = None;
        while let Some(line) = self.line(stage)? {
            if let Some(found) = line.strip_prefix(MARK) {
                code = std::str::from_utf8(found).ok().and_then(|code| code.trim().parse().ok());
                break;
            }
            out.extend(line);
        }
        telling.came(&out)?;
        Ok(code)
    }

    /// The next line; none at the end.
    fn line(&mut self, stage: &Stage) -> Result<Option<Vec<u8>>, Error> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                return Ok(Some(self.read.drain(..=end).collect()));
            }
            stage.wait_for(self.screen.as_fd())?;
            let mut part = [0; 4096];
            let length = self.screen.read(&mut part).map_err(Error::kernel("read from the agent's shell"))?;
            if length == 0 {
                return Ok(None);
            }
            self.read.extend(part.iter().take(length));
        }
    }

    /// Ends the shell; says whether it and its session ended well.
    pub(super) fn leaves(mut self) -> bool {
        drop(self.keys.take());
        self.session.take().is_some_and(|mut session| session.wait().is_ok_and(|status| status.success()))
    }
}

impl Drop for Agent {
    /// Where the demo breaks off, so does the session.
    fn drop(&mut self) {
        if let Some(mut session) = self.session.take() {
            sys::send(session.id(), libc::SIGTERM);
            drop(session.wait());
        }
    }
}
