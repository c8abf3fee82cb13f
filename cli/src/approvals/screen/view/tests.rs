//! What is drawn, cell by cell.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use tollgate_admin::Terms;

use super::super::keys::Keys;
use super::*;
use crate::approvals::text::tests::question;

fn drawn(state: &mut State, width: u16, height: u16, colours: Colours) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state, colours)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
}

fn shown(state: &mut State, width: u16, height: u16) -> String {
    text(&drawn(state, width, height, Colours::Off))
}

fn of(questions: Vec<Question>) -> State {
    let mut state = State::default();
    state.fits = true;
    state.arrived(questions);
    state.seen = true;
    state
}

fn other() -> Question {
    let like_this =
        vec![Terms { operation: "helm.upgrade".into(), target: [("namespace".into(), "web".into())].into() }];
    Question {
        id: "01JE".into(),
        agent: "ci".into(),
        command: "helm upgrade web ./chart".into(),
        like_this,
        tier: Some(2),
        ..Question::default()
    }
}

fn press(state: &mut State, keys: &str) {
    for key in Keys::default().read(keys.as_bytes()) {
        state.pressed(key);
    }
}

#[test]
fn a_list_the_details_of_one_and_what_keys_do() {
    let expected = "\
tollgate: 2 questions wait for a person
> T4 ! 58m 20s  claude-code       terraform apply -destroy
  T2   0s       ci                helm upgrade web ./chart
── 1 of 2: 01JD ────────────────────────────────────────────────
DANGER  -destroy
what    terraform.apply (T4: destroys everything), also
        terraform.destroy
target  workspace staging-web (from TF_WORKSPACE)
runs    terraform apply -destroy
changes 1 to delete
        delete terraform_data.web
folder  /srv/infra
who     claude-code, session 01JC (known by uid 1000, session
        01JC)
rule    ask-destroy (10-infra.toml:4)
note    a person decides about destruction
asked   2026-02-12T14:30:22Z, 58m 20s left, 1 call waits
needs   2 people, approved by anna, a passphrase


a approve  d deny  n and the next ones  ↑↓ move  PgDn more  q l…
";
    assert_eq!(shown(&mut of(vec![question(), other()]), 64, 21), expected);
}

#[test]
fn what_is_granted_stands_above_all_else_while_it_is_asked_for() {
    let mut state = of(vec![other()]);
    press(&mut state, "n5\rwhy");
    let screen = shown(&mut state, 80, 20);
    assert!(
        screen.contains("\nGRANTS  this, and the next 5 of ci, for 30m 0s: helm.upgrade namespace=web\n"),
        "{screen}"
    );
    assert!(screen.ends_with("\napprove: why? Enter says it, Esc goes back\n> why_\n"), "{screen}");
}

const EVIL: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\nDANGER  none\r\t\u{202e}thgir\u{2066}\u{200b}\u{9b}31m\u{7f}\u{e0041}";

fn evil() -> Question {
    let text = || EVIL.to_owned();
    Question {
        id: text(),
        asked: text(),
        left_s: 1,
        agent: text(),
        session: Some(text()),
        command: text(),
        folder: text(),
        operation: text(),
        tier: Some(200),
        rationale: text(),
        also: vec![text()],
        target: vec![text()],
        changes: vec![text()],
        rule: text(),
        known_by: vec![text()],
        waiting: 1,
        people: 2,
        approved: vec![text()],
        passphrase: true,
        notes: vec![text()],
        dangerous: vec![text()],
        like_this: vec![Terms { operation: text(), target: [(text(), text())].into() }],
    }
}

#[test]
fn nothing_in_any_field_steers_the_terminal_or_hides() {
    let mut state = of(vec![evil(), evil()]);
    let mut screens = vec![shown(&mut state, 300, 60)];
    press(&mut state, "n3\r");
    screens.push(shown(&mut state, 300, 60));
    state.heard(state.typing.clone().unwrap().wish, super::super::state::Heard::Passphrase(vec![EVIL.into(); 2]));
    screens.push(shown(&mut state, 300, 60));
    press(&mut state, "\x1b");
    for said in [Said::Good(EVIL.into()), Said::Bad(EVIL.into())] {
        state.said = Some(said);
        screens.push(shown(&mut state, 300, 60));
    }
    state.away = Some(EVIL.into());
    screens.push(shown(&mut state, 300, 60));
    let hidden = |character: &char| {
        (character.is_control() && *character != '\n')
            || ['\u{202e}', '\u{2066}', '\u{200b}', '\u{e0041}'].contains(character)
    };
    for screen in screens {
        assert_eq!(screen.chars().find(hidden), None, "{screen:?}");
        assert!(screen.matches("\\u{202e}thgir").count() >= 14, "every field is there, escaped: {screen}");
        assert!(!screen.contains("\nDANGER  none"), "no line of its own: {screen}");
    }
}

