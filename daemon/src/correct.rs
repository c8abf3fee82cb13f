//! Judged -> Settled: what the rules that correct a command make of it.
//!
//! The line's one loop, and it is bounded: a corrected argv goes through classify
//! and decide once more, and one that would be corrected again is refused. Not
//! here: the changes themselves (`tollgate_policies::correct`).

use tollgate_audit::{Bytes, Corrected, Entry};
use tollgate_policies::correct::{CorrectError, correct as change};
use tollgate_policies::policy::Mode;
use tollgate_policies::{correct, scrub};

use crate::classify::classify;
use crate::decide::{Judged, decide};
use crate::gate::Gate;
use crate::identify::Call;
use crate::refuse::{Refusal, Refused};
use crate::words::{command, running};

/// A judged call whose argv is the one that may run. Made by [`correct()`] alone.
#[derive(Debug)]
pub(crate) struct Settled {
    /// What is judged.
    pub(crate) judged: Judged,
    _made: Made,
}

#[derive(Debug)]
struct Made;

/// Changes the argv as the rules ask, and has it judged once more.
pub(crate) async fn correct(gate: &Gate, judged: Judged) -> Result<Settled, Box<Refused>> {
    match changed(&judged) {
        Ok(None) => Ok(Settled { judged, _made: Made }),
        Ok(Some(corrected)) => once_more(gate, judged.call, corrected).await,
        Err(cause) => Err(uncorrectable(judged.call, &cause)),
    }
}

fn changed(judged: &Judged) -> Result<Option<correct::Corrected>, CorrectError> {
    change(judged.judgeable.operation.arguments.as_ref(), &judged.judgement.obligations.corrections)
}

async fn once_more(gate: &Gate, mut call: Call, made: correct::Corrected) -> Result<Settled, Box<Refused>> {
    call.request.strings = call.request.strings.with_arguments(&made.arguments);
    let argv = scrub::argv(gate.grammars, &call.request.tool, &call.request.strings.arguments());
    let argv = argv.into_iter().map(Bytes::from).collect();
    call.entry.corrected = Some(Corrected { argv, rules: made.rules.clone() });
    let called = call.entry.clone();
    let judged = decide(gate, classify(gate, call).await?)?;
    match changed(&judged) {
        Err(cause) => Err(uncorrectable(judged.call, &cause)),
        Ok(Some(again)) => {
            let why = format!("corrected once, it would be corrected again by {}", again.rules.join(", "));
            Err(refused(judged.call, again.rules.first(), Refusal::Uncorrectable(why)))
        }
        Ok(None) if made.mode == Mode::Suggest => {
            let rule = made.rules.first().cloned();
            let refusal = Refusal::Suggested(judged.judgement.verdict);
            let mut call = judged.call;
            call.entry = called;
            Err(refused(call, rule.as_ref(), refusal))
        }
        Ok(None) => {
            let text = told(&judged.call.entry, &made.rules);
            // A caller that left shows when something is asked of it.
            let _ = judged.call.request.caller.say(&text).await;
            Ok(Settled { judged, _made: Made })
        }
    }
}

/// What the caller reads: it gets something else than it typed.
fn told(entry: &Entry, rules: &[String]) -> String {
    format!("tollgate: runs `{}` in place of `{}` (rule {})\n", running(entry), command(entry), rules.join(", "))
}

fn uncorrectable(call: Call, cause: &CorrectError) -> Box<Refused> {
    let (CorrectError::Conflict { one: rule, .. } | CorrectError::Cannot { rule, .. }) = cause;
    refused(call, Some(rule), Refusal::Uncorrectable(cause.to_string()))
}

fn refused(mut call: Call, rule: Option<&String>, refusal: Refusal) -> Box<Refused> {
    call.entry.rule = rule.cloned();
    Refused::of(call, refusal)
}
