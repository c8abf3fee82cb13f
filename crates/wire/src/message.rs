//! The small bodies: how a tool ended, a signal to pass on, a process id.
//!
//! `Say` is text and `Wait` an id as they stand; `Started`, `Descriptors`,
//! `Birth` and `Ready` have no body.

use crate::{Error, Reader, Writer};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By `exit`, with this code (0 to 255).
    Exited(u8),
    /// By this signal.
    Killed(u8),
}

impl End {
    /// Bytes of an encoded ending.
    pub const LENGTH: usize = 2;

    /// Reads a whole body.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(body);
        let end = match (reader.u8()?, reader.u8()?) {
            (0, code) => Self::Exited(code),
            (1, signal) => Self::Killed(signal),
            (other, _) => return Err(Error::Unknown(other)),
        };
        reader.finish()?;
        Ok(end)
    }

    /// The body.
    #[must_use]
    pub fn encode(self) -> [u8; Self::LENGTH] {
        match self {
            Self::Exited(code) => [0, code],
            Self::Killed(signal) => [1, signal],
        }
    }
}

/// Why a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// By itself, or by its caller.
    Itself,
    /// Its time was over: whatever it ended by, it was asked to.
    TimeLimit,
}

/// What is kept of a run: how the tool ended, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finish {
    /// How.
    pub end: End,
    /// Why.
    pub why: Why,
}

impl Finish {
    /// Bytes of an encoded finish.
    pub const LENGTH: usize = End::LENGTH + 1;

    /// Reads a whole body; in version 1 there was nothing after the end.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(body);
        let end = End::decode(reader.take(End::LENGTH)?)?;
        let why = match reader.rest() {
            [] | [0] => Why::Itself,
            [1] => Why::TimeLimit,
            [other] => return Err(Error::Unknown(*other)),
            _ => return Err(Error::Trailing),
        };
        Ok(Self { end, why })
    }

    /// The body.
    #[must_use]
    pub fn encode(self) -> [u8; Self::LENGTH] {
        let [how, number] = self.end.encode();
        [how, number, u8::from(self.why == Why::TimeLimit)]
    }
}

/// A signal that reached the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// Its number.
    pub number: i32,
    /// `si_code`: `SI_KERNEL` for one of the terminal's.
    pub code: i32,
    /// The sender's process id where the kernel gives one, else 0.
    pub sender: u32,
}

impl Signal {
    /// Bytes of an encoded signal.
    pub const LENGTH: usize = 12;

    /// Reads a whole body.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(body);
        let signal = Self { number: reader.i32()?, code: reader.i32()?, sender: reader.u32()? };
        reader.finish()?;
        Ok(signal)
    }

    /// The body.
    pub fn encode(self) -> Result<[u8; Self::LENGTH], Error> {
        let mut body = [0; Self::LENGTH];
        let mut writer = Writer::new(&mut body);
        writer.i32(self.number)?;
        writer.i32(self.code)?;
        writer.u32(self.sender)?;
        Ok(body)
    }
}

/// What is done for a tool, in this order, before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is executed.
    Execute,
    /// A process is made for it.
    Process,
    /// It gets its group.
    Group,
    /// It gets its priorities and processors.
    Schedule,
    /// It goes where its caller is.
    Folder,
    /// It gets its caller's descriptors.
    Descriptors,
    /// It is held to its caller's limits.
    Limits,
}

/// Why a tool did not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// At what.
    pub step: Step,
    /// The kernel's word.
    pub errno: i32,
}

impl Failure {
    const STEPS: [Step; 7] =
        [Step::Execute, Step::Process, Step::Group, Step::Schedule, Step::Folder, Step::Descriptors, Step::Limits];

    /// The errno, and above its 16 bits the step. (The first version told an errno
    /// alone, which reads as that of executing.)
    #[must_use]
    pub fn number(self) -> i32 {
        (self.step as i32) << 16 | self.errno & 0xffff
    }

    /// What a number says.
    pub fn of(number: i32) -> Result<Self, Error> {
        let [low, high, step, _] = number.to_le_bytes();
        let step = Self::STEPS.get(usize::from(step)).copied().ok_or(Error::Unknown(step))?;
        Ok(Self { step, errno: i32::from(u16::from_le_bytes([low, high])) })
    }
}

/// The bodies of `Spawned` (a process id), `NotSpawned` (a [`Failure`]), `NotBorn` (an errno) and
/// `Stopped` (a signal, or 0: the tool goes on).
pub fn number(body: &[u8]) -> Result<i32, Error> {
    let mut reader = Reader::new(body);
    let number = reader.i32()?;
    reader.finish()?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_number() {
        for step in Failure::STEPS {
            let failure = Failure { step, errno: 95 };
            assert_eq!(Failure::of(failure.number()), Ok(failure));
        }
        assert_eq!(Failure::of(2), Ok(Failure { step: Step::Execute, errno: 2 }), "as version 1 says it");
        assert_eq!(Failure::of(7 << 16), Err(Error::Unknown(7)));
    }
}
