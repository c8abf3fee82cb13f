//! How many commands a second `tollgate explain --batch` judges on one processor.
//!
//! `cargo bench -p tollgate --bench batch` gives it the commands of the corpus
//! (`tests/corpus`) again and again, without a folder, by tool and all together; words
//! after `--` choose among the corpus' files, and `all`. What counts is the processor
//! time of the program, the best of five runs; once with its start, which reads the
//! grammars, and once without. It compares nothing with earlier runs.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figures and may fail")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Corpus {
    group: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    argv: toml::Value,
    #[serde(default)]
    env: Vec<String>,
}

impl Case {
    fn line(&self) -> String {
        let argv: Vec<&str> = match &self.argv {
            toml::Value::String(line) => line.split(' ').collect(),
            words => words.as_array().into_iter().flatten().filter_map(toml::Value::as_str).collect(),
        };
        let env: BTreeMap<_, _> = self.env.iter().filter_map(|entry| entry.split_once('=')).collect();
        format!("{}\n", json!({ "argv": argv, "env": env }))
    }
}

/// About as many lines as are judged in each run.
const MANY: usize = 200_000;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus");
    let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let corpus: Corpus = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let lines: Vec<String> = corpus.group.iter().flat_map(|group| &group.cases).map(Case::line).collect();
        sets.entry("all".to_owned()).or_default().extend(lines.iter().cloned());
        sets.insert(path.file_stem().unwrap().to_string_lossy().into_owned(), lines);
    }
    println!("commands a second, with the program's start and without, and how many there are:");
    let wants = |name: &String| wanted.is_empty() || wanted.contains(name);
    for (name, lines) in sets.iter().filter(|(name, _)| wants(name)) {
        let few = 1 + 4_000 / lines.len();
        let many = few + MANY / lines.len();
        let (start, whole) = (best(lines, few), best(lines, many));
        let a_second = |lines: usize, time: Duration| lines as f64 / time.as_secs_f64();
        let with = a_second(lines.len() * many, whole);
        let without = a_second(lines.len() * (many - few), whole.saturating_sub(start));
        println!("  {name:<10} {with:>8.0} {without:>8.0} {:>6}", lines.len());
    }
}

fn best(lines: &[String], times: usize) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let questions = folder.path().join("questions");
    let mut file = File::create(&questions).unwrap();
    let once = lines.concat();
    (0..times).for_each(|_| file.write_all(once.as_bytes()).unwrap());
    (0..5).map(|_| one(&questions, folder.path())).min().unwrap()
}

/// The processor time of one run. The home is empty: nobody's own policy judges.
fn one(questions: &Path, home: &Path) -> Duration {
    let before = spent();
    let status = Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(["explain", "--batch", "--root"])
        .arg(home)
        .stdin(File::open(questions).unwrap())
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    spent() - before
}

/// The processor time of all children so far.
fn spent() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let times = [usage.user_time(), usage.system_time()];
    times.iter().map(|time| Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()).cast_unsigned())).sum()
}
