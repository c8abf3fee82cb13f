//! What the tool would have inherited from whoever called it.
//!
//! Collected before the shim opens anything that lasts, so that none of its own
//! descriptors is taken for the caller's.

use tollgate_bare::descriptor;
use tollgate_bare::files::{self, O_NONBLOCK};
use tollgate_bare::signals::Set;
use tollgate_bare::{Errno, Mapping, Start, limits, sabotage};
use tollgate_wire::launch::{Numbers, ProcessState};
use tollgate_wire::{MAX_DESCRIPTORS, MAX_PATH};

use crate::block::Block;
use crate::call::Call;
use crate::problem::Problem;
use crate::state;

/// Everything that a request tells of the caller.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) state: ProcessState,
    pub(crate) block: Block,
    pub(crate) folder: Folder,
    pub(crate) inherited: Inherited,
}

impl Caller {
    /// Collects it; `blocked` is what the caller had blocked.
    pub(crate) fn collect(start: &Start, call: &Call, blocked: Set) -> Result<Self, Problem> {
        let inherited = Inherited::list()?;
        let state = state::capture(blocked);
        make_room(&state, inherited.above());
        let block = Block::pack(start, call)?;
        Ok(Self { state, block, folder: Folder::current()?, inherited })
    }
}

/// Near the soft limit on descriptors the shim takes what the hard one allows;
/// the tool gets the limits as they were.
fn make_room(state: &ProcessState, above: i32) {
    let limit = state.limits.get(limits::RLIMIT_NOFILE as usize);
    if let Some((soft, hard)) = limit
        && *soft < u64::from(above.unsigned_abs()) + OWN
    {
        let _ = limits::set(limits::RLIMIT_NOFILE, (*hard, *hard));
    }
}

/// Numbers that the shim may want for itself at one time.
const OWN: u64 = 8;

/// The working directory: as a descriptor, which also works when it was
/// deleted, and as text for people.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Its number, open until everything is closed; none where even that is forbidden.
    pub(crate) number: Option<i32>,
    text: Mapping,
    length: usize,
}

impl Folder {
    fn current() -> Result<Self, Problem> {
        // A folder that may not be searched cannot be opened as `.`, but as the link to it.
        let opened = files::open_folder(c".").or_else(|_| files::open_folder(c"/proc/self/cwd")).ok();
        let mut text = Mapping::zeroed(MAX_PATH).map_err(Problem::Memory)?;
        let length = files::working_directory(&mut text).map_or(0, <[u8]>::len);
        Ok(Self { number: opened.map(tollgate_bare::Descriptor::forget), text, length })
    }

    /// The path; empty where it has none.
    pub(crate) fn text(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

/// The numbers of the caller's descriptors, lowest first.
#[derive(Debug)]
pub(crate) struct Inherited {
    bytes: [u8; MAX_DESCRIPTORS * 4],
    count: usize,
}

impl Inherited {
    fn list() -> Result<Self, Problem> {
        let mut found = Self { bytes: [0; MAX_DESCRIPTORS * 4], count: 0 };
        files::each_open(|number| found.add(number)).map_err(|_| Problem::Descriptors)?;
        Ok(found)
    }

    fn add(&mut self, number: i32) -> Result<(), Errno> {
        if sabotage!("nonblock") {
            let flags = descriptor::status_flags(number)?;
            descriptor::set_status_flags(number, flags | O_NONBLOCK)?;
        }
        if sabotage!("reopen-files") {
            reopen(number);
        }
        let (places, _) = self.bytes.as_chunks_mut::<4>();
        *places.get_mut(self.count).ok_or(Errno::EMFILE)? = number.to_le_bytes();
        self.count += 1;
        Ok(())
    }

    /// The numbers as they travel.
    pub(crate) fn numbers(&self) -> Numbers<'_> {
        Numbers::from_bytes(self.bytes.get(..self.count * 4).unwrap_or_default())
    }

    /// The lowest number above all of them.
    pub(crate) fn above(&self) -> i32 {
        self.numbers().iter().last().map_or(0, |number| number.saturating_add(1))
    }
}

/// The fault of a gate that opens the caller's files anew instead of passing them on.
fn reopen(number: i32) {
    let mut digits = tollgate_bare::Text::<16>::new();
    digits.number(number.unsigned_abs().into());
    let path = files::Path::of(&[b"/proc/self/fd/", digits.as_bytes()]);
    let flags = descriptor::status_flags(number).map(|flags| flags & files::O_ACCMODE);
    if let (Ok(path), Ok(flags)) = (path, flags)
        && let Ok(file) = files::open(path.as_c_str(), flags)
    {
        let _ = descriptor::place(file.number(), number);
    }
}
