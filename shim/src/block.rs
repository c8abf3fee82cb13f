//! Arguments and environment as one block: every string with its NUL, byte for
//! byte, in the caller's order, empty ones and doubles too.

use core::ffi::CStr;

use tollgate_bare::{Mapping, Start, sabotage};
use tollgate_wire::{Error, MAX_BLOCK, MAX_STRINGS, Writer};

use crate::call::Call;
use crate::problem::Problem;

/// The packed strings.
#[derive(Debug)]
pub(crate) struct Block {
    bytes: Mapping,
    length: usize,
    /// How many are arguments; they come first.
    pub(crate) arguments: usize,
    /// How many are the environment's.
    pub(crate) variables: usize,
}

impl Block {
    /// Packs the command's arguments and the whole environment.
    pub(crate) fn pack(start: &Start, call: &Call) -> Result<Self, Problem> {
        let arguments = || start.arguments().skip(call.skipped);
        let size: usize = arguments().chain(start.environment()).map(|string| string.count_bytes() + 1).sum();
        if size > MAX_BLOCK {
            return Err(Problem::TooLong);
        }
        let mut bytes = Mapping::zeroed(size + ROOM_FOR_FAULTS).map_err(Problem::Memory)?;
        let mut packer = Packer(Writer::new(&mut bytes));
        let arguments = packer.arguments(arguments(), call).map_err(|_| Problem::TooLong)?;
        let variables = packer.environment(start).map_err(|_| Problem::TooLong)?;
        let length = packer.0.written();
        if arguments.max(variables) > MAX_STRINGS {
            return Err(Problem::TooLong);
        }
        Ok(Self { bytes, length, arguments, variables })
    }

    /// The strings.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// A fault may put a longer `argv[0]` in.
const ROOM_FOR_FAULTS: usize = if cfg!(feature = "sabotage") { 256 } else { 0 };

struct Packer<'a>(Writer<'a>);

impl Packer<'_> {
    fn arguments(&mut self, mut given: impl Iterator<Item = &'static CStr>, call: &Call) -> Result<usize, Error> {
        let mut count = 0;
        if sabotage!("argv0") && given.next().is_some() {
            self.0.put(call.tool)?;
            self.0.u8(0)?;
            count += 1;
        }
        let mut given = given.peekable();
        while let Some(argument) = given.next() {
            let dropped = argument.is_empty()
                && (sabotage!("drop-empty-arguments") || (sabotage!("drop-empty-at-end") && given.peek().is_none()));
            if !dropped {
                self.argument(argument)?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn argument(&mut self, argument: &CStr) -> Result<(), Error> {
        if sabotage!("utf8-arguments") {
            let text = |byte: &u8| if byte.is_ascii() { *byte } else { b'?' };
            return argument.to_bytes_with_nul().iter().try_for_each(|byte| self.0.u8(text(byte)));
        }
        self.0.put(argument.to_bytes_with_nul())
    }

    fn environment(&mut self, start: &Start) -> Result<usize, Error> {
        if sabotage!("environment-sorted") {
            return self.sorted(start);
        }
        let mut count = 0;
        for (place, variable) in start.environment().enumerate() {
            let earlier = || start.environment().take(place).any(|other| name(other) == name(variable));
            if sabotage!("drop-environment-duplicates") && earlier() {
                continue;
            }
            self.0.put(variable.to_bytes_with_nul())?;
            count += 1;
        }
        Ok(count)
    }

    /// The fault of a gate that keeps the environment in a map.
    fn sorted(&mut self, start: &Start) -> Result<usize, Error> {
        let mut last: Option<&CStr> = None;
        let mut count = 0;
        while let Some(next) = start.environment().filter(|one| last.is_none_or(|last| *one > last)).min() {
            for _ in start.environment().filter(|one| *one == next) {
                self.0.put(next.to_bytes_with_nul())?;
                count += 1;
            }
            last = Some(next);
        }
        Ok(count)
    }
}

fn name(variable: &CStr) -> &[u8] {
    variable.to_bytes().split(|byte| *byte == b'=').next().unwrap_or_default()
}
