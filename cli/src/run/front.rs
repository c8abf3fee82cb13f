//! The front: what the shell knows as the command.
//!
//! Signals of the terminal reach the command by themselves, for it is in the
//! front's process group; the front only outlives them. A signal that a process
//! sends goes to the keeper, which knows whether the command had it too. When
//! the command stops, the front stops by the same signal, so that the shell sees it.
//!
//! Not here: the command, which is the keeper's child.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use nix::libc;
use tollgate_admin::{read_frame, write_frame};
use tollgate_installer::Tool;
use tollgate_wire::message::End;

use super::channel::{Order, Report};
use super::daemon::Daemon;
use crate::error::Error;
use crate::keeper::NAME;
use crate::sys::{Arrived, Entry, Inherited, Signals};
use crate::{output, sys, waiting};

/// What the keeper is told on its command line.
#[derive(Debug)]
pub(super) struct Session {
    /// The daemon's admin socket.
    pub(super) admin: PathBuf,
    /// The agent's name.
    pub(super) agent: String,
    /// A further policy's path.
    pub(super) policy: Option<String>,
    /// The shim's program.
    pub(super) shim: PathBuf,
    /// The tools that get a shim.
    pub(super) tools: Vec<Tool>,
    /// The agent's command.
    pub(super) command: Vec<OsString>,
}

impl Session {
    /// The keeper's arguments, as [`crate::keeper::Arguments`] reads them.
    fn arguments(&self, channel: i32) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![NAME.into()];
        let mut option = |name: &str, value: OsString| {
            let mut both = OsString::from(format!("--{name}="));
            both.push(value);
            arguments.push(both);
        };
        option("front", channel.to_string().into());
        option("admin", self.admin.clone().into());
        option("agent", self.agent.clone().into());
        option("shim", self.shim.clone().into());
        self.policy.iter().for_each(|policy| option("policy", policy.into()));
        self.tools.iter().for_each(|tool| option("tool", tool.name().to_owned()));
        arguments.push("--".into());
        arguments.extend(self.command.iter().cloned());
        arguments
    }
}

/// The front while its session is open.
#[derive(Debug)]
pub(super) struct Front {
    signals: Signals,
    channel: UnixStream,
    keeper: u32,
    daemon: Daemon,
}

impl Front {
    /// Starts the keeper.
    pub(super) fn open(session: &Session, entry: Entry, daemon: Daemon) -> Result<Self, Error> {
        let signals = Signals::hear().map_err(Error::kernel("hear signals"))?;
        let (channel, keepers) = UnixStream::pair().map_err(Error::kernel("make a socket pair"))?;
        let mut keeper = Command::new("/proc/self/exe");
        keeper.arg0("tollgate").args(session.arguments(keepers.as_raw_fd()));
        sys::hand_down(&mut keeper, keepers.as_fd());
        sys::keep_as_found(&mut keeper, entry);
        let keeper =
            keeper.spawn().map_err(|source| Error::NotExecutable { command: "tollgate keeper".into(), source })?;
        Ok(Self { signals, channel, keeper: keeper.id(), daemon })
    }

    /// Waits for the command's end.
    pub(super) fn wait(mut self, inherited: Inherited) -> Result<End, Error> {
        let mut inherited = Some(inherited);
        loop {
            let until = self.daemon.next();
            let ready = waiting::first([Some(self.signals.as_fd()), Some(self.channel.as_fd())], until);
            let [_, reported] = ready.map_err(Error::kernel("wait"))?;
            self.hear_signals()?;
            if reported {
                match self.hear_keeper()? {
                    Some(Report::Exited { code }) => return Ok(End::Exited(code)),
                    Some(Report::Killed { signal }) => return Ok(End::Killed(signal)),
                    Some(Report::Started {}) => drop(inherited.take().map(Inherited::let_go)),
                    _ => {}
                }
            }
            self.tend_daemon();
        }
    }

    fn hear_signals(&mut self) -> Result<(), Error> {
        while let Some(arrived) = self.signals.next().map_err(Error::kernel("read signals"))? {
            match arrived {
                Arrived { number: libc::SIGCHLD, .. } => {
                    let (changes, _) = sys::changes();
                    changes.into_iter().for_each(|(child, change)| self.daemon.child(child, change));
                }
                Arrived { sender: None, .. } => {}
                Arrived { sender: Some(sender), .. } if sender == self.keeper => {}
                Arrived { number, sender: Some(sender) } => self.order(Order::Signal { number, sender }),
            }
        }
        Ok(())
    }

    /// One report; those that concern the front alone are acted on here.
    fn hear_keeper(&mut self) -> Result<Option<Report>, Error> {
        let Ok(Some(report)) = read_frame::<Report>(&mut self.channel) else {
            return Err(Error::KeeperLost(self.keeper));
        };
        match report {
            Report::Failed { code, message } => return Err(Error::Reported { code, message }),
            Report::Note { ref message } => output::say(message),
            Report::Lost {} => self.daemon.lost(Instant::now()),
            Report::Stopped { signal } => {
                sys::stop_by(signal);
                self.order(Order::Resumed {});
            }
            Report::Started {} | Report::Exited { .. } | Report::Killed { .. } => {}
        }
        Ok(Some(report))
    }

    /// A keeper that is gone is found out when its side of the channel closes.
    fn order(&mut self, order: Order) {
        drop(write_frame(&mut self.channel, &order));
    }

    fn tend_daemon(&mut self) {
        if let Err(error) = self.daemon.tend(Instant::now()) {
            output::say(error.sentence());
        }
    }
}
