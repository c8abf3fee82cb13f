//! What becomes of questions and their answers, over restarts too.

use tollgate_admin::Answer;
use tollgate_audit::{Approver, Asked, Decision, Entry, Kind, Record, Taken, Timestamp};
use ulid::Ulid;

use super::*;

fn question(binding: &str) -> Open {
    asking(binding, 1)
}

fn asking(binding: &str, people: u8) -> Open {
    let id = Ulid::generate();
    let asked = Asked { bound_to: binding.to_owned(), people, ..Asked::default() };
    Open::new(id, Entry { asked: Some(asked), ..Entry::of(Kind::Question, id.to_string()) })
}

fn by(name: &str, how: &str) -> Approver {
    Approver { name: name.to_owned(), uid: Some(7), how: how.to_owned(), from: None, key: None }
}

fn word(answer: Answer, by: Approver) -> Answered {
    Answered { answer, by, reason: None, added: Vec::new() }
}

fn yes() -> Answered {
    word(Answer::Approve, by("a", "terminal"))
}

fn no() -> Answered {
    word(Answer::Deny, by("a", "terminal"))
}

fn bounds(text: &str) -> Approvals {
    toml::from_str(text).unwrap()
}

#[test]
fn equal_calls_share_a_question_and_one_of_them_uses_the_approval() {
    let (questions, usual) = (Questions::default(), Approvals::default());
    let asked = questions.keep(question("b"));
    assert_eq!(questions.bound_to("b", &usual).unwrap().id, asked.id);
    assert_eq!(asked.answer(yes(), now()), Counts::Decides);
    let Heard::Approved(claim) = questions.hear(&asked) else { panic!("not approved") };
    assert!(matches!(questions.hear(&asked), Heard::Nothing), "an approval is for one run");
    assert!(questions.bound_to("b", &usual).is_none(), "the other one asks anew");
    questions.used(&[claim.taken()]);
    drop(claim);
    assert!(matches!(questions.hear(&asked), Heard::Nothing), "used is used");
}

#[test]
fn an_approval_that_was_not_used_is_there_for_the_next() {
    let (questions, usual) = (Questions::default(), Approvals::default());
    let asked = questions.keep(question("b"));
    asked.answer(yes(), now());
    drop(questions.hear(&asked));
    let newer = questions.keep(question("b"));
    assert_ne!(newer.id, asked.id);
    assert_eq!(questions.bound_to("b", &usual).unwrap().id, asked.id, "the answer before the open question");
    assert!(matches!(questions.hear(&asked), Heard::Approved(_)));
}

#[test]
fn only_the_first_answer_counts_and_a_denial_is_heard_by_all() {
    let questions = Questions::default();
    let asked = questions.keep(question("b"));
    assert_eq!(asked.answer(no(), now()), Counts::Decides);
    assert_eq!(asked.answer(yes(), now()), Counts::Late);
    for _ in 0..2 {
        assert!(matches!(questions.hear(&asked), Heard::Denied(_)));
    }
}

#[test]
fn two_people_are_two_passphrases_or_two_users() {
    let decided = |one: Approver, other: Approver| {
        let open = asking("b", 2);
        assert_eq!(open.answer(word(Answer::Approve, one), now()), Counts::Missing(1));
        open.answer(word(Answer::Approve, other), now())
    };
    assert_eq!(decided(by("a", "passphrase"), by("b", "passphrase")), Counts::Decides);
    assert_eq!(decided(by("a", "passphrase"), by("a", "passphrase")), Counts::Twice);
    assert_eq!(decided(by("a", "passphrase"), by("b", "terminal")), Counts::Twice);
    assert_eq!(decided(by("a", "terminal"), Approver { uid: Some(8), ..by("a", "terminal") }), Counts::Decides);
    // The same passphrase: typed as another user, or under a name that the settings have changed.
    let root = Approver { uid: Some(0), ..by("a", "passphrase") };
    assert_eq!(decided(by("a", "passphrase"), root), Counts::Twice);
    let of_a = |name| Approver { key: Some("a".into()), ..by(name, "passphrase") };
    assert_eq!(decided(of_a("Anna"), of_a("Another")), Counts::Twice);
    assert_eq!(decided(of_a("Anna"), Approver { key: Some("b".into()), ..of_a("Anna") }), Counts::Decides);
    let open = asking("b", 2);
    open.answer(word(Answer::Approve, by("a", "passphrase")), now());
    let other = Answered { added: vec!["-x".into()], ..word(Answer::Approve, by("b", "passphrase")) };
    assert_eq!(open.answer(other, now()), Counts::Otherwise, "both must have seen the same command");
    assert_eq!(open.answer(no(), now()), Counts::Decides, "one no is enough");
}

