//! How long it takes to tell what a command means.
//!
//! `cargo bench -p tollgate-policies --bench classify` prints medians and the
//! slowest in a hundred, the time for a mebibyte of arguments, and what reading the
//! grammars costs; words after `--` choose sections: `start`, `commands`, `long`. It
//! compares nothing with earlier runs.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tollgate_policies::Value;
use tollgate_policies::classify::facts::{Field, Found};
use tollgate_policies::classify::{Classified, Facts, Finding, Grammars, Invocation, classify};

const COMMANDS: [&str; 20] = [
    "terraform plan",
    "terraform apply -destroy -auto-approve -var a=b",
    "helm list -n prod",
    "helm upgrade --install web ./chart -n prod --set a=b --wait --timeout 5m",
    "kubectl get pods -n prod -o wide",
    "kubectl delete pod a b c --context x -n prod --grace-period=0 --force",
    "aws ec2 describe-instances --region us-east-1",
    "aws ec2 terminate-instances --instance-ids i-1 i-2 --profile prod",
    "aws s3 sync . s3://bucket --delete",
    "gcloud compute instances delete x --zone y --quiet",
    "git push --force origin main",
    "git status",
    "rm -rf build",
    "ls -la",
    "cat README.md",
    "curl -sSfL https://example.com/x -o y",
    "sudo -u x terraform destroy",
    "env A=b TF_WORKSPACE=prod terraform apply",
    "xargs -n 1 kubectl delete pod",
    "timeout 5 nice nohup terraform plan",
];

const SCRIPTS: [&str; 2] =
    ["terraform plan", "cd infra && TF_WORKSPACE=prod terraform apply -auto-approve | tee log.txt"];

/// Tools with their first word, to be followed by very many.
const LONG: [(&str, &str); 9] = [
    ("terraform", "apply"),
    ("kubectl", "delete"),
    ("helm", "upgrade"),
    ("aws", "s3"),
    ("git", "add"),
    ("rm", "x"),
    ("curl", "x"),
    ("sudo", "rm"),
    ("xargs", "rm"),
];

const ENVIRONMENT: [&str; 12] = [
    "HOME=/home/me",
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "SHELL=/bin/bash",
    "LANG=C.UTF-8",
    "TERM=xterm",
    "USER=me",
    "LOGNAME=me",
    "PWD=/home/me/project",
    "AWS_PROFILE=prod",
    "KUBECONFIG=/home/me/.kube/config",
    "EDITOR=vim",
    "SSH_AUTH_SOCK=/run/ssh",
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (name, section) in [("start", start_up as fn()), ("commands", commands), ("long", long)] {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            section();
        }
    }
}

/// What one command of each kind costs.
fn commands() {
    println!("one judgement, facts at hand:");
    let mut medians = Vec::new();
    let mut told = |shown: &str, argv: &[&str]| {
        let (median, slow) = one(argv);
        println!("  {shown:<88} p50 {median:>9.2?}   p99 {slow:>9.2?}");
        medians.push(median);
    };
    for line in COMMANDS {
        told(line, &line.split(' ').collect::<Vec<_>>());
    }
    for script in SCRIPTS {
        told(&format!("bash -c '{script}'"), &["bash", "-c", script]);
    }
    medians.sort();
    println!("the median of these medians: {:.2?}", medians.get(medians.len() / 2).copied().unwrap_or_default());
}

/// Work grows with the arguments, and with nothing else.
fn long() {
    println!("a mebibyte in words of 15 letters, and as many short ones as the kernel lets through:");
    for (tool, first) in LONG {
        let mut shown = format!("  {tool:<10}");
        for (word, count) in
            [("src/item-123456", MEBIBYTE / 16), ("x", most("x")), ("-n", most("-n")), ("--x=y", most("--x=y"))]
        {
            let argv: Vec<&str> = [tool, first].into_iter().chain(std::iter::repeat_n(word, count)).collect();
            let _ = write!(shown, " {word} {:>8.2?}  ", best(&argv, 5));
        }
        println!("{shown}");
    }
}

const MEBIBYTE: usize = 1 << 20;

/// How many of them execve(2) takes: a quarter of the usual stack of 8 MiB holds them,
/// their ends and a pointer each.
fn most(word: &str) -> usize {
    2 * MEBIBYTE / (word.len() + 1 + size_of::<usize>())
}

/// What each grammar costs when its tool is first called.
fn start_up() {
    let start = Instant::now();
    let grammars = Grammars::built_in();
    println!("the list of grammars: {:?}", start.elapsed());
    for tool in ["terraform", "helm", "kubectl", "aws", "gcloud", "git", "curl", "bash"] {
        let start = Instant::now();
        let count = grammars.operations(tool).count();
        println!("  {tool:<10} {count:>5} commands beside its table, read in {:?}", start.elapsed());
    }
}

fn one(argv: &[&str]) -> (Duration, Duration) {
    let mut times: Vec<Duration> = (0..20_000).map(|_| timed(argv, &facts(argv))).collect();
    times.sort();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    (at(50), at(99))
}

fn best(argv: &[&str], runs: usize) -> Duration {
    let known = facts(argv);
    (0..runs).map(|_| timed(argv, &known)).min().unwrap_or_default()
}

fn timed(argv: &[&str], known: &Facts<'_>) -> Duration {
    let argv: Vec<&[u8]> = argv.iter().map(|word| word.as_bytes()).collect();
    let env: Vec<&[u8]> = ENVIRONMENT.iter().map(|entry| entry.as_bytes()).collect();
    let tool = argv.first().copied().unwrap_or_default();
    let invocation = Invocation {
        tool,
        argv: &argv,
        env: &env,
        cwd: Some(b"/home/me/project"),
        home: Some(b"/home/me"),
        start: None,
    };
    let start = Instant::now();
    drop(black_box(classify(Grammars::built_in(), black_box(&invocation), known)));
    start.elapsed()
}

/// The facts that this command needs, found once.
fn facts(argv: &[&str]) -> Facts<'static> {
    use std::cell::RefCell;
    use std::collections::HashMap;
    thread_local!(static KNOWN: RefCell<HashMap<String, Facts<'static>>> = RefCell::default());
    let key = argv.iter().take(64).copied().collect::<Vec<_>>().join(" ");
    if let Some(known) = KNOWN.with_borrow(|known| known.get(&key).cloned()) {
        return known;
    }
    let words: Vec<&[u8]> = argv.iter().map(|word| word.as_bytes()).collect();
    let env: Vec<&[u8]> = ENVIRONMENT.iter().map(|entry| entry.as_bytes()).collect();
    let tool = words.first().copied().unwrap_or_default();
    let invocation = Invocation {
        tool,
        argv: &words,
        env: &env,
        cwd: Some(b"/home/me/project"),
        home: Some(b"/home/me"),
        start: None,
    };
    let facts = Facts::default();
    for _ in 0..4 {
        if let Classified::Needs(needs) = classify(Grammars::built_in(), &invocation, &facts) {
            needs.into_iter().for_each(|need| facts.add(need, finding()));
        }
    }
    KNOWN.with_borrow_mut(|known| known.insert(key, facts.clone()));
    facts
}

fn finding() -> Finding {
    let fields = [Field::Workspace, Field::Context, Field::Cluster, Field::Server, Field::Namespace, Field::Region];
    let value = |field| (field, Value::known(b"dev", "a file"));
    Finding::Found(Found { values: fields.map(value).into(), ..Found::default() })
}
