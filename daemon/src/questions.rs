//! Open questions: escalations that wait for a person.
//!
//! A question is bound to what would run and for whom; equal calls share one. An
//! answer is good for one run and for a while. Who may answer is decided in
//! [`crate::person`]; this only keeps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tollgate_admin::{Answer, Question};
use tollgate_audit::{Approver, Entry};
use ulid::Ulid;

use crate::settings::Approvals;

/// What a question is bound to: a digest over the command and its circumstances.
pub(crate) type Binding = [u8; 32];

/// One person's answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// What was said.
    pub(crate) answer: Answer,
    /// By whom.
    pub(crate) by: Approver,
    /// Why.
    pub(crate) reason: Option<String>,
}

/// One question.
#[derive(Debug)]
pub(crate) struct Open {
    /// Its id.
    pub(crate) id: Ulid,
    /// As a person is shown it.
    pub(crate) shown: Question,
    /// What the record said when it was asked.
    pub(crate) entry: Entry,
    binding: Binding,
    asked: Instant,
    answered: watch::Sender<Option<(Answered, Instant)>>,
}

impl Open {
    /// A question that is asked now.
    pub(crate) fn new(id: Ulid, binding: Binding, shown: Question, entry: Entry) -> Self {
        Self { id, shown, entry, binding, asked: Instant::now(), answered: watch::Sender::new(None) }
    }

    /// Returns when somebody has answered.
    pub(crate) async fn answered(&self) {
        // The sender lives in `self`, so the wait cannot fail.
        let _ = self.answered.subscribe().wait_for(Option::is_some).await;
    }

    /// How much longer it stays open.
    pub(crate) fn left(&self, bounds: &Approvals) -> Duration {
        bounds.open().saturating_sub(self.asked.elapsed())
    }

    fn is_over(&self, bounds: &Approvals) -> bool {
        match &*self.answered.borrow() {
            Some((_, at)) => at.elapsed() >= bounds.answer(),
            None => self.left(bounds).is_zero(),
        }
    }
}

/// What comes of trying to answer.
#[derive(Debug)]
pub(crate) enum Found {
    /// There is exactly one such question, and it is open.
    Open(Arc<Open>),
    /// None of that id is open.
    None,
    /// The start of an id fits several.
    Several,
}

/// All questions that are open, or answered and not yet used.
#[derive(Debug, Default)]
pub(crate) struct Questions(Mutex<HashMap<Ulid, Arc<Open>>>);

impl Questions {
    /// The question bound to this, if one is kept.
    pub(crate) fn bound_to(&self, binding: &Binding) -> Option<Arc<Open>> {
        self.lock().values().find(|open| open.binding == *binding).cloned()
    }

    /// Keeps a question; where an equal one came first, gives that one.
    pub(crate) fn keep(&self, question: Open) -> Arc<Open> {
        let mut kept = self.lock();
        if let Some(equal) = kept.values().find(|open| open.binding == question.binding) {
            return Arc::clone(equal);
        }
        let question = Arc::new(question);
        kept.insert(question.id, Arc::clone(&question));
        question
    }

    /// The open question whose id starts so.
    pub(crate) fn find(&self, start: &str) -> Found {
        let start = start.to_ascii_uppercase();
        let kept = self.lock();
        let mut fitting = kept.values().filter(|open| {
            open.answered.borrow().is_none() && !start.is_empty() && open.id.to_string().starts_with(&start)
        });
        match (fitting.next(), fitting.next()) {
            (Some(open), None) => Found::Open(Arc::clone(open)),
            (None, _) => Found::None,
            (Some(_), Some(_)) => Found::Several,
        }
    }

