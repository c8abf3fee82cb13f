//! What an approval is bound to: change any of it, and it is another question.
//!
//! Arguments, environment (but for [`VOLATILE`]), working directory, target, the files
//! that it was judged by, the binary, the policy and the agent. The digest is keyed:
//! an environment holds secrets, and a plain one could be guessed at.

use std::os::fd::AsFd;

use tollgate_policies::Operation;

use crate::decide::Judged;
use crate::gate::Gate;

/// Variables that change by themselves from one call to the next of one shell
/// (`bash(1)`, `zshparam(1)`), or with its window. Published in docs/approvals.md.
pub(crate) const VOLATILE: [&[u8]; 12] = [
    b"_",
    b"SHLVL",
    b"OLDPWD",
    b"LINENO",
    b"RANDOM",
    b"SRANDOM",
    b"SECONDS",
    b"EPOCHSECONDS",
    b"EPOCHREALTIME",
    b"BASHPID",
    b"COLUMNS",
    b"LINES",
];

/// The digest over everything that the answer is for.
pub(crate) fn of(gate: &Gate, judged: &Judged) -> String {
    let request = &judged.call.request;
    let mut bound = Bound::default();
    bound.put("tool", &request.tool);
    for argument in request.strings.arguments() {
        bound.put("argument", argument);
    }
    for variable in request.strings.variables() {
        let name = variable.split(|byte| *byte == b'=').next().unwrap_or_default();
        if !VOLATILE.contains(&name) && !name.starts_with(b"TOLLGATE_") {
            bound.put("variable", variable);
        }
    }
    bound.put("folder", &request.folder.text);
    if let Some(found) = request.folder.opened.as_ref().and_then(|opened| nix::sys::stat::fstat(opened.as_fd()).ok()) {
        bound.put("folder's place", format!("{} {}", found.st_dev, found.st_ino).as_bytes());
    }
    // The arguments are bound above, as they came.
    let operation = Operation { arguments: None, ..judged.judgeable.operation.clone() };
    bound.put("operation", format!("{operation:?}").as_bytes());
    let entry = &judged.call.entry;
    for fact in &entry.facts {
        bound.put("file", fact.path.as_slice());
        bound.put("its digest", fact.sha256.as_bytes());
    }
    bound.put("program", judged.binary.path.as_os_str().as_encoded_bytes());
    bound.put("binary", entry.binary_sha256.as_deref().unwrap_or("unread").as_bytes());
    bound.put("policy", entry.policy_hash.as_deref().unwrap_or_default().as_bytes());
    bound.put("pending policy", entry.policy_pending.as_deref().unwrap_or_default().as_bytes());
    for name in &judged.call.agent.names {
        bound.put("agent", name.agent.as_bytes());
        bound.put("claim", &[name.claim.unwrap_or(u8::MAX)]);
    }
    bound.put("session", judged.call.agent.session.as_deref().unwrap_or_default().as_bytes());
    gate.keys.hashing.digest(bound.0.iter().map(Vec::as_slice))
}

/// Counted parts: no two lists of them are one text.
#[derive(Default)]
struct Bound(Vec<Vec<u8>>);

impl Bound {
    fn put(&mut self, label: &str, bytes: &[u8]) {
        let head = [label.as_bytes(), &(bytes.len() as u64).to_le_bytes()].concat();
        self.0.push([head.as_slice(), bytes].concat());
    }
}
