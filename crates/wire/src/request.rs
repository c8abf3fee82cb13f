//! What a shim asks: run this command, as it stands, for me.
//!
//! Descriptors ride in this order: the block's memfd if it is not inline, the
//! working directory if it rides, then the caller's own in [`Launch::numbers`]' order.

use crate::launch::Launch;
use crate::{Error, ID_LENGTH, MAX_BODY, MAX_PATH, MAX_TOOL, MAX_WORDS, Reader, Writer};

/// Most bytes of a request's body with its block inline: what a plan says more
/// than a request must still fit, so that a launch travels on as it came.
pub const MAX_INLINE: usize = MAX_BODY - ID_LENGTH - 1 - 4 - MAX_PATH - 4 - 4 - 8 - 4 - MAX_WORDS;

/// How a command came to the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A shim of the tool's name on PATH.
    Shim,
    /// `tollgate exec -- COMMAND`.
    Exec,
}

/// A request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// How it came.
    pub door: Door,
    /// The question that this request continues, if it asks again.
    pub resumes: Option<[u8; ID_LENGTH]>,
    /// The tool's name: the last part of the path that was executed.
    pub tool: &'a [u8],
    /// The process that it would be.
    pub launch: Launch<'a>,
}

impl<'a> Request<'a> {
    /// Reads a whole body.
    pub fn decode(body: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(body);
        let door = match reader.u8()? {
            1 => Door::Shim,
            2 => Door::Exec,
            other => return Err(Error::Unknown(other)),
        };
        let resumes = match reader.u8()? {
            0 => None,
            1 => Some(reader.array()?),
            other => return Err(Error::Unknown(other)),
        };
        let tool = reader.length(MAX_TOOL)?;
        let tool = reader.take(tool)?;
        let launch = Launch::decode(&mut reader)?;
        reader.finish()?;
        Ok(Self { door, resumes, tool, launch })
    }

    /// Writes the body; gives its length.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, Error> {
        let mut writer = Writer::new(out);
        writer.u8(match self.door {
            Door::Shim => 1,
            Door::Exec => 2,
        })?;
        match self.resumes {
            None => writer.u8(0)?,
            Some(id) => {
                writer.u8(1)?;
                writer.put(&id)?;
            }
        }
        writer.length(self.tool.len(), MAX_TOOL)?;
        writer.put(self.tool)?;
        self.launch.encode(&mut writer)?;
        Ok(writer.written())
    }
}
