//! `tollgate approvals`: the questions that wait for a person.
//!
//! Not here: answering them.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use tollgate_admin::{Ask, Question, Reply};
use tollgate_places::Places;

use crate::arguments::Approvals;
use crate::door::Door;
use crate::error::Error;
use crate::status::duration;
use crate::{output, places};

/// Between two looks of `--watch`.
const LOOK: Duration = Duration::from_secs(1);

/// Lists them, or stays and prints each when it comes.
pub(crate) fn approvals(arguments: &Approvals) -> Result<ExitCode, Error> {
    let places = places::of(arguments.ask.root.root.as_deref())?;
    let show = if arguments.ask.json { |question: &Question| output::json(question) } else { print };
    let mut known = BTreeSet::new();
    loop {
        let open = open(&places)?;
        open.iter().filter(|question| known.insert(question.id.clone())).try_for_each(show)?;
        if !arguments.watch {
            if open.is_empty() && !arguments.ask.json {
                output::line("no question is open")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        std::thread::sleep(LOOK);
    }
}

/// The questions that are open now.
pub(crate) fn open(places: &Places) -> Result<Vec<Question>, Error> {
    let mut door = Door::ask(&places.admin(), &Ask::Questions {})?;
    let mut questions = Vec::new();
    loop {
        match door.granted()? {
            Reply::Question(question) => questions.push(*question),
            Reply::End {} => return Ok(questions),
            _ => return Err(Error::Reply),
        }
    }
}

fn print(question: &Question) -> Result<(), Error> {
    output::line(text(question))
}

/// What destroys comes first, then what it is, then who wants it and since when.
fn text(question: &Question) -> String {
    let tier = question.tier.map_or("unknown tier".to_owned(), |tier| format!("T{tier}"));
    let also = if question.also.is_empty() { String::new() } else { format!(", also {}", question.also.join(", ")) };
    let target = if question.target.is_empty() { "none".to_owned() } else { question.target.join(", ") };
    let session = question.session.as_ref().map_or(String::new(), |session| format!(", session {session}"));
    let waiting = match question.waiting {
        0 => "nobody waits now".to_owned(),
        1 => "1 call waits".to_owned(),
        calls => format!("{calls} calls wait"),
    };
    let mut lines = vec![format!("{}  {}", question.id, question.command)];
    if !question.dangerous.is_empty() {
        lines.push(format!("  DANGER  {}", question.dangerous.join("  ")));
    }
    lines.extend([
        format!("  what    {} ({tier}: {}){also}", question.operation, question.rationale),
        format!("  target  {target}"),
        changes(question),
        format!("  folder  {}", question.folder),
        format!("  who     {}{session} (known by {})", question.agent, question.known_by.join(", ")),
        format!("  rule    {}", question.rule),
    ]);
    lines.retain(|line| !line.is_empty());
    lines.extend(question.notes.iter().map(|note| format!("  note    {note}")));
    lines.push(format!("  asked   {}, {} left, {waiting}", question.asked, duration(question.left_s)));
    lines.extend(needs(question));
    lines.push(format!("  answer  tollgate approve {id}  |  tollgate deny {id}", id = question.id));
    lines.join("\n")
}

/// What a yes takes beyond one person at a terminal.
fn needs(question: &Question) -> Option<String> {
    let people = (question.people > 1).then(|| match question.approved.as_slice() {
        [] => format!("{} people", question.people),
        approved => format!("{} people, approved by {}", question.people, approved.join(", ")),
    });
    let passphrase = question.passphrase.then(|| "a passphrase".to_owned());
    let needs: Vec<_> = people.into_iter().chain(passphrase).collect();
    (!needs.is_empty()).then(|| format!("  needs   {}", needs.join(", ")))
}

/// A line each; none where no file says anything.
fn changes(question: &Question) -> String {
    let named = |(at, change): (usize, &String)| format!("  {:<7} {change}", if at == 0 { "changes" } else { "" });
    question.changes.iter().enumerate().map(named).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_says_all_that_an_answer_needs() {
        let question = Question {
            id: "01JD".into(),
            asked: "2026-02-12T14:30:22Z".into(),
            left_s: 3500,
            agent: "claude-code".into(),
            session: Some("01JC".into()),
            command: "terraform apply -destroy".into(),
            folder: "/srv/infra".into(),
            operation: "terraform.apply".into(),
            tier: Some(4),
            rationale: "destroys everything".into(),
            also: vec!["terraform.destroy".into()],
            target: vec!["workspace staging-web (from TF_WORKSPACE)".into()],
            changes: vec!["1 to delete".into(), "delete terraform_data.web".into()],
            rule: "ask-destroy (10-infra.toml:4)".into(),
            known_by: vec!["uid 1000".into(), "session 01JC".into()],
            waiting: 1,
            people: 2,
            approved: vec!["anna".into()],
            passphrase: true,
            notes: vec!["a person decides about destruction".into()],
            dangerous: vec!["-destroy".into()],
        };
        let expected = "01JD  terraform apply -destroy
  DANGER  -destroy
  what    terraform.apply (T4: destroys everything), also terraform.destroy
  target  workspace staging-web (from TF_WORKSPACE)
  changes 1 to delete
          delete terraform_data.web
  folder  /srv/infra
  who     claude-code, session 01JC (known by uid 1000, session 01JC)
  rule    ask-destroy (10-infra.toml:4)
  note    a person decides about destruction
  asked   2026-02-12T14:30:22Z, 58m 20s left, 1 call waits
  needs   2 people, approved by anna, a passphrase
  answer  tollgate approve 01JD  |  tollgate deny 01JD";
        assert_eq!(text(&question), expected);
    }
}
