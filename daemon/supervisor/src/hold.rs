//! From the tool's start to its end: signals in, stops out, and the end told in
//! the order that loses nothing: exit record, shim, daemon.

use tollgate_bare::process::{Change, kill, look_for_change};
use tollgate_bare::signals::{self, SIGKILL};
use tollgate_bare::sockets::receive_now;
use tollgate_bare::{Descriptor, Errno, files, poll, sabotage, time};
use tollgate_wire::message::{End, Finish};
use tollgate_wire::record;

use crate::caller::{Caller, Heard};
use crate::frames::{self, Number};
use crate::house::House;
use crate::ladder::Ladder;
use crate::limit::Limit;
use crate::linger;
use crate::reach::Reach;
use crate::tool::Tool;

/// More than all signals at once.
const AT_A_TIME: u8 = 128;

/// A running tool.
struct Run {
    tool: Reach,
    caller: Option<Caller>,
    /// The daemon, as long as it is there.
    control: Option<Descriptor>,
    ladder: Ladder,
    limit: Limit,
}

/// Holds the tool until its end and tells it. The daemon's socket comes back: as
/// long as it is open, descendants of the tool are left.
pub(crate) fn until_end(tool: Tool, house: House) -> Option<Descriptor> {
    let Tool { child, shim, record, patience, limit, early } = tool;
    let House { control, children, birthplace, .. } = house;
    let (caller, control) = (Some(Caller::new(shim)), Some(control));
    let tool = Reach::new(child, birthplace);
    let mut run = Run { tool, caller, control, ladder: Ladder::new(patience), limit };
    run.tool.catch_up(early, &mut run.ladder);
    let end = run.end(&children);
    let finish = Finish { end, why: run.limit.why() };
    write_record(&record, finish);
    run.limit.tell();
    if sabotage!("wait-for-descendants") {
        linger();
    }
    if sabotage!("kill-descendants") {
        let _ = kill(-run.tool.child.id, SIGKILL);
    }
    if let Some(caller) = &run.caller {
        frames::ended(caller.socket(), run.limit.end(end));
    }
    run.tool.ended();
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
            if self.limit.ends(now, &self.tool.child.pidfd) {
                self.ladder.begin(now);
            }
            if let Some(signal) = self.ladder.due(now) {
                self.tool.ask_to_end(signal);
            }
            self.tool.settle(&mut self.ladder, now);
            let caller = self.caller.as_ref().map(Caller::socket);
            let watched = [caller, self.control.as_ref(), Some(children.descriptor()), self.tool.witness()];
            let patience = [self.ladder.patience(now), self.limit.patience(now), self.tool.patience(now)];
            // Fails for a lack of memory alone, and then the next round may not.
            let polled = poll::readable(watched, patience.into_iter().flatten().min());
            let [spoken, daemon, changed, witnessed] = polled.unwrap_or_default();
            if witnessed {
                self.tool.hear_witness(&mut self.ladder, time::now());
            }
            // A signal that came before the end is still the tool's to see.
            // All that it said before a change, which is looked at next; but whoever never
            // stops talking does not keep the time limit from being looked at.
            let mut rounds = 0..AT_A_TIME;
            while spoken && rounds.next().is_some() && self.hear() {}
            if daemon {
                self.control = self.control.take().filter(is_there);
            }
            if (changed || self.tool.doubts_its_witness())
                && let Some(end) = self.changes(children)
            {
                return end;
            }
        }
    }

    /// Whether the shim may have said more.
    fn hear(&mut self) -> bool {
        match self.caller.as_mut().map(Caller::hear) {
            Some(Heard::Signal(signal)) => {
                self.tool.shim_got(signal, &mut self.ladder, time::now());
                return true;
            }
            Some(Heard::Gone) => {
                self.caller = None;
                self.limit = Limit::Never;
                if sabotage!("kill-at-once") {
                    self.tool.signal_all(SIGKILL);
                }
                if !sabotage!("no-ladder") {
                    self.ladder.begin(time::now());
                }
            }
            Some(Heard::Nothing) | None => {}
        }
        false
    }

    /// Every change of every child: of orphans only that they are gone.
    fn changes(&mut self, children: &signals::Inbox) -> Option<End> {
        while children.arrival().is_some() {}
        while let Ok(Some((id, change))) = look_for_change() {
            if id != self.tool.child.id {
                self.tool.other_changed(id, change);
                continue;
            }
            match change {
                Change::Exited(code) => return Some(End::Exited(code)),
                Change::Killed(signal) => return Some(End::Killed(signal)),
                Change::Stopped(signal) => {
                    self.tool.stops(time::now());
                    if let Some(caller) = &self.caller {
                        frames::number(caller.socket(), Number::Stopped, signal.into());
                    }
                }
                Change::Continued => {
                    self.tool.goes_on(self.caller.as_ref().map(Caller::socket), time::now());
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
