//! What keys and arrivals make of the screen.

use tollgate_admin::Terms;

use super::super::keys::Keys;
use super::*;

fn question(id: &str) -> Question {
    let like_this = vec![Terms { operation: "terraform.apply".into(), target: Default::default() }];
    Question { id: id.into(), like_this, ..Question::default() }
}

fn with(ids: &[&str]) -> State {
    let mut state = State { fits: true, ..State::default() };
    state.arrived(ids.iter().map(|id| question(id)).collect());
    state.seen = true;
    state
}

/// What the last of these keys asks for.
fn press(state: &mut State, keys: &str) -> Option<Do> {
    Keys::default().read(keys.as_bytes()).into_iter().map(|key| state.pressed(key)).last().flatten()
}

fn chosen(state: &State) -> &str {
    state.shown().map_or("", |question| &question.id)
}

#[test]
fn keys_move_within_the_list() {
    let mut state = with(&["a", "b", "c"]);
    for (keys, wanted) in [("j", "b"), ("\x1b[B", "c"), ("j", "c"), ("k", "b"), ("g", "a"), ("k", "a"), ("G", "c")] {
        assert_eq!(press(&mut state, keys), None);
        assert_eq!(chosen(&state), wanted, "{keys:?}");
    }
}

#[test]
fn no_question_takes_the_place_of_the_one_that_is_looked_at() {
    let mut state = with(&["a", "b", "c"]);
    press(&mut state, "j");
    state.arrived(["b", "c", "d"].map(question).into());
    assert_eq!(chosen(&state), "b");
    for questions in [["c", "d"].map(question).to_vec(), Vec::new(), vec![question("e")]] {
        state.arrived(questions);
        assert_eq!(chosen(&state), "b");
        state.seen = true;
        for keys in ["a\r", "d\r", "n2\r\r"] {
            assert_eq!(press(&mut state, keys), None, "it is open no more, and no other is meant");
        }
    }
    state.arrived(["c", "b"].map(question).into());
    assert!(!state.is_gone(), "it is there again");
    state.arrived(["c", "d"].map(question).into());
    press(&mut state, "j");
    assert_eq!(chosen(&state), "d", "the one that has come to its place");
    state.seen = true;
    assert!(matches!(press(&mut state, "a\r"), Some(Do::Say(wish, None)) if wish.question.id == "d"));
}

#[test]
fn a_first_question_is_shown_unasked() {
    let mut state = with(&[]);
    assert_eq!(press(&mut state, "a\r"), None, "nothing is there to be answered");
    state.arrived(vec![question("a")]);
    assert_eq!(chosen(&state), "a");
}

#[test]
fn what_is_pasted_is_a_reason_and_never_a_key() {
    let mut state = with(&["a"]);
    assert_eq!(press(&mut state, "\x1b[200~a\rq\x03d\r\x1b[201~"), None);
    assert!(state.typing.is_none());
    let Some(Do::Say(wish, None)) = press(&mut state, "d\x1b[200~no\rway\x03\x1b[201~ out\r") else { panic!() };
    assert_eq!((wish.reason.as_str(), wish.answer), ("noway out", Answer::Deny));
}

#[test]
fn an_answer_takes_two_keys_and_carries_its_reason() {
    let mut state = with(&["a"]);
    assert_eq!(press(&mut state, "a"), None);
    let wish =
        Wish { question: Box::new(question("a")), answer: Answer::Approve, reason: "it is time".into(), more: 0 };
    assert_eq!(press(&mut state, " it is  \x7ftimes\x7f \r"), Some(Do::Say(wish.clone(), None)));
    assert_eq!(press(&mut state, "d"), None);
    let no = Wish { answer: Answer::Deny, reason: String::new(), ..wish };
    assert_eq!(press(&mut state, "wrong\x15\r"), Some(Do::Say(no, None)));
}

#[test]
fn what_is_answered_is_what_was_shown_when_it_began() {
    let mut state = with(&["a", "b"]);
    press(&mut state, "a");
    state.arrived(vec![Question { command: "another".into(), ..question("b") }]);
    assert_eq!(chosen(&state), "a", "its details are still shown");
    let Some(Do::Say(wish, None)) = press(&mut state, "\r") else { panic!("nothing is said") };
    assert_eq!(*wish.question, question("a"));
}

#[test]
fn the_next_ones_are_counted_first() {
    let mut state = with(&["a"]);
    press(&mut state, "n");
    assert_eq!(press(&mut state, "x\r"), None);
    assert!(matches!(&state.said, Some(Said::Bad(_))) && state.typing.is_none());
    let Some(Do::Say(wish, None)) = press(&mut state, "n5\rwhy\r") else { panic!("nothing is said") };
    assert_eq!((wish.answer, wish.more, wish.reason.as_str()), (Answer::Approve, 5, "why"));
    state.arrived(vec![Question::default()]);
    press(&mut state, "j");
    state.seen = true;
    press(&mut state, "n");
    assert!(state.typing.is_none(), "no grant can stand for it");
}

#[test]
fn a_passphrase_is_asked_for_where_it_is_wanted() {
    let mut state = with(&["a"]);
    let Some(Do::Say(wish, None)) = press(&mut state, "a\r") else { panic!("nothing is said") };
    state.heard(wish.clone(), Heard::Passphrase(vec!["anna".into(), "bert".into()]));
    let proof = Proof { name: "bert".into(), passphrase: "q of mine ".into() };
    assert_eq!(press(&mut state, "bert\rq of mine \r"), Some(Do::Say(wish.clone(), Some(proof))));
    state.heard(wish, Heard::Passphrase(vec!["anna".into()]));
    assert_eq!(state.typing.as_ref().map(|typing| &typing.prompt), Some(&Prompt::Passphrase("anna".into())));
}

#[test]
fn escape_goes_back_and_leaves_nothing_said() {
    let mut state = with(&["a"]);
    press(&mut state, "aso\x1b");
    assert!(state.typing.is_none());
    assert_eq!(press(&mut state, "\x1b"), None, "it does not end the screen");
}

#[test]
fn q_leaves_and_ctrl_c_leaves_from_everywhere() {
    let mut state = with(&["a"]);
    assert_eq!(press(&mut state, "q"), Some(Do::Leave));
    assert_eq!(press(&mut state, "aq"), None, "it is a letter of the reason");
    assert_eq!(press(&mut state, "\x03"), Some(Do::Leave));
}

#[test]
fn nothing_is_answered_where_it_cannot_be_seen() {
    let mut state = with(&["a"]);
    state.fits = false;
    press(&mut state, "a");
    assert!(state.typing.is_none());
    state.fits = true;
    press(&mut state, "a");
    state.fits = false;
    assert_eq!(press(&mut state, "\r"), None);
    state.fits = true;
    assert!(matches!(press(&mut state, "\r"), Some(Do::Say(..))));
}
