//! What a word can be completed to, as the gate has it now.
//!
//! A shell waits for this between two keys: whoever does not answer at once is
//! left out, and what fails completes nothing. Only names that are plain words are
//! given, whatever a log or a daemon says: a shell reads them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap_complete::CompletionCandidate;
use tollgate_admin::{Ask, GrantState, Reply, TokenState};
use tollgate_audit::query::{self, Filter, Help};
use tollgate_audit::{Kind, Record};
use tollgate_places::Places;
use tollgate_policies::{agents as known, policy, show};

use crate::door::Door;
use crate::explain::judge;
use crate::{places, tools};

/// How long a daemon may take.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many of the newest records are looked at.
const NEWEST: usize = 200;
/// How many ids are offered.
const MOST: usize = 40;
/// Most characters beside a word.
const BESIDE: usize = 60;

/// Open questions: newest last, each with its command.
pub(crate) fn questions() -> Vec<CompletionCandidate> {
    let of = |reply| match reply {
        Reply::Question(question) => candidate(&question.id, &question.command),
        _ => None,
    };
    asked(&Ask::Questions {}, of)
}

/// Grants that are in force.
pub(crate) fn grants() -> Vec<CompletionCandidate> {
    let of = |reply| match reply {
        Reply::Grant(GrantState { id, agent, operation, .. }) => candidate(&id, &format!("{agent} {operation}")),
        _ => None,
    };
    asked(&Ask::Grants {}, of)
}

/// Tokens whose time is not over.
pub(crate) fn tokens() -> Vec<CompletionCandidate> {
    let of = |reply| match reply {
        Reply::TokenState(TokenState { id, agent, revoked: false, .. }) => candidate(&id, &agent),
        _ => None,
    };
    asked(&Ask::Tokens {}, of)
}

/// The newest commands of the audit, run or refused: the newest first.
pub(crate) fn runs() -> Vec<CompletionCandidate> {
    let mut seen = BTreeSet::new();
    let commands = newest().into_iter().rev().filter(|record| {
        matches!(record.entry.kind, Kind::Intent | Kind::Refused | Kind::Question)
            && seen.insert(record.entry.id.clone())
    });
    let of = |record: Record| {
        let command = record.entry.command.as_ref().map(|command| show::command(&command.argv, BESIDE));
        candidate(&record.entry.id, &command.unwrap_or_default())
    };
    commands.take(MOST).filter_map(of).collect()
}

/// Those that the policy names, those that called lately, and those known by their program.
pub(crate) fn agents() -> Vec<CompletionCandidate> {
    let policy = judge::policy(root().as_deref(), None).ok();
    let mut names: BTreeSet<String> = known::all().map(str::to_owned).collect();
    names.extend(policy.iter().flat_map(policy::Policy::agents).map(str::to_owned));
    names.extend(newest().into_iter().filter_map(|record| record.entry.agent));
    names.into_iter().filter(|name| known::is_name(name)).map(CompletionCandidate::new).collect()
}

/// The tools that are understood; those on PATH first.
pub(crate) fn tools() -> Vec<CompletionCandidate> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let (mut here, elsewhere): (Vec<_>, Vec<_>) =
        tools::understood().into_iter().partition(|tool| tools::is_on(&path, tool.as_ref()));
    here.extend(elsewhere);
    here.into_iter().map(CompletionCandidate::new).collect()
}

/// The profiles that are built in.
pub(crate) fn profiles() -> Vec<CompletionCandidate> {
    policy::profiles().map(|(name, about)| CompletionCandidate::new(name).help(Some(about.into()))).collect()
}

/// The kinds of records.
pub(crate) fn kinds() -> Vec<CompletionCandidate> {
    Kind::ALL.iter().map(|kind| CompletionCandidate::new(kind.name())).collect()
}

/// An id and what is shown beside it; none where it is no plain word.
fn candidate(id: &str, beside: &str) -> Option<CompletionCandidate> {
    let plain = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain.then(|| CompletionCandidate::new(id).help(Some(show::text(beside.as_bytes(), BESIDE).into())))
}

fn asked(ask: &Ask, of: impl Fn(Reply) -> Option<CompletionCandidate>) -> Vec<CompletionCandidate> {
    let listed = places().and_then(|places| Door::list(&places.admin(), ask, PATIENCE, |reply| Some(of(reply))).ok());
    listed.into_iter().flatten().flatten().collect()
}

/// The oldest first.
fn newest() -> Vec<Record> {
    let audit = places().map(|places| places.audit()).filter(|audit| audit.exists());
    let records = audit.and_then(|audit| query::newest(&audit, &Filter::default(), NEWEST, Help::Index).ok());
    records.unwrap_or_default()
}

fn places() -> Option<Places> {
    places::of(root().as_deref()).ok()
}

/// The `--root` that is typed already, if there is one.
fn root() -> Option<PathBuf> {
    let mut words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    let mut root = None;
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        let after = word.to_str().and_then(|word| word.strip_prefix("--root=")).map(OsString::from);
        if let Some(folder) = if word == "--root" { words.next() } else { after } {
            root = Some(PathBuf::from(folder));
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_word_is_never_given_to_a_shell() {
        assert!(candidate("01KH9A", "terraform apply").is_some());
        for id in ["", "a b", "$(id)", "`id`", "a\nb", "*"] {
            assert!(candidate(id, "").is_none(), "{id}");
        }
    }

    #[test]
    fn what_stands_beside_a_word_is_one_line() {
        let help = candidate("01", "a\n\u{1b}[2Jb").unwrap().get_help().unwrap().to_string();
        assert!(!help.contains(['\n', '\u{1b}']), "{help:?}");
    }
}
