//! What files say counts only as long as no other command of the script changes them.
#![expect(clippy::unwrap_used, reason = "a test may fail in its own helpers")]

use std::fs::{self, File};
use std::os::fd::AsFd;

use tollgate_facts::{Reader, classify};
use tollgate_policies::classify::{Grammars, Invocation};
use tollgate_policies::{Dimension, Operation, Value};

fn judged(script: &str) -> Operation {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".terraform")).unwrap();
    fs::write(folder.path().join(".terraform/environment"), "staging").unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join(".git/HEAD"), "ref: refs/heads/topic\n").unwrap();
    fs::write(folder.path().join("a.yaml"), "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}").unwrap();
    let cwd = File::open(folder.path()).unwrap();
    let argv: [&[u8]; 3] = [b"sh", b"-c", script.as_bytes()];
    let place = folder.path().as_os_str().as_encoded_bytes();
    let invocation = Invocation { tool: b"sh", argv: &argv, env: &[], cwd: Some(place), home: None, start: None };
    classify(Grammars::built_in(), &invocation, &Reader::new(Some(cwd.as_fd()))).operation
}

/// What is known of what this command of the script would touch.
fn target(script: &str, operation: &str, dimension: Dimension) -> Option<String> {
    let judged = judged(script);
    let meaning = judged.also.iter().find(|meaning| meaning.operation == operation).unwrap();
    match meaning.target.values(dimension).next() {
        Some(Value::Known { value, .. }) => Some(String::from_utf8(value.to_vec()).unwrap()),
        _ => None,
    }
}

fn workspace(script: &str) -> Option<String> {
    target(script, "terraform.apply", Dimension::Workspace)
}

#[test]
fn a_workspace_that_another_command_may_select_is_not_known() {
    for known in ["terraform apply", "terraform version; terraform apply", "cd . && terraform apply | cat"] {
        assert_eq!(workspace(known).as_deref(), Some("staging"), "{known}");
    }
    for stirred in [
        "terraform workspace select prod && terraform apply",
        "for i in 1 2; do terraform apply; terraform workspace select prod; done",
        "terraform workspace select prod & terraform apply",
        "bash -c 'terraform workspace select prod'; bash -c 'terraform apply'",
        "echo prod > .terraform/environment; terraform apply",
        "terraform apply > .terraform/environment",
        "terraform version > .terraform/environment; terraform apply",
        "bash -c 'bash -c \"terraform workspace select prod\"'; bash -c 'bash -c \"terraform apply\"'",
    ] {
        assert_eq!(workspace(stirred), None, "{stirred}");
    }
    assert_eq!(workspace("terraform init; TF_WORKSPACE=qa terraform apply").as_deref(), Some("qa"));
}

#[test]
fn a_branch_that_another_command_may_check_out_is_not_known() {
    let branch = |script| target(script, "git.reset", Dimension::Branch);
    assert_eq!(branch("git status; git reset --hard").as_deref(), Some("topic"));
    assert_eq!(branch("git checkout main; git reset --hard"), None);
    assert_eq!(branch("git reset --hard; git checkout main"), None);
}

#[test]
fn what_a_file_holds_that_another_command_may_write_is_not_told() {
    let changes = |script: &str| {
        let changes = judged(script).changes.unwrap();
        (changes.named().len(), changes.notes().join("; "))
    };
    let (named, notes) = changes("kubectl version --client; kubectl apply -f a.yaml");
    assert!(named == 1 && !notes.contains("another command"), "{named} {notes}");
    let (named, notes) = changes("bash -c 'kubectl apply -f a.yaml; kubectl version --client'");
    assert!(named == 1 && !notes.contains("another command"), "{named} {notes}");
    let (named, notes) = changes("cp b.yaml a.yaml; bash -c 'kubectl apply -f a.yaml; touch x'");
    assert!(named == 0 && notes.contains("another command"), "{named} {notes}");
    let (named, notes) = changes("cp b.yaml a.yaml; kubectl apply -f a.yaml");
    assert!(named == 0 && notes.contains("another command of the same script may change what it reads"), "{notes}");
}
