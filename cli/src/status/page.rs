//! What `status` knows, as a screen for a person: what is wrong comes first.
//!
//! Not here: where it comes from.

use tollgate_admin::{AgentState, Question, Status};
use tollgate_audit::{Record, show};

use super::{MOST, duration};
use crate::colour::{Colours, Tone};
use crate::output::count;

/// Most characters of a line that was a caller's.
const WIDE: usize = 70;

/// The whole screen.
pub(super) fn text(status: &Status, open: &[Question], refused: &[Record], colours: Colours) -> String {
    let mut lines = problems(status, colours);
    lines.push(format!(
        "daemon     tollgated {}, process {}, up {}",
        status.version,
        status.pid,
        duration(status.up_s)
    ));
    lines.extend(policy(status, colours));
    lines.extend(agents(status));
    lines.push(format!(
        "now        {}, {} running, {} open",
        count(status.sessions, "session"),
        status.runs,
        count(status.questions, "question")
    ));
    lines.extend(questions(open, colours));
    lines.extend(refusals(refused, colours));
    lines.push(audit(status));
    lines.join("\n")
}

fn problems(status: &Status, colours: Colours) -> Vec<String> {
    let mut problems: Vec<String> = status.policy_problem.iter().cloned().collect();
    if status.audit_lost > 0 {
        problems.push(format!("the audit: {} records could not be written since the start", status.audit_lost));
    }
    problems.extend(status.audit_problem.iter().map(|problem| format!("the audit: {problem}")));
    let mark = colours.paint(Tone::Bad, "PROBLEM");
    let mut lines: Vec<_> = problems.iter().map(|problem| format!("{mark}    {problem}")).collect();
    if status.observes {
        let mark = colours.paint(Tone::Bad, "OBSERVES");
        lines.push(format!("{mark}   the policy is only tried out: everything runs, and its word is recorded"));
    }
    lines
}

fn policy(status: &Status, colours: Colours) -> Vec<String> {
    let mut lines = vec![
        format!("policy     {} ({})", status.policy.join(", "), count(status.rules, "rule")),
        format!("           {}", colours.paint(Tone::Quiet, &status.policy_hash)),
    ];
    if let Some(pending) = &status.policy_pending {
        let mark = colours.paint(Tone::Notable, "pending");
        lines.push(format!("{mark}    {} ({})", pending.files.join(", "), count(pending.rules, "rule")));
        lines.push(format!("           {}", colours.paint(Tone::Quiet, &pending.hash)));
        let what = "what is stricter in it holds; `tollgate policy accept` lets the rest hold";
        lines.push(format!("           {what}"));
    }
    lines
}

fn agents(status: &Status) -> Vec<String> {
    let line = |agent: &AgentState| {
        format!("           {}: {}, {} running", agent.agent, count(agent.sessions, "session"), agent.runs)
    };
    let lines = status.agents.iter().map(line);
    lines.enumerate().map(|(at, line)| if at == 0 { line.replacen("      ", "agents", 1) } else { line }).collect()
}

fn questions(open: &[Question], colours: Colours) -> Vec<String> {
    let line = |question: &Question| {
        let (id, command) = (&question.id, cut(&question.command));
        let left = colours.paint(Tone::Notable, &format!("{} left", duration(question.left_s)));
        format!("  {id}  {}  {command}  {left}", question.agent)
    };
    let mut lines: Vec<_> = open.iter().take(MOST).map(line).collect();
    if !lines.is_empty() {
        let more = open.len().saturating_sub(MOST);
        let all = if more > 0 { format!(" ({more} more)") } else { String::new() };
        lines.push(format!("  to answer: `tollgate approvals`{all}"));
    }
    lines
}

/// The last refusals, a line each.
pub(super) fn refusals(refused: &[Record], colours: Colours) -> Vec<String> {
    if refused.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["refused    the last:".to_owned()];
    lines.extend(refused.iter().map(|record| colours.paint(Tone::Quiet, &format!("  {}", show::line(record)))));
    lines
}