#[test]
fn the_start_of_an_id_must_fit_one_open_question() {
    let questions = Questions::default();
    let open = questions.keep(question("b"));
    let id = open.id.to_string();
    assert!(matches!(questions.find(&id), Found::Open(found) if found.id == open.id));
    assert!(matches!(questions.find(&id.to_lowercase()), Found::Open(_)));
    assert!(matches!(questions.find(&id[..8]), Found::Open(_)));
    assert!(matches!(questions.find("xxxxxxxx"), Found::None));
    // The first letters are the time: the next question may begin with them as well.
    for short in ["", "01", &id[..7]] {
        assert!(matches!(questions.find(short), Found::Short), "{short}");
    }
    let at = |milliseconds| Ulid::from_parts(open.id.timestamp_ms() + milliseconds, 1);
    questions.keep(Open::new(at(0), question("c").entry));
    assert!(matches!(questions.find(&id[..10]), Found::Several));
    questions.keep(Open::new(at(3000), question("d").entry));
    assert!(matches!(questions.find(&at(3000).to_string()[..8]), Found::Open(_)));
}

#[test]
fn the_unanswered_questions_of_a_session_go_with_it() {
    let questions = Questions::default();
    let of = |session: &str, binding| {
        let Open { id, entry, .. } = question(binding);
        questions.keep(Open::new(id, Entry { session: Some(session.to_owned()), ..entry }))
    };
    let (open, answered, others) = (of("a", "1"), of("a", "2"), of("b", "3"));
    answered.answer(yes(), now());
    assert_eq!(questions.close("a").iter().map(|one| one.id).collect::<Vec<_>>(), [open.id]);
    assert_eq!(questions.unanswered().iter().map(|one| one.id).collect::<Vec<_>>(), [others.id]);
    assert!(questions.close("a").is_empty());
}

#[test]
fn a_question_whose_time_is_over_goes_and_so_does_an_answer() {
    let questions = Questions::default();
    let asked = questions.keep(question("b"));
    assert!(questions.expire(&Approvals::default()).is_empty());
    assert!(questions.bound_to("b", &bounds("open_s = 0")).is_none());
    asked.answer(yes(), now().saturating_sub(2000));
    assert!(questions.expire(&bounds("open_s = 0\nanswer_s = 3")).is_empty());
    assert_eq!(questions.expire(&bounds("answer_s = 2")).len(), 1);
    assert!(questions.unanswered().is_empty());
}

fn record(entry: Entry) -> Record {
    let (prev_hash, hash, text) = Default::default();
    Record { seq: 1, timestamp: Timestamp::now(), entry, prev_hash, hash, text }
}

#[test]
fn what_an_earlier_daemon_left_is_told_by_its_records_alone() {
    let all: Vec<_> = ["open", "approved", "denied", "used", "expired"].map(question).into();
    let mut records: Vec<_> = all.iter().map(|open| record(open.entry.clone())).collect();
    let answer = |open: &Open, decision, by| {
        let said = Entry { kind: Kind::Answer, decision: Some(decision), approved_by: Some(by), ..open.entry.clone() };
        record(Entry { added: vec![b"-x".to_vec().into()], ..said })
    };
    records.push(answer(&all[1], Decision::Allow, by("a", "terminal")));
    records.push(answer(&all[2], Decision::Deny, by("a", "terminal")));
    records.push(answer(&all[3], Decision::Allow, by("a", "terminal")));
    let taken = vec![Taken::Approval { id: all[3].id.to_string() }];
    records.push(record(Entry { taken, ..Entry::of(Kind::Intent, "another call's") }));
    records.push(record(Entry { kind: Kind::Expired, ..all[4].entry.clone() }));
    // Nobody asked this.
    records.push(record(Entry { kind: Kind::Answer, id: Ulid::generate().to_string(), ..all[1].entry.clone() }));

    let (questions, usual) = (Questions::remembered(&records), Approvals::default());
    let found = |binding: &str| questions.bound_to(binding, &usual);
    assert_eq!(questions.unanswered().iter().map(|open| open.id).collect::<Vec<_>>(), [all[0].id]);
    let Heard::Approved(claim) = questions.hear(&found("approved").unwrap()) else { panic!("not approved") };
    assert_eq!(claim.answered.added, ["-x"]);
    assert!(matches!(questions.hear(&found("denied").unwrap()), Heard::Denied(_)));
    assert!(found("used").is_none() && found("expired").is_none());
}
