//! `tollgate notify`: tells people elsewhere that a question waits for them.
//!
//! A process of its own, so no run waits for a webhook and the daemon opens no
//! connection to a network. It looks at the admin door as `approvals --watch` does,
//! and each place that is told has a thread and a bounded queue. Not here: answers;
//! nothing that comes back from a webhook is one.

mod desktop;
mod post;
mod shape;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use clap::Args;
use tollgate_admin::Question;

use crate::arguments::Root;
use crate::error::Error;
use crate::{approvals, output, places};
use post::Hook;
use shape::Shape;

/// Between two looks at the door.
const LOOK: Duration = Duration::from_secs(1);
/// Questions that wait for one place to be told.
const WAITING: usize = 1000;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    root: Root,
    /// Post each question to this address; may be given several times
    #[arg(long, value_name = "URL", required_unless_present = "desktop")]
    webhook: Vec<String>,
    /// What is posted
    #[arg(long, value_enum, default_value_t = Shape::Generic)]
    shape: Shape,
    /// Sign what is posted with the secret in this file, which nobody else may read
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Show each question on this desktop, with notify-send
    #[arg(long)]
    desktop: bool,
}

/// A question, and until when telling it makes sense.
#[derive(Debug, Clone)]
struct News {
    question: Question,
    until: Instant,
}

/// One place that is told.
struct Place {
    name: String,
    queue: SyncSender<News>,
}

/// Stays, and tells each question when it comes.
pub(crate) fn notify(arguments: &Arguments) -> Result<ExitCode, Error> {
    let places = places::of(arguments.root.root.as_deref())?;
    let told = told(arguments)?;
    let mut known = BTreeSet::new();
    let mut away = false;
    loop {
        match approvals::open(&places) {
            Ok(open) => {
                away = false;
                let ids: BTreeSet<String> = open.iter().map(|question| question.id.clone()).collect();
                open.into_iter()
                    .filter(|question| !known.contains(&question.id))
                    .for_each(|question| tell(&told, question));
                known = ids;
            }
            Err(error) if !away => {
                away = true;
                output::say(format_args!("{}; looking again every second", error.sentence()));
            }
            Err(_) => {}
        }
        std::thread::sleep(LOOK);
    }
}

fn told(arguments: &Arguments) -> Result<Vec<Place>, Error> {
    let secret = arguments.secret.as_deref().map(post::secret).transpose()?;
    let mut told = Vec::new();
    for address in &arguments.webhook {
        let hook = Hook::new(address, arguments.shape, secret.clone())?;
        told.push(place(address.clone(), move |news| hook.tell(&news)));
    }
    if arguments.desktop {
        let program = desktop::program()?;
        told.push(place("the desktop".to_owned(), move |news| desktop::tell(&program, &news.question)));
    }
    Ok(told)
}

/// A thread that tells one place, in order.
fn place(name: String, tell: impl Fn(News) -> Result<(), Error> + Send + 'static) -> Place {
    let (queue, news) = sync_channel::<News>(WAITING);
    std::thread::spawn(move || {
        for news in news {
            if let Err(error) = tell(news) {
                output::say(error.sentence());
            }
        }
    });
    Place { name, queue }
}

fn tell(told: &[Place], question: Question) {
    let until = Instant::now() + Duration::from_secs(question.left_s);
    let news = News { question, until };
    for place in told {
        if place.queue.try_send(news.clone()).is_err() {
            output::say(format_args!("{} is too slow: question {} is not told there", place.name, news.question.id));
        }
    }
}
