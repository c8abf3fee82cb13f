//! The corpus: what each command means, by its grammar's own documentation.
//!
//! Facts are given, not read: a small cluster, the default workspace, a profile. Their
//! source looks as if it had been typed: nobody may go by its text.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail in its own helpers")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tollgate_policies::changes::{Act, Changes};
use tollgate_policies::classify::facts::{Access, Contents, Field, Found, GitPurpose, Mount, Plan, SavedPlan};
use tollgate_policies::classify::{
    Classified, Facts, Finding, Grammars, Invocation, Need, applied, arguments, classify,
};
use tollgate_policies::{Dimension, Meaning, Operation, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    source: String,
    cases: Vec<Case>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Case {
    argv: Words,
    tool: Option<String>,
    #[serde(default)]
    env: Vec<String>,
    operation: String,
    tier: Tier,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    target: BTreeMap<String, Wanted>,
    /// The target of the last operation.
    #[serde(default)]
    inside: BTreeMap<String, Wanted>,
    plan: Option<String>,
    /// The kinds in the files that it brings, and paths that they give away (`ro:PATH`);
    /// `?` for one that cannot be read.
    #[serde(default)]
    brings: Vec<String>,
    alias: Option<String>,
    milder: Option<String>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(untagged)]
enum Words {
    Line(String),
    List(Vec<String>),
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Tier {
    Number(u8),
    Word(String),
}

#[derive(Deserialize, Debug, Clone)]
#[serde(untagged)]
enum Wanted {
    None(#[expect(dead_code, reason = "only that it is there counts")] bool),
    One(String),
    All(Vec<String>),
}

impl Case {
    fn argv(&self) -> Vec<String> {
        match &self.argv {
            Words::Line(line) => line.split(' ').map(str::to_owned).collect(),
            Words::List(words) => words.clone(),
        }
    }

    /// What is wrong with this case, as a person would say it.
    fn problem(&self) -> Option<String> {
        let argv = self.argv();
        let words: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
        let operation = self.judge(&words, &self.env());
        let tier = operation.tier().map_or(Tier::Word("unknown".into()), |tier| Tier::Number(tier.number()));
        let also: Vec<&str> = operation.also.iter().map(|meaning| meaning.operation.as_ref()).collect();
        let wrong_target = self.target.iter().find_map(|(name, wanted)| wrong(&operation.primary, name, wanted));
        let last = operation.meanings().last().unwrap_or(&operation.primary);
        let wrong_inside = self.inside.iter().find_map(|(name, wanted)| wrong(last, name, wanted));
        if operation.primary.operation != self.operation {
            return Some(format!("is {}: {}", operation.primary.operation, operation.primary.rationale));
        }
        if tier != self.tier {
            return Some(format!("has tier {tier:?}: {}", operation.primary.rationale));
        }
        if also != self.also {
            return Some(format!("is also {also:?}"));
        }
        let milder = operation.milder.map_or(String::from("none"), |milder| {
            String::from_utf8_lossy(&milder.argv(&words).join(&b' ')).into_owned()
        });
        match &self.milder {
            Some(wanted) if *wanted != milder => Some(format!("would be milder as {milder}")),
            _ => wrong_target.or(wrong_inside),
        }
    }

    fn judged(&self) -> Operation {
        let argv = self.argv();
        let words: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
        self.judge(&words, &self.env())
    }

    fn env(&self) -> Vec<&[u8]> {
        self.env.iter().map(String::as_bytes).chain([&b"HOME=/home/me"[..]]).collect()
    }

    /// The same command with its targets written out, judged again.
    fn judged_pinned(&self, operation: &Operation) -> Operation {
        let argv = self.argv();
        let words: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
        let (argv, env) = applied(&operation.pins.iter().collect::<Vec<_>>(), &words, &self.env());
        let words: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
        let env: Vec<&[u8]> = env.iter().map(Vec::as_slice).collect();
        self.judge(&words, &env)
    }

    fn judge(&self, words: &[&[u8]], env: &[&[u8]]) -> Operation {
        let argv = self.argv();
        let tool = self.tool.as_ref().or(argv.first()).unwrap();
        let invocation = Invocation {
            tool: tool.as_bytes(),
            argv: words,
            env,
            cwd: Some(b"/home/me/project"),
            home: Some(b"/home/me"),
            start: None,
        };
        let facts = Facts::default();
        for _ in 0..4 {
            match classify(Grammars::built_in(), &invocation, &facts) {
                Classified::Operation(operation) => {
                    // Whoever reads the arguments alone reads the same.
                    assert_eq!(operation.arguments, arguments::arguments(Grammars::built_in(), &invocation));
                    return operation;
                }
                Classified::Needs(needs) => {
                    needs.into_iter().for_each(|need| facts.add(need.clone(), self.finding(&need)));
                }
            }
        }
        panic!("its needs never end: {self:?}");
    }

    fn finding(&self, need: &Need) -> Finding {
        let values = match need {
            Need::TerraformDir { .. } => vec![value(Field::Workspace, b"default")],
            Need::Kubeconfig { context, cluster, .. } => vec![
                value(Field::Context, context.as_deref().unwrap_or(b"dev")),
                value(Field::Cluster, cluster.as_deref().unwrap_or(b"small")),
                value(Field::Server, b"https://small"),
                value(Field::Namespace, b"shop"),
            ],
            Need::AwsProfile { .. } => vec![value(Field::Region, b"eu-west-1")],
            Need::PlanFile { .. } => return self.planned(),
            Need::BroughtFiles(_) | Need::ComposeFiles(_) => return self.brought(),
            Need::OwnFile { .. } => return Finding::Found(Found::default()),
            Need::Kuberc { .. } => Vec::new(),
            Need::GcloudConfig { configuration, .. } => vec![
                value(Field::Configuration, configuration.as_deref().unwrap_or(b"work")),
                value(Field::Project, b"shop-dev"),
                value(Field::Account, b"me@example.com"),
                value(Field::Zone, b"europe-west1-b"),
                value(Field::Region, b"europe-west1"),
            ],
            Need::GitRepo(wanted) => vec![
                value(Field::Remote, wanted.remote.as_deref().unwrap_or(b"origin")),
                value(Field::Host, b"github.com"),
                value(
                    Field::Repository,
                    if wanted.purpose == GitPurpose::Forge { b"acme/web" } else { b"git@github.com:acme/web" },
                ),
                value(Field::Branch, b"topic"),
            ],
            Need::DockerContext { context, .. } => vec![
                value(Field::Context, context.as_deref().unwrap_or(b"default")),
                value(Field::Host, b"unix:///var/run/docker.sock"),
            ],
            Need::GhConfig { .. } => vec![value(Field::Host, b"github.com")],
        };
        // The release tests of helm have no namespace in their context.
        let keep = |(field, _): &(Field, Value)| *field != Field::Namespace || !self.operation.starts_with("helm.");
        let values = values.into_iter().filter(keep).collect();
        Finding::Found(Found {
            values,
            aliases: self.alias.iter().map(|alias| alias.clone().into_bytes()).collect(),
            code: None,
        })
    }

    fn brought(&self) -> Finding {
        let unread = self.brings.iter().any(|kind| kind == "?").then(|| "it cannot be read".into());
        let (paths, kinds): (Vec<_>, Vec<_>) = self.brings.iter().cloned().partition(|word| word.contains('/'));
        let mount = |path: String| match path.strip_prefix("ro:") {
            Some(path) => Mount { path: path.into(), access: Access::Read },
            None => Mount { path: path.into(), access: Access::Write },
        };
        let mounts = paths.into_iter().map(mount).collect();
        Finding::Brought(Contents { kinds, mounts, unread, ..Contents::default() })
    }

    fn planned(&self) -> Finding {
        match self.plan.as_deref() {
            Some("applies") => {
                let values = vec![value(Field::Workspace, b"default"), value(Field::Backend, b"local")];
                let found = Found { values, ..Found::default() };
                Finding::Plan(Plan::Saved(Box::new(SavedPlan { found, ..SavedPlan::default() })))
            }
            Some("absent") => Finding::Plan(Plan::Absent),
            Some("destroys") => Finding::Plan(Plan::Saved(Box::new(SavedPlan {
                changes: Changes::of([(Act::Replace, String::from("terraform_data.web"))]),
                ..SavedPlan::default()
            }))),
            Some("made-to-destroy") => {
                Finding::Plan(Plan::Saved(Box::new(SavedPlan { made_to_destroy: true, ..SavedPlan::default() })))
            }
            Some("forgets") => Finding::Plan(Plan::Saved(Box::new(SavedPlan {
                changes: Changes::of([(Act::Forget, String::from("terraform_data.web"))]),
                ..SavedPlan::default()
            }))),
            Some("foreign") => Finding::Plan(Plan::Foreign { reason: "its plan is of format 4".into() }),
            _ => Finding::Unknown { reason: "it is no archive".into() },
        }
    }
}

fn value(field: Field, value: &[u8]) -> (Field, Value) {
    (field, Value::known(value, "HEAD"))
}

fn wrong(meaning: &Meaning, name: &str, wanted: &Wanted) -> Option<String> {
    let dimension = Dimension::of_name(name).unwrap_or_else(|| panic!("there is no dimension {name}"));
    let values: Vec<String> = meaning.target.values(dimension).map(shown).collect();
    let wanted = match wanted {
        Wanted::None(_) => Vec::new(),
        Wanted::One(value) => vec![value.clone()],
        Wanted::All(values) => values.clone(),
    };
    (values != wanted).then(|| format!("has {name} {values:?}: {:?}", meaning.target))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Known { value, .. } => String::from_utf8_lossy(value).into_owned(),
        Value::Unknown { .. } => "unknown".into(),
    }
}

fn corpora() -> Vec<(PathBuf, Corpus)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let corpus = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, corpus)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn every_command_of_the_corpus_means_what_its_source_says() {
    let mut problems = Vec::new();
    let mut count = 0;
    for (path, corpus) in corpora() {
        for group in corpus.group {
            for case in group.cases {
                count += 1;
                let at = format!("{} ({}): {:?} {:?}", path.display(), group.source, case.argv(), case.env);
                problems.extend(case.problem().map(|problem| format!("{at}\n    {problem}")));
            }
        }
    }
    assert!(problems.is_empty(), "{} of {count}\n{}", problems.len(), problems.join("\n"));
    assert!(count >= 3_000, "{count}");
}

/// What is concluded from files and written out then is what it was, and the
/// command too.
#[test]
fn a_command_with_its_targets_written_out_means_the_same() {
    let values = |operation: &Operation| -> Vec<(Dimension, String)> {
        operation.primary.target.iter().map(|(dimension, value)| (dimension, shown(value))).collect()
    };
    let mut pinned = 0;
    for (path, corpus) in corpora() {
        for case in corpus.group.iter().flat_map(|group| &group.cases) {
            let operation = case.judged();
            if operation.pins.is_empty() {
                continue;
            }
            pinned += 1;
            let again = case.judged_pinned(&operation);
            let at = format!("{}: {:?} {:?}", path.display(), case.argv(), operation.pins);
            assert_eq!(again.primary.operation, operation.primary.operation, "{at}");
            assert_eq!((again.tier(), values(&again)), (operation.tier(), values(&operation)), "{at}");
        }
    }
    assert!(pinned > 200, "{pinned}");
}
