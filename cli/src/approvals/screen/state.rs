//! What the screen shows and what keys make of it: pure, so that it can be tried whole.
//!
//! A question that somebody began to answer stays as it was shown then, whatever
//! arrives meanwhile; no other takes the place of the one that is looked at, unless a
//! key chooses it; and a yes begins only where all of it has been in sight. Not here:
//! drawing (`view`), and asking the daemon (`word`).

use tollgate_admin::{Answer, Proof, Question};

use super::keys::{Key, Pasting};

/// Most characters that are typed in one line.
const MOST_TYPED: usize = 500;
/// Most commands that one key can answer in advance.
const MOST_MORE: u32 = 1000;

/// An answer that a person is giving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    /// To what, as it was shown.
    pub(super) question: Box<Question>,
    pub(super) answer: Answer,
    pub(super) reason: String,
    /// How many more of the same are answered in advance.
    pub(super) more: u32,
}

/// What is typed next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prompt {
    /// How many more of the same.
    HowMany,
    /// Why; Enter gives the answer.
    Reason,
    /// Whose passphrase follows, of these.
    Name(Vec<String>),
    /// This person's: it is not shown.
    Passphrase(String),
}

/// A line that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typing {
    pub(super) wish: Wish,
    pub(super) prompt: Prompt,
    pub(super) line: String,
}

/// What a key asks of the world.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Do {
    /// End.
    Leave,
    /// Tell the daemon.
    Say(Wish, Option<Proof>),
}

/// What became of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It counts.
    Done(String),
    /// It does not.
    No(String),
    /// It needs the passphrase of one of these.
    Passphrase(Vec<String>),
}

/// What was said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Good(String),
    Bad(String),
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct State {
    questions: Vec<Question>,
    /// The place of the chosen one.
    place: usize,
    /// The one that was chosen, where it is open no more: it stays in sight, or a key
    /// that is pressed meanwhile would mean its neighbour.
    gone: Option<Box<Question>>,
    pub(super) typing: Option<Typing>,
    pub(super) said: Option<Said>,
    /// Why the list may be old.
    pub(super) away: Option<String>,
    /// Lines of the details that are above the window.
    pub(super) scroll: usize,
    /// How many of them a key moves on.
    pub(super) page: usize,
    /// Whether the last of them has been in sight.
    pub(super) seen: bool,
    /// Whether a text that is pasted has begun, or ended, last.
    pasting: Option<Pasting>,
    /// Whether the window has room for what a person decides by.
    pub(super) fits: bool,
}

impl State {
    pub(super) fn questions(&self) -> &[Question] {
        &self.questions
    }

    pub(super) fn place(&self) -> usize {
        self.place
    }

    /// The question whose details are shown: the one that is being answered, else the
    /// chosen one.
    pub(super) fn shown(&self) -> Option<&Question> {
        let answering = self.typing.as_ref().map(|typing| &*typing.wish.question);
        answering.or(self.gone.as_deref()).or_else(|| self.questions.get(self.place))
    }

    /// Whether the one that is shown is open no more.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// The list as it is now. The chosen question stays chosen, and in sight where it
    /// is gone.
    pub(super) fn arrived(&mut self, questions: Vec<Question>) {
        self.away = None;
        let chosen = self.gone.take().or_else(|| self.questions.get(self.place).cloned().map(Box::new));
        self.questions = questions;
        let Some(chosen) = chosen else { return self.choose(0) };
        match self.questions.iter().position(|question| question.id == chosen.id) {
            Some(place) => self.place = place,
            None => {
                self.place = self.last().min(self.place);
                self.gone = Some(chosen);
            }
        }
    }

    fn last(&self) -> usize {
        self.questions.len().saturating_sub(1)
    }

    fn choose(&mut self, place: usize) {
        self.place = self.last().min(place);
        self.gone = None;
        self.scroll = 0;
        self.seen = false;
    }

    /// The place after the chosen one: where that is gone, its neighbour has come there.
    fn following(&self) -> usize {
        if self.is_gone() { self.place } else { self.place + 1 }
    }

    /// What came of an answer.
    pub(super) fn heard(&mut self, wish: Wish, heard: Heard) {
        match heard {
            Heard::Done(said) => self.said = Some(Said::Good(said)),
            Heard::No(why) => self.said = Some(Said::Bad(why)),
            Heard::Passphrase(names) => self.ask(wish, whose(names)),
        }
    }

