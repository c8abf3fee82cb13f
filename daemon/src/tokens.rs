//! Tokens: a person's signed word that a process tree is an agent's.
//!
//! ```text
//! tgt1.ID.CLEARANCE.UNTIL.AGENT.MAC        CLEARANCE 0 to 4 or -, UNTIL in seconds since 1970
//! ```
//! A token counts if this daemon has signed it, the audit knows that it was made,
//! nobody revoked it, its time is not over, and the caller is in the tree of
//! processes that used it first. Whoever is in that tree is the token's agent, also
//! without showing it. Which tokens there are is told by the audit; the key alone
//! is in `state/token-key`.

mod key;
mod text;
mod tree;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_audit::{Approver, Entry, Kind, Process, Record, Timestamp, Token};
use tollgate_places::Places;

use crate::gate::Gate;
use crate::refuse::Refusal;
use crate::sys::peer::{Chain, Peer};
use crate::sys::process;
use key::Key;

/// The variable that shows a token.
pub(crate) const VARIABLE: &str = "TOLLGATE_TOKEN";

/// One token that was made.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    /// What it says.
    pub(crate) token: Token,
    /// The process whose descendants may use it; none before its first use.
    pub(crate) bound: Option<Process>,
    /// Whether a person took it back.
    pub(crate) is_revoked: bool,
}

/// Why a token does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    /// It is no text of ours, or the signature is another's.
    #[error(
        "the token in `{VARIABLE}` is none that this gate has made: a person gives one with `tollgate agent token`"
    )]
    Forged,
    /// A person took it back.
    #[error("token {0} was revoked: a person gives another one with `tollgate agent token`")]
    Revoked(String),
    /// Its time is over.
    #[error("the time of token {0} is over: a person gives another one with `tollgate agent token`")]
    Over(String),
    /// Others used it first.
    #[error("token {0} belongs to another process tree: a person gives another one with `tollgate agent token`")]
    Elsewhere(String),
    /// It cannot be told.
    #[error("who calls cannot be told: {0}")]
    Untold(String),
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        let why = wrong.to_string();
        if matches!(wrong, Wrong::Untold(_)) { Self::Gate(why) } else { Self::Lasting(why) }
    }
}

/// All tokens.
#[derive(Debug)]
pub(crate) struct Tokens {
    key: Key,
    issued: Mutex<BTreeMap<String, Issued>>,
}

impl Tokens {
    /// The kinds of records that tell which tokens there are.
    pub(crate) const KINDS: [Kind; 3] = [Kind::TokenIssued, Kind::TokenBound, Kind::TokenRevoked];

    /// Those that the audit tells of, and the key.
    pub(crate) fn open(places: &Places, records: &[Record]) -> std::io::Result<Self> {
        Ok(Self { key: Key::of(&places.state.join("token-key"))?, issued: Mutex::new(issued(records)) })
    }

    /// The records that say nothing any more: the token's time is over, and nobody
    /// lives who is known by it.
    pub(crate) fn spent(records: &[Record], now: Timestamp) -> Vec<u64> {
        let issued = issued(records);
        let matters = |token: &Token| issued.get(&token.id).is_some_and(|issued| issued.matters(now));
        let ours = records.iter().filter(|record| Self::KINDS.contains(&record.entry.kind));
        ours.filter(|record| !record.entry.token.as_ref().is_some_and(matters)).map(|record| record.seq).collect()
    }