    /// Puts an answer to a question; false where another answer came first.
    pub(crate) fn answer(&self, question: &Open, answered: Answered) -> bool {
        let mut kept = self.lock();
        if !kept.contains_key(&question.id) {
            return false;
        }
        let denied = answered.answer == Answer::Deny;
        let first = question.answered.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some((answered, Instant::now()));
            }
            first
        });
        // Whoever waits now hears a denial; the next equal call is asked anew.
        if first && denied && question.answered.receiver_count() > 0 {
            kept.remove(&question.id);
        }
        first
    }

    /// Uses an answer up: an approval goes to the first who comes for it.
    pub(crate) fn claim(&self, question: &Open) -> Option<Answered> {
        let removed = self.lock().remove(&question.id).is_some();
        let answered = question.answered.borrow().as_ref().map(|(answered, _)| answered.clone())?;
        (removed || answered.answer == Answer::Deny).then_some(answered)
    }

    /// Removes and gives the questions whose time is over.
    pub(crate) fn expire(&self, bounds: &Approvals) -> Vec<Arc<Open>> {
        let mut kept = self.lock();
        let over: Vec<_> = kept.values().filter(|open| open.is_over(bounds)).map(Arc::clone).collect();
        for question in &over {
            kept.remove(&question.id);
        }
        over
    }

    /// Every question that nobody has answered, oldest first.
    pub(crate) fn unanswered(&self) -> Vec<Arc<Open>> {
        let kept = self.lock();
        let mut open: Vec<_> = kept.values().filter(|open| open.answered.borrow().is_none()).cloned().collect();
        open.sort_by_key(|open| open.id);
        open
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Ulid, Arc<Open>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(binding: u8) -> Open {
        let shown = Question {
            id: String::new(),
            asked: String::new(),
            left_s: 0,
            agent: String::new(),
            session: None,
            command: String::new(),
            folder: String::new(),
            operation: String::new(),
            tier: None,
            rationale: String::new(),
            also: Vec::new(),
            target: Vec::new(),
            rule: String::new(),
        };
        Open::new(Ulid::generate(), [binding; 32], shown, Entry::default())
    }

    fn answered(answer: Answer) -> Answered {
        Answered { answer, by: Approver::default(), reason: None }
    }

    #[test]
    fn equal_calls_share_a_question_and_one_of_them_uses_the_approval() {
        let questions = Questions::default();
        let first = questions.keep(question(1));
        let second = questions.keep(question(1));
        assert_eq!(first.id, second.id);
        assert!(questions.answer(&first, answered(Answer::Approve)));
        assert!(questions.claim(&first).is_some());
        assert!(questions.claim(&second).is_none(), "an approval is for one run");
        assert!(questions.bound_to(&[1; 32]).is_none());
    }

    #[test]
    fn only_the_first_answer_counts() {
        let questions = Questions::default();
        let open = questions.keep(question(1));
        assert!(questions.answer(&open, answered(Answer::Deny)));
        assert!(!questions.answer(&open, answered(Answer::Approve)));
        assert_eq!(questions.claim(&open).unwrap().answer, Answer::Deny);
    }

    #[tokio::test]
    async fn everyone_who_waits_hears_a_denial_and_the_next_call_is_asked_anew() {
        let questions = Arc::new(Questions::default());
        let open = questions.keep(question(1));
        let waiter = Arc::clone(&open);
        let waiting = tokio::spawn(async move { waiter.answered().await });
        while open.answered.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(questions.answer(&open, answered(Answer::Deny)));
        waiting.await.unwrap();
        assert!(questions.bound_to(&[1; 32]).is_none());
        assert_eq!(questions.claim(&open).unwrap().answer, Answer::Deny);
    }

    #[test]
    fn the_start_of_an_id_must_fit_one_open_question() {
        let questions = Questions::default();
        let open = questions.keep(question(1));
        let id = open.id.to_string();
        assert!(matches!(questions.find(&id), Found::Open(found) if found.id == open.id));
        assert!(matches!(questions.find(&id.to_lowercase()), Found::Open(_)));
        assert!(matches!(questions.find(""), Found::None));
        assert!(matches!(questions.find("x"), Found::None));
        questions.keep(question(2));
        // The first characters are the time: both were asked in this century.
        assert!(matches!(questions.find("01"), Found::Several));
    }

    #[test]
    fn a_question_whose_time_is_over_goes() {
        let questions = Questions::default();
        questions.keep(question(1));
        assert!(questions.expire(&Approvals::default()).is_empty());
        let bounds: Approvals = toml::from_str("open_s = 0").unwrap();
        assert_eq!(questions.expire(&bounds).len(), 1);
        assert!(questions.unanswered().is_empty());
    }
}
