//! Whatever bytes come, a decoder gives a value or an error; and what was
//! encoded reads back as it was.

use proptest::array::{uniform8, uniform16, uniform26};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tollgate_wire::frame::{HEADER, Header, Kind};
use tollgate_wire::launch::{Block, Launch, Numbers, ProcessState, strings};
use tollgate_wire::message::{End, Finish, Signal, Why, number};
use tollgate_wire::plan::{Limit, Patience, Plan, Program};
use tollgate_wire::request::{Door, Request};
use tollgate_wire::{Error, MAX_BLOCK, MAX_BODY, MAX_DESCRIPTORS_A_FRAME, Reader, VERSION, Writer, record};

const KINDS: [Kind; 17] = [
    Kind::Request,
    Kind::Descriptors,
    Kind::Say,
    Kind::Wait,
    Kind::Started,
    Kind::Ended,
    Kind::Signal,
    Kind::Stopped,
    Kind::Plan,
    Kind::Spawned,
    Kind::NotSpawned,
    Kind::Finished,
    Kind::Json,
    Kind::Release,
    Kind::Birth,
    Kind::NotBorn,
    Kind::Ready,
];

prop_compose! {
    fn states()(
        [umask, io_priority, scheduler, scheduler_priority, no_new_privs, has_terminal, group, session]
            in uniform8(any::<u32>()),
        (nice, oom_score_adj) in any::<(i32, i32)>(),
        (ignored, blocked) in any::<(u64, u64)>(),
        affinity in uniform16(any::<u64>()),
        limits in uniform16(any::<(u64, u64)>()),
    ) -> ProcessState {
        ProcessState {
            umask,
            nice,
            io_priority,
            scheduler,
            scheduler_priority,
            oom_score_adj,
            no_new_privs,
            has_terminal,
            group,
            session,
            ignored,
            blocked,
            affinity,
            limits,
        }
    }
}

/// What a launch borrows from.
#[derive(Debug, Clone)]
struct Parts {
    state: ProcessState,
    strings: (Vec<Vec<u8>>, Vec<Vec<u8>>),
    in_memory: Option<usize>,
    folder: Vec<u8>,
    folder_rides: bool,
    numbers: Vec<u8>,
    block: Vec<u8>,
}

impl Parts {
    fn launch(&self) -> Launch<'_> {
        Launch {
            state: self.state,
            arguments: self.strings.0.len(),
            variables: self.strings.1.len(),
            block: self.in_memory.map_or(Block::Inline(&self.block), Block::Memory),
            folder: &self.folder,
            folder_rides: self.folder_rides,
            numbers: Numbers::from_bytes(&self.numbers),
        }
    }
}

fn any_strings() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(1u8.., 0..12), 0..8)
}

fn numbers() -> impl Strategy<Value = Vec<u8>> {
    vec(0..i32::MAX, 0..40).prop_map(|numbers| numbers.into_iter().flat_map(i32::to_le_bytes).collect())
}

prop_compose! {
    fn parts()(
        state in states(),
        strings in (any_strings(), any_strings()),
        in_memory in option::of(0..=MAX_BLOCK),
        folder in vec(any::<u8>(), 0..60),
        folder_rides in any::<bool>(),
        numbers in numbers(),
    ) -> Parts {
        let block = strings.0.iter().chain(&strings.1).flat_map(|string| [string.as_slice(), &[0]].concat()).collect();
        Parts { state, strings, in_memory, folder, folder_rides, numbers, block }
    }
}

