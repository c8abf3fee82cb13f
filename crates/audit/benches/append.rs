//! How fast records become durable, and how fast a log is verified.
//!
//! `cargo bench -p tollgate-audit --bench append -- FOLDER` measures on the file
//! system of FOLDER (default: the temporary folder). A file system in memory is
//! refused: there a sync costs nothing.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use tollgate_audit::{Command, Entry, Kind, Options, Writer, read, verify};

type Failure = Box<dyn std::error::Error>;

const LASTING: Duration = Duration::from_secs(3);
const BIG: u64 = 300_000;

fn main() -> Result<(), Failure> {
    let given = std::env::args_os().skip(1).find(|argument| !argument.as_encoded_bytes().starts_with(b"--"));
    let folder = given.map_or_else(std::env::temp_dir, PathBuf::from);
    if statfs(&folder)?.filesystem_type() == TMPFS_MAGIC {
        return Err(format!("`{}` is in memory: name a folder on a disk", folder.display()).into());
    }
    for writers in [1, 8, 64] {
        append(&folder, writers)?;
    }
    read_back(&folder)
}

/// A record of usual length: about 1 KB as a line.
fn entry() -> Entry {
    let argv = ["terraform", "apply", "-auto-approve", "-target=module.network"].map(Into::into).to_vec();
    Entry {
        agent: Some("claude-code".into()),
        session: Some("01KH9QAYZ8S6J4F8Q6E5T3V2W1".into()),
        command: Some(Command { argv, cwd: Some("/srv/infrastructure/staging".into()), env: Vec::new() }),
        operation: Some("terraform.apply".into()),
        rationale: Some("creates or changes infrastructure".into()),
        policy_hash: Some("sha256:3f786850e387550fdab836ed7e6dc881de23001b3f786850e387550fdab836ed".into()),
        ..Entry::of(Kind::Intent, "01KH9QAYZ8S6J4F8Q6E5T3V2W1")
    }
}

fn append(folder: &Path, writers: usize) -> Result<(), Failure> {
    let folder = tempfile::tempdir_in(folder)?;
    let (writer, _) = Writer::open(folder.path(), Options::default())?;
    let start = Instant::now();
    let mut took: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..writers).map(|_| scope.spawn(|| append_for_a_while(&writer))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let rate = took.len() as f64 / start.elapsed().as_secs_f64();
    took.sort();
    let at = |share: usize| took.get((took.len() * share / 1000).min(took.len() - 1)).copied().unwrap_or_default();
    println!("append, {writers:2} writers: {rate:8.0} records/s, p50 {:?}, p99 {:?}", at(500), at(990));
    Ok(())
}

fn append_for_a_while(writer: &Writer) -> Vec<Duration> {
    let mut took = Vec::new();
    let start = Instant::now();
    while start.elapsed() < LASTING {
        let one = Instant::now();
        if writer.append_blocking(entry()).is_ok() {
            took.push(one.elapsed());
        }
    }
    took
}

fn read_back(folder: &Path) -> Result<(), Failure> {
    let folder = tempfile::tempdir_in(folder)?;
    let (writer, _) = Writer::open(folder.path(), Options::default())?;
    for _ in 0..BIG {
        writer.append(entry(), drop);
    }
    drop(writer);
    let report = verify(folder.path(), |_| ())?;
    let megabytes = report.bytes as f64 / 1e6;
    for _ in 0..3 {
        measure("verify", megabytes, || Ok(verify(folder.path(), |_| ())?))?;
    }
    measure("find one id", megabytes, || Ok(read::find(folder.path(), "none")?))?;
    measure("read all", megabytes, || Ok(read::records(folder.path())?.filter(Result::is_ok).count()))?;
    let start = Instant::now();
    let _open = Writer::open(folder.path(), Options::default())?;
    println!("open for writing: {:?}", start.elapsed());
    Ok(())
}

/// By the wall, and by the processor's time alone, which other programs do not lengthen.
fn measure<T>(what: &str, megabytes: f64, work: impl FnOnce() -> Result<T, Failure>) -> Result<(), Failure> {
    let (start, before) = (Instant::now(), processor_seconds()?);
    std::hint::black_box(work()?);
    let (wall, processor) = (start.elapsed().as_secs_f64(), processor_seconds()? - before);
    println!("{what}: {:.0} MB/s, {:.0} MB/s of processor time", megabytes / wall, megabytes / processor);
    Ok(())
}

fn processor_seconds() -> Result<f64, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
