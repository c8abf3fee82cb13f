//! `tollgate explain` and the daemon judge alike, over every command of the corpus.
//!
//! The daemon gets each command through a shim of the tool's name, under a policy
//! that denies everything; explain gets the same as one batch.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::Sandbox;
use serde_json::{Value, json};

const DENY_ALL: &str = "[[rule]]\nname = \"nothing-runs\"\nverdict = \"deny\"\n";

/// One command of the corpus.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Case {
    argv: Vec<String>,
    env: BTreeMap<String, String>,
}

impl Case {
    fn tool(&self) -> &str {
        self.argv.first().map_or("", String::as_str).rsplit('/').next().unwrap_or_default()
    }
}

/// Every table of the corpus that has an `argv`.
fn cases() -> BTreeSet<Case> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "corpus"].iter().collect();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a corpus") {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let value: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            gather(&toml::Value::Table(value), &mut found);
        }
    }
    found
}

fn gather(value: &toml::Value, found: &mut BTreeSet<Case>) {
    match value {
        toml::Value::Array(values) => values.iter().for_each(|value| gather(value, found)),
        toml::Value::Table(table) if table.contains_key("argv") => {
            found.extend(case(table));
        }
        toml::Value::Table(table) => table.values().for_each(|value| gather(value, found)),
        _ => {}
    }
}

/// `argv` is a list, or a text that is split at its spaces; `env` a list of
/// `NAME=value`. None where explain cannot be asked: one name twice, or no name.
fn case(table: &toml::Table) -> Option<Case> {
    let argv = match &table["argv"] {
        toml::Value::String(line) => line.split(' ').map(str::to_owned).collect(),
        list => list.clone().try_into().expect("argv is a text or a list of texts"),
    };
    let list: Vec<String> = table.get("env").map_or_else(Vec::new, |list| list.clone().try_into().expect("a list"));
    let mut env = BTreeMap::new();
    for variable in &list {
        let (name, value) = variable.split_once('=').filter(|(name, _)| !name.is_empty())?;
        if env.insert(name.to_owned(), value.to_owned()).is_some() {
            return None;
        }
    }
    Some(Case { argv, env })
}

#[test]
fn explain_and_the_daemon_agree_on_every_command() {
    // A shim has a name.
    let cases: Vec<Case> = cases().into_iter().filter(|case| !matches!(case.tool(), "" | "." | "..")).collect();
    assert!(cases.len() > 100, "only {} commands in the corpus", cases.len());
    let tools: BTreeSet<&str> = cases.iter().map(Case::tool).collect();
    let builder = Sandbox::builder(e2e::programs!()).policy("10-tests.toml", DENY_ALL);
    let mut sandbox = tools.iter().fold(builder, |builder, tool| builder.wrap(tool)).start();
    sandbox.put_shims_first();
    let explained = explain(&sandbox, &cases);
    let ids = refused_ids(&sandbox, &cases);
    sandbox.daemon().stop();
    let records: BTreeMap<String, Value> =
        sandbox.audit_of("refused").into_iter().map(|record| (text(&record["id"]), record)).collect();
    let mut differences = Vec::new();
    for ((case, explained), id) in cases.iter().zip(&explained).zip(&ids) {
        let record = records.get(id).unwrap_or_else(|| panic!("no record of {case:?}"));
        for field in ["tool", "operation", "also", "tier", "target", "rationale"] {
            if record[field] != explained[field] {
                differences.push(format!("{case:?}\n  {field}: daemon {} explain {}", record[field], explained[field]));
            }
        }
        if (text(&explained["verdict"]), text(&record["decision"])) != ("deny".into(), "deny".into()) {
            differences
                .push(format!("{case:?}\n  verdict: daemon {} explain {}", record["decision"], explained["verdict"]));
        }
    }
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), cases.len(), differences.join("\n"));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What explain says, in the cases' order.
fn explain(sandbox: &Sandbox, cases: &[Case]) -> Vec<Value> {
    let folder = sandbox.path("work");
    let lines: String = cases
        .iter()
        .map(|case| json!({"argv": case.argv, "env": case.env, "cwd": folder}).to_string() + "\n")
        .collect();
    let mut command = sandbox.tollgate(&["explain", "--batch", "--root"]);
    command.arg(sandbox.path("root")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

/// Has the daemon refuse each case; gives the requests' ids.
fn refused_ids(sandbox: &Sandbox, cases: &[Case]) -> Vec<String> {
    let shims = sandbox.path("front");
    let next = AtomicUsize::new(0);
    let ids = Mutex::new(vec![String::new(); cases.len()]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { return };
                    let id = refused_id(&shims, &sandbox.path("work"), case);
                    ids.lock().unwrap()[at] = id;
                }
            });
        }
    });
    ids.into_inner().unwrap()
}

fn refused_id(shims: &Path, folder: &Path, case: &Case) -> String {
    let mut command = Command::new(shims.join(case.tool()));
    command.arg0(&case.argv[0]).args(&case.argv[1..]).env_clear().current_dir(folder);
    command.envs(case.env.iter().map(|(name, value)| (OsString::from_vec(name.clone().into()), value)));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(126), "{case:?}: {said}");
    let line = said.lines().rev().find_map(|line| line.strip_prefix("tollgate: {")).unwrap_or_default();
    let told: Value = format!("{{{line}").parse().unwrap_or_else(|_| panic!("{case:?}: {said}"));
    text(&told["id"])
}
