//! The top of the line: one command as a caller handed it over.
//!
//! Every door ends here. A request is frozen: nothing after this reads the
//! caller's memory, environment or folder again under another name. Reading the
//! frames of a shim is in [`mod@receive`]; what the command means is not known yet.

mod receive;
mod setting;

use std::os::fd::OwnedFd;

use tollgate_wire::launch::ProcessState;
use tollgate_wire::request::Door;
use ulid::Ulid;

pub(crate) use receive::receive;
pub(crate) use setting::Error as SettingError;

use crate::caller::Caller;

/// Which socket the request came through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listener {
    /// The one that installed shims ask.
    Gate,
    /// A session's own, by the session's id.
    Session(String),
}

/// One command, with everything that makes it what it is.
#[derive(Debug)]
pub(crate) struct Request {
    /// Names this request in the audit, in questions and to the caller.
    pub(crate) id: Ulid,
    /// Who waits for the answer.
    pub(crate) caller: Caller,
    /// Which socket it came through.
    pub(crate) listener: Listener,
    /// The question that it waited for when the connection broke.
    pub(crate) resumes: Option<Ulid>,
    /// How it came.
    pub(crate) door: Door,
    /// The tool's name as it was called.
    pub(crate) tool: Vec<u8>,
    /// Arguments and environment.
    pub(crate) strings: Strings,
    /// The working directory.
    pub(crate) folder: Folder,
    /// Where its output goes.
    pub(crate) streams: Streams,
    /// What else the process inherits.
    pub(crate) state: ProcessState,
}

/// The caller's working directory.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Its path as the kernel tells it; empty where there is none.
    pub(crate) text: Vec<u8>,
    /// Itself.
    pub(crate) opened: Option<OwnedFd>,
}

/// What the tool reads and writes.
#[derive(Debug)]
pub(crate) enum Streams {
    /// The caller's own descriptors, each at its number.
    Passed(Vec<(i32, OwnedFd)>),
}

/// Arguments and environment: counted strings in one block, each ended by a NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Strings {
    block: Vec<u8>,
    arguments: usize,
    variables: usize,
}

impl Strings {
    /// Takes a block whose counts are exact.
    pub(crate) fn of_block(block: Vec<u8>, arguments: usize, variables: usize) -> Result<Self, tollgate_wire::Error> {
        tollgate_wire::launch::strings(&block, arguments, variables)?;
        Ok(Self { block, arguments, variables })
    }

    fn split(&self) -> (Vec<&[u8]>, Vec<&[u8]>) {
        tollgate_wire::launch::strings(&self.block, self.arguments, self.variables)
            .map(|(arguments, variables)| (arguments.collect(), variables.collect()))
            .unwrap_or_default()
    }

    /// The arguments, the tool's own name first.
    pub(crate) fn arguments(&self) -> Vec<&[u8]> {
        self.split().0
    }

    /// The environment, `NAME=VALUE` each, as it came.
    pub(crate) fn variables(&self) -> Vec<&[u8]> {
        self.split().1
    }

    /// The first value of one variable.
    pub(crate) fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        self.split().1.into_iter().find_map(|variable| variable.strip_prefix(name)?.strip_prefix(b"="))
    }

    /// The block that the tool gets: without Tollgate's own variables.
    pub(crate) fn for_tool(&self) -> Self {
        let (arguments, variables) = self.split();
        let kept: Vec<_> = variables.into_iter().filter(|variable| !variable.starts_with(b"TOLLGATE_")).collect();
        Self::of_parts(&arguments, &kept)
    }

    /// The same environment with other arguments after the tool's own name.
    pub(crate) fn with_arguments(&self, arguments: &[Vec<u8>]) -> Self {
        let (before, variables) = self.split();
        let all: Vec<_> = before.into_iter().take(1).chain(arguments.iter().map(Vec::as_slice)).collect();
        Self::of_parts(&all, &variables)
    }

    /// These arguments and variables in place of the caller's.
    pub(crate) fn instead(&self, arguments: &[Vec<u8>], variables: &[Vec<u8>]) -> Self {
        let slices = [arguments, variables].map(|strings| strings.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let [arguments, variables] = &slices;
        Self::of_parts(arguments, variables)
    }

    fn of_parts(arguments: &[&[u8]], variables: &[&[u8]]) -> Self {
        let mut block = Vec::new();
        for string in arguments.iter().chain(variables) {
            block.extend_from_slice(string);
            block.push(0);
        }
        Self { block, arguments: arguments.len(), variables: variables.len() }
    }

    /// The block's bytes and its two counts.
    pub(crate) fn block(&self) -> (&[u8], usize, usize) {
        (&self.block, self.arguments, self.variables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_variables_do_not_reach_the_tool() {
        let strings = Strings::of_block(b"t\0\0A=1\0TOLLGATE_SESSION=x\0=\0A=2\0".to_vec(), 2, 4).unwrap();
        assert_eq!(strings.arguments(), [&b"t"[..], b""]);
        assert_eq!(strings.variable(b"A"), Some(&b"1"[..]));
        assert_eq!(strings.for_tool().variables(), [&b"A=1"[..], b"=", b"A=2"]);
        assert_eq!(strings.for_tool().block().0, b"t\0\0A=1\0=\0A=2\0");
    }

    #[test]
    fn a_wrong_count_is_an_error() {
        assert!(Strings::of_block(b"t\0u".to_vec(), 1, 1).is_err());
        assert!(Strings::of_block(b"t\0".to_vec(), 1, 1).is_err());
    }
}
