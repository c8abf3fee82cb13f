//! Noticing that the policy's files change.
//!
//! The kernel tells (inotify), and what it cannot tell (a network's file system, no
//! watches left) a look every few seconds finds. A file is written in several steps:
//! a look waits until nothing has happened for a moment.

use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::gate::Gate;

/// Quiet for so long: whoever wrote is done.
const QUIET: Duration = Duration::from_millis(50);
/// No writer is waited for longer.
const PATIENCE: Duration = Duration::from_millis(500);
/// A look without a cause.
const LOOK: Duration = Duration::from_secs(5);

/// Reloads the policy whenever its files change.
pub(crate) async fn watch(gate: Arc<Gate>) {
    let changed = Arc::new(Notify::new());
    let mut watched = Watched::new(Arc::clone(&changed));
    loop {
        watched.follow(&gate);
        if timeout(LOOK, changed.notified()).await.is_ok() {
            settle(&changed).await;
        }
        gate.policies.reload(&gate).await;
    }
}

/// Returns when the files have been left alone for a moment.
async fn settle(changed: &Notify) {
    let until = Instant::now() + PATIENCE;
    while timeout_at(until.min(Instant::now() + QUIET), changed.notified()).await.is_ok() {
        if Instant::now() >= until {
            return;
        }
    }
}

/// The folders that are watched, each as the folder that stood there then.
struct Watched {
    watcher: Option<RecommendedWatcher>,
    folders: Vec<(std::path::PathBuf, Option<u64>)>,
}

impl Watched {
    fn new(changed: Arc<Notify>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading a file is no change of it, and we read them ourselves.
            if !event.is_ok_and(|event| event.kind.is_access() && !is_written(event.kind)) {
                changed.notify_one();
            }
        });
        if let Err(cause) = &watcher {
            tracing::warn!(%cause, "the policy's files cannot be watched: a change is found within seconds");
        }
        Self { watcher: watcher.ok(), folders: Vec::new() }
    }

    /// Watches the folders that the files are in by now.
    fn follow(&mut self, gate: &Gate) {
        use std::os::unix::fs::MetadataExt;
        let Some(watcher) = &mut self.watcher else { return };
        let marked = gate.policies.origin().folders().into_iter().map(|folder| {
            let inode = std::fs::metadata(&folder).ok().map(|found| found.ino());
            (folder, inode)
        });
        let folders: Vec<_> = marked.collect();
        if folders == self.folders {
            return;
        }
        for (folder, _) in &self.folders {
            // A folder that is gone is watched no more already.
            let _ = watcher.unwatch(folder);
        }
        for (folder, _) in &folders {
            if let Err(cause) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::debug!(%cause, folder = %folder.display(), "a folder cannot be watched");
            }
        }
        self.folders = folders;
    }
}

fn is_written(kind: notify::EventKind) -> bool {
    use notify::event::{AccessKind, AccessMode, EventKind};
    matches!(kind, EventKind::Access(AccessKind::Close(AccessMode::Write)))
}
