//! How fast records become durable, and how fast a log of a million is verified and
//! asked; how much memory its writer takes.
//!
//! `cargo bench -p tollgate-audit --bench append -- FOLDER` measures on the file
//! system of FOLDER (default: the temporary folder). A file system in memory is
//! refused: there a sync costs nothing.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use tollgate_audit::query::{self, Filter, Help};
use tollgate_audit::verify::{self, Check};
use tollgate_audit::{Command, Entry, Kind, Options, SigningKey, Writer, read};

type Failure = Box<dyn std::error::Error>;

const LASTING: Duration = Duration::from_secs(3);
const BIG: u64 = 1_000_000;
/// Records that are left to the writer at once.
const WAITING: u64 = 10_000;

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
    let (writer, _) = Writer::open(folder.path(), options()?)?;
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

/// As the daemon writes: signed and packed.
fn options() -> Result<Options, Failure> {
    let key = Some(Arc::new(SigningKey::generate("bench")?));
    Ok(Options { key, pack: true, ..Options::default() })
}

/// The record number `n` of a million: of ten agents, with ids of their own.
fn numbered(n: u64) -> Entry {
    let kind = if n.is_multiple_of(2) { Kind::Intent } else { Kind::Outcome };
    let tier = u8::try_from(n % 5).ok();
    Entry { agent: Some(format!("agent-{}", n % 10)), tier, ..Entry { kind, id: id(n / 2), ..entry() } }
}

fn id(n: u64) -> String {
    format!("01KH9QAYZ8S6J4F8Q6{n:08}")
}

fn read_back(folder: &Path) -> Result<(), Failure> {
    let folder = tempfile::tempdir_in(folder)?;
    let plain = tempfile::tempdir_in(&folder)?;
    let options = options()?;
    let (writer, _) = Writer::open(plain.path(), Options { pack: false, ..options.clone() })?;
    let before = resident()?;
    let start = Instant::now();
    for n in 0..BIG {
        if n.is_multiple_of(WAITING) {
            writer.append_blocking(numbered(n))?;
            if n.is_multiple_of(BIG / 4) {
                println!("writer's memory after {n:7} records: {} MB", resident()?.saturating_sub(before) / 1000);
            }
        } else {
            writer.append(numbered(n), drop);
        }
    }
    writer.append_blocking(numbered(BIG))?;
    println!("a million appended in {:?}, memory {} MB", start.elapsed(), resident()?.saturating_sub(before) / 1000);
    drop(writer);
    let check = Check { key: options.key.as_ref().map(|key| key.public().clone()), against: None };
    let report = verify::verify_with(plain.path(), &check, |_| ())?;
    let megabytes = report.bytes as f64 / 1e6;
    for _ in 0..3 {
        measure("verify with key", megabytes, || Ok(verify::verify_with(plain.path(), &check, |_| ())?))?;
    }
    ask("plain", plain.path())?;
    measure("read all", megabytes, || Ok(read::records(plain.path())?.filter(Result::is_ok).count()))?;
    pack(plain.path(), &options)?;
    measure("verify packed with key", megabytes, || Ok(verify::verify_with(plain.path(), &check, |_| ())?))?;
    ask("packed", plain.path())?;
    let start = Instant::now();
    let _open = Writer::open(plain.path(), options)?;
    println!("open for writing: {:?}", start.elapsed());
    Ok(())
}

/// Has every closed segment packed.
fn pack(folder: &Path, options: &Options) -> Result<(), Failure> {
    let (writer, _) = Writer::open(folder, options.clone())?;
    let size = |suffix: &str| -> Result<u64, Failure> {
        let files = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        let named = files.iter().filter(|file| file.path().to_string_lossy().ends_with(suffix));
        Ok(named.map(|file| file.metadata().map_or(0, |found| found.len())).sum())
    };
    let (before, start) = (size(".jsonl")?, Instant::now());
    writer.append_blocking(numbered(BIG + 1))?;
    while std::fs::read_dir(folder)?
        .flatten()
        .filter(|file| file.path().extension().is_some_and(|end| end == "jsonl"))
        .count()
        > 1
    {
        std::thread::yield_now();
    }
    println!(
        "packed {} MB to {} MB in {:?}; indexes {} MB",
        before / 1_000_000,
        size(".zst")? / 1_000_000,
        start.elapsed(),
        size(".index")? / 1_000_000
    );
    Ok(())
}

fn ask(form: &str, folder: &Path) -> Result<(), Failure> {
    let filter = Filter { agent: vec!["agent-3".parse()?], tier: vec![Some(3)], ..Filter::default() };
    for round in 0..2 {
        let start = Instant::now();
        let found = query::newest(folder, &filter, 100, Help::Index)?;
        let listed = start.elapsed();
        let rare = Filter { target: vec!["workspace=nowhere".parse()?], ..Filter::default() };
        let none = query::newest(folder, &rare, 100, Help::Index)?;
        let searched = start.elapsed() - listed;
        let shown = Instant::now();
        let run = read::find(folder, &id(BIG / 6))?;
        println!(
            "{form}, round {round}: filtered list of {} in {listed:?}; whole search for {} in {searched:?}; show of {} in {:?}",
            found.len(),
            none.len(),
            run.len(),
            shown.elapsed()
        );
    }
    Ok(())
}

/// Kilobytes that are in memory.
fn resident() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
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
