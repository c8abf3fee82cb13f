//! Packs a plan and sends it, with every descriptor, to a supervisor.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use tollgate_wire::frame::Kind;
use tollgate_wire::launch::{Block, Launch, Numbers};
use tollgate_wire::plan::{Limit, Patience, Plan, Program};
use tollgate_wire::{ID_LENGTH, MAX_BODY, MAX_DESCRIPTORS_A_FRAME, MAX_WORDS};

use crate::approve::Permitted;
use crate::binary::Form;
use crate::channel::{Channel, Error};
use crate::refuse::timed_out;
use crate::request::{Streams, Strings};
use crate::sys::memory::sealed;

/// Room for everything in a body beside the block: state, folder, numbers, path.
const BESIDE_THE_BLOCK: usize = 16 * 1024;

/// What runs text that the kernel does not start (`execvp(3)`).
const SHELL: &[u8] = b"/bin/sh";

/// Sends the plan for what is permitted. `record` is the run's exit record.
pub(super) async fn send(
    control: &Channel,
    permitted: &Permitted,
    patience: Patience,
    record: File,
) -> Result<(), Error> {
    let (request, binary) = (&permitted.call.request, &permitted.binary);
    let path = binary.path.as_os_str().as_encoded_bytes();
    let (program, strings) = match binary.form {
        Form::Image => (Program::Opened, request.strings.for_tool()),
        Form::Script => (Program::Path(path), request.strings.for_tool()),
        Form::Text => (Program::Path(SHELL), to_shell(&request.strings.for_tool(), path)),
    };
    let (bytes, arguments, variables) = strings.block();
    let memory = (bytes.len() > MAX_BODY - BESIDE_THE_BLOCK).then(|| sealed(bytes)).transpose()?;
    let Streams::Passed(streams) = &request.streams;
    let numbers: Vec<u8> = streams.iter().flat_map(|(number, _)| number.to_le_bytes()).collect();
    let mut id = [0; ID_LENGTH];
    request.id.array_to_str(&mut id);
    let words = words(permitted);
    let plan = Plan {
        id,
        patience,
        limit: permitted
            .judgement
            .obligations
            .timeout
            .map(|limit| Limit { after_ms: milliseconds(limit), words: words.as_bytes() }),
        program,
        launch: Launch {
            state: request.state,
            arguments,
            variables,
            block: if memory.is_some() { Block::Memory(bytes.len()) } else { Block::Inline(bytes) },
            folder: &request.folder.text,
            folder_rides: request.folder.opened.is_some(),
            numbers: Numbers::from_bytes(&numbers),
        },
    };
    let mut body = vec![0; MAX_BODY];
    let length = plan.encode(&mut body)?;
    let shim = request.caller.hand_over()?;
    let riders: Vec<RawFd> = [shim.as_raw_fd(), record.as_raw_fd(), binary.opened.as_fd().as_raw_fd()]
        .into_iter()
        .chain(memory.as_ref().map(AsRawFd::as_raw_fd))
        .chain(request.folder.opened.as_ref().map(AsRawFd::as_raw_fd))
        .chain(streams.iter().map(|(_, descriptor)| descriptor.as_raw_fd()))
        .collect();
    let (first, more) = riders.split_at(riders.len().min(MAX_DESCRIPTORS_A_FRAME));
    control.send(Kind::Plan, body.get(..length).unwrap_or_default(), first).await?;
    for part in more.chunks(MAX_DESCRIPTORS_A_FRAME) {
        control.send(Kind::Descriptors, &[], part).await?;
    }
    Ok(())
}

/// What a shell is called with to run the text at `path` with the same arguments.
fn to_shell(strings: &Strings, path: &[u8]) -> Strings {
    // No option, wherever PATH found it.
    let script = if path.starts_with(b"/") { path.to_vec() } else { [b"./", path].concat() };
    let arguments = strings.arguments().into_iter().skip(1).map(<[u8]>::to_vec);
    strings.with_arguments(&std::iter::once(script).chain(arguments).collect::<Vec<_>>())
}

/// At least one: none would be no limit.
fn milliseconds(limit: Duration) -> u64 {
    u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// What is told where the time is over; nothing where that is longer than it may be.
fn words(permitted: &Permitted) -> String {
    let words = permitted.judgement.obligations.timeout.map(|limit| timed_out(&permitted.call.entry, limit));
    words.filter(|words| words.len() <= MAX_WORDS).unwrap_or_default()
}