    /// Every token whose time is not over, oldest first.
    pub(crate) fn all(&self) -> Vec<Issued> {
        let now = Timestamp::now();
        self.lock().values().filter(|issued| issued.token.until > now).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Issued>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was made under this id, if it still counts.
    fn valid(&self, id: &str) -> Result<Issued, Wrong> {
        let issued = self.lock().get(id).cloned().ok_or(Wrong::Forged)?;
        if issued.is_revoked {
            return Err(Wrong::Revoked(id.to_owned()));
        }
        if issued.token.until <= Timestamp::now() {
            return Err(Wrong::Over(id.to_owned()));
        }
        Ok(issued)
    }

    /// The token that a text shows, if it counts wherever it is shown.
    fn shown(&self, text: &[u8]) -> Result<Issued, Wrong> {
        let token = text::read(text, &self.key).ok_or(Wrong::Forged)?;
        let issued = self.valid(&token.id)?;
        if issued.token == token { Ok(issued) } else { Err(Wrong::Forged) }
    }

    /// The token whose tree this process is the root of.
    pub(crate) fn rooted_at(&self, pid: i32) -> Option<String> {
        let issued = self.lock();
        let is = |issued: &Issued| issued.bound.as_ref().is_some_and(|root| root.pid == pid && process::is_alive(root));
        issued.values().rev().find(|issued| is(issued)).map(|issued| issued.token.id.clone())
    }

    /// Binds a token that nobody has used; what it is bound to by now.
    fn bind(&self, id: &str, root: Option<Process>) -> Option<Process> {
        let mut issued = self.lock();
        let issued = issued.get_mut(id)?;
        if issued.bound.is_none() {
            issued.bound = root;
        }
        issued.bound.clone()
    }

    fn unbind(&self, id: &str) {
        self.lock().entry(id.to_owned()).and_modify(|issued| issued.bound = None);
    }
}

impl Issued {
    /// Also when its time is over, it still tells whose its tree is.
    fn matters(&self, now: Timestamp) -> bool {
        self.token.until > now || self.bound.as_ref().is_some_and(process::is_alive)
    }
}

/// By id, the tokens that records tell of.
fn issued(records: &[Record]) -> BTreeMap<String, Issued> {
    let mut issued = BTreeMap::new();
    for Record { entry, .. } in records {
        let Some(token) = entry.token.clone() else { continue };
        match entry.kind {
            Kind::TokenIssued => {
                issued.insert(token.id.clone(), Issued { token, bound: None, is_revoked: false });
            }
            Kind::TokenBound => {
                issued.entry(token.id).and_modify(|issued| issued.bound.clone_from(&entry.process));
            }
            Kind::TokenRevoked => {
                issued.entry(token.id).and_modify(|issued| issued.is_revoked = true);
            }
            _ => {}
        }
    }
    issued
}

/// Makes a token, in a person's name; gives its text.
pub(crate) async fn issue(
    gate: &Gate,
    by: Approver,
    token: Token,
) -> Result<String, std::sync::Arc<tollgate_audit::Error>> {
    let text = text::write(&token, &gate.tokens.key);
    let entry = Entry {
        agent: Some(token.agent.clone()),
        token: Some(token.clone()),
        approved_by: Some(by),
        ..Entry::of(Kind::TokenIssued, token.id.clone())
    };
    gate.record(entry).await?;
    gate.tokens.lock().insert(token.id.clone(), Issued { token, bound: None, is_revoked: false });
    Ok(text)
}

/// Takes a token back, in a person's name; false where there is none of this id.
pub(crate) async fn revoke(gate: &Gate, by: Approver, id: &str) -> Result<bool, std::sync::Arc<tollgate_audit::Error>> {
    let Some(Issued { token, .. }) = gate.tokens.lock().get(id).cloned() else { return Ok(false) };
    // What is taken back is so even where the record fails.
    gate.tokens.lock().entry(id.to_owned()).and_modify(|issued| issued.is_revoked = true);
    let entry = Entry {
        agent: Some(token.agent.clone()),
        token: Some(token),
        approved_by: Some(by),
        ..Entry::of(Kind::TokenRevoked, id.to_owned())
    };
    gate.record(entry).await.map(|_| true)
}

/// The tokens that name the caller: the one that it shows, and the one whose tree it
/// is in. Where either does not count, the call does not run.
pub(crate) async fn evidence(
    gate: &Gate,
    peer: &Peer,
    chain: &Chain,
    shown: Option<&[u8]>,
) -> Result<Vec<Token>, Wrong> {
    let mut found = Vec::new();
    if let Some(text) = shown {
        found.push(show(gate, peer, chain, text).await?);
    }
    if let Some(token) = around(gate, chain)?
        && !found.contains(&token)
    {
        found.push(token);
    }
    Ok(found)
}

/// The token of the tree that the caller is in.
pub(crate) fn around(gate: &Gate, chain: &Chain) -> Result<Option<Token>, Wrong> {
    let id = chain.all().find_map(|pid| gate.tokens.rooted_at(pid));
    id.map(|id| gate.tokens.valid(&id).map(|issued| issued.token)).transpose()
}

/// A token whose tree the caller may have left, by what can be seen of it: its root lives,
/// and an orphan that is younger stands above the caller. An error where that cannot be told.
pub(crate) fn maybe_left(gate: &Gate, chain: &Chain) -> std::io::Result<Option<String>> {
    let bound: Vec<_> = gate
        .tokens
        .lock()
        .values()
        .filter_map(|issued| issued.bound.clone().zip(Some(issued.token.id.clone())))
        .collect();
    for (root, id) in bound {
        if process::is_alive(&root) && tree::may_have_left(chain, &root)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

async fn show(gate: &Gate, peer: &Peer, chain: &Chain, text: &[u8]) -> Result<Token, Wrong> {
    let issued = gate.tokens.shown(text)?;
    let token = issued.token;
    let root = match issued.bound {
        Some(root) => Some(root),
        None => first_use(gate, peer, chain, &token, text).await?,
    };
    let is_root = |pid: i32| root.as_ref().is_some_and(|root| root.pid == pid && process::is_alive(root));
    if chain.all().any(is_root) { Ok(token) } else { Err(Wrong::Elsewhere(token.id)) }
}

/// Binds a token to the tree that shows it first, on record before it counts.
async fn first_use(
    gate: &Gate,
    peer: &Peer,
    chain: &Chain,
    token: &Token,
    text: &[u8],
) -> Result<Option<Process>, Wrong> {
    let wanted = tree::root(chain, text);
    let bound = gate.tokens.bind(&token.id, wanted.clone());
    if bound != wanted {
        return Ok(bound);
    }
    let entry = Entry {
        agent: Some(token.agent.clone()),
        token: Some(token.clone()),
        process: wanted,
        uid: Some(peer.uid),
        pid: u32::try_from(peer.pid).ok(),
        ..Entry::of(Kind::TokenBound, token.id.clone())
    };
    if let Err(cause) = gate.record(entry).await {
        gate.tokens.unbind(&token.id);
        return Err(Wrong::Untold(format!("the audit cannot be written: {cause}")));
    }
    Ok(bound)
}