    fn ask(&mut self, wish: Wish, prompt: Prompt) {
        self.typing = Some(Typing { wish, prompt, line: String::new() });
    }

    /// What a key does.
    pub(super) fn pressed(&mut self, key: Key) -> Option<Do> {
        match (key, self.typing.take()) {
            (Key::Pasted(pasting), typing) => {
                (self.typing, self.pasting) = (typing, Some(pasting));
                None
            }
            (key, typing) if self.pasting == Some(Pasting::Begins) => {
                self.typing = typing.map(|typing| typing.pasted(key));
                None
            }
            (Key::Interrupt, _) => Some(Do::Leave),
            (Key::Escape, Some(_)) => None,
            (Key::Enter, Some(typing)) => self.entered(typing),
            (Key::PageUp | Key::PageDown, typing) => {
                self.typing = typing;
                self.scrolled(key);
                None
            }
            (key, Some(mut typing)) => {
                typing.typed(key);
                self.typing = Some(typing);
                None
            }
            (key, None) => self.chosen(key),
        }
    }

    fn scrolled(&mut self, key: Key) {
        let step = self.page.max(1);
        self.scroll = if key == Key::PageUp { self.scroll.saturating_sub(step) } else { self.scroll + step };
    }

    fn chosen(&mut self, key: Key) -> Option<Do> {
        match key {
            Key::Character('q') => return Some(Do::Leave),
            Key::Up | Key::Character('k') => self.choose(self.place.saturating_sub(1)),
            Key::Down | Key::Character('j') => self.choose(self.following()),
            Key::Home | Key::Character('g') => self.choose(0),
            Key::End | Key::Character('G') => self.choose(usize::MAX),
            Key::Character('a') => self.begin(Answer::Approve, Prompt::Reason),
            Key::Character('d') => self.begin(Answer::Deny, Prompt::Reason),
            Key::Character('n') => self.begin(Answer::Approve, Prompt::HowMany),
            _ => {}
        }
        None
    }

    /// Begins an answer to the chosen question, as it is shown now.
    fn begin(&mut self, answer: Answer, prompt: Prompt) {
        let Some(question) = self.shown().cloned() else { return };
        self.said = None;
        if !self.fits {
            return;
        }
        if self.is_gone() {
            self.said = Some(Said::Bad("this question is open no more: ↑↓ chooses another one".to_owned()));
            return;
        }
        if answer == Answer::Approve && !self.seen {
            self.said = Some(Said::Bad("there is more to read before a yes: PgDn shows it".to_owned()));
            return;
        }
        if prompt == Prompt::HowMany && question.like_this.is_empty() {
            let why = "no grant can stand for this answer: approve it alone";
            self.said = Some(Said::Bad(why.to_owned()));
            return;
        }
        self.ask(Wish { question: Box::new(question), answer, reason: String::new(), more: 0 }, prompt);
    }

    fn entered(&mut self, typing: Typing) -> Option<Do> {
        let Typing { mut wish, prompt, line } = typing;
        if !self.fits {
            self.typing = Some(Typing { wish, prompt, line });
            return None;
        }
        match prompt {
            Prompt::HowMany => match line.trim().parse() {
                Ok(more) if (1..=MOST_MORE).contains(&more) => self.ask(Wish { more, ..wish }, Prompt::Reason),
                _ => self.said = Some(Said::Bad(format!("a number from 1 to {MOST_MORE} is needed"))),
            },
            Prompt::Reason => {
                wish.reason = line.trim().to_owned();
                return Some(Do::Say(wish, None));
            }
            Prompt::Name(_) => self.ask(wish, Prompt::Passphrase(line.trim().to_owned())),
            Prompt::Passphrase(name) => return Some(Do::Say(wish, Some(Proof { name, passphrase: line }))),
        }
        None
    }
}

fn whose(names: Vec<String>) -> Prompt {
    match names.as_slice() {
        [only] => Prompt::Passphrase(only.clone()),
        _ => Prompt::Name(names),
    }
}

impl Typing {
    /// Only characters: a line's end in what is pasted says nothing.
    fn pasted(mut self, key: Key) -> Self {
        if matches!(key, Key::Character(_)) {
            self.typed(key);
        }
        self
    }

    fn typed(&mut self, key: Key) {
        match key {
            Key::Character(character) if self.line.chars().count() < MOST_TYPED => self.line.push(character),
            Key::Backspace => drop(self.line.pop()),
            Key::Clear => self.line.clear(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
