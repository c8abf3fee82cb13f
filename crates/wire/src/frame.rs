//! The frame: twelve bytes of header, then the body.
//!
//! ```text
//! offset  bytes  what
//!      0      2  "TG"
//!      2      1  version in which this kind got its form
//!      3      1  kind
//!      4      4  bytes of the body, at most MAX_BODY
//!      8      2  descriptors on this frame (SCM_RIGHTS on its first byte), at most 253
//!     10      2  0
//! ```
//! A frame is sent by one `sendmsg`, so its descriptors arrive with its first
//! byte. More than 253 follow in frames of kind [`Kind::Descriptors`].

use crate::{Error, MAX_BODY, MAX_DESCRIPTORS_A_FRAME, PREVIOUS, Reader, VERSION, Writer};

/// Bytes of a header.
pub const HEADER: usize = 12;
const MAGIC: [u8; 2] = *b"TG";

/// What a frame is, and who sends it to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// shim to daemon: a command, with its descriptors.
    Request = 1,
    /// Follows a request or a plan: more of its descriptors; no body.
    Descriptors = 2,
    /// daemon to shim: text for the caller's descriptor 2.
    Say = 3,
    /// daemon to shim: a question is open under this id; ask again with it.
    Wait = 4,
    /// supervisor to shim: the tool runs; let go of its descriptors.
    Started = 5,
    /// daemon or supervisor to shim: end like this.
    Ended = 6,
    /// shim to supervisor: pass this signal on.
    Signal = 7,
    /// supervisor to shim: the tool was stopped by this signal.
    Stopped = 8,
    /// daemon to supervisor: run this.
    Plan = 9,
    /// supervisor to daemon, and behind `Started` to the shim: the tool runs under this process id.
    Spawned = 10,
    /// supervisor to daemon: the tool could not be executed, `errno`.
    NotSpawned = 11,
    /// supervisor to daemon: how the tool ended.
    Finished = 12,
    /// The admin door, both ways: one JSON value.
    Json = 13,
    /// daemon to supervisor: the intent is durable, execute the plan; no body.
    Release = 14,
    /// daemon to shim: execute the supervisor that rides first, with the socket
    /// that rides second as its descriptor 0.
    Birth = 20,
    /// shim to daemon, on that socket: the supervisor could not be executed, `errno`.
    NotBorn = 21,
    /// supervisor to daemon: born at a shim, it waits for its plan.
    Ready = 22,
}

impl Kind {
    /// The version in which a frame of this kind got the form that it has now.
    #[must_use]
    pub fn form(self) -> u8 {
        match self {
            Self::Plan | Self::Release | Self::Finished | Self::Birth | Self::NotBorn | Self::Ready => 2,
            _ => 1,
        }
    }

    fn of(code: u8) -> Result<Self, Error> {
        Ok(match code {
            1 => Self::Request,
            2 => Self::Descriptors,
            3 => Self::Say,
            4 => Self::Wait,
            5 => Self::Started,
            6 => Self::Ended,
            7 => Self::Signal,
            8 => Self::Stopped,
            9 => Self::Plan,
            10 => Self::Spawned,
            11 => Self::NotSpawned,
            12 => Self::Finished,
            13 => Self::Json,
            14 => Self::Release,
            20 => Self::Birth,
            21 => Self::NotBorn,
            22 => Self::Ready,
            other => return Err(Error::Unknown(other)),
        })
    }
}

/// A frame's header, read and within its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the body is.
    pub kind: Kind,
    /// Bytes of the body that follows.
    pub body: usize,
    /// Descriptors that ride on the frame.
    pub descriptors: usize,
}

impl Header {
    /// Reads a header; anything not of a known version and within the limits is an error.
    pub fn decode(bytes: &[u8; HEADER]) -> Result<Self, Error> {
        Self::decode_with_version(bytes).map(|(header, _)| header)
    }

    /// As [`Header::decode`], with the version that the header says.
    pub fn decode_with_version(bytes: &[u8; HEADER]) -> Result<(Self, u8), Error> {
        let mut reader = Reader::new(bytes);
        if reader.array::<2>()? != MAGIC {
            return Err(Error::Magic);
        }
        let version = reader.u8()?;
        if !(PREVIOUS..=VERSION).contains(&version) {
            return Err(Error::Version(version));
        }
        let kind = Kind::of(reader.u8()?)?;
        let body = reader.length(MAX_BODY)?;
        let descriptors = usize::from(reader.u16()?);
        if descriptors > MAX_DESCRIPTORS_A_FRAME {
            return Err(Error::Limit);
        }
        if reader.u16()? != 0 {
            return Err(Error::Trailing);
        }
        Ok((Self { kind, body, descriptors }, version))
    }

    /// The header's twelve bytes.
    pub fn encode(&self) -> Result<[u8; HEADER], Error> {
        let mut bytes = [0; HEADER];
        let mut writer = Writer::new(&mut bytes);
        writer.put(&MAGIC)?;
        writer.u8(self.kind.form())?;
        writer.u8(self.kind as u8)?;
        writer.length(self.body, MAX_BODY)?;
        if self.descriptors > MAX_DESCRIPTORS_A_FRAME {
            return Err(Error::Limit);
        }
        writer.u16(u16::try_from(self.descriptors).map_err(|_| Error::Limit)?)?;
        writer.u16(0)?;
        Ok(bytes)
    }
}
