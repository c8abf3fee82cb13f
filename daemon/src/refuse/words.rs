//! What a refusal says: a few lines for people, one JSON line for agents.
//!
//! What came from the caller is escaped and cut before it stands here.

use std::time::Duration;

use serde::Serialize;
use tollgate_audit::{Approver, Bytes, Entry};
use tollgate_places::Places;
use tollgate_policies::Tier;
use tollgate_policies::policy::{Judgement, Reason, Verdict};
use tollgate_policies::show;
use tollgate_wire::message::{Failure, Step};

use super::{Refusal, Retry, Row, TIMED_OUT};
use crate::words::{MOST, command, running, target};

/// Everything that the shim writes for a refusal; empty where nobody listens.
pub(super) fn text(places: &Places, entry: &Entry, refusal: &Refusal) -> String {
    if matches!(refusal, Refusal::CallerGone) {
        return String::new();
    }
    let mut text = String::new();
    for line in lines(places, entry, refusal) {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str("tollgate: ");
    text.push_str(&agents_line(entry, refusal));
    text.push('\n');
    text
}

/// What is told where our time limit ended the command.
pub(crate) fn timed_out(entry: &Entry, limit: Duration) -> String {
    let (command, limit) = (command(entry), limit.as_secs_f64());
    let line = agents(&Line { verdict: "allow", reason: TIMED_OUT, ..line(entry) });
    format!("tollgate: ended `{command}`: its time limit of {limit} s is over\ntollgate: {line}\n")
}

/// What the caller reads where a person approved its command with a change.
pub(crate) fn changed(entry: &Entry, by: &Approver, added: &[String], argv: &[Bytes]) -> String {
    let name = show::text(by.name.as_bytes(), 100);
    let argv: Vec<&[u8]> = argv.iter().map(Bytes::as_slice).collect();
    let (flags, runs) = (show::command(added, MOST), show::command(&argv, MOST));
    let argv = argv.iter().map(|argument| show::text(argument, MOST)).collect();
    let line = Line { verdict: "allow", reason: "changed", ..line(entry) };
    // Numbers and texts alone: this cannot fail.
    let line = serde_json::to_string(&Changed { line, added, argv }).unwrap_or_default();
    format!("tollgate: approved by {name} with `{flags}` added: runs `{runs}`\ntollgate: {line}\n")
}

/// The line for agents with the change.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    added: &'a [String],
    argv: Vec<String>,
}

