//! What the daemon has a supervisor run.
//!
//! Descriptors ride in this order: the shim's socket, the run's exit record
//! (open for writing), the real binary (`O_PATH` will do), the block's memfd if
//! it is not inline, the working directory if it rides, then the caller's own
//! in [`Launch::numbers`]' order.

use crate::launch::Launch;
use crate::{Error, ID_LENGTH, MAX_PATH, MAX_WORDS, Reader, VERSION, Writer};

/// How the binary is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program<'a> {
    /// By the descriptor that rides along: an ELF file.
    Opened,
    /// By this path, a `#!` script: its interpreter would see `/dev/fd/N` otherwise.
    Path(&'a [u8]),
}

/// How patiently the tool is asked to stop: SIGINT, a wait, SIGTERM, a wait, SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Milliseconds that it has after SIGINT.
    pub interrupted_ms: u32,
    /// Milliseconds that it has after SIGTERM.
    pub terminated_ms: u32,
}

impl Default for Patience {
    /// Ten seconds and five.
    fn default() -> Self {
        Self { interrupted_ms: 10_000, terminated_ms: 5_000 }
    }
}

/// A time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit<'a> {
    /// Milliseconds from the tool's start until it is asked to stop; never 0.
    pub after_ms: u64,
    /// What is written to the tool's own descriptor 2 when it has ended.
    pub words: &'a [u8],
}

/// A plan's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan<'a> {
    /// The run's id.
    pub id: [u8; ID_LENGTH],
    /// How to execute.
    pub program: Program<'a>,
    /// How it is asked to stop. (Not in version 1.)
    pub patience: Patience,
    /// When it is asked to stop. (Not in version 1.)
    pub limit: Option<Limit<'a>>,
    /// The process to be.
    pub launch: Launch<'a>,
}

impl<'a> Plan<'a> {
    /// Reads a whole body of this version.
    pub fn decode(body: &'a [u8]) -> Result<Self, Error> {
        Self::decode_version(VERSION, body)
    }

    /// Reads a whole body of this or the previous version.
    pub fn decode_version(version: u8, body: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(body);
        let id = reader.array()?;
        let program = match reader.u8()? {
            0 => Program::Opened,
            1 => {
                let length = reader.length(MAX_PATH)?;
                Program::Path(reader.take(length)?)
            }
            other => return Err(Error::Unknown(other)),
        };
        let (patience, limit) = if version < 2 { (Patience::default(), None) } else { stopping(&mut reader)? };
        let launch = Launch::decode(&mut reader)?;
        reader.finish()?;
        Ok(Self { id, program, patience, limit, launch })
    }

    /// Writes the body; gives its length.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Error> {
        let mut writer = Writer::new(out);
        writer.put(&self.id)?;
        match self.program {
            Program::Opened => writer.u8(0)?,
            Program::Path(path) => {
                writer.u8(1)?;
                writer.length(path.len(), MAX_PATH)?;
                writer.put(path)?;
            }
        }
        writer.u32(self.patience.interrupted_ms)?;
        writer.u32(self.patience.terminated_ms)?;
        let Limit { after_ms, words } = self.limit.unwrap_or(Limit { after_ms: 0, words: &[] });
        writer.u64(after_ms)?;
        writer.length(words.len(), MAX_WORDS)?;
        writer.put(words)?;
        self.launch.encode(&mut writer)?;
        Ok(writer.written())
    }
}

fn stopping<'a>(reader: &mut Reader<'a>) -> Result<(Patience, Option<Limit<'a>>), Error> {
    let patience = Patience { interrupted_ms: reader.u32()?, terminated_ms: reader.u32()? };
    let after_ms = reader.u64()?;
    let length = reader.length(MAX_WORDS)?;
    let words = reader.take(length)?;
    match after_ms {
        0 if length > 0 => Err(Error::Trailing),
        0 => Ok((patience, None)),
        _ => Ok((patience, Some(Limit { after_ms, words }))),
    }
}
