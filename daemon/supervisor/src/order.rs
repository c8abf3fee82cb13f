//! The one plan that a supervisor gets, and the descriptors that ride with it.
//!
//! The daemon has checked what the caller said; here only the form is checked
//! again, and a plan of another form starts nothing.

use tollgate_bare::descriptor::Descriptors;
use tollgate_bare::{Descriptor, Errno, Mapping, sockets};
use tollgate_wire::frame::{HEADER, Header, Kind};
use tollgate_wire::launch::Block;
use tollgate_wire::plan::Plan;
use tollgate_wire::{Error, MAX_DESCRIPTORS};

/// Shim's socket, record, binary, block, folder, then the caller's own.
const MOST: usize = MAX_DESCRIPTORS + 5;

/// Why there is nothing to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The system refused.
    System(Errno),
    /// The daemon's message is none.
    Garbled(Error),
    /// The descriptors are not as many as the plan needs.
    Descriptors,
}

impl Problem {
    /// What it was, for the log.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::System(errno) => errno.words().unwrap_or("the system refused a call"),
            // `tollgate doctor` finds the version of a supervisor by these words.
            Self::Garbled(_) => concat!("the plan is none of tollgate-supervisor ", env!("CARGO_PKG_VERSION"), "'s"),
            Self::Descriptors => "the plan's descriptors are not as many as it says",
        }
    }
}

impl From<Errno> for Problem {
    fn from(errno: Errno) -> Self {
        Self::System(errno)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Garbled(error)
    }
}

/// A plan as it came.
#[derive(Debug)]
pub(crate) struct Order {
    /// The version whose form it has.
    version: u8,
    body: Mapping,
    riding: Descriptors<MOST>,
}

/// The descriptors of a plan that are not the caller's.
#[derive(Debug)]
pub(crate) struct Riding {
    /// The shim.
    pub(crate) shim: Descriptor,
    /// The exit record.
    pub(crate) record: Descriptor,
    /// The real binary.
    pub(crate) binary: Descriptor,
    /// The block, where it is not in the plan.
    pub(crate) memory: Option<Descriptor>,
    /// The working directory.
    pub(crate) folder: Option<Descriptor>,
    /// The caller's, in the order of the plan's numbers.
    pub(crate) callers: Callers,
}

/// The caller's descriptors; closed when dropped.
#[derive(Debug)]
pub(crate) struct Callers {
    riding: Descriptors<MOST>,
    first: usize,
}

impl Callers {
    /// Where they are here.
    pub(crate) fn numbers(&self) -> &[i32] {
        self.riding.numbers().get(self.first..).unwrap_or_default()
    }
}

impl Order {
    /// Waits for it; `None` where the daemon hangs up instead.
    pub(crate) fn receive(control: &Descriptor) -> Result<Option<Self>, Problem> {
        let mut riding = Descriptors::new();
        let Some((header, version)) = receive_header(control, &mut riding)? else { return Ok(None) };
        if header.kind != Kind::Plan {
            return Err(Error::Unknown(header.kind as u8).into());
        }
        let mut body = Mapping::zeroed(header.body)?;
        if !fill(control, &mut body, &mut riding)? {
            return Err(Error::Short.into());
        }
        let wanted = wanted(&Plan::decode_version(version, &body)?);
        while riding.numbers().len() < wanted {
            match receive_header(control, &mut riding)? {
                Some((Header { kind: Kind::Descriptors, body: 0, descriptors: 1.. }, _)) => {}
                _ => return Err(Problem::Descriptors),
            }
        }
        if riding.numbers().len() == wanted {
            Ok(Some(Self { version, body, riding }))
        } else {
            Err(Problem::Descriptors)
        }
    }

    /// The plan's version, its bytes and its descriptors, each with its meaning.
    pub(crate) fn open(self) -> Result<(u8, Mapping, Riding), Problem> {
        let Self { version, body, mut riding } = self;
        let plan = Plan::decode_version(version, &body)?;
        let mut next = 0;
        let mut take = || {
            next += 1;
            riding.take(next - 1).ok_or(Problem::Descriptors)
        };
        let (shim, record, binary) = (take()?, take()?, take()?);
        let memory = matches!(plan.launch.block, Block::Memory(_)).then(&mut take).transpose()?;
        let folder = plan.launch.folder_rides.then(&mut take).transpose()?;
        let callers = Callers { riding, first: next };
        Ok((version, body, Riding { shim, record, binary, memory, folder, callers }))
    }
}

/// Waits until the daemon lets the plan run; false where it hangs up instead.
pub(crate) fn is_released(control: &Descriptor) -> Result<bool, Problem> {
    let Some((header, _)) = receive_header(control, &mut Descriptors::<MOST>::new())? else { return Ok(false) };
    match header {
        Header { kind: Kind::Release, body: 0, descriptors: 0 } => Ok(true),
        Header { kind, .. } => Err(Error::Unknown(kind as u8).into()),
    }
}

