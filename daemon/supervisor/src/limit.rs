//! The time limit of a run: when it is over, and what is said then.
//!
//! It is kept here and not in the daemon, which may be gone by then. The words go
//! to the tool's own descriptor 2: borrowed when its time is over, for until then
//! nobody but the tool holds what is the caller's. Not here: how the tool is asked
//! to stop (`ladder`).

use core::time::Duration;

use tollgate_bare::{Descriptor, Errno, Mapping, files, poll, process, time};
use tollgate_wire::message::{End, Why};
use tollgate_wire::{exit, plan};

/// Where the errors of a tool go.
const ERRORS: i32 = 2;

/// Where a run stands with its time.
#[derive(Debug)]
pub(crate) enum Limit {
    /// It has all the time.
    Never,
    /// Its time is over then.
    At(Duration, Mapping),
    /// It was over; where the tool's errors went, if it had them open.
    Over(Mapping, Option<Descriptor>),
}

impl Limit {
    /// Of a tool that is about to start.
    pub(crate) fn of(limit: Option<plan::Limit<'_>>) -> Result<Self, Errno> {
        let Some(plan::Limit { after_ms, words }) = limit else { return Ok(Self::Never) };
        let mut kept = Mapping::zeroed(words.len())?;
        kept.iter_mut().zip(words).for_each(|(place, byte)| *place = *byte);
        Ok(Self::At(time::now().saturating_add(Duration::from_millis(after_ms)), kept))
    }

    /// Whether the time has just come to its end, once.
    pub(crate) fn ends(&mut self, now: Duration, tool: &Descriptor) -> bool {
        match core::mem::replace(self, Self::Never) {
            Self::At(end, words) if end <= now => {
                *self = Self::Over(words, process::descriptor_of(tool, ERRORS).ok());
                true
            }
            other => {
                *self = other;
                false
            }
        }
    }

    /// How long until it ends.
    pub(crate) fn patience(&self, now: Duration) -> Option<Duration> {
        match self {
            Self::At(end, _) => Some(end.saturating_sub(now)),
            Self::Never | Self::Over(..) => None,
        }
    }

    /// Why the tool has ended.
    pub(crate) fn why(&self) -> Why {
        if matches!(self, Self::Over(..)) { Why::TimeLimit } else { Why::Itself }
    }

    /// How the shim ends where the tool ended so.
    pub(crate) fn end(&self, end: End) -> End {
        if matches!(self, Self::Over(..)) { End::Exited(exit::TIMED_OUT) } else { end }
    }

    /// Says that the time was over. A reader that takes nothing is not waited for.
    pub(crate) fn tell(&mut self) {
        if let Self::Over(words, errors) = self
            && let Some(errors) = errors.take()
            && poll::is_writable(errors.number())
        {
            let _ = files::write(errors.number(), words);
        }
    }
}
