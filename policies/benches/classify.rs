//! How long it takes to tell what a command means.
//!
//! `cargo bench -p tollgate-policies --bench classify` prints medians and the
//! slowest in a hundred, the time for a mebibyte of arguments, and what reading the
//! grammars costs. It compares nothing with earlier runs.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use tollgate_policies::classify::facts::{Field, Found, Stated};
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
    start_up();
    println!("one judgement, facts at hand:");
    for line in COMMANDS {
        let (median, slow) = one(&line.split(' ').collect::<Vec<_>>());
        println!("  {line:<80} p50 {median:>9.2?}   p99 {slow:>9.2?}");
    }
    for script in ["terraform plan", "cd infra && TF_WORKSPACE=prod terraform apply -auto-approve | tee log.txt"] {
        let (median, slow) = one(&["bash", "-c", script]);
        println!("  bash -c {script:<72} p50 {median:>9.2?}   p99 {slow:>9.2?}");
    }
    println!("a mebibyte of arguments:");
    for (tool, first) in [
        ("terraform", "apply"),
        ("kubectl", "delete"),
        ("helm", "upgrade"),
        ("aws", "s3"),
        ("git", "add"),
        ("rm", "x"),
        ("curl", "x"),
        ("sudo", "rm"),
        ("xargs", "rm"),
    ] {
        for word in ["x", "--x", "-n", "--x=y"] {
            let count = (1 << 20) / (word.len() + 1);
            let argv: Vec<&str> = [tool, first].into_iter().chain(std::iter::repeat_n(word, count)).collect();
            let took = best(&argv, 5);
            println!("  {tool:<10} {word:<6} {took:>9.2?}");
        }
    }
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

fn timed(argv: &[&str], known: &Facts) -> Duration {
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
fn facts(argv: &[&str]) -> Facts {
    use std::cell::RefCell;
    use std::collections::HashMap;
    thread_local!(static KNOWN: RefCell<HashMap<String, Facts>> = RefCell::default());
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
    let mut facts = Facts::default();
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
    let value = |field| (field, Stated::Value { value: b"dev".to_vec(), source: "a file".to_owned() });
    Finding::Found(Found { values: fields.map(value).into(), ..Found::default() })
}
