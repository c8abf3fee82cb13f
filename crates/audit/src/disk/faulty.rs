//! A disk that fails when it is told to, and forgets what was not synced.
//!
//! The files are real ones, so that reading and verifying see them; what would be
//! left of them after the power went is kept beside.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::{Appending, Disk};

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The disk is full: a write takes nothing.
    Full,
    /// The disk is full after so many bytes of the write.
    FullAfter(usize),
    /// An input/output error; nothing is done.
    Broken,
    /// An input/output error, but all was done.
    Lying,
}

/// What the disk will do, and what it has done.
#[derive(Default)]
pub(crate) struct Plan {
    /// The operations, by number from 0, that fail.
    pub(crate) fail: Option<(std::ops::Range<u64>, Fault)>,
    /// Called before the data of a segment is synced, with the syncs so far.
    pub(crate) before_sync: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    pub(crate) operations: u64,
    pub(crate) writes: u64,
    pub(crate) syncs: u64,
    /// By name, what is durable of a file; none for a name that is not durable.
    durable: HashMap<String, Durable>,
}

#[derive(Clone, Default)]
struct Durable {
    content: Vec<u8>,
    named: bool,
}

/// What is left of what was not synced when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing.
    Nothing,
    /// Names, and so many bytes.
    Bytes(usize),
    /// Everything: only the process ended.
    Everything,
}

impl Plan {
    fn next(&mut self) -> Option<Fault> {
        let number = self.operations;
        self.operations += 1;
        self.fail.as_ref().filter(|(range, _)| range.contains(&number)).map(|(_, fault)| *fault)
    }

    /// Makes the folder what it is after a loss of power.
    pub(crate) fn lose_power(&self, folder: &Path, left: Left) {
        for (name, durable) in &self.durable {
            let path = folder.join(name);
            let now = std::fs::read(&path).unwrap();
            match left {
                Left::Everything => {}
                Left::Nothing if !durable.named => std::fs::remove_file(&path).unwrap(),
                Left::Nothing => std::fs::write(&path, &durable.content).unwrap(),
                Left::Bytes(more) => {
                    let unsynced = now.strip_prefix(durable.content.as_slice()).unwrap_or_default();
                    let kept = &unsynced[..more.min(unsynced.len())];
                    std::fs::write(&path, [&durable.content, kept].concat()).unwrap();
                }
            }
        }
    }
}

/// See the module.
pub(crate) struct Faulty {
    folder: PathBuf,
    plan: Arc<Mutex<Plan>>,
}

impl Faulty {
    pub(crate) fn at(folder: &Path, plan: Arc<Mutex<Plan>>) -> Self {
        Self { folder: folder.to_owned(), plan }
    }

    fn file(&self, name: &str, file: File) -> Box<dyn Appending> {
        Box::new(FaultyFile { name: name.into(), path: self.folder.join(name), file, plan: self.plan.clone() })
    }
}

/// `Err` for a fault, after the work was done where the fault is a lie.
fn with(fault: Option<Fault>, work: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    match fault {
        None => work(),
        Some(Fault::Lying) => work().and(Err(broken())),
        Some(Fault::Full | Fault::FullAfter(_)) => Err(full()),
        Some(Fault::Broken) => Err(broken()),
    }
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn broken() -> io::Error {
    io::Error::other("the disk is broken")
}

impl Disk for Faulty {
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Appending>> {
        let mut plan = self.plan.lock().unwrap();
        // A file that was made in spite of an error is not what this is about.
        with(plan.next().filter(|fault| *fault != Fault::Lying), || Ok(()))?;
        let file = OpenOptions::new().append(true).create_new(true).open(self.folder.join(name))?;
        plan.durable.insert(name.into(), Durable::default());
        drop(plan);
        Ok(self.file(name, file))
    }

    fn open(&mut self, name: &str) -> io::Result<Box<dyn Appending>> {
        let path = self.folder.join(name);
        let content = std::fs::read(&path)?;
        self.plan.lock().unwrap().durable.insert(name.into(), Durable { content, named: true });
        Ok(self.file(name, OpenOptions::new().append(true).open(path)?))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        let mut plan = self.plan.lock().unwrap();
        let fault = plan.next();
        with(fault, || {
            plan.durable.values_mut().for_each(|file| file.named = true);
            Ok(())
        })
    }
}

struct FaultyFile {
    name: String,
    path: PathBuf,
    file: File,
    plan: Arc<Mutex<Plan>>,
}

impl Appending for FaultyFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut plan = self.plan.lock().unwrap();
        plan.writes += 1;
        match plan.next() {
            Some(Fault::FullAfter(0)) => Err(full()),
            // Less than asked is no error; the next write is.
            Some(Fault::FullAfter(some)) => Write::write(&mut self.file, &bytes[..some.min(bytes.len())]),
            fault => with(fault, || self.file.write_all(bytes)).map(|()| bytes.len()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let plan = self.plan.lock().unwrap();
        let (before, syncs) = (plan.before_sync.clone(), plan.syncs);
        drop(plan);
        if let Some(before) = before {
            before(syncs);
        }
        let mut plan = self.plan.lock().unwrap();
        plan.syncs += 1;
        let fault = plan.next();
        with(fault, || {
            plan.durable.entry(self.name.clone()).or_default().content = std::fs::read(&self.path)?;
            Ok(())
        })
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let fault = self.plan.lock().unwrap().next();
        with(fault, || self.file.set_len(length))
    }
}
