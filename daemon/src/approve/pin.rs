//! The run carries the targets that its verdict depended on.
//!
//! What was concluded from files could be another by the time the tool reads them:
//! another context current, another workspace selected. So the tool is told by an
//! argument or a variable, and the record has both: the command as it was judged,
//! and as it runs.
//! Deliberately not here: which targets those are, and how a tool is told.

use tollgate_audit::{Bytes, Command, Entry};
use tollgate_policies::classify::{By, Pinned, applied};
use tollgate_policies::scrub;

use crate::decide::Judged;
use crate::gate::Gate;

/// Changes what will run; what was judged stays in the entry.
pub(super) fn write_out(gate: &Gate, judged: &mut Judged) {
    let call = &judged.call;
    let policies = call.policies.policies().chain(&call.agent.policies);
    let pins = judged.judgeable.to_pin(&judged.judgement, policies);
    if pins.is_empty() {
        return;
    }
    let strings = &call.request.strings;
    let (argv, env) = applied(&pins, &strings.arguments(), &strings.variables());
    let strings = strings.instead(&argv, &env);
    let scrubbed = scrub::argv(gate.grammars, &call.request.tool, &strings.arguments());
    let pinned = Command {
        argv: scrubbed.into_iter().map(Bytes::from).collect(),
        cwd: call.entry.command.as_ref().and_then(|command| command.cwd.clone()),
        env: pins.iter().filter_map(|pin| variable(pin)).collect(),
    };
    judged.call.entry = Entry { pinned: Some(pinned), ..std::mem::take(&mut judged.call.entry) };
    judged.call.request.strings = strings;
}

fn variable(pin: &Pinned) -> Option<Bytes> {
    match &pin.by {
        By::Variable(entry) => Some(entry.clone().into()),
        By::Argument(_) => None,
    }
}
