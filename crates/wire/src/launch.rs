//! What it takes to start a process: the part that a request and a plan share.
//!
//! Arguments and environment are one **block**: counted strings, each ended by a
//! NUL, arguments first. Empty strings are kept. A block that does not fit the
//! frame travels as the first of the frame's descriptors, a sealed memfd.

use crate::{Error, MAX_BLOCK, MAX_DESCRIPTORS, MAX_PATH, MAX_STRINGS, Reader, Writer};

/// Words of 64 processors each in an affinity mask: 1,024 processors.
pub const AFFINITY_WORDS: usize = 16;
/// Resource limits on Linux: `RLIM_NLIMITS`.
pub const LIMITS: usize = 16;

/// What a process inherits beside descriptors and folder; as the kernel gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProcessState {
    /// `umask(2)`.
    pub umask: u32,
    /// `getpriority(2)`: -20 to 19.
    pub nice: i32,
    /// `ioprio_get(2)`: class and level in one number.
    pub io_priority: u32,
    /// `sched_getscheduler(2)`.
    pub scheduler: u32,
    /// `sched_getparam(2)`.
    pub scheduler_priority: u32,
    /// `/proc/self/oom_score_adj`: -1000 to 1000.
    pub oom_score_adj: i32,
    /// `PR_GET_NO_NEW_PRIVS`: 0 or 1.
    pub no_new_privs: u32,
    /// 1 where the caller has a controlling terminal.
    pub has_terminal: u32,
    /// The caller's process group.
    pub group: u32,
    /// The caller's session.
    pub session: u32,
    /// Bit N-1 is set where signal N is ignored.
    pub ignored: u64,
    /// Bit N-1 is set where signal N is blocked.
    pub blocked: u64,
    /// `sched_getaffinity(2)`.
    pub affinity: [u64; AFFINITY_WORDS],
    /// `getrlimit(2)`, soft and hard, by resource number.
    pub limits: [(u64, u64); LIMITS],
}

impl ProcessState {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut state = Self {
            umask: reader.u32()?,
            nice: reader.i32()?,
            io_priority: reader.u32()?,
            scheduler: reader.u32()?,
            scheduler_priority: reader.u32()?,
            oom_score_adj: reader.i32()?,
            no_new_privs: reader.u32()?,
            has_terminal: reader.u32()?,
            group: reader.u32()?,
            session: reader.u32()?,
            ignored: reader.u64()?,
            blocked: reader.u64()?,
            ..Self::default()
        };
        for word in &mut state.affinity {
            *word = reader.u64()?;
        }
        for limit in &mut state.limits {
            *limit = (reader.u64()?, reader.u64()?);
        }
        Ok(state)
    }

    fn encode(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.u32(self.umask)?;
        writer.i32(self.nice)?;
        writer.u32(self.io_priority)?;
        writer.u32(self.scheduler)?;
        writer.u32(self.scheduler_priority)?;
        writer.i32(self.oom_score_adj)?;
        writer.u32(self.no_new_privs)?;
        writer.u32(self.has_terminal)?;
        writer.u32(self.group)?;
        writer.u32(self.session)?;
        writer.u64(self.ignored)?;
        writer.u64(self.blocked)?;
        for word in self.affinity {
            writer.u64(word)?;
        }
        for (soft, hard) in self.limits {
            writer.u64(soft)?;
            writer.u64(hard)?;
        }
        Ok(())
    }
}

/// Where the block of strings is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block<'a> {
    /// In the frame.
    Inline(&'a [u8]),
    /// In a sealed memfd that rides on the frame, this many bytes.
    Memory(usize),
}

/// The numbers at which the caller has its descriptors, in the order they ride.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers<'a>(&'a [u8]);

