//! What an approval is bound to: change any of it, and it is another question.
//!
//! Arguments, environment (but for [`VOLATILE`]), working directory, target, the
//! binary's digest, the policy and the agent.

use sha2::{Digest, Sha256};

use crate::decide::Judged;
use crate::questions::Binding;

/// Variables that change by themselves from one call to the next of one shell.
pub(crate) const VOLATILE: [&[u8]; 8] =
    [b"_", b"SHLVL", b"OLDPWD", b"LINENO", b"RANDOM", b"SECONDS", b"EPOCHSECONDS", b"COLUMNS"];

/// The digest over everything that the answer is for.
pub(crate) fn of(judged: &Judged) -> Binding {
    let request = &judged.call.request;
    let mut digest = Sha256::new();
    let mut put = |label: &str, bytes: &[u8]| {
        digest.update(label.as_bytes());
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    put("tool", &request.tool);
    for argument in request.strings.arguments() {
        put("argument", argument);
    }
    for variable in request.strings.variables() {
        let name = variable.split(|byte| *byte == b'=').next().unwrap_or_default();
        if !VOLATILE.contains(&name) && !name.starts_with(b"TOLLGATE_") {
            put("variable", variable);
        }
    }
    put("folder", &request.folder.text);
    put("operation", format!("{:?}", judged.judgeable.operation).as_bytes());
    let entry = &judged.call.entry;
    put("binary", entry.binary_sha256.as_deref().unwrap_or("unread").as_bytes());
    put("policy", entry.policy_hash.as_deref().unwrap_or_default().as_bytes());
    put("pending policy", entry.policy_pending.as_deref().unwrap_or_default().as_bytes());
    for name in &judged.call.agent.names {
        put("agent", name.agent.as_bytes());
        put("claim", &[name.claim.unwrap_or(u8::MAX)]);
    }
    put("session", judged.call.agent.session.as_deref().unwrap_or_default().as_bytes());
    digest.finalize().into()
}
