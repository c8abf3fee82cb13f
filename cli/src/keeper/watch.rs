//! The keeper's life while the session is open: it waits for the command and
//! its descendants, for the daemon, and for the front.
//!
//! A signal that a process sent the front goes on to the command, unless the
//! keeper was sent the same one: then it went to the whole process group, and
//! the command had it by itself.
//!
//! Not here: acting for the command in any other way.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::libc;
use tollgate_admin::{read_frame, write_frame};

use super::link::{Again, Link};
use crate::run::channel::{Order, Report};
use crate::sys::{self, Arrived, Change, Signals, send};
use crate::waiting;

/// How long two deliveries of one group's signal may lie apart.
const TOGETHER: Duration = Duration::from_secs(1);
/// How long the keeper's own copy of a group's signal may take to come.
const OWN_COPY: Duration = Duration::from_millis(50);
/// Between two tries to wake a front that stopped after its command went on.
const WAKE: Duration = Duration::from_millis(100);
/// What a command has between SIGTERM and SIGKILL once its front is gone.
const LEAVE: Duration = Duration::from_secs(10);

/// The keeper.
#[derive(Debug)]
pub(super) struct Keeper {
    signals: Signals,
    /// None when it has ended.
    front: Option<UnixStream>,
    link: Link,
    /// None when it is reaped.
    command: Option<u32>,
    /// Signals that processes sent to the keeper itself.
    own: Vec<(Arrived, Instant)>,
    /// The front stopped with its command and has not said that it goes on.
    front_sleeps: bool,
    /// When to wake the front, whose command goes on already.
    wake: Option<Instant>,
    /// When to kill the command, whose front is gone.
    kill: Option<Instant>,
}

impl Keeper {
    /// Keeps a session whose command runs.
    pub(super) fn new(signals: Signals, front: UnixStream, link: Link, command: u32) -> Self {
        let (front, command) = (Some(front), Some(command));
        Self { signals, front, link, command, own: Vec::new(), front_sleeps: false, wake: None, kill: None }
    }

    /// Returns the link when the last descendant is gone.
    pub(super) fn watch(mut self) -> nix::Result<Link> {
        while self.descendants_left() || self.front_waits() {
            let front = self.front.as_ref().map(AsFd::as_fd);
            let waited_for = [Some(self.signals.as_fd()), front, self.link.descriptor()];
            let [_, ordered, lost] = waiting::first(waited_for, self.next())?;
            self.hear_signals()?;
            if ordered {
                self.hear_front()?;
            }
            if lost {
                self.link.lost(Instant::now());
                self.report(&Report::Lost {});
            }
            self.tend(Instant::now());
        }
        Ok(self.link)
    }

    /// Takes in what became of children.
    fn descendants_left(&mut self) -> bool {
        let (changes, left) = sys::changes();
        for (child, change) in changes {
            if Some(child) == self.command {
                self.command_changed(change);
            }
        }
        left
    }

    /// A front that still sleeps cannot read how its command ended.
    fn front_waits(&self) -> bool {
        self.front.is_some() && self.front_sleeps
    }

    fn command_changed(&mut self, change: Change) {
        match change {
            Change::Ended(end) => {
                self.command = None;
                self.wake = self.front_sleeps.then(Instant::now);
                self.report(&Report::of_end(end));
            }
            Change::Stopped(signal) => {
                self.front_sleeps = true;
                self.wake = None;
                self.report(&Report::Stopped { signal });
            }
            Change::Continued => self.wake = self.front_sleeps.then(Instant::now),
        }
    }

    fn next(&self) -> Option<Instant> {
        [self.wake, self.kill, self.link.next()].into_iter().flatten().min()
    }

    fn hear_signals(&mut self) -> nix::Result<()> {
        let now = Instant::now();
        self.own.retain(|(_, at)| now < *at + TOGETHER);
        while let Some(arrived) = self.signals.next()? {
            if arrived.sender.is_some() {
                self.own.push((arrived, now));
            }
        }
        Ok(())
    }

    fn hear_front(&mut self) -> nix::Result<()> {
        let Some(front) = &mut self.front else { return Ok(()) };
        match read_frame::<Order>(front) {
            Ok(Some(Order::Signal { number, sender })) => self.pass_on(number, sender)?,
            Ok(Some(Order::Resumed {})) => (self.front_sleeps, self.wake) = (false, None),
            Ok(None) | Err(_) => self.front_gone(),
        }
        Ok(())
    }

    /// A signal to the whole group may reach the front, and its word us, before
    /// our own copy comes: it is waited for, or the command would get it twice.
    fn pass_on(&mut self, number: i32, sender: u32) -> nix::Result<()> {
        let same = Arrived { number, sender: Some(sender) };
        let until = Instant::now() + OWN_COPY;
        loop {
            if let Some(index) = self.own.iter().position(|(own, _)| *own == same) {
                self.own.swap_remove(index);
                return Ok(());
            }
            if Instant::now() >= until {
                self.signal(number);
                return Ok(());
            }
            waiting::first([Some(self.signals.as_fd())], Some(until))?;
            self.hear_signals()?;
        }
    }

    /// Whoever killed the front meant the command.
    fn front_gone(&mut self) {
        self.front = None;
        if self.command.is_some() {
            self.signal(libc::SIGTERM);
            self.signal(libc::SIGCONT);
            self.kill = Some(Instant::now() + LEAVE);
        }
    }

    fn tend(&mut self, now: Instant) {
        if self.wake.is_some_and(|at| now >= at) {
            self.wake = Some(now + WAKE);
            self.wake_front();
        }
        if self.kill.is_some_and(|at| now >= at) {
            self.kill = None;
            self.signal(libc::SIGKILL);
        }
        if let Again::Refused(message) = self.link.tend(now) {
            let message = format!("the daemon does not take the session back, its tools are refused now: {message}");
            self.report(&Report::Note { message });
        }
    }

    /// To the command, as long as it is not reaped and so the process id is its.
    fn signal(&self, number: i32) {
        if let Some(command) = self.command {
            send(command, number);
        }
    }

    /// The front is our parent, or gone.
    fn wake_front(&self) {
        if self.front.is_some() {
            send(std::os::unix::process::parent_id(), libc::SIGCONT);
        }
    }

    /// A front that is gone is found out when its side of the channel closes.
    fn report(&mut self, report: &Report) {
        if let Some(front) = &mut self.front {
            drop(write_frame(front, report));
        }
    }
}
