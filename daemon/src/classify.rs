//! Call -> Operation: what would it do, to what, by which binary?
//!
//! The judgement itself is in `tollgate-policies`, the reading of files in
//! `tollgate-facts`; here they meet the call's own folder, environment and PATH.

mod input;

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::PathBuf;

use tollgate_audit::{Described, Entry, Fact};
use tollgate_facts::{Judgeable, Kept, ReadFile, Reader};
use tollgate_places::{Places, bash_env};
use tollgate_policies::classify::{Invocation, Start};
use tollgate_policies::show;

use crate::binary::{self, Binary, Missing};
use crate::gate::Gate;
use crate::identify::Call;
use crate::refuse::Refused;

/// A call of which it is known what it does. Made by [`classify`] alone.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The call.
    pub(crate) call: Call,
    /// What it does, and what this knowledge rests on.
    pub(crate) judgeable: Judgeable,
    /// The real program, if there is one.
    pub(crate) binary: Result<Binary, Missing>,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Finds out what the call would do.
pub(crate) async fn classify(gate: &Gate, mut call: Call) -> Result<Operation, Box<Refused>> {
    let look = |call: &Call, kept: &[Kept]| understand(gate, call, &call.request.strings.arguments(), kept);
    let mut judged = look(&call, &[]);
    if judged.wants_input {
        match input::read(&mut call.request).await {
            Ok(None) => {}
            Ok(Some(bytes)) => judged = look(&call, &[Kept { path: b"-".to_vec(), bytes }]),
            Err(refusal) => {
                call.entry = call.entry.describing(Described::of(&judged.operation));
                return Err(Refused::of(call, refusal));
            }
        }
    }
    let pinned = call.pins.first().map(|pin| pin.bin.as_str());
    let passed = gate.runs.above(call.agent.parent.as_deref(), &call.request);
    let binary = binary::resolve(&gate.binaries, &call.request, pinned, call.surroundings.root(), &passed);
    call.entry = Entry { facts: facts(&judged.read), ..call.entry.describing(Described::of(&judged.operation)) };
    Ok(Operation { call, judgeable: judged, binary, _made: Made })
}

/// What this argv would mean in the call's place: its own, or a milder one. Files
/// that were kept are taken as they were judged.
pub(crate) fn understand(gate: &Gate, call: &Call, argv: &[&[u8]], kept: &[Kept]) -> Judgeable {
    let request = &call.request;
    let env = request.strings.variables();
    let cwd = Some(request.folder.text.as_slice()).filter(|text| !text.is_empty());
    let home = gate.home.as_ref().map(|home| home.as_os_str().as_encoded_bytes());
    let own = call.agent.session.as_deref().map(|session| Own::of(&gate.places, session));
    let start = own.as_ref().map(Own::start);
    let invocation = Invocation { tool: &request.tool, argv, env: &env, cwd, home, start };
    let reader = Reader::new(request.folder.opened.as_ref().map(AsFd::as_fd)).through(&gate.readers);
    let reader = call.surroundings.root().map_or(reader, |root| reader.with_root(root));
    let reader = home.map_or(reader, |home| reader.with_home(home)).with_kept(kept);
    let judge = || tollgate_facts::classify(gate.grammars, &invocation, &reader);
    // Reading may take a while on a slow disk: other requests go on, on a thread
    // that costs more than all the rest where nothing is to be read.
    let reads = tollgate_facts::reads(gate.grammars, &invocation);
    let mut judgeable = if reads { tokio::task::block_in_place(judge) } else { judge() };
    judgeable.know_hosts(call.policies.policies(), &call.agent.policies);
    judgeable
}

/// What every bash of a session reads first. The file of one that chains the caller's own
/// is another, and counts as that.
struct Own {
    value: OsString,
    path: PathBuf,
    text: Vec<u8>,
}

impl Own {
    fn of(places: &Places, session: &str) -> Self {
        let path = places.session_bash_env(session);
        let text = bash_env::text(places.session_shims(session).as_os_str(), None);
        Self { value: bash_env::variable(path.as_os_str()), path, text }
    }

    fn start(&self) -> Start<'_> {
        let path = self.path.as_os_str().as_encoded_bytes();
        Start { value: self.value.as_encoded_bytes(), path, text: &self.text }
    }
}

fn digest(file: &ReadFile) -> String {
    file.sha256.map_or("absent".to_owned(), |digest| show::hex(&digest))
}

fn facts(read: &[ReadFile]) -> Vec<Fact> {
    read.iter().map(|file| Fact { path: file.path.clone().into(), sha256: digest(file) }).collect()
}