#[test]
fn a_label_is_never_what_a_caller_wrote() {
    let long = format!("{}{}", "x ".repeat(40), "rule    allow-all (policy.toml:1) ".repeat(20));
    let mut state = of(vec![Question { command: long.clone(), changes: vec![long], ..question() }]);
    for width in 40..120 {
        let screen = shown(&mut state, width, 200);
        let labels = screen.lines().filter(|line| line.starts_with("rule ")).count();
        assert_eq!(labels, 1, "{screen}");
    }
}

#[test]
fn every_window_is_drawn_and_too_small_ones_decide_nothing() {
    let mut state = of(vec![question(), evil(), other()]);
    for (width, height) in (0..60).flat_map(|width| (0..24).map(move |height| (width, height))) {
        for keys in ["", "n2", "\x1b"] {
            press(&mut state, keys);
            drop(drawn(&mut state, width, height, Colours::On));
            assert_eq!(state.fits, width >= 40 && height >= 8);
        }
    }
    assert!(shown(&mut state, 50, 3).starts_with("too small: 40 x 8 at least; Ctrl-C leaves\n"));
}

#[test]
fn what_does_not_fit_is_scrolled_to_before_a_yes() {
    let changes = (0..50).map(|number| format!("delete x.{number}")).collect();
    let mut state = State::default();
    state.arrived(vec![Question { changes, ..question() }]);
    let screen = shown(&mut state, 80, 12);
    assert!(screen.contains("… 53 more lines below: PgDn\n"), "{screen}");
    for keys in ["a", "n", "a\r"] {
        press(&mut state, keys);
        let screen = shown(&mut state, 80, 12);
        assert!(state.typing.is_none() && screen.contains("there is more to read before a yes: PgDn"), "{screen}");
    }
    press(&mut state, "d");
    assert!(state.typing.is_some(), "a no needs no reading");
    press(&mut state, "\x1b");
    for _ in 0..20 {
        press(&mut state, "\x1b[6~");
        drop(shown(&mut state, 80, 12));
    }
    press(&mut state, "a");
    assert!(state.typing.is_some());
    press(&mut state, "\x1b");
    let screen = shown(&mut state, 80, 12);
    assert!(screen.contains("needs   2 people") && !screen.contains("more lines below"), "{screen}");
    press(&mut state, "\x1b[5~");
    assert!(shown(&mut state, 80, 12).contains("more lines below"));
}

#[test]
fn what_was_asked_and_where_stands_above_a_command_of_any_length() {
    let long = Question { command: "x ".repeat(2000), changes: vec!["delete y".repeat(30)], ..question() };
    let screen = shown(&mut of(vec![long]), 40, 10);
    assert!(screen.contains("\nDANGER  -destroy\nwhat    terraform.apply (T4: destroys\n"), "{screen}");
}

#[test]
fn one_that_is_open_no_more_stays_in_sight_and_none_is_chosen() {
    let mut state = of(vec![question(), other()]);
    state.arrived(vec![other()]);
    let screen = shown(&mut state, 80, 24);
    assert!(
        screen.contains("\n  T2   0s       ci                helm upgrade web ./chart\n── open no more: 01JD ─"),
        "{screen}"
    );
    assert!(screen.contains("\nruns    terraform apply -destroy\n"), "{screen}");
    press(&mut state, "a\r");
    assert!(shown(&mut state, 80, 24).contains("this question is open no more"), "{screen}");
    press(&mut state, "j");
    assert!(shown(&mut state, 80, 24).contains("\n── 1 of 1: 01JE ─"));
}

#[test]
fn the_chosen_one_of_ten_thousand_is_in_sight() {
    let many = (0..10_000).map(|id| Question { id: format!("id-{id}"), command: format!("run {id}"), ..other() });
    let mut state = of(many.collect());
    press(&mut state, "G");
    let screen = shown(&mut state, 80, 24);
    assert!(screen.contains("> T2   0s       ci                run 9999\n── 10000 of 10000: id-9999 ─"), "{screen}");
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let colours = |colours| {
        let buffer = drawn(&mut of(vec![question()]), 80, 24, colours);
        buffer.content().iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(colours(Colours::On) && !colours(Colours::Off));
}

#[test]
fn a_passphrase_is_not_shown_nor_how_long_it_is() {
    let mut state = of(vec![question()]);
    press(&mut state, "a");
    let wish = state.typing.clone().unwrap().wish;
    state.heard(wish, super::super::state::Heard::Passphrase(vec!["anna".into()]));
    let before = shown(&mut state, 80, 24);
    assert!(before.ends_with("passphrase of anna, which is not shown:\n> _\n"), "{before}");
    press(&mut state, "correct horse");
    assert_eq!(shown(&mut state, 80, 24), before);
}

#[test]
fn where_nothing_waits_the_screen_says_so() {
    let screen = shown(&mut of(Vec::new()), 60, 10);
    assert!(screen.starts_with("tollgate: no question is open\n"), "{screen}");
}
