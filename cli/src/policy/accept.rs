//! `tollgate policy accept`: a person looks at what has changed, and takes it.
//!
//! What is shown is what the daemon holds, and what is accepted is named by its
//! hash: files that change in between are not accepted with it. Not here: the
//! proof that it is a person.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use clap::Args;
use similar::TextDiff;
use tollgate_admin::{Ask, Reply, Whose};
use tollgate_places::Places;
use tollgate_policies::show;

use crate::arguments::Root;
use crate::door::Door;
use crate::error::Error;
use crate::{output, places, sys};

/// Lines around a change that are shown with it.
const AROUND: usize = 3;
/// Most characters of one line.
const WIDE: usize = 400;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    root: Root,
    /// Do not ask: take what waits now
    #[arg(long)]
    yes: bool,
}

/// Texts by the name of their file.
type Texts = BTreeMap<String, String>;

/// Both policies.
#[derive(Debug, Default)]
struct Policies {
    accepted: Texts,
    pending: Texts,
    /// The hash of the one that waits.
    hash: Option<String>,
}

/// Shows what has changed, asks, and accepts.
pub(crate) fn accept(arguments: &Arguments) -> Result<ExitCode, Error> {
    sys::keep_out()?;
    let places = places::of(arguments.root.root.as_deref())?;
    let policies = policies(&places)?;
    let Some(hash) = &policies.hash else { return Err(Error::NothingPending) };
    for line in changes(&policies.accepted, &policies.pending) {
        output::line(line)?;
    }
    if !arguments.yes && !agreed(hash)? {
        return Err(Error::NotAccepted);
    }
    match Door::ask(&places.admin(), &Ask::AcceptPolicy { hash: hash.clone() })?.granted()? {
        Reply::Done {} => output::line(format_args!("accepted: {hash}"))?,
        _ => return Err(Error::Reply),
    }
    Ok(ExitCode::SUCCESS)
}

fn policies(places: &Places) -> Result<Policies, Error> {
    let mut door = Door::ask(&places.admin(), &Ask::Policies {})?;
    let mut policies = Policies::default();
    loop {
        match door.granted()? {
            Reply::PolicyText { whose: Whose::Accepted, name, text, .. } => {
                policies.accepted.entry(name).or_default().push_str(&text);
            }
            Reply::PolicyText { whose: Whose::Pending, name, text, hash } => {
                policies.pending.entry(name).or_default().push_str(&text);
                policies.hash = Some(hash);
            }
            Reply::End {} => return Ok(policies),
            _ => return Err(Error::Reply),
        }
    }
}

/// What has changed, as `diff -u` shows it.
fn changes(accepted: &Texts, pending: &Texts) -> Vec<String> {
    let mut names: Vec<&String> = accepted.keys().chain(pending.keys()).collect();
    names.sort();
    names.dedup();
    let text = |texts: &Texts, name: &String| texts.get(name).cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for name in names {
        let (old, new) = (text(accepted, name), text(pending, name));
        let difference = TextDiff::from_lines(&old, &new);
        let unified = difference.unified_diff().context_radius(AROUND).header(name, name).to_string();
        lines.extend(unified.lines().map(|line| show::text(line.as_bytes(), WIDE)));
    }
    lines
}

fn agreed(hash: &str) -> Result<bool, Error> {
    write!(io::stdout(), "accept {hash}? [y/N] ")?;
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[(&str, &str)]) -> Texts {
        texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_person_sees_what_was_added_changed_and_removed() {
        let old = texts(&[("10.toml", "a = 1\nb = 2\n"), ("20.toml", "gone = true\n"), ("30.toml", "same = 1\n")]);
        let new = texts(&[("10.toml", "a = 1\nb = \u{202e}3\n"), ("30.toml", "same = 1\n"), ("40.toml", "new = 1\n")]);
        assert_eq!(
            changes(&old, &new),
            [
                "--- 10.toml",
                "+++ 10.toml",
                "@@ -1,2 +1,2 @@",
                " a = 1",
                "-b = 2",
                "+b = \\u{202e}3",
                "--- 20.toml",
                "+++ 20.toml",
                "@@ -1 +0,0 @@",
                "-gone = true",
                "--- 40.toml",
                "+++ 40.toml",
                "@@ -0,0 +1 @@",
                "+new = 1",
            ]
        );
    }
}