fn lines(places: &Places, entry: &Entry, refusal: &Refusal) -> Vec<String> {
    let command = command(entry);
    let refused = format!("tollgate: refused `{command}`");
    match refusal {
        Refusal::Denied { judgement, hint } => {
            let hint = hint.as_ref().map(|hint| format!("  hint: `{hint}` is allowed"));
            let why = judgement.rule.as_ref().and_then(|rule| rule.reason.as_deref());
            let why = why.map(|why| format!("  reason: {}", show::text(why.as_bytes(), 200)));
            [Some(refused), corrected(entry), Some(denied(entry, judgement)), why, hint].into_iter().flatten().collect()
        }
        Refusal::Suggested(verdict) => {
            let rules = entry.corrected.as_ref().map(|corrected| corrected.rules.join(", ")).unwrap_or_default();
            let then = if *verdict == Verdict::Allow { "is allowed" } else { "asks a person" };
            vec![refused, format!("  rule: {rules}"), format!("  suggested: `{}` {then}", running(entry))]
        }
        Refusal::Uncorrectable(why) => vec![refused, format!("  argument: {why}")],
        Refusal::ByPerson { by, reason } => {
            let said = reason.as_ref().map(|said| format!(": {}", show::text(said.as_bytes(), 200)));
            let name = show::text(by.name.as_bytes(), 100);
            vec![refused, format!("  denied by {name}{}", said.unwrap_or_default())]
        }
        Refusal::Pending { id, open } => vec![
            format!("tollgate: not decided yet: `{command}`"),
            format!("  nobody has answered question {id}; it stays open for {} min", open.as_secs().div_ceil(60)),
            "  run the same command again to go on waiting".to_owned(),
        ],
        Refusal::Expired { id } => vec![
            format!("tollgate: not decided: `{command}`"),
            format!("  nobody has answered question {id} in time; run the command again to ask anew"),
        ],
        Refusal::Crowded { open } => vec![
            format!("tollgate: not asked: `{command}`"),
            format!("  open questions of this session: {open}, and no more may be (`{}`)", told(places, "approvals")),
            "  wait for an answer to one of them, then run the command again".to_owned(),
        ],
        Refusal::Unchangeable(what) => {
            vec![refused, format!("  it was approved with a change, which no longer holds: {what}")]
        }
        Refusal::Rate { rule, wait } => {
            let rule = show::text(rule.as_bytes(), 100);
            vec![refused, format!("  the rate of rule {rule} is used up; there is more in {}", until(*wait))]
        }
        Refusal::CoverGone => {
            vec![
                refused,
                "  the grant or runbook for it was used up just now; run it again to be asked about".to_owned(),
            ]
        }
        Refusal::NotFound => vec![format!("tollgate: no program `{}` on PATH beside the shim", tool(entry))],
        Refusal::NotExecutable(path) => {
            let path = show::text(path.as_os_str().as_encoded_bytes(), 200);
            vec![format!("tollgate: cannot execute `{path}`: permission denied")]
        }
        Refusal::NotSpawned(errno) => {
            let path = entry.binary.as_ref().map(|path| show::text(path.as_slice(), 200)).unwrap_or_default();
            vec![format!("tollgate: cannot execute `{path}`: {}", std::io::Error::from_raw_os_error(*errno))]
        }
        Refusal::NotReady(failure) => vec![refused, format!("  {}", unready(*failure))],
        Refusal::OtherBinary => vec![refused, format!("  {}", other_binary(entry))],
        Refusal::PolicyChanged => vec![refused, format!("  {POLICY_CHANGED}; run it again")],
        Refusal::FactsChanged => {
            vec![refused, "  a file that it reads has changed while it was judged; run it again".to_owned()]
        }
        Refusal::Confined(what) => vec![
            refused,
            format!("  where the caller lives cannot be told: {}", show::text(what.as_bytes(), 100)),
            "  run it outside the sandbox, or start `tollgated` inside it".to_owned(),
        ],
        Refusal::NotBorn { program, errno } => vec![
            refused,
            format!("  {}", unborn(program, *errno)),
            "  let the sandbox execute that file, or start `tollgated` inside it".to_owned(),
        ],
        Refusal::Gate(what) => vec![refused, format!("  {what}"), format!("  see `{}`", told(places, "status"))],
        Refusal::Lasting(what) => vec![refused, format!("  {what}")],
        Refusal::CallerGone => Vec::new(),
    }
}

const POLICY_CHANGED: &str = "the policy has changed while it was judged";

fn other_binary(entry: &Entry) -> String {
    let path = entry.binary.as_ref().map(|path| show::text(path.as_slice(), 200)).unwrap_or_default();
    format!("`{path}` is not the program whose `sha256` the policy names in `[tools.{}]`", tool(entry))
}

fn unborn(program: &std::path::Path, errno: i32) -> String {
    let (program, cause) = (program.display(), std::io::Error::from_raw_os_error(errno));
    format!("the caller's sandbox does not let `{program}` be executed: {cause}")
}

fn unready(failure: Failure) -> String {
    let what = match failure.step {
        Step::Execute => "it cannot be executed",
        Step::Process => "no process can be made for it",
        Step::Group => "it cannot have a process group of its own",
        Step::Schedule => "it cannot have its caller's priority and processors",
        Step::Folder => "it cannot go to its caller's folder",
        Step::Descriptors => "it cannot have its caller's descriptors",
        Step::Limits => "it cannot be held to its caller's limits",
    };
    format!("{what}: {}", std::io::Error::from_raw_os_error(failure.errno))
}

/// A command for a person, safe to show.
pub(crate) fn told(places: &Places, words: &str) -> String {
    show::text(places.command(words).as_bytes(), 300)
}

/// What was judged where that is not what was called.
fn corrected(entry: &Entry) -> Option<String> {
    let corrected = entry.corrected.as_ref()?;
    Some(format!("  corrected: `{}` by rule {}", running(entry), corrected.rules.join(", ")))
}

fn denied(entry: &Entry, judgement: &Judgement) -> String {
    let touched = std::iter::once(tier(entry)).chain(target(entry)).collect::<Vec<_>>().join(", ");
    match (&judgement.rule, judgement.reason) {
        _ if judgement.objection.is_some() => {
            let by = judgement.rule.as_ref().map(|rule| format!("{rule} -- ")).unwrap_or_default();
            format!("  argument: {by}{}", judgement.objection.as_deref().unwrap_or_default())
        }
        (Some(table), Some(Reason::Default)) => {
            format!("  no rule names it, and {table} says so of what none names -- {touched}")
        }
        (Some(rule), _) => format!("  rule: {rule} -- {touched}"),
        (None, Some(Reason::Unknown)) => {
            format!("  the gate does not know what it does, and no rule allows that -- {touched}")
        }
        (None, _) => format!("  no rule allows it -- {touched}"),
    }
}