/// Every decoder on the same bytes; the test is that none panics.
fn decode_everything(bytes: &[u8]) {
    let _ = Request::decode(bytes);
    let _ = Plan::decode(bytes);
    let _ = End::decode(bytes);
    let _ = Signal::decode(bytes);
    let _ = number(bytes);
    let _ = record::decode(bytes);
    if let Some(header) = bytes.first_chunk::<HEADER>() {
        let _ = Header::decode(header);
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_to_a_value_or_an_error(bytes in vec(any::<u8>(), 0..2000)) {
        decode_everything(&bytes);
    }

    #[test]
    fn a_damaged_body_decodes_to_a_value_or_an_error(
        parts in parts(), at in any::<prop::sample::Index>(), byte in any::<u8>(), end in any::<prop::sample::Index>(),
    ) {
        let mut body = vec![0; MAX_BODY];
        let request = Request { door: Door::Shim, resumes: None, tool: b"helm", launch: parts.launch() };
        let length = request.encode(&mut body)?;
        body.truncate(length);
        body[at.index(length)] = byte;
        decode_everything(&body);
        body.truncate(end.index(length));
        decode_everything(&body);
    }

    #[test]
    fn a_header_reads_back(
        kind in prop::sample::select(&KINDS), body in 0..=MAX_BODY, descriptors in 0..=MAX_DESCRIPTORS_A_FRAME,
    ) {
        let header = Header { kind, body, descriptors };
        prop_assert_eq!(Header::decode(&header.encode()?), Ok(header));
    }

    #[test]
    fn a_header_that_decodes_is_the_one_that_encodes(bytes in prop::array::uniform12(any::<u8>()), kind in 0u8..26) {
        let mut bytes = bytes;
        bytes[..4].copy_from_slice(&[b'T', b'G', VERSION, kind]);
        bytes[6..8].fill(0);
        if let Ok(header) = Header::decode(&bytes) {
            bytes[2] = header.kind.form();
            prop_assert_eq!(header.encode()?, bytes);
        }
    }

    #[test]
    fn a_request_reads_back(
        exec in any::<bool>(), resumes in option::of(uniform26(any::<u8>())), tool in vec(any::<u8>(), 0..=255),
        parts in parts(),
    ) {
        let door = if exec { Door::Exec } else { Door::Shim };
        let request = Request { door, resumes, tool: &tool, launch: parts.launch() };
        let mut body = vec![0; MAX_BODY];
        let length = request.encode(&mut body)?;
        prop_assert_eq!(Request::decode(&body[..length]), Ok(request));
        prop_assert_eq!(Request::decode(&body[..length + 1]), Err(Error::Trailing));
        prop_assert!(Request::decode(&body[..length - 1]).is_err());
        prop_assert_eq!(request.encode(&mut body[..length - 1]), Err(Error::Full));
    }

    #[test]
    fn a_plan_reads_back(
        id in uniform26(any::<u8>()), path in option::of(vec(any::<u8>(), 0..200)), parts in parts(),
        waits in any::<(u32, u32)>(), limit in option::of((1..=u64::MAX, vec(any::<u8>(), 0..200))),
    ) {
        let patience = Patience { interrupted_ms: waits.0, terminated_ms: waits.1 };
        let limit = limit.as_ref().map(|(after_ms, words)| Limit { after_ms: *after_ms, words });
        let program = path.as_deref().map_or(Program::Opened, Program::Path);
        let plan = Plan { id, program, patience, limit, launch: parts.launch() };
        let mut body = vec![0; MAX_BODY];
        let length = plan.encode(&mut body)?;
        prop_assert_eq!(Plan::decode(&body[..length]), Ok(plan));
        prop_assert_eq!(Plan::decode(&body[..length + 1]), Err(Error::Trailing));
    }

    #[test]
    fn the_strings_of_a_block_read_back(parts in parts()) {
        let (arguments, variables) = (&parts.strings.0, &parts.strings.1);
        let (first, second) = strings(&parts.block, arguments.len(), variables.len())?;
        prop_assert_eq!(first.collect::<Vec<_>>(), arguments.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert_eq!(second.collect::<Vec<_>>(), variables.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert!(strings(&parts.block, arguments.len() + 1, variables.len()).is_err());
    }

    #[test]
    fn any_block_is_as_many_strings_as_announced_or_an_error(
        block in vec(prop_oneof![Just(0u8), any::<u8>()], 0..60), arguments in 0usize..20, variables in 0usize..20,
    ) {
        if let Ok((first, second)) = strings(&block, arguments, variables) {
            prop_assert_eq!(first.clone().count(), arguments);
            prop_assert_eq!(second.clone().count(), variables);
            let bytes: usize = first.chain(second).map(|string| string.len() + 1).sum();
            prop_assert_eq!(bytes, block.len());
        }
    }

    #[test]
    fn small_bodies_read_back(code in any::<u8>(), number_ in any::<i32>(), si_code in any::<i32>(), sender in any::<u32>()) {
        for end in [End::Exited(code), End::Killed(code)] {
            prop_assert_eq!(End::decode(&end.encode()), Ok(end));
            for why in [Why::Itself, Why::TimeLimit] {
                let finish = Finish { end, why };
                prop_assert_eq!(Finish::decode(&finish.encode()), Ok(finish));
                let mut line = [0; record::MAX];
                let length = record::encode(finish, &mut line)?;
                prop_assert_eq!(record::decode(&line[..length]), Some(finish));
                for torn in 0..length {
                    prop_assert_eq!(record::decode(&line[..torn]), None);
                }
            }
        }
        let signal = Signal { number: number_, code: si_code, sender };
        prop_assert_eq!(Signal::decode(&signal.encode()?), Ok(signal));
        prop_assert_eq!(number(&number_.to_le_bytes()), Ok(number_));
    }

    #[test]
    fn a_record_that_decodes_is_the_one_that_encodes(word in "(timed-out )?(exited|killed) [+0-9]{0,4}\n?") {
        let bytes = [b"tollgate-run 1 ", word.as_bytes()].concat();
        if let Some(end) = record::decode(&bytes) {
            let mut line = [0; record::MAX];
            let length = record::encode(end, &mut line)?;
            prop_assert_eq!(&line[..length], bytes.as_slice());
        }
    }

    #[test]
    fn what_is_written_is_read_in_turn(bytes in vec(any::<u8>(), 0..40), room in 0usize..80) {
        let mut place = vec![0; room];
        let mut writer = Writer::new(&mut place);
        let written = writer.length(bytes.len(), MAX_BODY).and_then(|()| writer.put(&bytes)).is_ok();
        prop_assert_eq!(written, room >= 4 + bytes.len());
        if written {
            let mut reader = Reader::new(&place);
            prop_assert_eq!(reader.length(MAX_BODY), Ok(bytes.len()));
            prop_assert_eq!(reader.take(bytes.len()), Ok(bytes.as_slice()));
            prop_assert_eq!(reader.rest().len(), room - 4 - bytes.len());
        }
    }
}