fn wanted(plan: &Plan<'_>) -> usize {
    let memory = usize::from(matches!(plan.launch.block, Block::Memory(_)));
    3 + memory + usize::from(plan.launch.folder_rides) + plan.launch.numbers.len()
}

/// A header and its version, with as many descriptors as it says.
fn receive_header(control: &Descriptor, riding: &mut Descriptors<MOST>) -> Result<Option<(Header, u8)>, Problem> {
    let before = riding.numbers().len();
    let mut header = [0; HEADER];
    if !fill(control, &mut header, riding)? {
        return Ok(None);
    }
    let (header, version) = Header::decode_with_version(&header)?;
    let whole = riding.numbers().len() - before == header.descriptors;
    if whole { Ok(Some((header, version))) } else { Err(Problem::Descriptors) }
}

/// Fills `into`; says whether the peer did not hang up before.
fn fill(control: &Descriptor, mut into: &mut [u8], riding: &mut Descriptors<MOST>) -> Result<bool, Errno> {
    while !into.is_empty() {
        match sockets::receive(control, into, riding) {
            Ok(0) => return Ok(false),
            Ok(length) => into = into.get_mut(length..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_wire::MAX_BODY;
    use tollgate_wire::launch::{Launch, Numbers, ProcessState};
    use tollgate_wire::plan::{Patience, Program};

    fn frame(kind: Kind, body: &[u8], descriptors: usize) -> Vec<u8> {
        let header = Header { kind, body: body.len(), descriptors }.encode().unwrap();
        [&header, body].concat()
    }

    fn plan(count: usize) -> Vec<u8> {
        let numbers: Vec<u8> = (0..count as i32).flat_map(i32::to_le_bytes).collect();
        let launch = Launch {
            state: ProcessState::default(),
            arguments: 1,
            variables: 0,
            block: Block::Inline(b"helm\0"),
            folder: b"/",
            folder_rides: true,
            numbers: Numbers::from_bytes(&numbers),
        };
        let mut body = vec![0; MAX_BODY];
        let length =
            Plan { id: [b'0'; 26], program: Program::Opened, patience: Patience::default(), limit: None, launch }
                .encode(&mut body)
                .unwrap();
        body.truncate(length);
        body
    }

    /// What is received after these frames, each with so many descriptors riding.
    fn after(frames: &[(&[u8], usize)]) -> Result<Option<Order>, Problem> {
        let [daemon, supervisor] = sockets::pair().unwrap();
        let null = tollgate_bare::files::open(c"/dev/null", 0).unwrap();
        for (bytes, riding) in frames {
            sockets::send(&daemon, bytes, &vec![null.number(); *riding]).unwrap();
        }
        drop(daemon);
        Order::receive(&supervisor)
    }

    #[test]
    fn a_daemon_that_hangs_up_orders_nothing() {
        assert!(after(&[]).unwrap().is_none());
    }

    #[test]
    fn a_plan_is_opened_with_each_descriptor_in_its_place() {
        let order = after(&[(&frame(Kind::Plan, &plan(3), 7), 7)]).unwrap().unwrap();
        let (_, _, riding) = order.open().unwrap();
        assert!(riding.memory.is_none() && riding.folder.is_some());
        assert_eq!(riding.callers.numbers().len(), 3);
        assert!(!riding.callers.numbers().contains(&riding.binary.number()));
    }

    #[test]
    fn more_descriptors_than_fit_one_frame_follow_in_others() {
        let (first, more) = (frame(Kind::Plan, &plan(300), 253), frame(Kind::Descriptors, b"", 51));
        let order = after(&[(&first, 253), (&more, 51)]).unwrap().unwrap();
        assert_eq!(order.open().unwrap().2.callers.numbers().len(), 300);
    }

    #[test]
    fn a_plan_of_another_form_is_refused() {
        let good = plan(3);
        let refused = |frames: &[(&[u8], usize)]| after(frames).unwrap_err();
        assert_eq!(refused(&[(&frame(Kind::Plan, &good, 6), 7)]), Problem::Descriptors);
        assert_eq!(refused(&[(&frame(Kind::Plan, &good, 8), 8)]), Problem::Descriptors);
        assert_eq!(refused(&[(&frame(Kind::Plan, &good, 6), 6)]), Problem::Descriptors);
        let few = frame(Kind::Plan, &good, 6);
        assert_eq!(refused(&[(&few, 6), (&frame(Kind::Descriptors, b"", 0), 0)]), Problem::Descriptors);
        assert_eq!(refused(&[(&frame(Kind::Request, &good, 7), 7)]), Problem::Garbled(Error::Unknown(1)));
        assert_eq!(refused(&[(&frame(Kind::Plan, &good[..40], 7), 7)]), Problem::Garbled(Error::Short));
        assert_eq!(refused(&[(b"GET / HTTP/1.1\r\n", 0)]), Problem::Garbled(Error::Magic));
    }
}
