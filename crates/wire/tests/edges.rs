//! The edges of every limit, and layouts that other versions rely on.

use tollgate_wire::frame::{Header, Kind};
use tollgate_wire::launch::{Block, Launch, Numbers, ProcessState, strings};
use tollgate_wire::message::{End, Finish, Signal, Why, number};
use tollgate_wire::plan::{Limit, Patience, Plan, Program};
use tollgate_wire::request::{Door, MAX_INLINE, Request};
use tollgate_wire::{
    Error, MAX_BLOCK, MAX_BODY, MAX_DESCRIPTORS, MAX_DESCRIPTORS_A_FRAME, MAX_PATH, MAX_STRINGS, MAX_TOOL, MAX_WORDS,
    PREVIOUS, Reader, VERSION, Writer, record,
};

fn launch(block: Block<'_>) -> Launch<'_> {
    Launch {
        state: ProcessState::default(),
        arguments: 0,
        variables: 0,
        block,
        folder: b"",
        folder_rides: false,
        numbers: Numbers::from_bytes(&[]),
    }
}

fn request(launch: Launch<'_>) -> Request<'_> {
    Request { door: Door::Shim, resumes: None, tool: b"terraform", launch }
}

fn plan_of(launch: Launch<'_>) -> Plan<'_> {
    Plan { id: [b'0'; 26], program: Program::Opened, patience: Patience::default(), limit: None, launch }
}

fn encoded(request: &Request<'_>) -> Result<Vec<u8>, Error> {
    let mut body = vec![0; MAX_BODY];
    let length = request.encode(&mut body)?;
    body.truncate(length);
    Ok(body)
}

/// Where the launch begins in a request for `terraform` that continues nothing.
const LAUNCH: usize = 1 + 1 + 4 + 9;
/// Bytes of a process state.
const STATE: usize = 10 * 4 + 2 * 8 + 16 * 8 + 16 * 16;

#[test]
fn a_header_has_the_documented_layout() {
    let header = Header { kind: Kind::Plan, body: 0x0102, descriptors: 253 };
    assert_eq!(header.encode(), Ok([b'T', b'G', 2, 9, 2, 1, 0, 0, 253, 0, 0, 0]));
}

#[test]
fn a_header_above_a_limit_or_of_another_version_is_refused() {
    let good = Header { kind: Kind::Say, body: MAX_BODY, descriptors: MAX_DESCRIPTORS_A_FRAME }.encode().unwrap();
    let changed = |at: usize, bytes: &[u8]| {
        let mut header = good;
        header[at..at + bytes.len()].copy_from_slice(bytes);
        Header::decode(&header)
    };
    assert!(Header::decode(&good).is_ok());
    assert_eq!(changed(0, b"tg"), Err(Error::Magic));
    assert_eq!(changed(2, &[0]), Err(Error::Version(0)));
    assert_eq!(changed(2, &[VERSION + 1]), Err(Error::Version(VERSION + 1)));
    assert_eq!(changed(3, &[0]), Err(Error::Unknown(0)));
    assert_eq!(changed(3, &[99]), Err(Error::Unknown(99)));
    assert_eq!(changed(4, &(MAX_BODY as u32 + 1).to_le_bytes()), Err(Error::Limit));
    assert_eq!(changed(4, &u32::MAX.to_le_bytes()), Err(Error::Limit));
    assert_eq!(changed(8, &254u16.to_le_bytes()), Err(Error::Limit));
    assert_eq!(changed(10, &[1]), Err(Error::Trailing));
    assert_eq!(Header { kind: Kind::Say, body: MAX_BODY + 1, descriptors: 0 }.encode(), Err(Error::Limit));
    assert_eq!(Header { kind: Kind::Say, body: 0, descriptors: 254 }.encode(), Err(Error::Limit));
}

#[test]
fn what_the_previous_version_says_is_understood() {
    let mut header = Header { kind: Kind::Plan, body: 0, descriptors: 3 }.encode().unwrap();
    header[2] = PREVIOUS;
    let (read, version) = Header::decode_with_version(&header).unwrap();
    assert_eq!((read.kind, version), (Kind::Plan, PREVIOUS));
    let plan = plan_of(launch(Block::Inline(b"")));
    let mut body = vec![0; MAX_BODY];
    let length = plan.encode(&mut body).unwrap();
    // It had neither patience nor a limit: twenty bytes between program and launch.
    let earlier = [&body[..27], &body[47..length]].concat();
    assert_eq!(Plan::decode_version(PREVIOUS, &earlier), Ok(plan));
    assert!(Plan::decode(&earlier).is_err());
    assert_eq!(Finish::decode(&[0, 7]), Ok(Finish { end: End::Exited(7), why: Why::Itself }));
}

#[test]
fn a_shim_s_frames_have_the_form_of_the_previous_version() {
    let of_shims = [Kind::Request, Kind::Descriptors, Kind::Say, Kind::Wait, Kind::Started, Kind::Ended];
    for kind in of_shims.into_iter().chain([Kind::Signal, Kind::Stopped, Kind::Json]) {
        assert!(kind.form() <= PREVIOUS, "a shim that waits would not understand {kind:?}");
    }
}

#[test]
fn no_arguments_and_no_environment_are_a_launch() {
    let body = encoded(&request(launch(Block::Inline(b"")))).unwrap();
    let read = Request::decode(&body).unwrap();
    assert_eq!((read.launch.arguments, read.launch.variables), (0, 0));
    let (mut arguments, mut variables) = strings(b"", 0, 0).unwrap();
    assert_eq!((arguments.next(), variables.next()), (None, None));
}

#[test]
fn empty_strings_are_kept_wherever_they_stand() {
    let (arguments, variables) = strings(b"\0plan\0\0\0", 3, 1).unwrap();
    assert_eq!(arguments.collect::<Vec<_>>(), [&b""[..], b"plan", b""]);
    assert_eq!(variables.collect::<Vec<_>>(), [b""]);
}

#[test]
fn strings_are_bytes_and_need_not_be_text() {
    let (arguments, variables) = strings(b"\xff\xfe\0=\xc3\0", 1, 1).unwrap();
    assert_eq!(arguments.collect::<Vec<_>>(), [b"\xff\xfe"]);
    assert_eq!(variables.collect::<Vec<_>>(), [b"=\xc3"]);
}

#[test]
fn a_block_with_another_number_of_strings_is_refused() {
    for (block, arguments, variables) in [
        (&b"a\0b\0"[..], 1, 0),
        (b"a\0b\0", 2, 1),
        (b"a\0b", 2, 0),
        (b"a\0b", 1, 0),
        (b"", 1, 0),
        (b"a", 0, 0),
        (b"\0", 0, 0),
    ] {
        assert_eq!(strings(block, arguments, variables).unwrap_err(), Error::Count, "{block:?}");
    }
    assert_eq!(strings(b"a\0", usize::MAX, 1).unwrap_err(), Error::Limit);
}

#[test]
fn as_many_descriptors_as_allowed_ride_and_one_more_does_not() {
    let bytes: Vec<u8> = (0..=MAX_DESCRIPTORS as i32).flat_map(i32::to_le_bytes).collect();
    let most = Launch { numbers: Numbers::from_bytes(&bytes[4..]), ..launch(Block::Inline(b"")) };
    let body = encoded(&request(most)).unwrap();
    let read = Request::decode(&body).unwrap().launch.numbers;
    assert_eq!((read.len(), read.iter().last()), (MAX_DESCRIPTORS, Some(1024)));
    let more = Launch { numbers: Numbers::from_bytes(&bytes), ..most };
    assert_eq!(encoded(&request(more)), Err(Error::Limit));
}

#[test]
fn a_negative_descriptor_number_is_refused() {
    let bytes = (-1i32).to_le_bytes();
    let launch = Launch { numbers: Numbers::from_bytes(&bytes), ..launch(Block::Inline(b"")) };
    let body = encoded(&request(launch)).unwrap();
    assert_eq!(Request::decode(&body), Err(Error::Limit));
}

#[test]
fn bytes_that_make_no_whole_number_are_no_number() {
    let numbers = Numbers::from_bytes(&[7, 0, 0, 0, 9]);
    assert_eq!((numbers.len(), numbers.iter().collect::<Vec<_>>()), (1, vec![7]));
    let launch = Launch { numbers, ..launch(Block::Inline(b"")) };
    assert!(Request::decode(&encoded(&request(launch)).unwrap()).is_ok());
}

#[test]
fn a_block_in_memory_is_told_by_its_length_alone() {
    for length in [0, 1, MAX_BLOCK] {
        let body = encoded(&request(launch(Block::Memory(length)))).unwrap();
        assert_eq!(Request::decode(&body).unwrap().launch.block, Block::Memory(length));
    }
    assert_eq!(encoded(&request(launch(Block::Memory(MAX_BLOCK + 1)))), Err(Error::Limit));
}

#[test]
fn a_length_above_its_limit_is_refused_before_anything_is_taken() {
    let body = encoded(&request(launch(Block::Memory(1)))).unwrap();
    let arguments = LAUNCH + STATE;
    let (variables, flags, block) = (arguments + 4, arguments + 8, arguments + 9);
    let (folder, numbers) = (block + 4, block + 8);
    let limits = [(arguments, MAX_STRINGS), (variables, MAX_STRINGS), (block, MAX_BLOCK), (folder, MAX_PATH)];
    for (at, limit) in limits.into_iter().chain([(numbers, MAX_DESCRIPTORS), (2, MAX_TOOL)]) {
        for above in [limit as u32 + 1, u32::MAX] {
            let mut body = body.clone();
            body[at..at + 4].copy_from_slice(&above.to_le_bytes());
            assert_eq!(Request::decode(&body), Err(Error::Limit), "at {at}");
        }
    }
    let mut unknown = body;
    unknown[flags] = 4;
    assert_eq!(Request::decode(&unknown), Err(Error::Unknown(4)));
}

#[test]
fn a_path_as_long_as_the_kernel_allows_travels_and_a_longer_one_does_not() {
    let path = vec![b'x'; MAX_PATH + 1];
    let plan = |path| Plan { program: Program::Path(path), ..plan_of(launch(Block::Inline(b""))) };
    let mut body = vec![0; MAX_BODY];
    let length = plan(&path[1..]).encode(&mut body).unwrap();
    assert_eq!(Plan::decode(&body[..length]), Ok(plan(&path[1..])));
    assert_eq!(plan(&path).encode(&mut body), Err(Error::Limit));
}

#[test]
fn a_launch_that_fits_a_request_fits_every_plan() {
    let block = vec![0; MAX_BODY];
    let inline = |length: usize| Launch { arguments: length, ..launch(Block::Inline(&block[..length])) };
    let mut body = vec![0; MAX_INLINE];
    let most = (0..MAX_BODY).rev().find(|length| request(inline(*length)).encode(&mut body).is_ok()).unwrap();
    let path = vec![b'x'; MAX_PATH];
    let plan = Plan {
        program: Program::Path(&path),
        limit: Some(Limit { after_ms: u64::MAX, words: &[b'w'; MAX_WORDS] }),
        ..plan_of(inline(most))
    };
    assert!(plan.encode(&mut vec![0; MAX_BODY]).is_ok());
}

#[test]
fn unknown_doors_programs_and_endings_are_refused() {
    let mut body = encoded(&request(launch(Block::Inline(b"")))).unwrap();
    body[0] = 3;
    assert_eq!(Request::decode(&body), Err(Error::Unknown(3)));
    body[..2].copy_from_slice(&[1, 2]);
    assert_eq!(Request::decode(&body), Err(Error::Unknown(2)));
    assert_eq!(End::decode(&[2, 0]), Err(Error::Unknown(2)));
    let mut body = vec![0; MAX_BODY];
    let plan = plan_of(launch(Block::Inline(b"")));
    let length = plan.encode(&mut body).unwrap();
    body[26] = 2;
    assert_eq!(Plan::decode(&body[..length]), Err(Error::Unknown(2)));
}

#[test]
fn small_bodies_are_exactly_as_long_as_they_are() {
    for body in [&[0][..], &[0, 0, 0]] {
        assert!(End::decode(body).is_err());
    }
    for body in [&[0; 11][..], &[0; 13]] {
        assert!(Signal::decode(body).is_err());
    }
    for body in [&[0; 3][..], &[0; 5]] {
        assert!(number(body).is_err());
    }
}

#[test]
fn an_exit_record_is_one_line_for_people() {
    for (end, why, line) in [
        (End::Exited(0), Why::Itself, "tollgate-run 1 exited 0\n"),
        (End::Exited(105), Why::Itself, "tollgate-run 1 exited 105\n"),
        (End::Killed(15), Why::Itself, "tollgate-run 1 killed 15\n"),
        (End::Exited(130), Why::TimeLimit, "tollgate-run 1 timed-out exited 130\n"),
    ] {
        let mut bytes = [0; record::MAX];
        let length = record::encode(Finish { end, why }, &mut bytes).unwrap();
        assert_eq!(std::str::from_utf8(&bytes[..length]), Ok(line));
    }
    for other in ["exited 256\n", "exited +7\n", "exited 07\n", "exited \n", "exited 7", "ended 7\n", "exited 7\n\n"] {
        assert_eq!(record::decode(format!("tollgate-run 1 {other}").as_bytes()), None, "{other}");
    }
    assert_eq!(record::decode(b"tollgate-run 2 exited 7\n"), None);
    assert_eq!(record::encode(Finish { end: End::Exited(0), why: Why::Itself }, &mut [0; 10]), Err(Error::Full));
}

#[test]
fn a_reader_never_gives_more_than_there_is() {
    let mut reader = Reader::new(&[1, 2, 3]);
    assert_eq!(reader.u16(), Ok(0x0201));
    assert_eq!(reader.u16(), Err(Error::Short));
    assert_eq!(reader.clone().finish(), Err(Error::Trailing));
    assert_eq!(reader.take(usize::MAX), Err(Error::Short));
    assert_eq!(reader.rest(), [3]);
    assert_eq!(reader.finish(), Ok(()));
    let mut place = [0; 3];
    let mut writer = Writer::new(&mut place);
    assert_eq!((writer.u32(1), writer.written(), writer.room()), (Err(Error::Full), 0, 3));
}
