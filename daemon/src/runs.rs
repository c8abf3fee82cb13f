//! Running commands, and the exit records that outlive the daemon.
//!
//! Each run has a file `runs/ID-PID-STARTED`, named after its supervisor, opened
//! here and written there. Where it holds a record the run has ended; where it is
//! empty and that supervisor lives, the command still runs.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_wire::message::Finish;
use tollgate_wire::record;

use crate::ancestry::Above;
use crate::approve::Permitted;
use crate::binary::Identity;
use crate::identify::Name;
use crate::request::Request;
use crate::supervisors::Supervisor;
use crate::sys::process;

/// One running command.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// The session of its caller.
    pub(crate) session: Option<String>,
    /// What its caller was judged as.
    pub(crate) names: Vec<Name>,
    /// Its supervisor's process id.
    pub(crate) supervisor: i32,
    /// When that process started, in clock ticks since boot.
    pub(crate) started: u64,
    /// What it runs; not known of a run that was adopted.
    pub(crate) called: Option<Called>,
}

/// What a run was started as.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    /// The run whose tool called it.
    parent: Option<String>,
    tool: Vec<u8>,
    arguments: Vec<Vec<u8>>,
    binary: Identity,
}

impl Called {
    /// As a permitted call has it.
    pub(crate) fn of(permitted: &Permitted) -> Self {
        let request = &permitted.call.request;
        Self {
            parent: permitted.call.agent.parent.clone(),
            tool: request.tool.clone(),
            arguments: arguments(request).map(<[u8]>::to_vec).collect(),
            binary: permitted.binary.identity,
        }
    }
}

/// What a call has been through already.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// The programs that have passed this very call on, with all its arguments, the nearest
    /// first. A version manager that stands behind our shim does so where it looks along PATH
    /// for what is not its own.
    pub(crate) on: Vec<Identity>,
    /// How many runs of the same tool stand above it.
    pub(crate) deep: usize,
}

/// All after the name that the tool was called by.
fn arguments(request: &Request) -> impl Iterator<Item = &[u8]> {
    request.strings.arguments().into_iter().skip(1)
}

/// All running commands, by id.
#[derive(Debug)]
pub(crate) struct Runs {
    folder: PathBuf,
    running: Mutex<HashMap<String, Run>>,
}

/// The file that a supervisor leaves its record in.
#[derive(Debug)]
pub(crate) struct RunFile {
    /// The run's id.
    pub(crate) id: String,
    /// Its supervisor's process id.
    pub(crate) supervisor: i32,
    /// When that process started.
    pub(crate) started: u64,
    path: PathBuf,
}

impl RunFile {
    /// What the supervisor has written, if it is whole.
    pub(crate) fn finish(&self) -> Option<Finish> {
        record::decode(&std::fs::read(&self.path).ok()?)
    }

    /// How long the run took, from the file's making to the record's writing.
    pub(crate) fn duration_ms(&self) -> Option<u64> {
        let file = std::fs::metadata(&self.path).ok()?;
        let took = file.modified().ok()?.duration_since(file.created().ok()?).ok()?;
        u64::try_from(took.as_millis()).ok()
    }

    /// Whether its supervisor still lives.
    pub(crate) fn is_supervised(&self) -> bool {
        process::runs(self.supervisor, self.started)
    }

    /// The run is in the audit: its file goes.
    pub(crate) fn remove(&self) {
        if let Err(cause) = std::fs::remove_file(&self.path) {
            tracing::warn!(%cause, path = %self.path.display(), "cannot remove a run's file");
        }
    }

    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let mut parts = name.split('-');
        let (id, supervisor, started) = (parts.next()?, parts.next()?, parts.next()?);
        let (supervisor, started) = (supervisor.parse().ok()?, started.parse().ok()?);
        parts.next().is_none().then(|| Self { id: id.to_owned(), supervisor, started, path: path.clone() })
    }
}

impl Runs {
    /// Keeps its files in this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), running: Mutex::default() }
    }

    /// Makes the file for a run that this supervisor will hold; gives it open for writing.
    pub(crate) fn create(&self, id: &str, supervisor: &Supervisor) -> io::Result<(RunFile, File)> {
        let path = self.folder.join(format!("{id}-{}-{}", supervisor.pid, supervisor.started));
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let (supervisor, started) = (supervisor.pid, supervisor.started);
        Ok((RunFile { id: id.to_owned(), supervisor, started, path }, opened))
    }

    /// The files that an earlier daemon left.
    pub(crate) fn left_behind(&self) -> io::Result<Vec<RunFile>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            files.extend(RunFile::of(entry?.path()));
        }
        Ok(files)
    }

    /// A command runs.
    pub(crate) fn begin(&self, id: &str, run: Run) {
        self.lock().insert(id.to_owned(), run);
    }

    /// Its supervisor is gone, and all that descended from the command.
    pub(crate) fn end(&self, id: &str) {
        self.lock().remove(id);
    }

    /// How many run.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// The agents that they run for: one each.
    pub(crate) fn agents(&self) -> Vec<String> {
        self.lock().values().filter_map(|run| Some(run.names.first()?.agent.clone())).collect()
    }

    /// Whether none runs.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Whether this process supervises a run.
    pub(crate) fn is_supervisor(&self, pid: i32) -> bool {
        self.lock().values().any(|run| run.supervisor == pid)
    }

    /// The run that this process supervises. Entries live as long as their
    /// process is not reaped or its start time is the same, so the number is its.
    pub(crate) fn of_supervisor(&self, pid: i32) -> Option<Above> {
        let running = self.lock();
        let (id, run) = running.iter().find(|(_, run)| run.supervisor == pid)?;
        let same = process::standing(pid).is_ok_and(|standing| standing.started == run.started);
        same.then(|| Above::Run { id: id.clone(), session: run.session.clone(), names: run.names.clone() })
    }

    /// What the runs above a call of this tool have executed for it.
    pub(crate) fn above(&self, parent: Option<&str>, request: &Request) -> Passed {
        let mut passed = Passed::default();
        let (mut next, mut same) = (parent, true);
        if next.is_none() {
            return passed;
        }
        let running = self.lock();
        while let Some(called) = next.and_then(|id| running.get(id)?.called.as_ref()) {
            same &= called.tool == request.tool && called.arguments.iter().eq(arguments(request));
            if same {
                passed.on.push(called.binary);
            }
            passed.deep += usize::from(called.tool == request.tool);
            next = called.parent.as_deref();
        }
        passed
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Run>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_wire::message::{End, Why};

    #[test]
    fn a_run_s_file_tells_its_supervisor_and_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join(format!("01ABC-{}-77", std::process::id()));
        std::fs::write(&name, "tollgate-run 1 exited 7\n").unwrap();
        std::fs::write(folder.path().join("stray"), "").unwrap();
        let files = Runs::new(folder.path()).left_behind().unwrap();
        let [file] = files.as_slice() else { panic!("{files:?}") };
        let finish = Finish { end: End::Exited(7), why: Why::Itself };
        assert_eq!((file.id.as_str(), file.started, file.finish()), ("01ABC", 77, Some(finish)));
        assert!(!file.is_supervised(), "the start time is another");
        file.remove();
        assert!(!name.exists());
    }
}