fn audit(status: &Status) -> String {
    let signed = status.audit_signed.map(|size| format!("; signed up to {size}")).unwrap_or_default();
    let health = if status.audit_problem.is_none() && status.audit_lost == 0 { "whole" } else { "NOT whole" };
    format!("audit      {health}: {} ({} records since the start{signed})", status.audit, status.records)
}

/// Shown text is escaped already; a long one is cut with a mark.
fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDE) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_admin::PolicySummary;

    fn status() -> Status {
        Status {
            observes: true,
            version: "0.1.0".into(),
            pid: 7,
            up_s: 11_107,
            policy: vec!["~/.config/tollgate/policy.d/10-infra.toml".into()],
            policy_hash: "sha256:ab".into(),
            rules: 12,
            policy_pending: Some(PolicySummary { hash: "sha256:cd".into(), files: vec!["a".into()], rules: 13 }),
            policy_problem: Some("the policy has errors, the last good one holds:\na:1:1: bad".into()),
            sessions: 3,
            agents: vec![
                AgentState { agent: "claude-code".into(), sessions: 2, runs: 1 },
                AgentState { agent: "codex".into(), sessions: 1, runs: 0 },
            ],
            runs: 2,
            questions: 6,
            audit: "/s/audit".into(),
            records: 40,
            syncs: 38,
            supervisors: 24,
            audit_problem: Some("no space left on device".into()),
            audit_lost: 2,
            audit_signed: Some(38),
        }
    }

    fn question(number: usize) -> Question {
        Question {
            id: format!("01JD{number}"),
            asked: "2026-02-12T14:30:22Z".into(),
            left_s: 3500,
            agent: "claude-code".into(),
            session: None,
            command: if number == 0 { "x".repeat(80) } else { "terraform apply".into() },
            folder: "/".into(),
            operation: "terraform.apply".into(),
            tier: Some(2),
            ..Question::default()
        }
    }

    #[test]
    fn a_status_says_what_a_person_asks_first() {
        let expected = "PROBLEM    the policy has errors, the last good one holds:
a:1:1: bad
PROBLEM    the audit: 2 records could not be written since the start
PROBLEM    the audit: no space left on device
OBSERVES   the policy is only tried out: everything runs, and its word is recorded
daemon     tollgated 0.1.0, process 7, up 3h 5m
policy     ~/.config/tollgate/policy.d/10-infra.toml (12 rules)
           sha256:ab
pending    a (13 rules)
           sha256:cd
           what is stricter in it holds; `tollgate policy accept` lets the rest hold
agents     claude-code: 2 sessions, 1 running
           codex: 1 session, 0 running
now        3 sessions, 2 running, 6 questions open
audit      NOT whole: /s/audit (40 records since the start; signed up to 38)";
        assert_eq!(text(&status(), &[], &[], Colours::Off), expected);
    }

    #[test]
    fn questions_and_refusals_have_bounded_room() {
        let open: Vec<_> = (0..6).map(question).collect();
        let lines = questions(&open, Colours::Off);
        assert_eq!(lines.len(), MOST + 1);
        assert_eq!(lines[0], format!("  01JD0  claude-code  {}...  58m 20s left", "x".repeat(WIDE)));
        assert_eq!(lines[MOST], "  to answer: `tollgate approvals` (1 more)");
        assert!(questions(&[], Colours::Off).is_empty() && refusals(&[], Colours::Off).is_empty());
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        let coloured = text(&status(), &[question(1)], &[], Colours::On);
        let plain = text(&status(), &[question(1)], &[], Colours::Off);
        let bare = coloured.split('\u{1b}').map(|piece| piece.split_once('m').map_or(piece, |(_, rest)| rest));
        let first = coloured.split('\u{1b}').next().unwrap();
        assert_eq!(format!("{first}{}", bare.skip(1).collect::<String>()), plain);
    }
}