/// A time that a person waits: `30 min`, `45 s`.
fn until(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ ..120 => format!("{} s", seconds.max(1)),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

fn tier(entry: &Entry) -> String {
    entry.tier.and_then(Tier::of_number).map_or_else(|| "tier unknown".to_owned(), |tier| tier.to_string())
}

fn tool(entry: &Entry) -> String {
    show::text(entry.tool.as_deref().unwrap_or_default().as_bytes(), 100)
}

/// The line for agents: a contract, field order included.
#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    verdict: &'static str,
    reason: &'static str,
    operation: Option<&'a str>,
    tier: Option<u8>,
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    argv: Option<&'a [Bytes]>,
    id: String,
    retry: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

fn agents_line(entry: &Entry, refusal: &Refusal) -> String {
    let id = match refusal {
        Refusal::Pending { id, .. } | Refusal::Expired { id } => id.to_string(),
        _ => entry.id.clone(),
    };
    let Row { decision, reason, retry, .. } = refusal.row();
    let (verdict, retry) = (decision.name(), retry == Retry::Later);
    let retry_after_s = match refusal {
        Refusal::Rate { wait, .. } => Some(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)),
        _ => None,
    };
    let argv = entry.corrected.as_ref().filter(|_| matches!(refusal, Refusal::Suggested(_)));
    let argv = argv.map(|corrected| corrected.argv.as_slice());
    agents(&Line { verdict, reason, code: code(refusal), argv, id, retry, retry_after_s, ..line(entry) })
}

/// What the record of a command gives, and nothing decided.
fn line(entry: &Entry) -> Line<'_> {
    let (operation, rule) = (entry.operation.as_deref(), entry.rule.as_deref());
    Line {
        v: 1,
        verdict: "",
        reason: "",
        operation,
        tier: entry.tier,
        rule,
        code: None,
        argv: None,
        id: entry.id.clone(),
        retry: false,
        retry_after_s: None,
    }
}

fn agents(line: &Line<'_>) -> String {
    // Numbers and texts alone: this cannot fail.
    serde_json::to_string(line).unwrap_or_default()
}

/// What the rule wants programs to know its denial by.
fn code(refusal: &Refusal) -> Option<&str> {
    match refusal {
        Refusal::Denied { judgement, .. } => judgement.rule.as_ref()?.code.as_deref(),
        _ => None,
    }
}

/// What the record says beside the reason.
pub(super) fn note(entry: &Entry, refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::ByPerson { reason, .. } => reason.clone(),
        Refusal::Pending { id, .. } => Some(format!("question {id} stays open")),
        Refusal::Expired { id } => Some(format!("question {id} expired")),
        Refusal::NotExecutable(path) => Some(path.display().to_string()),
        Refusal::NotSpawned(errno) => Some(std::io::Error::from_raw_os_error(*errno).to_string()),
        Refusal::NotReady(failure) => Some(unready(*failure)),
        Refusal::OtherBinary => Some(other_binary(entry)),
        Refusal::PolicyChanged => Some(POLICY_CHANGED.to_owned()),
        Refusal::FactsChanged => Some("a file that the judgement rests on has changed".to_owned()),
        Refusal::Confined(what) => Some(format!("where the caller lives cannot be told: {what}")),
        Refusal::NotBorn { program, errno } => Some(unborn(program, *errno)),
        Refusal::Gate(what) | Refusal::Lasting(what) => Some(what.clone()),
        Refusal::CallerGone => Some("the caller went away before anything ran".to_owned()),
        Refusal::Rate { rule, wait } => Some(format!("the rate of rule {rule} has more in {} s", wait.as_secs())),
        Refusal::Crowded { open } => Some(format!("{open} questions of the session are open")),
        Refusal::Unchangeable(what) => Some(what.clone()),
        Refusal::CoverGone => Some("the grant or runbook was used up meanwhile".to_owned()),
        Refusal::Denied { judgement, .. } => judgement.objection.clone(),
        Refusal::Uncorrectable(why) => Some(why.clone()),
        Refusal::Suggested(_) | Refusal::NotFound => None,
    }
}
