//! The supervisor's own place, made before there is anything to run.

use tollgate_bare::descriptor::{close_on_exec_from, close_range};
use tollgate_bare::files::{self, O_RDWR};
use tollgate_bare::signals::{self, Inbox, SIGCHLD, Set};
use tollgate_bare::{Descriptor, Errno, limits, memory, process, sabotage};

use crate::frames;
use crate::witness::Witness;

/// Where the daemon's socket moves, away from where the caller's descriptors go.
const CONTROL: i32 = 3;

/// What the supervisor has of its own.
#[derive(Debug)]
pub(crate) struct House {
    /// The daemon's socket.
    pub(crate) control: Descriptor,
    /// News of children.
    pub(crate) children: Inbox,
    pub(crate) killing: Killing,
    pub(crate) birthplace: Birthplace,
}

/// Whose child the supervisor is, which decides in whose session the tool is.
#[derive(Debug)]
pub(crate) enum Birthplace {
    /// The daemon's: supervisor and tool are in a session of their own.
    Daemon,
    /// The shim's: the tool is in the shim's session and process group, the
    /// supervisor leaves both as soon as the tool runs. (As a parent in the same
    /// session and another group it would keep the job from ever being orphaned.)
    Shim {
        /// Stands in the shim's group.
        witness: Witness,
        /// The shim.
        shim: Descriptor,
        /// What was sent to the group before the witness stood there.
        unwitnessed: Set,
    },
}

/// Where a supervisor is told that it is born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cradle {
    /// At the daemon.
    Daemon,
    /// At the shim.
    Shim,
}

impl House {
    /// Makes it.
    pub(crate) fn settle(cradle: Cradle) -> Result<Self, Errno> {
        signals::block_exactly(Set::ALL);
        signals::reset_all();
        let control = Descriptor::own(0).moved_to(CONTROL)?;
        close_range(CONTROL + 1, i32::MAX);
        fill_standard_numbers()?;
        close_on_exec_from(0);
        if cradle == Cradle::Daemon {
            leave_session();
        }
        process::outlive_parent()?;
        if !sabotage!("no-subreaper") {
            process::become_subreaper()?;
        }
        // Before nobody but root may open it.
        let killing = Killing::open();
        if cradle == Cradle::Daemon {
            process::become_undumpable()?;
        }
        // No folder of anybody's is kept busy.
        files::change_folder_by_path(c"/")?;
        // The caller may have more descriptors, and at higher numbers, than we are used to.
        let (_, hard) = limits::of(limits::RLIMIT_NOFILE)?;
        let _ = limits::set(limits::RLIMIT_NOFILE, (hard, hard));
        let birthplace = match cradle {
            Cradle::Daemon => Birthplace::Daemon,
            Cradle::Shim => {
                let (shim, unwitnessed) = (process::open(process::parent())?, signals::waiting());
                Birthplace::Shim { shim, unwitnessed, witness: Witness::post()? }
            }
        };
        if cradle == Cradle::Shim {
            frames::ready(&control);
        }
        Ok(Self { control, children: Inbox::of(Set::of(&[SIGCHLD]))?, killing, birthplace })
    }

    /// The plan has arrived. Born at the shim, the daemon has looked at us by now,
    /// for which it had to be allowed to; nobody is from here on.
    pub(crate) fn close(&self) -> Result<(), Errno> {
        process::become_undumpable()
    }

    /// What was sent to the shim's group in our time there, before there was a tool
    /// to get it; the shim's own is taken for the group's.
    pub(crate) fn early(&self) -> Set {
        match &self.birthplace {
            Birthplace::Daemon => Set::NONE,
            Birthplace::Shim { unwitnessed, .. } => signals::waiting().without(unwitnessed.and(SIGCHLD)),
        }
    }

    /// The tool runs: born at the shim, we have no more business in its session.
    pub(crate) fn move_out(&self) {
        if matches!(self.birthplace, Birthplace::Shim { .. }) {
            leave_session();
        }
    }
}

/// Refused for a leader of a process group alone: then there is a session already.
fn leave_session() {
    let _ = if sabotage!("stay-in-session") { process::new_group() } else { process::new_session() };
}

/// 0, 1 and 2 are taken, so that no descriptor of the caller's arrives there and
/// a line for the log ends in its file.
fn fill_standard_numbers() -> Result<(), Errno> {
    loop {
        // A caller's sandbox may be without.
        let null = files::open(c"/dev/null", O_RDWR).or_else(|_| memory::sealed_file(b""))?;
        if null.number() > 2 {
            return Ok(());
        }
        null.forget();
    }
}

/// How gladly the kernel kills this process when memory is short. Its children
/// inherit it, and in a child of ours the file would be root's.
#[derive(Debug)]
pub(crate) struct Killing(Option<(Descriptor, i32)>);

impl Killing {
    fn open() -> Self {
        let found = files::open(c"/proc/self/oom_score_adj", O_RDWR).ok().and_then(|file| {
            let value = read(&file)?;
            Some((file, value))
        });
        Self(found)
    }

    /// Does `action` while the value is `wanted`. That it cannot be lower is
    /// accepted, that it cannot be higher is an error.
    pub(crate) fn with<T>(&self, wanted: i32, action: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
        match &self.0 {
            Some((file, own)) if *own != wanted && !sabotage!("oom-score") => {
                let set = write(file, wanted);
                if wanted > *own {
                    set?;
                }
                let done = action();
                let _ = write(file, *own);
                done
            }
            _ => action(),
        }
    }
}

fn read(file: &Descriptor) -> Option<i32> {
    let mut text = [0; 16];
    let length = files::read(file.number(), &mut text).ok()?;
    core::str::from_utf8(text.get(..length)?).ok()?.trim_ascii_end().parse().ok()
}

fn write(file: &Descriptor, value: i32) -> Result<(), Errno> {
    let mut text = tollgate_bare::Text::<16>::new();
    text.put(if value < 0 { "-" } else { "" }).number(value.unsigned_abs().into());
    files::write_at(file.number(), text.as_bytes(), 0).map(drop)
}
