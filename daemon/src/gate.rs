//! The house that every request passes through: what outlives a single one.
//!
//! Each field is its own room with its own lock; nothing here decides.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot::Receiver;
use tollgate_audit::{Entry, Receipt, Writer};
use tollgate_places::Places;
use tollgate_policies::classify::Grammars;

use crate::allowances::Allowances;
use crate::approvers::Approvers;
use crate::binary::Binaries;
use crate::identify::hint::Hints;
use crate::keys::Keys;
use crate::policies::{InForce, Policies};
use crate::questions::Questions;
use crate::readers::Readers;
use crate::runs::Runs;
use crate::server::Connections;
use crate::service::Service;
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::supervisors::Supervisors;
use crate::tokens::Tokens;

/// The running gate.
pub(crate) struct Gate {
    /// Where its things are.
    pub(crate) places: Places,
    /// The user's home, whatever callers say.
    pub(crate) home: Option<PathBuf>,
    /// Bounds that the person may set.
    pub(crate) settings: Settings,
    /// The policy in force.
    pub(crate) policies: Policies,
    /// What is known of tools.
    pub(crate) grammars: &'static Grammars,
    /// The record.
    pub(crate) audit: Writer,
    /// The record's keys.
    pub(crate) keys: Keys,
    /// Open sessions.
    pub(crate) sessions: Sessions,
    /// Tokens that people gave agents.
    pub(crate) tokens: Tokens,
    /// What the programs above callers are called.
    pub(crate) hints: Hints,
    /// Rates, grants and budgets, and what is left of them.
    pub(crate) allowances: Allowances,
    /// Open questions.
    pub(crate) questions: Questions,
    /// Who answers with a passphrase.
    pub(crate) approvers: Approvers,
    /// Running commands.
    pub(crate) runs: Runs,
    /// Supervisors, some started ahead of time.
    pub(crate) supervisors: Supervisors,
    /// Real binaries seen so far.
    pub(crate) binaries: Binaries,
    /// Processes that look at files for us.
    pub(crate) readers: Readers,
    /// The service manager, if there is one.
    pub(crate) service: Service,
    /// Shims that are being served.
    pub(crate) connections: Connections,
    /// Since when.
    pub(crate) started: Instant,
}

impl Gate {
    /// Whether a request was taken that neither runs nor waits for a person.
    pub(crate) fn is_deciding(&self) -> bool {
        self.connections.waiting() > self.questions.callers()
    }

    /// Returns when `entry` is on disk, with the policies in force in it.
    pub(crate) async fn record(&self, entry: Entry) -> Result<Receipt, Arc<tollgate_audit::Error>> {
        self.record_under(&self.policies.current(), entry).await
    }

    /// Returns when all of these are on disk, with the last one's receipt.
    pub(crate) async fn record_all(&self, entries: Vec<Entry>) -> Result<Option<Receipt>, Arc<tollgate_audit::Error>> {
        let policies = self.policies.current();
        let waiting: Vec<_> = entries.into_iter().map(|entry| self.append(policies.stamp(entry))).collect();
        let mut last = None;
        for told in waiting {
            last = Some(told.await.unwrap_or_else(|_| Err(Arc::new(tollgate_audit::Error::Closed)))?);
        }
        Ok(last)
    }

    /// As [`Gate::record`], for an entry that is about these policies.
    pub(crate) async fn record_under(
        &self,
        policies: &InForce,
        entry: Entry,
    ) -> Result<Receipt, Arc<tollgate_audit::Error>> {
        let mut entry = policies.stamp(entry);
        // Nobody else is about to be served: the way to the writer's thread and back
        // takes as long as the disk.
        if self.connections.waiting() <= 1 {
            match self.audit.append_at_once(entry) {
                Ok(told) => return told,
                Err(back) => entry = *back,
            }
        }
        let told = self.append(entry);
        told.await.unwrap_or_else(|_| Err(Arc::new(tollgate_audit::Error::Closed)))
    }

    fn append(&self, entry: Entry) -> Receiver<Result<Receipt, Arc<tollgate_audit::Error>>> {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.audit.append(entry, move |written| {
            // Nobody waits any more where the connection's task has ended.
            let _ = tell.send(written);
        });
        told
    }
}
