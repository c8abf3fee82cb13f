//! An approval with a change: the person adds flags, and the narrower command runs.
//!
//! Flags may be added and nothing else; the changed argv is judged once more, and it
//! must not be denied, reach a higher tier, do another operation or touch another
//! target than what was asked about, or nothing runs. Not here: how a flag is written
//! into an argv (`tollgate_policies::correct`).

use tollgate_audit::{Bytes, Corrected, Entry};
use tollgate_facts::Judgeable;
use tollgate_policies::correct::correct;
use tollgate_policies::policy::{Correction, Edit, Judgement, Layer, Mode, RuleReference, Verdict};
use tollgate_policies::{scrub, show};

use crate::classify::understand;
use crate::decide::{Judged, judge};
use crate::gate::Gate;
use crate::questions::Answered;
use crate::refuse::{Refusal, changed};

/// Most flags that an approval may add, and most bytes of one.
const MOST: (usize, usize) = (16, 400);

/// Whether these can be flags at all; what is wrong where not.
pub(crate) fn check(added: &[String]) -> Result<(), String> {
    if added.len() > MOST.0 || added.iter().any(|flag| flag.len() > MOST.1) {
        return Err(format!("an approval adds {} flags at most, of {} bytes at most", MOST.0, MOST.1));
    }
    let is_flag = |flag: &String| {
        let name = flag.split('=').next().unwrap_or_default();
        name.starts_with('-') && !name.trim_start_matches('-').is_empty() && !name.contains(char::is_whitespace)
    };
    match added.iter().find(|flag| !is_flag(flag)) {
        Some(wrong) => Err(format!(
            "`{}` is no flag: write it with its dashes, and its value after `=`",
            show::text(wrong.as_bytes(), 60)
        )),
        None => Ok(()),
    }
}

/// Has the call be what the person made of it, and tells the caller.
pub(super) async fn apply(gate: &Gate, judged: &mut Judged, answered: &Answered) -> Result<(), Refusal> {
    if answered.added.is_empty() {
        return Ok(());
    }
    let arguments = narrowed(judged, &answered.added).map_err(Refusal::Unchangeable)?;
    let strings = judged.call.request.strings.with_arguments(&arguments);
    let judgeable = understand(gate, &judged.call, &strings.arguments(), &judged.judgeable.kept);
    let judgement = judge(gate, &judged.call.policies, &judged.call, &judgeable);
    narrower(&judged.judgeable, &judgeable, &judgement).map_err(Refusal::Unchangeable)?;
    let argv = scrub::argv(gate.grammars, &judged.call.request.tool, &strings.arguments());
    let rules = judged.call.entry.corrected.take().map(|corrected| corrected.rules).unwrap_or_default();
    let corrected = Corrected { argv: argv.into_iter().map(Bytes::from).collect(), rules };
    let added = answered.added.iter().map(|flag| Bytes::from(flag.as_bytes().to_vec())).collect();
    let text = changed(&judged.call.entry, &answered.by, &answered.added, &corrected.argv);
    judged.call.entry = Entry { corrected: Some(corrected), added, ..judged.call.entry.clone() }
        .describing(tollgate_audit::Described::of(&judgeable.operation));
    judged.call.request.strings = strings;
    judged.judgeable = judgeable;
    judged.judgement = judged.judgement.clone().stricter(judgement);
    // A caller that left shows when something is asked of it.
    let _ = judged.call.request.caller.say(&text).await;
    Ok(())
}

/// The arguments after the tool's name, with the flags.
fn narrowed(judged: &Judged, added: &[String]) -> Result<Vec<Vec<u8>>, String> {
    let edit = |flag: &String| {
        let (name, value) = flag.split_once('=').map_or((flag.as_str(), None), |(name, value)| (name, Some(value)));
        Edit::On { flag: name.to_owned(), value: value.map(str::to_owned) }
    };
    let rule = RuleReference {
        name: "the-person-who-approved".to_owned(),
        file: String::new(),
        line: 0,
        layer: Layer::User,
        reason: None,
        code: None,
    };
    let correction = Correction { rule, mode: Mode::Run, edits: added.iter().map(edit).collect() };
    let made =
        correct(judged.judgeable.operation.arguments.as_ref(), &[correction]).map_err(|cause| cause.to_string())?;
    made.map(|made| made.arguments).ok_or_else(|| "the command has these flags already".to_owned())
}

/// What speaks against the changed command being no more than the one that was asked about.
fn narrower(asked: &Judgeable, changed: &Judgeable, judgement: &Judgement) -> Result<(), String> {
    let (was, is) = (&asked.operation, &changed.operation);
    if judgement.verdict == Verdict::Deny {
        let rule = judgement.rule.as_ref().map_or_else(|| "no rule allows it".to_owned(), ToString::to_string);
        return Err(format!("the changed command is denied: {rule}"));
    }
    let higher = match (was.tier(), is.tier()) {
        (Some(was), Some(is)) => is > was,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if higher {
        return Err("the changed command would be of a higher tier".to_owned());
    }
    let known = |operation: &tollgate_policies::Operation| {
        operation.meanings().map(|meaning| meaning.operation.to_string()).collect::<Vec<_>>()
    };
    let before = known(was);
    if let Some(other) = known(is).iter().find(|operation| !before.contains(operation)) {
        return Err(format!("the changed command would also be `{}`", show::text(other.as_bytes(), 60)));
    }
    let all = |operation: &tollgate_policies::Operation| {
        operation.meanings().map(|meaning| meaning.target.clone()).collect::<Vec<_>>()
    };
    let before = all(was);
    if all(is).iter().any(|target| !before.contains(target)) {
        return Err("the changed command would have another target".to_owned());
    }
    Ok(())
}
