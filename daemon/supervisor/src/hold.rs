//! From the tool's start to its end: signals in, stops out, and the end told in
//! the order that loses nothing: exit record, shim, daemon.

use tollgate_bare::process::{Change, kill, kill_by_descriptor, look_for_change};
use tollgate_bare::signals::{self, SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTSTP, SIGWINCH, Set};
use tollgate_bare::sockets::receive_now;
use tollgate_bare::spawn::Child;
use tollgate_bare::{Descriptor, Errno, files, poll, sabotage, time};
use tollgate_wire::message::{End, Finish, Signal};
use tollgate_wire::record;

use crate::caller::{Caller, Heard};
use crate::frames::{self, Number};
use crate::house::House;
use crate::ladder::Ladder;
use crate::limit::Limit;
use crate::linger;
use crate::tool::Tool;

/// `SI_KERNEL`: sent by the kernel itself, as a terminal's signals are.
const BY_KERNEL: i32 = 128;

/// A running tool.
struct Run {
    child: Child,
    caller: Option<Caller>,
    /// The daemon, as long as it is there.
    control: Option<Descriptor>,
    ladder: Ladder,
    limit: Limit,
}

/// Holds the tool until its end and tells it. The daemon's socket comes back: as
/// long as it is open, descendants of the tool are left.
pub(crate) fn until_end(tool: Tool, house: House) -> Option<Descriptor> {
    let Tool { child, shim, record, patience, limit } = tool;
    let House { control, children, .. } = house;
    let (caller, control) = (Some(Caller::new(shim)), Some(control));
    let mut run = Run { child, caller, control, ladder: Ladder::new(patience), limit };
    let end = run.end(&children);
    let finish = Finish { end, why: run.limit.why() };
    write_record(&record, finish);
    run.limit.tell();
    if sabotage!("wait-for-descendants") {
        linger();
    }
    if sabotage!("kill-descendants") {
        let _ = kill(-run.child.id, SIGKILL);
    }
    if let Some(caller) = &run.caller {
        frames::ended(caller.socket(), run.limit.end(end));
    }
    if let Some(control) = &run.control {
        frames::finished(control, finish);
    }
    run.control
}

/// In one write, so that it is whole or absent. Where it cannot be written the
/// daemon, told next, is the only one who knows.
fn write_record(file: &Descriptor, finish: Finish) {
    let mut line = [0; record::MAX];
    if let Ok(length) = record::encode(finish, &mut line)
        && !sabotage!("no-exit-record")
    {
        let _ = files::write(file.number(), line.get(..length).unwrap_or_default());
    }
}

impl Run {
    fn end(&mut self, children: &signals::Inbox) -> End {
        loop {
            let now = time::now();
            if self.limit.ends(now, &self.child.pidfd) {
                self.ladder.begin(now);
            }
            if let Some(signal) = self.ladder.due(now) {
                self.stop_with(signal);
            }
            let caller = self.caller.as_ref().map(Caller::socket);
            let watched = [caller, self.control.as_ref(), Some(children.descriptor())];
            let patience = [self.ladder.patience(now), self.limit.patience(now)].into_iter().flatten().min();
            // Fails for a lack of memory alone, and then the next round may not.
            let [spoken, daemon, changed] = poll::readable(watched, patience).unwrap_or_default();
            // A signal that came before the end is still the tool's to see.
            if spoken {
                self.hear();
            }
            if daemon {
                self.control = self.control.take().filter(is_there);
            }
            if changed && let Some(end) = self.changes(children) {
                return end;
            }
        }
    }

    fn hear(&mut self) {
        match self.caller.as_mut().map(Caller::hear) {
            Some(Heard::Signal(signal)) => self.pass_on(signal),
            Some(Heard::Gone) => {
                self.caller = None;
                self.limit = Limit::Never;
                if sabotage!("kill-at-once") {
                    self.signal_group(SIGKILL);
                }
                if !sabotage!("no-ladder") {
                    self.ladder.begin(time::now());
                }
            }
            Some(Heard::Nothing) | None => {}
        }
    }

    /// A terminal signals a whole process group, and continuing means everybody;
    /// what one process sent to another goes to the tool alone.
    fn pass_on(&mut self, signal: Signal) {
        self.ladder.was_sent(signal.number);
        let of_terminals = Set::of(&[SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGWINCH]);
        if (signal.code == BY_KERNEL && of_terminals.has(signal.number)) || signal.number == SIGCONT {
            self.signal_group(signal.number);
        } else {
            let _ = kill_by_descriptor(&self.child.pidfd, signal.number);
        }
    }

    /// One that is stopped must run to see what it is asked.
    fn stop_with(&self, signal: i32) {
        self.signal_group(signal);
        self.signal_group(SIGCONT);
    }

    /// The tool is not reaped yet, so its id is nobody else's; it may have left
    /// the group that it was started in.
    fn signal_group(&self, signal: i32) {
        if kill(-self.child.id, signal).is_err() {
            let _ = kill_by_descriptor(&self.child.pidfd, signal);
        }
    }

    /// Every change of every child: of the tool's own, of orphans only that they are gone.
    fn changes(&self, children: &signals::Inbox) -> Option<End> {
        while children.arrival().is_some() {}
        while let Ok(Some((id, change))) = look_for_change() {
            if id != self.child.id {
                continue;
            }
            match change {
                Change::Exited(code) => return Some(End::Exited(code)),
                Change::Killed(signal) => return Some(End::Killed(signal)),
                Change::Stopped(signal) => {
                    if let Some(caller) = &self.caller {
                        frames::number(caller.socket(), Number::Stopped, signal.into());
                    }
                }
            }
        }
        None
    }
}

/// The daemon says nothing after the plan: if there is something to read, it is its end.
fn is_there(control: &Descriptor) -> bool {
    !matches!(receive_now(control, &mut [0; 64]), Ok(0) | Err(Errno::ECONNRESET))
}
