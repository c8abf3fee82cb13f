//! What the daemon has a supervisor run.
//!
//! Descriptors ride in this order: the shim's socket, the run's exit record
//! (open for writing), the real binary (`O_PATH` will do), the block's memfd if
//! it is not inline, the working directory if it rides, then the caller's own
//! in [`Launch::numbers`]' order.

use crate::launch::Launch;
use crate::{Error, ID_LENGTH, MAX_PATH, Reader, Writer};

/// How the binary is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program<'a> {
    /// By the descriptor that rides along: an ELF file.
    Opened,
    /// By this path, a `#!` script: its interpreter would see `/dev/fd/N` otherwise.
    Path(&'a [u8]),
}

/// A plan's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan<'a> {
    /// The run's id.
    pub id: [u8; ID_LENGTH],
    /// How to execute.
    pub program: Program<'a>,
    /// The process to be.
    pub launch: Launch<'a>,
}

impl<'a> Plan<'a> {
    /// Reads a whole body.
    pub fn decode(body: &'a [u8]) -> Result<Self, Error> {
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
        let launch = Launch::decode(&mut reader)?;
        reader.finish()?;
        Ok(Self { id, program, launch })
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
        self.launch.encode(&mut writer)?;
        Ok(writer.written())
    }
}
