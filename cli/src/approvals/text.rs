//! A question in words, for a line printer and for a screen: what a person decides by.
//!
//! Not here: how it is laid out on a screen (`screen::view`).

use tollgate_admin::Question;

use crate::status::duration;

/// The question as a few lines, with how to answer.
pub(super) fn text(question: &Question) -> String {
    let head = format!("{}  {}", question.id, question.command);
    let fields = fields(question).into_iter().map(|(label, value)| format!("  {label:<7} {value}"));
    let answer = format!("  answer  tollgate approve {id}  |  tollgate deny {id}", id = question.id);
    std::iter::once(head).chain(fields).chain([answer]).collect::<Vec<_>>().join("\n")
}

/// What destroys comes first, then what it is, then who wants it and since when; a
/// label and a value each.
pub(super) fn fields(question: &Question) -> Vec<(&'static str, String)> {
    let tier = tier(question).map_or("unknown tier".to_owned(), |tier| format!("T{tier}"));
    let also = if question.also.is_empty() { String::new() } else { format!(", also {}", question.also.join(", ")) };
    let target = if question.target.is_empty() { "none".to_owned() } else { question.target.join(", ") };
    let session = question.session.as_ref().map_or(String::new(), |session| format!(", session {session}"));
    let mut fields = Vec::new();
    if !question.dangerous.is_empty() {
        fields.push(("DANGER", question.dangerous.join("  ")));
    }
    fields.extend([
        ("what", format!("{} ({tier}: {}){also}", question.operation, question.rationale)),
        ("target", target),
    ]);
    let labels = std::iter::once("changes").chain(std::iter::repeat(""));
    fields.extend(labels.zip(question.changes.iter().cloned()));
    fields.extend([
        ("folder", question.folder.clone()),
        ("who", format!("{}{session} (known by {})", question.agent, question.known_by.join(", "))),
        ("rule", question.rule.clone()),
    ]);
    fields.extend(question.notes.iter().map(|note| ("note", note.clone())));
    let waiting = waiting(question.waiting);
    fields.push(("asked", format!("{}, {} left, {waiting}", question.asked, duration(question.left_s))));
    fields.extend(needs(question).map(|needs| ("needs", needs)));
    fields
}

fn waiting(calls: usize) -> String {
    match calls {
        0 => "nobody waits now".to_owned(),
        1 => "1 call waits".to_owned(),
        calls => format!("{calls} calls wait"),
    }
}

/// Its tier, where that is one.
pub(super) fn tier(question: &Question) -> Option<u8> {
    question.tier.filter(|tier| *tier <= 4)
}

/// What a yes takes beyond one person at a terminal.
fn needs(question: &Question) -> Option<String> {
    let people = (question.people > 1).then(|| match question.approved.as_slice() {
        [] => format!("{} people", question.people),
        approved => format!("{} people, approved by {}", question.people, approved.join(", ")),
    });
    let passphrase = question.passphrase.then(|| "a passphrase".to_owned());
    let needs: Vec<_> = people.into_iter().chain(passphrase).collect();
    (!needs.is_empty()).then(|| needs.join(", "))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn question() -> Question {
        Question {
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
            like_this: Vec::new(),
        }
    }

    #[test]
    fn a_question_says_all_that_an_answer_needs() {
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
        assert_eq!(text(&question()), expected);
    }
}