impl<'a> Numbers<'a> {
    /// Numbers from their bytes as [`Writer::i32`] writes them; bytes that make
    /// no whole number at the end are left out.
    #[must_use]
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self(bytes.as_chunks::<4>().0.as_flattened())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each number in turn.
    pub fn iter(&self) -> impl Iterator<Item = i32> + use<'a> {
        self.0.as_chunks::<4>().0.iter().map(|bytes| i32::from_le_bytes(*bytes))
    }
}

/// A process to be: state, folder, strings, descriptor numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launch<'a> {
    /// What it inherits.
    pub state: ProcessState,
    /// How many of the block's strings are arguments.
    pub arguments: usize,
    /// How many are the environment's.
    pub variables: usize,
    /// The strings.
    pub block: Block<'a>,
    /// The working directory as text, for people; empty where it has none.
    pub folder: &'a [u8],
    /// Whether the working directory rides along as a descriptor.
    pub folder_rides: bool,
    /// The descriptors' numbers.
    pub numbers: Numbers<'a>,
}

impl<'a> Launch<'a> {
    /// Reads a launch off `reader`.
    pub fn decode(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let state = ProcessState::decode(reader)?;
        let arguments = reader.length(MAX_STRINGS)?;
        let variables = reader.length(MAX_STRINGS)?;
        let flags = reader.u8()?;
        if flags & !(IN_MEMORY | FOLDER_RIDES) != 0 {
            return Err(Error::Unknown(flags));
        }
        let length = reader.length(MAX_BLOCK)?;
        let folder = reader.length(MAX_PATH)?;
        let folder = reader.take(folder)?;
        let numbers = reader.length(MAX_DESCRIPTORS)?;
        let numbers = Numbers(reader.take(numbers * 4)?);
        if numbers.iter().any(|number| number < 0) {
            return Err(Error::Limit);
        }
        let block = if flags & IN_MEMORY == 0 { Block::Inline(reader.take(length)?) } else { Block::Memory(length) };
        let folder_rides = flags & FOLDER_RIDES != 0;
        Ok(Self { state, arguments, variables, block, folder, folder_rides, numbers })
    }

    /// Writes everything that [`Launch::decode`] reads.
    pub fn encode(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        self.state.encode(writer)?;
        writer.length(self.arguments, MAX_STRINGS)?;
        writer.length(self.variables, MAX_STRINGS)?;
        let (in_memory, length) = match self.block {
            Block::Inline(bytes) => (0, bytes.len()),
            Block::Memory(length) => (IN_MEMORY, length),
        };
        writer.u8(in_memory | if self.folder_rides { FOLDER_RIDES } else { 0 })?;
        writer.length(length, MAX_BLOCK)?;
        writer.length(self.folder.len(), MAX_PATH)?;
        writer.put(self.folder)?;
        writer.length(self.numbers.len(), MAX_DESCRIPTORS)?;
        writer.put(self.numbers.0)?;
        if let Block::Inline(bytes) = self.block {
            writer.put(bytes)?;
        }
        Ok(())
    }
}

const IN_MEMORY: u8 = 1;
const FOLDER_RIDES: u8 = 2;

/// The strings of a block, without their NULs.
#[derive(Debug, Clone)]
pub struct Strings<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let (string, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.split_first().map_or(&[], |(_, rest)| rest);
        Some(string)
    }
}

/// Splits a block into its arguments and its environment; the counts must be
/// exact and the last byte a NUL.
pub fn strings(block: &[u8], arguments: usize, variables: usize) -> Result<(Strings<'_>, Strings<'_>), Error> {
    let total = arguments.checked_add(variables).ok_or(Error::Limit)?;
    let found = block.iter().filter(|byte| **byte == 0).count();
    if found != total || block.last().is_some_and(|byte| *byte != 0) {
        return Err(Error::Count);
    }
    let mut variables_at = Strings { rest: block, left: arguments };
    for _ in 0..arguments {
        variables_at.next();
    }
    Ok((Strings { rest: block, left: arguments }, Strings { rest: variables_at.rest, left: variables }))
}
